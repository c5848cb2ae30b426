"""A worker asks for work: the best queued boot that one of its free devices can do, leased in the same transaction.

On PostgreSQL two workers pass each other by `FOR UPDATE ... SKIP LOCKED`; on SQLite writers queue up at BEGIN
IMMEDIATE. A boot that no free device can do does not hold up those behind it.
"""

import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from farm.core.database import now
from farm.core.settings import Settings
from farm.core.wire import Assignment
from farm.core.words import BootState, Deadline
from inventory import devices
from inventory.models import DeviceEnvironment, DeviceRow, DeviceTag
from jobs.models import BootNeed, BootRow, JobRow
from jobs.queue.moves import move


def waiting(session: Session, lab: str, free: list[str]) -> bool:
    """Whether a claim would find something now; locks nothing, so it may be asked often."""
    return session.execute(_match(lab, free).limit(1)).first() is not None


def claim(session: Session, lab: str, worker: str, free: list[str], settings: Settings) -> Assignment | None:
    """Lease one of `free` for the next boot it can do; None if there is no such boot."""
    found = session.execute(_best(_match(lab, free))).first()
    if found is None:
        return None
    boot, device = found
    job = session.scalars(sa.select(JobRow).where(JobRow.id == boot.job_id).options(joinedload(JobRow.build))).one()
    deadlines = _deadlines(settings, device, job)
    move(boot, BootState.RUNNING)
    boot.device_id, boot.worker = device.id, worker
    boot.token = secrets.token_hex(8)
    boot.cmdline = _cmdline(device, job, boot)
    devices.take(device, boot.id, worker, now() + timedelta(seconds=deadlines[Deadline.LEASE]))
    session.flush()
    return Assignment(
        boot=boot.id,
        device=device.name,
        image=job.build.sha256,
        initrd=job.initrd,
        symbols=job.symbols,
        cmdline=boot.cmdline,
        token=boot.token if job.pattern is None else None,
        pattern=job.pattern,
        release=job.build.release,
        deadlines=deadlines,
        console_limit=settings.console_limit,
    )


def _match(lab: str, free: list[str]) -> sa.Select[BootRow, DeviceRow]:
    """Every pair of a queued boot and a free device that can do it."""
    # Correlated by hand: the innermost query would otherwise bring its own `devices`, and ask for any device's tag.
    has_tag = sa.exists().where(DeviceTag.device_id == DeviceRow.id, DeviceTag.tag == BootNeed.tag)
    lacks_a_need = sa.exists().where(BootNeed.boot_id == BootRow.id, ~has_tag.correlate(DeviceRow, BootNeed))
    return (
        sa.select(BootRow, DeviceRow)
        .join(DeviceEnvironment, DeviceEnvironment.environment == BootRow.environment)
        .join(DeviceRow, DeviceRow.id == DeviceEnvironment.device_id)
        .where(
            BootRow.state == BootState.QUEUED,
            DeviceRow.lab == lab,
            DeviceRow.name.in_(free),
            DeviceRow.lease_boot.is_(None),
            DeviceRow.retired.is_(False),
            DeviceRow.health.in_(devices.USABLE),
            ~lacks_a_need,
        )
    )


def _best(pairs: sa.Select[BootRow, DeviceRow]) -> sa.Select[BootRow, DeviceRow]:
    """The first boot by priority and age, on the device with the fewest capabilities that suffice; both locked.

    Among equal devices any is taken, so that boxes wear evenly.
    """
    tags = sa.select(sa.func.count()).where(DeviceTag.device_id == DeviceRow.id).scalar_subquery()
    order = (BootRow.priority.desc(), BootRow.id, tags, sa.func.random())
    return pairs.order_by(*order).limit(1).with_for_update(of=[BootRow, DeviceRow], skip_locked=True)


def _deadlines(settings: Settings, device: DeviceRow, job: JobRow) -> dict[Deadline, float]:
    own = {**device.deadlines, **job.deadlines}
    return {name: own.get(name.value, seconds) for name, seconds in settings.deadlines().items()}


def _cmdline(device: DeviceRow, job: JobRow, boot: BootRow) -> str:
    """The device's own arguments, farm-init's, then the job's: the kernel lets the last one win."""
    init = [f"farm.token={boot.token}"] if job.pattern is None else []
    if job.checks:
        init.append(f"farm.check={','.join(job.checks)}")
    return " ".join(part for part in (device.cmdline, *init, boot.append) if part)
