"""What consoles that are a stream of bytes share, TCP's and a Unix socket's. Knows no peer."""

import asyncio

from inventory.drivers import DriverError

_READ = 64 << 10


class ByteStream:
    """An open connection as a console. `label` begins the sentences: device, driver, peer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, label: str) -> None:
        self._reader = reader
        self._writer = writer
        self._label = label

    async def read(self) -> bytes:
        try:
            return await self._reader.read(_READ)
        except OSError:  # reset, or dead by keep-alive: gone for good, as the seam says it
            return b""

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise DriverError(f"{self._label} does not take input: {error.strerror or error}") from error

    async def send_break(self) -> None:
        raise DriverError(f"{self._label} has no way to send a break over raw TCP; use a tty")
