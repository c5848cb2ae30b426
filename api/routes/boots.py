"""Boots: what people read, and what the worker that runs one tells."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.bell import WORK, console_bell
from api.errors import PROBLEMS
from api.growing import GrowingFileResponse
from api.live import console_events
from api.state import Farm, Number
from api.uploads import body
from farm.core.errors import NotFoundError, TooLargeError
from farm.core.wire import BootOut, BootQuery, ConsoleState, Control, PhaseEvent, Report
from jobs.queue import running, views

router = APIRouter(prefix="/boots", tags=["boots"], responses={code: PROBLEMS[code] for code in (404, 409, 422)})

CHUNK_LIMIT = 4 << 20
FAR = 1 << 53  # no console is that long, and every JSON reader still counts exactly


@router.get("", summary="List boots")
def listing(farm: Farm, which: Annotated[BootQuery, Query()]) -> list[BootOut]:
    """Boots, newest first."""
    with farm.db.read() as session:
        return views.boots(session, farm.storage, which)


@router.get("/{number}", summary="One boot")
def get(number: Number, farm: Farm) -> BootOut:
    """One boot: verdict, evidence, phases."""
    with farm.db.read() as session:
        return views.boot(session, farm.storage, number)


@router.post("/{number}/cancel", summary="Cancel a boot")
def cancel(number: Number, farm: Farm) -> BootOut:
    """Take a boot back; a running one is powered off within seconds."""
    with farm.db.write() as session:
        running.cancel(session, number)
    with farm.db.read() as session:
        return views.boot(session, farm.storage, number)


@router.get("/{number}/console", summary="The console, byte for byte", response_class=GrowingFileResponse)
def console(number: Number, farm: Farm) -> Response:
    """The console, byte for byte. `Range: bytes=...` gives a part of it."""
    _exists(number, farm)
    path = farm.storage.console_path(number)
    # Not text/html, and nosniff: whatever a kernel prints is shown as text.
    headers = {
        "Cache-Control": "no-cache",
        "Content-Disposition": f'inline; filename="boot-{number}.log"',
        "X-Content-Type-Options": "nosniff",
    }
    media = "text/plain; charset=utf-8"
    if not path.exists():
        return Response(b"", media_type=media, headers=headers)
    return GrowingFileResponse(path, media_type=media, headers=headers)


def _exists(number: Number, farm: Farm) -> None:
    with farm.db.read() as session:
        if views.boot_state(session, number) is None:
            raise NotFoundError(f"there is no boot {number}")


@router.get(
    "/{number}/console/live",
    summary="The console as it comes",
    response_class=EventSourceResponse,
    dependencies=[Depends(_exists)],
)
async def live(
    number: Number,
    farm: Farm,
    offset: Annotated[int, Query(ge=0, lt=FAR)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, lt=FAR)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """The console as it comes: server-sent events `bytes` {offset, at, bytes (base64)}, then `end`.

    Resumable: an event's id is the offset behind its last byte; `Last-Event-ID` or `?offset=` begins there.
    """
    async for event in console_events(farm, number, offset if last_event_id is None else last_event_id):
        yield event


@router.post("/{number}/heartbeat", summary="Sign of life of a running boot", tags=["labs"])
def heartbeat(number: Number, farm: Farm) -> Control:
    """The worker is alive: its lease goes on."""
    with farm.db.write() as session:
        return running.alive(session, number, farm.settings)


@router.post("/{number}/phase", summary="A phase has begun", tags=["labs"])
def phase(number: Number, event: PhaseEvent, farm: Farm) -> Control:
    """A phase of the boot has begun."""
    with farm.db.write() as session:
        return running.phase(session, number, event, farm.settings)


@router.patch("/{number}/console", summary="Send console bytes", tags=["labs"])
async def append(
    number: Number,
    request: Request,
    farm: Farm,
    offset: Annotated[int, Query(ge=0, lt=FAR)],
    at: Annotated[float, Query(ge=0, allow_inf_nan=False)],
) -> ConsoleState:
    """Console bytes that begin at `offset`, seen `at` seconds after power-on. Sent twice, they are kept once."""
    data = bytearray()
    async for chunk in body(request):
        data += chunk
        if len(data) > CHUNK_LIMIT:
            raise TooLargeError(f"more than {CHUNK_LIMIT} bytes at once; send them in parts", where=f"boot {number}")
    return await run_in_threadpool(_append, farm, number, offset, at, bytes(data))


def _append(farm: Farm, number: Number, offset: int, at: float, data: bytes) -> ConsoleState:
    with farm.db.read() as session:
        running.refuse_unless_running(number, views.boot_state(session, number))
    size = farm.storage.append_console(number, offset, at, data)
    farm.bell.ring(console_bell(number))
    return ConsoleState(size=size)


@router.post("/{number}/report", summary="Report the outcome", tags=["labs"])
def report(number: Number, outcome: Report, farm: Farm) -> BootOut:
    """The outcome, from the worker. The device is free again; an infra boot is queued once more."""
    with farm.db.write() as session:
        running.report(session, number, outcome, farm.settings)
    farm.bell.ring(console_bell(number))
    farm.bell.ring(WORK)
    with farm.db.read() as session:
        return views.boot(session, farm.storage, number)
