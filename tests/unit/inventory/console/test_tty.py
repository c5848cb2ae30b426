"""The tty console on a pty: every byte, at any chunk size, and a clear end."""

import asyncio
import os
import pty
import random
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from pydantic import ValidationError

from inventory.console.tty import TtyConfig, TtyStream
from inventory.drivers import DriverError, Site


class Line:
    """A pty with its far end in `master`, the console of a device."""

    def __init__(self, run_dir: Path) -> None:
        self.master, self.slave = pty.openpty()
        self.path = os.ttyname(self.slave)
        self.config = TtyConfig(kind="tty", path=Path(self.path))
        self.site = Site("box1", None, run_dir)

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.master, data) :]

    def hang_up(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.hang_up()
    os.close(made.slave)


def test_a_million_random_bytes_at_odd_chunk_sizes(line: Line) -> None:
    source = random.Random(27)  # noqa: S311  (test data)
    data = source.randbytes(1_000_003)

    def feed() -> None:
        at = 0
        while at < len(data):
            size = source.choice((1, 2, 7, 63, 511, 4095, 4096, 4097, 70_001))
            line.send(data[at : at + size])
            at += size

    async def body() -> bytes:
        got = bytearray()
        async with line.config.build(line.site).open() as stream:
            feeding = asyncio.create_task(asyncio.to_thread(feed))
            while len(got) < len(data):
                got += await stream.read()
            await feeding
        return bytes(got)

    assert asyncio.run(body()) == data


def test_no_byte_value_is_taken_for_a_control(line: Line) -> None:
    every = bytes(range(256)) + b"\x03\x04\x11\x13\x1a\r\n\r\r\0\xff\xff\0"

    async def body() -> tuple[bytes, bytes]:
        got = bytearray()
        async with line.config.build(line.site).open() as stream:
            line.send(every)
            while len(got) < len(every):
                got += await stream.read()
            await stream.write(every)
            typed = b""
            while len(typed) < len(every):
                typed += os.read(line.master, 4096)
        return bytes(got), typed

    assert asyncio.run(body()) == (every, every)


def test_what_lay_in_the_line_before_is_gone(line: Line) -> None:
    termios.tcflush(line.slave, termios.TCIOFLUSH)
    line.send(b"the boot before\n")

    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            line.send(b"now")
            return await stream.read()

    assert asyncio.run(body()) == b"now"


def test_bytes_wait_in_memory_for_a_slow_reader(line: Line) -> None:
    """A pty holds some 4 kB; with nobody in read(), 300 kB get in all the same."""
    data = random.Random(1).randbytes(300_000)  # noqa: S311

    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            await asyncio.to_thread(line.send, data)
            got = bytearray()
            while len(got) < len(data):
                got += await stream.read()
            return bytes(got)

    assert asyncio.run(body()) == data


def test_a_large_write_to_a_slow_line(line: Line) -> None:
    data = random.Random(2).randbytes(100_000)  # noqa: S311

    def far_end() -> bytes:
        got = b""
        while len(got) < len(data):
            got += os.read(line.master, 1000)
        return got

    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            reading = asyncio.create_task(asyncio.to_thread(far_end))
            await stream.write(data)
            return await reading

    assert asyncio.run(body()) == data


def test_a_hang_up_ends_the_stream_for_good(line: Line) -> None:
    async def body() -> list[bytes]:
        async with line.config.build(line.site).open() as stream:
            line.send(b"last words")
            first = await stream.read()
            line.hang_up()
            return [first, await stream.read(), await stream.read()]

    assert asyncio.run(body()) == [b"last words", b"", b""]


def test_a_read_that_is_cancelled_loses_nothing(line: Line) -> None:
    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await stream.read()
            line.send(b"abc")
            return await stream.read()

    assert asyncio.run(body()) == b"abc"


def test_a_closed_stream_wakes_its_reader(line: Line) -> None:
    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            reading = asyncio.create_task(stream.read())
            await asyncio.sleep(0)
        return await reading

    assert asyncio.run(body()) == b""


def test_a_line_that_cannot_be_read_is_an_error_after_its_last_byte(line: Line) -> None:
    """A descriptor for writing only stands for a driver's fault: EBADF is no hang-up."""

    async def body() -> None:
        fd = os.open(line.path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            stream = TtyStream(fd, "device box1: console tty: x")
            line.send(b"something\n")  # a whole line: this pty is still in canonical mode
            await stream.read()
        finally:
            stream.close()
            os.close(fd)

    with pytest.raises(DriverError, match="device box1: console tty: x: cannot be read: Bad file descriptor"):
        asyncio.run(body())


def test_writing_to_a_line_that_has_gone(line: Line) -> None:
    async def body() -> None:
        async with line.config.build(line.site).open() as stream:
            line.hang_up()
            assert await stream.read() == b""
            await stream.write(b"x")

    with pytest.raises(DriverError, match=r"device box1: console tty: /dev/pts/\d+: does not take input"):
        asyncio.run(body())


def test_a_break_is_sent_by_the_kernel(line: Line) -> None:
    """A pty has no line to hold low; the call must go through all the same."""

    async def body() -> bytes:
        async with line.config.build(line.site).open() as stream:
            await stream.send_break()
            line.send(b"after")
            return await stream.read()

    assert asyncio.run(body()) == b"after"


def test_the_line_is_set_up_as_asked(line: Line) -> None:
    async def settings(config: TtyConfig) -> list[object]:
        async with config.build(line.site).open():
            return termios.tcgetattr(line.slave)

    plain = asyncio.run(settings(TtyConfig(kind="tty", path=Path(line.path), baud=9600)))
    assert plain[4] == plain[5] == termios.B9600
    assert isinstance(plain[0], int)
    assert isinstance(plain[2], int)
    assert plain[2] & termios.CSIZE == termios.CS8
    assert not plain[2] & (termios.PARENB | termios.CSTOPB | termios.CRTSCTS)
    assert not plain[0] & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.ISTRIP)
    soft = asyncio.run(settings(TtyConfig(kind="tty", path=Path(line.path), flow="xonxoff")))
    assert isinstance(soft[0], int)
    assert soft[0] & termios.IXON
    hard = asyncio.run(settings(TtyConfig(kind="tty", path=Path(line.path), flow="rtscts")))
    assert isinstance(hard[2], int)
    assert hard[2] & termios.CRTSCTS


def _open(config: TtyConfig, site: Site) -> str:
    async def body() -> None:
        async with config.build(site).open():
            pytest.fail("it opened")

    with pytest.raises(DriverError) as caught:
        asyncio.run(body())
    return str(caught.value)


def test_no_such_port(tmp_path: Path) -> None:
    sentence = _open(TtyConfig(kind="tty", path=Path("/dev/nosuchtty")), Site("box1", None, tmp_path))
    assert sentence == "device box1: console tty: there is no /dev/nosuchtty; is the adapter plugged in?"


def test_not_a_serial_port(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("words")
    assert "cannot open" in _open(TtyConfig(kind="tty", path=path), Site("box1", None, tmp_path))


def test_a_port_in_use_is_told(line: Line) -> None:
    with serial.Serial(line.path, exclusive=True):
        sentence = _open(line.config, line.site)
    assert f"{line.path} is in use by another process" in sentence


@pytest.mark.parametrize("wrong", [{"baud": 0}, {"path": None}, {"flow": "hardware"}, {"parity": "even"}])
def test_wrong_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TtyConfig.model_validate({"kind": "tty", "path": "/dev/ttyS0"} | wrong)
