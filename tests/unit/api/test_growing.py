"""A file that grows while it is sent: the answer is what its headers promise, to the byte."""

import asyncio
from pathlib import Path

import pytest
from starlette.types import Message, Scope

from api.growing import GrowingFileResponse

CHUNK = GrowingFileResponse.chunk_size


def answer(path: Path, grow: bytes, *, method: str = "GET", span: str = "") -> tuple[int, int, bytes]:
    """(status, promised length, body) of a file that grows after its headers are sent, and again after each piece."""
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) <= 3:
            with path.open("ab") as file:
                file.write(grow)

    headers = [(b"range", span.encode())] if span else []
    scope: Scope = {"type": "http", "method": method, "path": "/", "headers": headers, "asgi": {"spec_version": "2.3"}}
    asyncio.run(GrowingFileResponse(path)(scope, receive, send))
    start, *rest = sent
    assert rest[-1]["more_body"] is False
    promised = int(dict(start["headers"])[b"content-length"])
    return start["status"], promised, b"".join(message["body"] for message in rest)


@pytest.mark.parametrize("size", [0, 1, 348, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("growth", [1, 700, CHUNK])
def test_what_was_there_and_nothing_more(tmp_path: Path, size: int, growth: int) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(bytes(size))
    assert answer(path, b"x" * growth) == (200, size, bytes(size))


@pytest.mark.parametrize(
    ("span", "expected"),
    [("bytes=2-", b"cdef"), ("bytes=-2", b"ef"), ("bytes=1-3", b"bcd"), ("bytes=0-99", b"abcdef")],
)
def test_a_range_of_what_was_there(tmp_path: Path, span: str, expected: bytes) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"abcdef")
    assert answer(path, b"later", span=span) == (206, len(expected), expected)


def test_only_the_headers(tmp_path: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"abcdef")
    assert answer(path, b"later", method="HEAD") == (200, 6, b"")
