"""Rows as the API says them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from farm.core.errors import NotFoundError
from farm.core.storage import Storage
from farm.core.wire import BootOut, BootQuery, BuildOut, Details, EvidenceOut, JobOut, PhaseOut
from farm.core.words import BootState
from inventory.models import DeviceRow
from jobs.models import BootRow, BuildRow, JobRow
from jobs.queue import waiting


def _clauses(which: BootQuery) -> list[sa.ColumnElement[bool]]:
    wanted = [
        (which.job, BootRow.job_id == which.job),
        (which.build, BootRow.build_id == which.build),
        (which.environment, BootRow.environment == which.environment),
        (which.append, BootRow.append == which.append),
        (which.branch, BootRow.build.has(BuildRow.branch == which.branch)),
        (which.device, BootRow.device_id.in_(sa.select(DeviceRow.id).where(DeviceRow.name == which.device))),
        (which.state, BootRow.state == which.state),
        (which.verdict, BootRow.verdict == which.verdict),
        (which.outcome, BootRow.outcome == which.outcome),
        (which.signature, BootRow.signature == which.signature),
        (which.before, BootRow.id < (which.before or 0)),
    ]
    return [clause for value, clause in wanted if value is not None]


def boots(session: Session, storage: Storage, which: BootQuery) -> list[BootOut]:
    """Newest first."""
    query = sa.select(BootRow).options(joinedload(BootRow.build)).where(*_clauses(which))
    return boots_out(session, storage, session.scalars(query.order_by(BootRow.id.desc()).limit(which.limit)).all())


def boot(session: Session, storage: Storage, number: int) -> BootOut:
    found = boots_by_id(session, storage, [number])
    if not found:
        raise NotFoundError(f"there is no boot {number}")
    return found[0]


def boot_state(session: Session, number: int) -> BootState | None:
    """None where there is no such boot."""
    return session.scalar(sa.select(BootRow.state).where(BootRow.id == number))


def boots_by_id(session: Session, storage: Storage, numbers: Sequence[int]) -> list[BootOut]:
    query = sa.select(BootRow).options(joinedload(BootRow.build)).where(BootRow.id.in_(numbers))
    return boots_out(session, storage, session.scalars(query.order_by(BootRow.id)).all())


def boots_out(session: Session, storage: Storage, rows: Sequence[BootRow]) -> list[BootOut]:
    """Rows with their build loaded -> wire, in the same order."""
    numbers = {row.device_id for row in rows if row.device_id is not None}
    places = {d.id: d for d in session.scalars(sa.select(DeviceRow).where(DeviceRow.id.in_(numbers)))}
    why = waiting.reasons(session, rows)
    return [
        _boot_out(row, places.get(row.device_id or 0), storage.console_size(row.id), why.get(row.id)) for row in rows
    ]


SAME = (
    "id", "environment", "append", "repeat", "attempt", "retry_of", "state", "verdict", "outcome", "reason", "stage",
    "title", "type", "function", "signature", "booted", "cmdline", "queued_at", "started_at", "finished_at",
)  # fmt: skip


def _boot_out(row: BootRow, device: DeviceRow | None, console_size: int, why: str | None) -> BootOut:
    same: dict[str, Any] = {name: getattr(row, name) for name in SAME}
    return BootOut(
        **same,
        **dict(Details.model_validate(row.details)),
        job=row.job_id,
        build=row.build_id,
        release=row.build.release,
        version=row.build.version,
        branch=row.build.branch,
        evidence=[EvidenceOut.model_validate(line) for line in row.evidence],
        warnings=list(row.warnings),
        device=device.name if device else None,
        lab=device.lab if device else None,
        phases=[PhaseOut.model_validate(entry) for entry in row.phases],
        console_size=console_size,
        waiting=why,
    )


BUILD_SAME = (
    "id", "sha256", "size", "filename", "release", "version", "branch", "tree", "commit", "patch", "bits", "banner",
    "facts", "created_at",
)  # fmt: skip


def build_out(row: BuildRow) -> BuildOut:
    return BuildOut(**{name: getattr(row, name) for name in BUILD_SAME})


def builds(session: Session, limit: int, branch: str | None = None, sha256: str | None = None) -> list[BuildOut]:
    """Newest first."""
    query = sa.select(BuildRow).order_by(BuildRow.id.desc()).limit(limit)
    if branch is not None:
        query = query.where(BuildRow.branch == branch)
    if sha256 is not None:
        query = query.where(BuildRow.sha256 == sha256)
    return [build_out(row) for row in session.scalars(query)]


def build(session: Session, number: int) -> BuildOut:
    row = session.get(BuildRow, number)
    if row is None:
        raise NotFoundError(f"there is no build {number}")
    return build_out(row)


def jobs(session: Session, storage: Storage, limit: int, before: int | None = None) -> list[JobOut]:
    """Newest first."""
    query = sa.select(JobRow).order_by(JobRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(JobRow.id < before)
    return _jobs_out(session, storage, query)


def job(session: Session, storage: Storage, number: int) -> JobOut:
    found = _jobs_out(session, storage, sa.select(JobRow).where(JobRow.id == number))
    if not found:
        raise NotFoundError(f"there is no job {number}")
    return found[0]


def _jobs_out(session: Session, storage: Storage, query: sa.Select[JobRow]) -> list[JobOut]:
    whole = query.options(joinedload(JobRow.build), selectinload(JobRow.boots).joinedload(BootRow.build))
    rows = session.scalars(whole).all()
    out = {boot.id: boot for boot in boots_out(session, storage, [boot for row in rows for boot in row.boots])}
    return [_job_out(row, [out[boot.id] for boot in row.boots]) for row in rows]


def _job_out(row: JobRow, its_boots: list[BootOut]) -> JobOut:
    return JobOut(
        id=row.id,
        created_at=row.created_at,
        submitter=row.submitter,
        build=build_out(row.build),
        environments=row.environments,
        tags=row.tags,
        appends=row.appends,
        repeat=row.repeat,
        priority=row.priority,
        done=all(boot.state in (BootState.FINISHED, BootState.CANCELLED) for boot in its_boots),
        boots=its_boots,
    )
