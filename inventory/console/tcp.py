"""Console `tcp`: raw bytes from a terminal server (ser2net `raw`, conserver) or a Unix socket. Plain asyncio.

pyserial's `socket://` is not used: it reads one byte a call and was measured 1.5 s late.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from inventory.config import DriverConfig
from inventory.console.stream import ByteStream
from inventory.drivers import Console, ConsoleStream, DriverError, Site
from inventory.unix import open_unix

# A terminal server that lost its power sends no FIN: probe after 10 quiet seconds, give up after 3 probes, 5 s apart.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


class TcpConfig(DriverConfig):
    """Either `host` and `port`, or `socket`."""

    kind: Literal["tcp"]
    host: str | None = Field(None, description="Name or address of the terminal server")
    port: int | None = Field(None, ge=1, le=65535)
    socket: Path | None = Field(None, description="Unix socket instead of host and port")
    connect_timeout: float = Field(10.0, gt=0, le=120, description="Seconds")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        both = self.host is not None and self.port is not None
        neither = self.host is None and self.port is None
        if not (both and self.socket is None) and not (neither and self.socket is not None):
            raise ValueError("give either `host` and `port`, or `socket`")
        return self

    @property
    def address(self) -> str:
        return str(self.socket) if self.socket else f"{self.host}:{self.port}"

    def claims(self) -> Sequence[str]:
        return (f"console {self.address.lower()}",)

    def build(self, site: Site) -> Console:
        return TcpConsole(self, site)


class TcpConsole:
    """Connects anew each time it is opened."""

    def __init__(self, config: TcpConfig, site: Site) -> None:
        self._config = config
        self._device = site.device

    def open(self) -> AbstractAsyncContextManager[ConsoleStream]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ConsoleStream]:
        reader, writer = await self._connect()
        try:
            yield ByteStream(reader, writer, f"device {self._device}: console tcp: {self._config.address}")
        finally:
            writer.transport.abort()  # what is still to be sent to a console nobody watches may go

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        config = self._config
        try:
            async with asyncio.timeout(config.connect_timeout):
                if config.socket:
                    return await open_unix(config.socket)
                reader, writer = await asyncio.open_connection(config.host, config.port)
        except TimeoutError as error:
            raise self._error(f"does not answer within {config.connect_timeout:g} s") from error
        except OSError as error:
            raise self._error(f"cannot be reached: {error.strerror or error}") from error
        _keep_alive(writer)
        return reader, writer

    def _error(self, sentence: str) -> DriverError:
        return DriverError(f"device {self._device}: console tcp: {self._config.address} {sentence}")


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        raw.setsockopt(socket.IPPROTO_TCP, option, value)
