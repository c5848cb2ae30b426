"""Devices and their leases in SQL. Services: they take a session and never commit. Know nothing of jobs.

A lease is three columns of the device's row. Taking one is the caller's locked select followed by `take`; every later
touch is fenced by the boot's id, so a worker that was declared dead cannot free what somebody else now holds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from farm.core.database import now
from farm.core.errors import BadInputError
from farm.core.wire import DeviceOffer, DeviceOut
from farm.core.words import Health
from inventory.models import DeviceEnvironment, DeviceRow, DeviceTag, LabRow

# A worker asks for work at least every 20 s and sends a sign of life for each boot every few seconds.
ONLINE = timedelta(seconds=60)
USABLE = (Health.GOOD, Health.SUSPECT)


def register(session: Session, lab: str, worker: str, offers: Sequence[DeviceOffer]) -> None:
    """Take over a lab file: new devices appear, changed ones change, missing ones are retired. Leases stay."""
    _refuse_foreign(session, lab, [offer.name for offer in offers])
    seen(session, lab, worker)
    names = [offer.name for offer in offers]
    ours = sa.or_(DeviceRow.lab == lab, DeviceRow.name.in_(names))
    known = {row.name: row for row in session.scalars(_whole().where(ours))}
    for offer in offers:
        row = known.pop(offer.name, None)
        if row is None:
            row = DeviceRow(name=offer.name, lab=lab, environments=[], tags=[])
            session.add(row)
        row.lab = lab  # a device that has moved here keeps its history
        _describe(row, offer)
    for row in known.values():
        row.retired = True
    session.flush()


def _refuse_foreign(session: Session, lab: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadInputError("offered twice; device names are unique", where=f"device {name!r} of lab {lab!r}")
    # A device may move, and a lab be renamed: what is retired, or belongs to a lab without a worker, is given up.
    in_use = sa.or_(
        DeviceRow.lease_boot.is_not(None),
        sa.and_(DeviceRow.retired.is_(False), LabRow.seen_at > now() - ONLINE),
    )
    query = (
        sa.select(DeviceRow.name, DeviceRow.lab)
        .join(LabRow, LabRow.name == DeviceRow.lab)
        .where(DeviceRow.name.in_(names), DeviceRow.lab != lab, in_use)
    )
    for name, owner in session.execute(query):
        detail = f"lab {owner!r} already has a device of that name; device names are unique over the farm: rename yours"
        raise BadInputError(detail, where=f"device {name!r} of lab {lab!r}")


def _describe(row: DeviceRow, offer: DeviceOffer) -> None:
    row.type, row.arch, row.cmdline, row.retired = offer.type, offer.arch, offer.cmdline, False
    row.deadlines = {name.value: seconds for name, seconds in offer.deadlines.items()}
    if {item.environment for item in row.environments} != set(offer.environments):
        row.environments = [DeviceEnvironment(environment=name) for name in sorted(set(offer.environments))]
    # What a job can ask for without the lab keeper writing it down: the device itself, its architecture.
    tags = {*offer.tags, f"device:{offer.name}", f"arch:{offer.arch}"}
    if {item.tag for item in row.tags} != tags:
        row.tags = [DeviceTag(tag=tag) for tag in sorted(tags)]


def seen(session: Session, lab: str, worker: str) -> None:
    """The lab's worker gave a sign of life."""
    row = session.get(LabRow, lab)
    if row is None:
        session.add(LabRow(name=lab, worker=worker, seen_at=now()))
        session.flush()
    else:
        row.worker, row.seen_at = worker, now()


def known(session: Session, lab: str) -> bool:
    """Whether a lab has ever said hello."""
    return session.get(LabRow, lab) is not None


def seen_lately(session: Session, lab: str, worker: str) -> bool:
    """Whether this worker's last sign of life is fresh enough not to be written again."""
    row = session.get(LabRow, lab)
    return row is not None and row.worker == worker and now() - row.seen_at < ONLINE / 6


