"""A small QEMU Machine Protocol client: one connection, one command at a time. Knows the protocol, no farm device.

Source: QEMU docs/interop/qmp-spec.rst. A QMP socket serves one client at a time, so connections are kept short:
connect, ask, close.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from inventory.unix import open_unix

_LINE_LIMIT = 4 << 20  # an answer is one line; query-qmp-schema, the longest, has 200 kB


class QmpError(Exception):
    """QEMU refused a command, answered nonsense, or went away."""


class Qmp:
    """A QMP session past its greeting."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def execute(self, command: str, **arguments: object) -> object:
        """Run one command and return its `return` value; events that arrive in between are passed over."""
        request = {"execute": command} | ({"arguments": arguments} if arguments else {})
        try:
            self._writer.write(json.dumps(request).encode() + b"\n")
            await self._writer.drain()
        except OSError as error:
            raise QmpError(f"QEMU closed its control socket before {command!r}") from error
        while True:
            answer = await self._receive()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(f"QEMU refused {command!r}: {_description(answer['error'])}")

    async def greet(self) -> None:
        """Take the greeting and leave capability negotiation mode."""
        if "QMP" not in await self._receive():
            raise QmpError("what answers on the control socket is not QEMU")
        await self.execute("qmp_capabilities")

    async def _receive(self) -> dict[str, object]:
        try:
            line = await self._reader.readline()
            message = json.loads(line) if line else None
        except (OSError, ValueError) as error:
            raise QmpError(f"QEMU's control socket gave no valid answer: {error}") from error
        if not isinstance(message, dict):
            raise QmpError("QEMU closed its control socket")
        return message


def _description(error: object) -> str:
    return str(error.get("desc", error)) if isinstance(error, dict) else str(error)


@asynccontextmanager
async def connect(path: Path, *, timeout: float = 5.0) -> AsyncIterator[Qmp]:  # noqa: ASYNC109 (covers the block)
    """A QMP session on the Unix socket at `path`; the whole block must end within `timeout` seconds.

    QmpError where nobody listens, or where another client holds the socket and QEMU stays silent.
    """
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await open_unix(path, limit=_LINE_LIMIT)
            try:
                qmp = Qmp(reader, writer)
                await qmp.greet()
                yield qmp
            finally:
                writer.close()
    except TimeoutError as error:
        raise QmpError(f"QEMU did not answer on {path} within {timeout:g} s") from error
    except (FileNotFoundError, ConnectionError) as error:
        raise QmpError(f"no QEMU listens on {path}") from error
