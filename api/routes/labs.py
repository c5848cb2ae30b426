"""What lab workers ask: hello, and work. (What they tell of a running boot is in `boots`.)"""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.bell import WORK
from api.errors import PROBLEMS
from api.state import AppState, Farm
from farm.core.errors import NotFoundError
from farm.core.wire import Assignment, ClaimRequest, HeldBoot, Hello, HelloReply
from inventory import devices
from jobs.queue import running
from jobs.queue.claim import claim as take
from jobs.queue.claim import waiting

router = APIRouter(prefix="/labs", tags=["labs"], responses={422: PROBLEMS[422]})

Lab = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
# Another API process may have queued a boot: look by ourselves this often, in seconds.
LOOK = 1.0


@router.post("/{lab}/hello", summary="A worker has started")
def hello(lab: Lab, said: Hello, farm: Farm) -> HelloReply:
    """A worker has started: its devices are registered. Told back: the boots that its predecessor left running."""
    with farm.db.write() as session:
        devices.register(session, lab, said.worker, said.devices)
        left = devices.held(session, lab)
    held = [HeldBoot(boot=boot, device=name, console_size=farm.storage.console_size(boot)) for boot, name in left]
    return HelloReply(held=held)


@router.post(
    "/{lab}/claim",
    summary="Ask for work",
    response_model=Assignment,
    responses={204: {"description": "no work for these devices"}},
)
async def claim(lab: Lab, wanted: ClaimRequest, request: Request, farm: Farm) -> Assignment | Response:
    """A boot for one of the free devices, leased; waits up to `wait` seconds for one."""
    await run_in_threadpool(_greet, farm, lab, wanted)
    end = time.monotonic() + wanted.wait
    # A worker that died while it waited must not be given a boot.
    while not await request.is_disconnected():
        found = await run_in_threadpool(_claim, farm, lab, wanted)
        left = end - time.monotonic()
        if found is not None:
            return found
        if left <= 0 or farm.stopping.is_set():
            break
        await farm.bell.wait(WORK, min(left, LOOK))
    return Response(status_code=204)


def _claim(farm: AppState, lab: str, wanted: ClaimRequest) -> Assignment | None:
    with farm.db.read() as session:
        if not waiting(session, lab, wanted.free):
            return None
    with farm.db.write() as session:
        return take(session, lab, wanted.worker, wanted.free, farm.settings)


def _greet(farm: AppState, lab: str, wanted: ClaimRequest) -> None:
    """Note that the lab lives, and end what it has lost.

    A device that its own worker calls free, but that holds a lease: the answer to an earlier claim never arrived.
    """
    with farm.db.read() as session:
        if not devices.known(session, lab):
            raise NotFoundError("this farm knows no lab of that name; say hello first", where=f"lab {lab!r}")
        if devices.seen_lately(session, lab, wanted.worker) and not devices.held(session, lab, wanted.free):
            return
    with farm.db.write() as session:
        devices.seen(session, lab, wanted.worker)
        for boot, name in devices.held(session, lab, wanted.free):
            running.lost(session, boot, f"the worker never heard that {name} was leased to it", farm.settings)
