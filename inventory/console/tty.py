"""Console `tty`: a serial port, real or pty. Knows termios, no device and no kernel.

pyserial sets the line up (speed, 8N1, flow control, lock); the bytes are then read by file descriptor in the event
loop, as soon as there are any and into memory: a slow reader above costs no byte of a port without flow control.
"""

import asyncio
import errno
import os
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal

import serial
from pydantic import Field

from inventory.config import DriverConfig
from inventory.drivers import Console, ConsoleStream, DriverError, Site

_READ = 64 << 10
_HIGH_WATER = 16 << 20  # bytes nobody has fetched; from here on the kernel's own buffer has to do
_GONE = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV})  # pty master closed; adapter pulled out


class TtyConfig(DriverConfig):
    """A serial port, 8 data bits, no parity, one stop bit."""

    kind: Literal["tty"]
    path: Path = Field(description="The port; best its name in /dev/serial/by-id or by-path")
    baud: int = Field(115200, ge=50, le=4_000_000)
    flow: Literal["none", "rtscts", "xonxoff"] = "none"

    def claims(self) -> Sequence[str]:
        return (f"serial port {self.path}",)

    def build(self, site: Site) -> Console:
        return TtyConsole(self, site)


class TtyConsole:
    """Opens the port anew each time: an adapter may have been plugged in again."""

    def __init__(self, config: TtyConfig, site: Site) -> None:
        self._config = config
        self._device = site.device
        self._path = config.path

    def open(self) -> AbstractAsyncContextManager[ConsoleStream]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ConsoleStream]:
        port = await asyncio.to_thread(self._set_up)
        try:
            stream = TtyStream(port.fileno(), f"device {self._device}: console tty: {self._path}")
            try:
                yield stream
            finally:
                stream.close()
        finally:
            port.close()

    def _set_up(self) -> serial.Serial:
        """The opened, locked, flushed port; its descriptor does not block and has VMIN 1."""
        config = self._config
        try:
            port = serial.Serial(
                str(self._path),
                config.baud,
                rtscts=config.flow == "rtscts",
                xonxoff=config.flow == "xonxoff",
                exclusive=True,
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise DriverError(f"device {self._device}: console tty: {self._reason(error)}") from error
        attributes = termios.tcgetattr(port.fileno())
        attributes[6][termios.VMIN] = 1  # with pyserial's 0 an empty line reads like a hang-up: b"" both
        termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
        termios.tcflush(port.fileno(), termios.TCIFLUSH)
        return port

    def _reason(self, error: Exception) -> str:
        if isinstance(error, serial.SerialException) and "exclusively lock" in str(error):
            return f"{self._path} is in use by another process; close it (see `fuser {self._path}`)"
        if not self._path.exists():
            return f"there is no {self._path}; is the adapter plugged in?"
        return f"cannot open {self._path}: {error}"


class TtyStream:
    """An open port. Reads ahead into memory as bytes arrive."""

    def __init__(self, fd: int, label: str) -> None:
        self._fd = fd
        self._label = label
        self._error: OSError | None = None
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._gone = False
        self._reading = False
        self._resume()

    async def read(self) -> bytes:
        await self._arrived.wait()
        if self._error and not self._buffer:
            raise DriverError(f"{self._label}: cannot be read: {self._error.strerror}") from self._error
        data = bytes(self._buffer)
        self._buffer.clear()
        if not self._gone:  # once gone the event stays set: every later read is b""
            self._arrived.clear()
            self._resume()
        return data

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                raise DriverError(f"{self._label}: does not take input: {error.strerror}") from error

    async def send_break(self) -> None:
        """Hold the line low for a quarter to half a second (tcsendbreak(3)); nothing happens on a pty."""
        try:
            await asyncio.to_thread(termios.tcsendbreak, self._fd, 0)
        except termios.error as error:
            raise DriverError(f"{self._label}: cannot send a break: {error}") from error

    def close(self) -> None:
        self._pause()
        self._gone = True
        self._arrived.set()

    def _resume(self) -> None:
        if not self._reading:
            self._loop.add_reader(self._fd, self._on_readable)
            self._reading = True

    def _pause(self) -> None:
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False

    def _on_readable(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        except OSError as error:
            self._error = error if error.errno not in _GONE else None
            data = b""
        self._buffer += data
        self._gone = not data
        self._arrived.set()
        if self._gone or len(self._buffer) >= _HIGH_WATER:
            self._pause()

    async def _writable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._fd, _settle, ready)
        try:
            await ready
        finally:
            self._loop.remove_writer(self._fd)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
