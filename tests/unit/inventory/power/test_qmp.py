"""The QMP client against peers that behave and peers that do not; the real QEMU is met in tests/integration."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from inventory.power.qmp import QmpError, connect

GREETING = {"QMP": {"version": {}, "capabilities": ["oob"]}}


@asynccontextmanager
async def peer(path: Path, *answers: object) -> AsyncIterator[list[object]]:
    """Greets, then answers each request with the next of `answers` (a tuple is several lines, None hangs up)."""
    asked: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = list(answers)
        try:
            while rest:
                answer = rest.pop(0)
                lines = answer if isinstance(answer, tuple) else (answer,)
                if None in lines:
                    return
                for line in lines:
                    writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\r\n")
                await writer.drain()
                request = await reader.readline()
                if not request:
                    return
                asked.append(json.loads(request))
            await reader.read()
        finally:
            writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield asked


def run(path: Path, *answers: object, **arguments: object) -> tuple[object, list[object]]:
    async def body() -> tuple[object, list[object]]:
        async with peer(path, *answers) as asked, connect(path, timeout=5) as qmp:
            return await qmp.execute("query-x", **arguments), asked

    return asyncio.run(body())


def test_a_command_and_its_answer(tmp_path: Path) -> None:
    result, asked = run(tmp_path / "s", GREETING, {"return": {}}, {"return": [1, {"a": None}]}, id=3)
    assert result == [1, {"a": None}]
    assert asked == [{"execute": "qmp_capabilities"}, {"execute": "query-x", "arguments": {"id": 3}}]


def test_events_are_passed_over(tmp_path: Path) -> None:
    event = {"event": "RESET", "data": {"guest": True}, "timestamp": {}}
    result, _ = run(tmp_path / "s", GREETING, (event, {"return": {}}), (event, event, {"return": "ok"}))
    assert result == "ok"


def test_a_long_answer(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    assert run(tmp_path / "s", GREETING, {"return": {}}, {"return": long})[0] == long


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            (GREETING, {"return": {}}, {"error": {"class": "GenericError", "desc": "no such thing"}}),
            "refused 'query-x': no such thing",
        ),
        ((GREETING, {"return": {}}, {"error": "odd"}), "refused 'query-x': odd"),
        ((GREETING, {"return": {}}, None), "closed its control socket"),
        ((GREETING, {"return": {}}, b"HTTP/1.1 400\r\n"), "no valid answer"),
        ((GREETING, {"return": {}}, b"[1]\n"), "closed its control socket"),
        (({"hello": 1},), "is not QEMU"),
        ((b"\xff\xfe\n",), "no valid answer"),
        ((None,), "closed its control socket"),
    ],
)
def test_a_peer_that_does_not_do_it(answers: tuple[object, ...], words: str, tmp_path: Path) -> None:
    with pytest.raises(QmpError, match=words):
        run(tmp_path / "s", *answers)


def test_nobody_there(tmp_path: Path) -> None:
    async def body(path: Path) -> None:
        async with connect(path):
            pytest.fail("it connected")

    with pytest.raises(QmpError, match="no QEMU listens"):
        asyncio.run(body(tmp_path / "none"))
    stale = tmp_path / "stale"
    stale.touch()
    with pytest.raises(QmpError, match="no QEMU listens"):
        asyncio.run(body(stale))


def test_a_silent_peer_is_given_up(tmp_path: Path) -> None:
    async def body() -> None:
        async with peer(tmp_path / "s"), connect(tmp_path / "s", timeout=0.1):
            pytest.fail("it greeted")

    with pytest.raises(QmpError, match=r"did not answer on .* within 0\.1 s"):
        asyncio.run(body())
