"""Console `qemu`: the serial port of a guest that power `qemu` runs, by a Unix socket. Knows no kernel.

No pty: QEMU loses bytes in one as soon as its reader is late (four tries, then the byte is dropped; hw/char/serial.c,
MAX_XMIT_RETRY), and what was not read when QEMU exits. A socket holds the guest back instead and keeps its tail.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal

from inventory.config import DriverConfig
from inventory.console.stream import ByteStream
from inventory.drivers import Console, ConsoleStream, DriverError, Site
from inventory.power.qemu import CONSOLE_CHARDEV, CONSOLE_SOCKET, QMP_SOCKET
from inventory.power.qmp import QmpError, connect
from inventory.unix import open_unix


class QemuConsoleConfig(DriverConfig):
    """The guest's first serial port. Goes with power `qemu` only."""

    kind: Literal["qemu"]

    def build(self, site: Site) -> Console:
        return QemuConsole(site)


class QemuConsole:
    """Connects anew at each boot, to the process that is in standby then."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def open(self) -> AbstractAsyncContextManager[ConsoleStream]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ConsoleStream]:
        label = f"device {self._site.device}: console qemu:"
        path = self._site.run_dir / CONSOLE_SOCKET
        try:
            reader, writer = await open_unix(path)
        except OSError as error:
            raise DriverError(
                f"{label} no QEMU listens on {path}; is this device's power `qemu`, and in standby?"
            ) from error
        try:
            yield QemuStream(reader, writer, label, self._site.run_dir / QMP_SOCKET)
        finally:
            writer.transport.abort()


class QemuStream(ByteStream):
    """The open socket; a break goes over QEMU's control socket, since a byte stream has none."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, label: str, qmp: Path) -> None:
        super().__init__(reader, writer, label)
        self._qmp = qmp

    async def send_break(self) -> None:
        try:
            async with connect(self._qmp) as qmp:
                await qmp.execute("chardev-send-break", id=CONSOLE_CHARDEV)
        except QmpError as error:
            raise DriverError(f"{self._label} cannot send a break: {error}") from error
