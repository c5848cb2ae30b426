"""Why is a boot still queued? One sentence, from the rows as they are now."""

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from farm.core.wire import DeviceOut
from farm.core.words import BootState
from inventory import devices
from jobs.models import BootNeed, BootRow


def reasons(session: Session, boots: Iterable[BootRow]) -> dict[int, str]:
    """Boot id -> sentence, for those that are queued."""
    queued = [boot for boot in boots if boot.state is BootState.QUEUED]
    if not queued:
        return {}
    needs: dict[int, set[str]] = {boot.id: set() for boot in queued}
    for need in session.scalars(sa.select(BootNeed).where(BootNeed.boot_id.in_(needs))):
        needs[need.boot_id].add(need.tag)
    inventory = devices.listing(session)
    ahead = _ahead(session)
    return {boot.id: reason(inventory, boot.environment, needs[boot.id], ahead[boot.id]) for boot in queued}


def _ahead(session: Session) -> dict[int, int]:
    """Boot id -> how many boots of its environment will be looked at before it, for every queued boot."""
    query = (
        sa.select(BootRow.id, BootRow.environment)
        .where(BootRow.state == BootState.QUEUED)
        .order_by(BootRow.priority.desc(), BootRow.id)
    )
    seen: Counter[str] = Counter()
    places: dict[int, int] = {}
    for number, environment in session.execute(query):
        places[number] = seen[environment]
        seen[environment] += 1
    return places


def reason(inventory: list[DeviceOut], environment: str, needs: set[str], ahead: int) -> str:
    """The first obstacle on the way to a device."""
    able = [device for device in inventory if environment in device.environments]
    if not able:
        return f"no device has the environment {environment}"
    fit = [device for device in able if needs <= set(device.tags)]
    if not fit:
        return f"no {environment} device has {_all(sorted(needs))}"
    healthy = [device for device in fit if device.health in devices.USABLE]
    if not healthy:
        return f"out of service: {_all(f'{device.name} ({device.health})' for device in fit)}"
    online = [device for device in healthy if device.online]
    if not online:
        return f"no worker is running for lab {_all(sorted({device.lab for device in healthy}))}"
    behind = f", {ahead} ahead of it" if ahead else ""
    idle = [device for device in online if device.boot is None]
    if not idle:
        return f"busy: {_all(f'{device.name} (boot {device.boot})' for device in online)}{behind}"
    return f"next in line for {_all(device.name for device in idle)}{behind}"


def _all(names: Iterable[str]) -> str:
    some = list(names)
    return ", ".join(some[:4]) + (f" and {len(some) - 4} more" if len(some) > 4 else "")
