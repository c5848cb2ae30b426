"""A response that knows how far it came: bytes or a file with its length, then a report. Plain ASGI."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_CHUNK = 256 << 10

Report = Callable[[int, bool], None]  # bytes sent, complete


class Sending(Response):
    """Streams `chunks`, `size` bytes in all. `report` is called once, at the end or when the peer has hung up.

    "Sent" is what the server's socket took: the last 64 KiB or so of a broken transfer may not have arrived.
    """

    media_type = "application/octet-stream"

    def __init__(self, chunks: Callable[[], AsyncIterator[bytes]], size: int, report: Report) -> None:
        super().__init__(headers={"content-length": str(size), "cache-control": "no-store"})
        self._chunks = chunks
        self._size = size
        self._report = report

    @classmethod
    def of_bytes(cls, data: bytes, report: Report) -> Self:
        async def chunks() -> AsyncIterator[bytes]:
            yield data

        return cls(chunks, len(data), report)

    @classmethod
    def of_file(cls, path: Path, report: Report) -> Self:
        """FileNotFoundError if it is gone."""

        async def chunks() -> AsyncIterator[bytes]:
            with await asyncio.to_thread(path.open, "rb") as file:
                while chunk := await asyncio.to_thread(file.read, _CHUNK):
                    yield chunk

        return cls(chunks, path.stat().st_size, report)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":  # asks how long it is, and takes nothing
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(_hang_up(receive))
        sent = 0
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for chunk in self._chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if gone.done():
                    break
                sent += len(chunk)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._report(sent, sent == self._size)


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
