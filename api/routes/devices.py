"""Devices: what there is, what it can, what it does."""

from fastapi import APIRouter

from api.errors import PROBLEMS
from api.state import Farm
from farm.core.errors import NotFoundError
from farm.core.wire import DeviceOut
from inventory import devices

router = APIRouter(prefix="/devices", tags=["devices"], responses={404: PROBLEMS[404]})


@router.get("", summary="List devices")
def listing(farm: Farm) -> list[DeviceOut]:
    """All devices in use, by lab and name."""
    with farm.db.read() as session:
        return devices.listing(session)


@router.get("/{name}", summary="One device")
def get(name: str, farm: Farm) -> DeviceOut:
    """One device by its name."""
    with farm.db.read() as session:
        found = devices.listing(session, name)
    if not found:
        raise NotFoundError(f"there is no device {name!r}")
    return found[0]
