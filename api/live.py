"""The live console: server-sent events from the stored bytes, woken by the bell as they grow."""

import asyncio
import base64
from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.bell import console_bell
from api.state import AppState
from farm.core.words import BootState
from jobs.queue import views

# One event carries at most this much, so that a browser stays responsive in a flood.
CHUNK = 64 << 10
# Another API process may have stored bytes: look by ourselves this often, in seconds.
LOOK = 1.0


async def console_events(farm: AppState, boot: int, offset: int) -> AsyncIterator[ServerSentEvent]:
    """Events from `offset` until the boot has ended and all its bytes are sent, or the server stops."""
    while not farm.stopping.is_set():
        # The state first: bytes that came before it ended are then certainly in the file.
        over = await run_in_threadpool(_over, farm, boot)
        data = await run_in_threadpool(farm.storage.read_console, boot, offset, offset + CHUNK)
        if data:
            payload = {"offset": offset, "bytes": base64.b64encode(data).decode("ascii")}
            offset += len(data)
            yield ServerSentEvent(event="bytes", id=str(offset), data=payload)
        elif over:
            yield ServerSentEvent(event="end", id=str(offset), data={"offset": offset})
            return
        else:
            await _either(farm, boot)


async def _either(farm: AppState, boot: int) -> None:
    ring = asyncio.ensure_future(farm.bell.wait(console_bell(boot), LOOK))
    stop = asyncio.ensure_future(farm.stopping.wait())
    try:
        await asyncio.wait({ring, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ring.cancel()
        stop.cancel()


def _over(farm: AppState, boot: int) -> bool:
    with farm.db.read() as session:
        state = views.boot_state(session, boot)
    return state in (None, BootState.FINISHED, BootState.CANCELLED)
