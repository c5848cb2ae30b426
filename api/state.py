"""What every request stands on: settings, database, storage, bell. Made once, by `api.app.create_app`."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Path, Request

from api.bell import Bell
from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.storage import Storage


@dataclass(frozen=True, slots=True)
class AppState:
    settings: Settings
    db: Database
    storage: Storage
    bell: Bell = field(default_factory=Bell)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set when the server shuts down


def _state(request: Request) -> AppState:
    return cast("AppState", request.app.state.farm)


Farm = Annotated[AppState, Depends(_state)]
# A row's number, as both databases can hold it.
Number = Annotated[int, Path(ge=1, lt=1 << 31)]
