"""The FastAPI application: routes, errors, the token, and the clock that ends expired leases."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.concurrency import run_in_threadpool

from api import errors
from api.bell import WORK
from api.routes import boots, builds, devices, files, jobs, labs
from api.state import AppState, Farm
from api.web.routes import router as web
from farm import __version__
from farm.core.database import Database, now
from farm.core.errors import UnauthorizedError
from farm.core.settings import Settings
from farm.core.storage import Storage
from inventory import devices as inventory
from jobs.queue import running

log = logging.getLogger(__name__)

# How often expired leases are looked for, in seconds.
EXPIRY_LOOK = 2.0


def open_state(settings: Settings) -> AppState:
    """Database and storage, ready for use; SetupError where the schema is not this farm's."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    db = Database(settings.database)
    db.prepare()
    storage = Storage(settings.state_dir)
    storage.sweep()
    with db.write() as session:
        # While the server was away nobody could give a sign of life: every lease starts afresh.
        inventory.extend_all(session, now() + timedelta(seconds=settings.lease_seconds))
    return AppState(settings, db, storage)


def create_app(settings: Settings) -> FastAPI:
    """The whole web application on the database and storage that `settings` name."""
    state = open_state(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        clock = asyncio.create_task(_expire_for_ever(state))
        try:
            yield
        finally:
            state.stopping.set()
            clock.cancel()
            with suppress(asyncio.CancelledError):
                await clock
            state.db.close()

    app = FastAPI(
        title="Kernel farm",
        version=__version__,
        summary="Does this image boot on those machines, and if not, since when, where else, and why?",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page would load its scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.farm = state
    errors.install(app)
    rest = APIRouter(prefix="/api/v1", dependencies=[Depends(_allowed)])
    for room in (jobs, boots, builds, devices, files, labs):
        rest.include_router(room.router)
    app.include_router(rest)
    app.include_router(web, include_in_schema=False)
    return app


def _allowed(request: Request, farm: Farm) -> None:
    """With a token set, whoever changes something must show it; reading is free."""
    token = farm.settings.bearer
    if token is None or request.method in ("GET", "HEAD"):
        return
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(shown.encode(), token.encode()):
        raise UnauthorizedError("this farm asks for a token: set FARM_TOKEN to the one its keeper gave you")


async def _expire_for_ever(state: AppState) -> None:
    while True:
        await asyncio.sleep(EXPIRY_LOOK)
        try:
            ended = await run_in_threadpool(_expire, state)
        except Exception:
            log.exception("looking for expired leases failed; trying again in %s s", EXPIRY_LOOK)
            continue
        if ended:
            log.warning("lease expired: boot %s", ", ".join(map(str, ended)))
            state.bell.ring(WORK)


def _expire(state: AppState) -> list[int]:
    with state.db.write() as session:
        return running.expire(session, state.settings)
