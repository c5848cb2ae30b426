"""A boot that holds a lease: signs of life, phases, cancelling, its report, and its end when nobody reports.

Everything is fenced by the boot's id: once a boot is not running any more, its worker gets a ConflictError and stops.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from farm.core.database import now
from farm.core.errors import ConflictError, NotFoundError
from farm.core.settings import Settings
from farm.core.wire import Control, Details, PhaseEvent, Report
from farm.core.words import BootState, Deadline, Stage, Verdict
from inventory import devices
from inventory.models import DeviceRow
from jobs.models import BootNeed, BootRow, JobRow
from jobs.queue.moves import move
from jobs.queue.submit import again


def get(session: Session, boot: int) -> BootRow:
    """A boot, locked until the transaction ends; NotFoundError."""
    row = session.get(BootRow, boot, with_for_update=True)
    if row is None:
        raise NotFoundError(f"there is no boot {boot}")
    return row


def refuse_unless_running(boot: int, state: BootState | None) -> None:
    """The fence: NotFoundError where there is no such boot, ConflictError where it holds no lease any more."""
    if state is None:
        raise NotFoundError(f"there is no boot {boot}")
    if state is not BootState.RUNNING:
        raise ConflictError(f"it is {state}, not running: its lease is gone", where=f"boot {boot}")


def _running(session: Session, boot: int) -> BootRow:
    row = get(session, boot)
    refuse_unless_running(boot, row.state)
    return row


def alive(session: Session, boot: int, settings: Settings) -> Control:
    """A sign of life: the lease goes on; the answer says whether the boot should."""
    row = _running(session, boot)
    device = session.get_one(DeviceRow, row.device_id)
    job = session.get_one(JobRow, row.job_id)
    own = {**device.deadlines, **job.deadlines}
    seconds = own.get(Deadline.LEASE.value, settings.lease_seconds)
    # Boot, lab, device: the order in which every transaction locks them.
    devices.seen(session, device.lab, row.worker or "")
    if not devices.extend(session, boot, now() + timedelta(seconds=seconds)):
        raise ConflictError("its device is leased to another boot", where=f"boot {boot}")
    return Control(cancel=row.cancel_wanted)


def phase(session: Session, boot: int, event: PhaseEvent, settings: Settings) -> Control:
    """File when a phase began; told twice, it is filed once."""
    _file_phases(_running(session, boot), [event])
    return alive(session, boot, settings)


def _file_phases(row: BootRow, events: Sequence[PhaseEvent]) -> None:
    fresh = [entry for event in events if (entry := event.model_dump(mode="json")) not in row.phases]
    row.phases = sorted([*row.phases, *fresh], key=lambda each: datetime.fromisoformat(each["at"]))


def report(session: Session, boot: int, outcome: Report, settings: Settings) -> BootRow | None:
    """File the outcome and free the device; the queued retry, if there is to be one."""
    row = _running(session, boot)
    if outcome.device_fault is not None or outcome.verdict is not Verdict.INFRA:
        # A boot that failed for another reason of ours (a lost worker, a cable) says nothing of the device.
        devices.found_fault(session, boot, outcome.device_fault)
    devices.release(session, boot)
    _file_phases(row, outcome.phases)
    if row.cancel_wanted:
        move(row, BootState.CANCELLED)
        row.reason = "cancelled on request"
        return None
    move(row, BootState.FINISHED)
    for name in ("verdict", "outcome", "reason", "stage", "title", "type", "function", "signature", "booted"):
        setattr(row, name, getattr(outcome, name))
    row.evidence = [line.model_dump() for line in outcome.evidence]
    row.warnings = list(outcome.warnings)
    row.details = outcome.model_dump(mode="json", include=set(Details.model_fields))
    if outcome.verdict is not Verdict.INFRA or row.attempt >= settings.attempts:
        return None
    needs = session.scalars(sa.select(BootNeed.tag).where(BootNeed.boot_id == boot)).all()
    retry = again(row, list(needs))
    session.add(retry)
    session.flush()
    return retry


def lost(session: Session, boot: int, why: str, settings: Settings) -> None:
    """End a boot that nobody will report: `infra`, retried like any other."""
    report(session, boot, Report(verdict=Verdict.INFRA, reason=why, stage=Stage.NOTHING, type="lost-worker"), settings)


def expire(session: Session, settings: Settings) -> list[int]:
    """End every boot whose lease ran out; their ids."""
    ended = []
    for boot in devices.expired(session, now()):
        row = get(session, boot)
        if boot not in devices.expired(session, now()):
            continue  # its worker, or another server, was faster while the row was locked
        ended.append(boot)
        if row.state is BootState.RUNNING:
            lost(session, boot, f"no sign of life from worker {row.worker} within the lease", settings)
        else:
            devices.release(session, boot)  # the row says it ended: only the lease was left
    return ended


def cancel(session: Session, boot: int) -> None:
    """Take a boot back: at once if queued; a running one is told at its next sign of life."""
    row = get(session, boot)
    if row.state is BootState.QUEUED:
        move(row, BootState.CANCELLED)
        row.reason = "cancelled on request"
    elif row.state is BootState.RUNNING:
        row.cancel_wanted = True
    else:
        raise ConflictError(f"it is {row.state} already", where=f"boot {boot}")


def cancel_job(session: Session, job: int) -> None:
    """Take back every boot of a job that has not ended."""
    if session.get(JobRow, job) is None:
        raise NotFoundError(f"there is no job {job}")
    open_states = (BootState.QUEUED, BootState.RUNNING)
    query = sa.select(BootRow.id).where(BootRow.job_id == job, BootRow.state.in_(open_states)).order_by(BootRow.id)
    for boot in session.scalars(query).all():
        cancel(session, boot)
