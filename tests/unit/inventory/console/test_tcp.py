"""The TCP console against real sockets on loopback."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from inventory.console.tcp import TcpConfig
from inventory.drivers import ConsoleStream, DriverError, Site

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def site(tmp_path: Path) -> Site:
    return Site("box1", None, tmp_path)


@asynccontextmanager
async def served(peer: Peer, tmp_path: Path, *, unix: bool = False) -> AsyncIterator[ConsoleStream]:
    """A console connected to a server that runs `peer` for it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        finally:
            writer.close()

    if unix:
        server = await asyncio.start_unix_server(serve, tmp_path / "sock")
        config = TcpConfig(kind="tcp", socket=tmp_path / "sock")
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        config = TcpConfig(kind="tcp", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    async with server, config.build(site(tmp_path)).open() as stream:
        yield stream


async def read_all(stream: ConsoleStream) -> bytes:
    got = bytearray()
    while chunk := await stream.read():
        got += chunk
    return bytes(got)


@pytest.mark.parametrize("unix", [False, True])
def test_every_byte_then_the_end(unix: bool, tmp_path: Path) -> None:
    data = random.Random(3).randbytes(1_000_003) + bytes(range(256))  # noqa: S311  (test data)

    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    async def body() -> tuple[bytes, bytes]:
        async with served(peer, tmp_path, unix=unix) as stream:
            return await read_all(stream), await stream.read()

    assert asyncio.run(body()) == (data, b"")


def test_a_byte_comes_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while byte := await reader.read(1):
            writer.write(byte)

    async def body() -> list[bytes]:
        got = []
        async with served(echo, tmp_path) as stream:
            for byte in (b"a", b"\0", b"\xff", b"\r"):
                await stream.write(byte)
                got.append(await stream.read())
        return got

    assert asyncio.run(body()) == [b"a", b"\0", b"\xff", b"\r"]


def test_a_reset_is_the_end_too(tmp_path: Path) -> None:
    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async def body() -> bytes:
        async with served(reset, tmp_path) as stream:
            return await stream.read()

    assert asyncio.run(body()) == b""


def test_writing_to_a_peer_that_has_gone(tmp_path: Path) -> None:
    async def leave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def body() -> None:
        async with served(leave, tmp_path) as stream:
            assert await stream.read() == b""
            for _ in range(20):
                await stream.write(b"x" * 1000)
                await asyncio.sleep(0.01)

    with pytest.raises(DriverError, match=r"device box1: console tcp: 127\.0\.0\.1:\d+ does not take input"):
        asyncio.run(body())


def test_there_is_no_break(tmp_path: Path) -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def body() -> None:
        async with served(wait, tmp_path) as stream:
            await stream.send_break()

    with pytest.raises(DriverError, match="no way to send a break over raw TCP; use a tty"):
        asyncio.run(body())


def test_the_connection_is_kept_alive_by_probes(tmp_path: Path) -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def body() -> None:
        async with served(wait, tmp_path) as stream:
            raw: socket.socket = stream._writer.get_extra_info("socket")  # type: ignore[attr-defined]
            assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10

    asyncio.run(body())


def _refused(config: TcpConfig, tmp_path: Path) -> str:
    async def body() -> None:
        async with config.build(site(tmp_path)).open():
            pytest.fail("it connected")

    with pytest.raises(DriverError) as caught:
        asyncio.run(body())
    return str(caught.value)


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    sentence = _refused(TcpConfig(kind="tcp", host="127.0.0.1", port=port), tmp_path)
    assert sentence.startswith(f"device box1: console tcp: 127.0.0.1:{port} cannot be reached: ")
    sentence = _refused(TcpConfig(kind="tcp", socket=tmp_path / "none"), tmp_path)
    assert sentence == f"device box1: console tcp: {tmp_path / 'none'} cannot be reached: No such file or directory"


def test_a_peer_that_does_not_answer(tmp_path: Path) -> None:
    """A listener whose backlog is full takes no more connections: the SYN stays unanswered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            config = TcpConfig(kind="tcp", host="127.0.0.1", port=address[1], connect_timeout=0.2)
            assert _refused(config, tmp_path).endswith("does not answer within 0.2 s")
        finally:
            for filler in fillers:
                filler.close()


@pytest.mark.parametrize(
    "settings",
    [{}, {"host": "x"}, {"port": 1}, {"host": "x", "port": 1, "socket": "/s"}, {"host": "x", "socket": "/s"}],
)
def test_one_address_exactly(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give either `host` and `port`, or `socket`"):
        TcpConfig.model_validate({"kind": "tcp"} | settings)
