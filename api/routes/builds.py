"""Builds: kernel images and what is known of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.errors import PROBLEMS
from api.state import Farm, Number
from farm.core.wire import BuildOut
from jobs.queue import views

router = APIRouter(prefix="/builds", tags=["builds"], responses={404: PROBLEMS[404]})


@router.get("", summary="List builds")
def listing(
    farm: Farm,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    branch: str | None = None,
    sha256: str | None = None,
) -> list[BuildOut]:
    """Builds, newest first."""
    with farm.db.read() as session:
        return views.builds(session, limit, branch, sha256)


@router.get("/{number}", summary="One build")
def get(number: Number, farm: Farm) -> BuildOut:
    """One build with all that was read from its image."""
    with farm.db.read() as session:
        return views.build(session, number)