def take(device: DeviceRow, boot: int, worker: str, until: datetime) -> None:
    """Lease a device that the caller has locked and found free."""
    device.lease_boot, device.lease_holder, device.lease_expires_at = boot, worker, until


def extend(session: Session, boot: int, until: datetime) -> bool:
    """Renew the lease of a boot; False if that boot holds none any more."""
    query = sa.update(DeviceRow).where(DeviceRow.lease_boot == boot).values(lease_expires_at=until)
    return bool(session.execute(query).rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result is a CursorResult


def release(session: Session, boot: int) -> None:
    """Free whatever device that boot holds; nothing if it holds none."""
    free = {"lease_boot": None, "lease_holder": None, "lease_expires_at": None}
    session.execute(sa.update(DeviceRow).where(DeviceRow.lease_boot == boot).values(free))


def extend_all(session: Session, until: datetime) -> None:
    """Give every lease that long: called by a server that was away, and could hear nobody."""
    session.execute(sa.update(DeviceRow).where(DeviceRow.lease_boot.is_not(None)).values(lease_expires_at=until))


def found_fault(session: Session, boot: int, fault: str | None) -> None:
    """File what a boot showed about its device: a fault makes it suspect, none makes a suspect one good again."""
    query = sa.update(DeviceRow).where(DeviceRow.lease_boot == boot, DeviceRow.health.in_(USABLE))
    health = Health.SUSPECT if fault else Health.GOOD
    session.execute(query.values(health=health, note=fault or ""))


def expired(session: Session, moment: datetime) -> list[int]:
    """Boots whose lease ran out before `moment`."""
    query = sa.select(DeviceRow.lease_boot).where(DeviceRow.lease_expires_at < moment)
    return [boot for boot in session.scalars(query) if boot is not None]


def held(session: Session, lab: str, names: Iterable[str] | None = None) -> list[tuple[int, str]]:
    """(boot, device) for every lease in a lab, or on these devices of it."""
    query = sa.select(DeviceRow.lease_boot, DeviceRow.name).where(
        DeviceRow.lab == lab, DeviceRow.lease_boot.is_not(None)
    )
    if names is not None:
        query = query.where(DeviceRow.name.in_(list(names)))
    return [(boot, name) for boot, name in session.execute(query) if boot is not None]


def environments(session: Session) -> dict[str, set[str]]:
    """Environment -> the architectures of its devices; retired devices do not count."""
    query = (
        sa.select(DeviceEnvironment.environment, DeviceRow.arch)
        .join(DeviceRow, DeviceRow.id == DeviceEnvironment.device_id)
        .where(DeviceRow.retired.is_(False))
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for environment, arch in session.execute(query):
        found.setdefault(environment, set()).add(arch)
    return found


def _whole() -> sa.Select[DeviceRow]:
    return sa.select(DeviceRow).options(selectinload(DeviceRow.environments), selectinload(DeviceRow.tags))


def listing(session: Session, name: str | None = None) -> list[DeviceOut]:
    """Devices in use, by lab and name."""
    query = _whole().where(DeviceRow.retired.is_(False)).order_by(DeviceRow.lab, DeviceRow.name)
    if name is not None:
        query = query.where(DeviceRow.name == name)
    labs = {row.name: row for row in session.scalars(sa.select(LabRow))}
    return [_out(row, labs[row.lab]) for row in session.scalars(query)]


def _out(row: DeviceRow, lab: LabRow) -> DeviceOut:
    return DeviceOut(
        name=row.name,
        lab=row.lab,
        type=row.type,
        arch=row.arch,
        environments=[item.environment for item in row.environments],
        tags=[item.tag for item in row.tags],
        health=row.health,
        note=row.note,
        boot=row.lease_boot,
        lease_expires_at=row.lease_expires_at,
        lab_seen_at=lab.seen_at,
        online=now() - lab.seen_at < ONLINE,
    )
