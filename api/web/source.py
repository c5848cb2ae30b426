"""The pages' data from SQL and storage: what each page asks for, in one read. Knows no HTML.

Lists that a page shows a hundred times a minute are read by columns and with limits; whole boots only where their
detail is shown.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.state import AppState
from api.web.matrix import build_matrix
from api.web.order import flavour
from api.web.tracks import Matrix, Release, Result, State
from api.web.views import Asked
from farm.core.errors import NotFoundError
from farm.core.wire import BootOut, BootQuery, BuildOut, DeviceOut
from farm.core.words import BootState
from inventory import devices
from jobs.models import BootRow, BuildRow, JobRow
from jobs.queue import views

BRANCHES = 12  # on the front page, those booted last
RELEASES = 5  # of each branch there, at most
COLUMNS = 30  # that fit on a screen side by side: many branches have fewer releases each
JOBS = 100  # on one page
RELEASES_ALONE = 30  # where a branch has the page for itself


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list. `counts` has its boots by what they say; one that was tried again does not count."""

    id: int
    created_at: datetime
    submitter: str
    release: str
    version: str
    branch: str
    counts: dict[State, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Front:
    matrix: Matrix
    turned: dict[int, BootOut]  # the boots that `matrix.changes` name
    running: list[BootOut]
    queued: list[BootOut]  # the next ones
    queue_length: int
    jobs: list[JobLine]
    devices: list[DeviceOut]


@dataclass(frozen=True, slots=True)
class BootPage:
    boot: BootOut
    build: BuildOut
    asked: Asked
    attempts: list[Result]  # of the same place in the job, this one too
    track: Matrix  # this boot's environment and command line, over the releases of the front page
    same: list[BootOut]  # newest boots of other builds with this signature


@dataclass(frozen=True, slots=True)
class JobPage:
    line: JobLine
    build: BuildOut
    environments: list[str]
    appends: list[str]
    repeat: int
    priority: int
    tags: list[str]
    results: list[Result]


@dataclass(frozen=True, slots=True)
class BuildPage:
    build: BuildOut
    matrix: Matrix
    boots: list[BootOut]  # newest first


class PageSource:
    """Everything the pages show, read from the farm's own database and storage."""

    def __init__(self, farm: AppState) -> None:
        self._farm = farm
        self._storage = farm.storage

    def front(self, branch: str | None = None) -> Front:
        """NotFoundError for a branch that nothing was ever booted of."""
        with self._farm.db.read() as session:
            releases, versions = _releases(session, branch)
            if branch is not None and not releases:
                raise NotFoundError(f"nothing of branch {branch} was booted here")
            matrix = build_matrix(
                releases, _results(session, [release.build for release in releases]), versions=versions
            )
            turned = views.boots_by_id(session, self._storage, [change.boot for change in matrix.changes])
            return Front(
                matrix=matrix,
                turned={boot.id: boot for boot in turned},
                running=views.boots(session, self._storage, BootQuery(state=BootState.RUNNING, limit=100)),
                queued=self._queue(session, 8),
                queue_length=_queue_length(session),
                jobs=_jobs(session, limit=10),
                devices=devices.listing(session),
            )

    def queue(self, limit: int = 200) -> tuple[list[BootOut], list[BootOut], int]:
        """(running, the next `limit` queued, how many are queued)."""
        with self._farm.db.read() as session:
            running = views.boots(session, self._storage, BootQuery(state=BootState.RUNNING, limit=1000))
            return running, self._queue(session, limit), _queue_length(session)

    def boot(self, number: int) -> BootPage:
        with self._farm.db.read() as session:
            boot = views.boot(session, self._storage, number)
            job = session.get_one(JobRow, boot.job)
            same_place = (
                BootRow.job_id == boot.job,
                BootRow.environment == boot.environment,
                BootRow.append == boot.append,
                BootRow.repeat == boot.repeat,
            )
            own = _release(session.get_one(BuildRow, boot.build))
            return BootPage(
                boot=boot,
                build=views.build(session, boot.build),
                asked=_asked(job),
                attempts=_results(session, None, *same_place),
                track=_track(session, boot, own),
                same=self._same(session, boot),
            )

    def console_of(self, number: int) -> BootOut:
        """The boot alone, for its console."""
        with self._farm.db.read() as session:
            return views.boot(session, self._storage, number)

    def jobs(self, before: int | None = None) -> list[JobLine]:
        with self._farm.db.read() as session:
            return _jobs(session, limit=JOBS, before=before)

    def job(self, number: int) -> JobPage:
        with self._farm.db.read() as session:
            row = session.get(JobRow, number)
            if row is None:
                raise NotFoundError(f"there is no job {number}")
            return JobPage(
                line=_jobs(session, limit=1, number=number)[0],
                build=views.build(session, row.build_id),
                environments=row.environments,
                appends=row.appends,
                repeat=row.repeat,
                priority=row.priority,
                tags=row.tags,
                results=_results(session, None, BootRow.job_id == number),
            )

    def build(self, number: int) -> BuildPage:
        with self._farm.db.read() as session:
            build = views.build(session, number)
            boots = views.boots(session, self._storage, BootQuery(build=number, limit=200))
            release = _release(session.get_one(BuildRow, number))
            return BuildPage(build, build_matrix([release], _results(session, [number])), boots)

    def devices(self) -> list[DeviceOut]:
        with self._farm.db.read() as session:
            return devices.listing(session)

    def read_console(self, number: int, start: int, end: int) -> bytes:
        return self._storage.read_console(number, start, end)

    def _queue(self, session: Session, limit: int) -> list[BootOut]:
        query = sa.select(BootRow.id).where(BootRow.state == BootState.QUEUED)
        numbers = session.scalars(query.order_by(BootRow.priority.desc(), BootRow.id).limit(limit)).all()
        found = {boot.id: boot for boot in views.boots_by_id(session, self._storage, numbers)}
        return [found[number] for number in numbers]

    def _same(self, session: Session, boot: BootOut) -> list[BootOut]:
        """One boot, the newest, for each other build that showed the same signature."""
        if boot.signature is None:
            return []
        query = sa.select(sa.func.max(BootRow.id)).where(
            BootRow.signature == boot.signature, BootRow.build_id != boot.build
        )
        grouped = query.group_by(BootRow.build_id, BootRow.environment).order_by(sa.func.max(BootRow.id).desc())
        return views.boots_by_id(session, self._storage, session.scalars(grouped.limit(12)).all())[::-1]


def _releases(session: Session, branch: str | None) -> tuple[list[Release], int]:
    """Builds that were booted: of each branch (those booted last, or the one asked for) its newest versions.

    Also how many of these versions to draw: there is one more, to compare the oldest one drawn with.
    """
    booted = sa.select(BootRow.build_id).distinct()
    query = sa.select(BuildRow.id).where(BuildRow.id.in_(booted))
    limit = RELEASES_ALONE
    if branch is None:
        latest = sa.select(BuildRow.branch).where(BuildRow.id.in_(booted)).group_by(BuildRow.branch)
        names = session.scalars(latest.order_by(sa.func.max(BuildRow.id).desc()).limit(BRANCHES)).all()
        query = query.where(BuildRow.branch.in_(names))
        limit = min(RELEASES, max(2, COLUMNS // max(1, len(names))))
    else:
        query = query.where(BuildRow.branch == branch)
    rank = sa.func.dense_rank().over(partition_by=BuildRow.branch, order_by=BuildRow.version_key.desc())
    ranked = query.add_columns(rank.label("place")).subquery()
    chosen = sa.select(BuildRow).join(ranked, ranked.c.id == BuildRow.id).where(ranked.c.place <= limit + 1)
    return [_release(row) for row in session.scalars(chosen)], limit


def _track(session: Session, boot: BootOut, own: Release) -> Matrix:
    """A boot's track as the front page draws it; of an older boot over its branch alone, or the boot's own release."""
    track = (BootRow.environment == boot.environment, BootRow.append == boot.append)
    for branch in (None, own.branch):
        releases, versions = _releases(session, branch)
        alike = [one for one in releases if flavour(one.release) == flavour(own.release)]
        matrix = build_matrix(alike, _results(session, [one.build for one in alike], *track), versions=versions)
        if any((column.branch, column.version) == (own.branch, own.version) for column in matrix.columns):
            return matrix
    return build_matrix([own], _results(session, [own.build], *track))


def _release(row: BuildRow) -> Release:
    return Release(row.id, row.branch, row.version, row.version_key, row.release, row.tree, row.commit, row.patch)


def _results(session: Session, builds: Sequence[int] | None, *clauses: sa.ColumnElement[bool]) -> list[Result]:
    """Boots by columns, oldest first; of these builds, or whatever the clauses say."""
    query = sa.select(
        BootRow.id.label("boot"), BootRow.build_id.label("build"),
        BootRow.environment, BootRow.append, BootRow.state, BootRow.verdict,
        BootRow.title, BootRow.reason, BootRow.repeat, BootRow.attempt,
    )  # fmt: skip
    if builds is not None:
        query = query.where(BootRow.build_id.in_(builds))
    rows = session.execute(query.where(*clauses).order_by(BootRow.id)).mappings()
    return [Result(**row) for row in rows]


def _queue_length(session: Session) -> int:
    query = sa.select(sa.func.count()).where(BootRow.state == BootState.QUEUED)
    return session.scalar(query) or 0


def _jobs(session: Session, limit: int, number: int | None = None, before: int | None = None) -> list[JobLine]:
    """Newest first."""
    query = sa.select(
        JobRow.id, JobRow.created_at, JobRow.submitter, BuildRow.release, BuildRow.version, BuildRow.branch
    ).join(BuildRow, BuildRow.id == JobRow.build_id)
    if number is not None:
        query = query.where(JobRow.id == number)
    if before is not None:
        query = query.where(JobRow.id < before)
    rows = session.execute(query.order_by(JobRow.id.desc()).limit(limit)).all()
    counts: dict[int, Counter[State]] = {row.id: Counter() for row in rows}
    tried_again = sa.select(BootRow.retry_of).where(BootRow.retry_of.is_not(None))
    tally = (
        sa.select(BootRow.job_id, BootRow.state, BootRow.verdict, sa.func.count())
        .where(BootRow.job_id.in_(counts), BootRow.id.not_in(tried_again))
        .group_by(BootRow.job_id, BootRow.state, BootRow.verdict)
    )
    for job, state, verdict, count in session.execute(tally):
        counts[job][Result(0, 0, "", "", state, verdict).shown] += count
    return [JobLine(*row, counts=dict(counts[row.id])) for row in rows]


def _asked(job: JobRow) -> Asked:
    return Asked(
        initrd=job.initrd,
        symbols=job.symbols,
        pattern=job.pattern,
        checks=tuple(job.checks),
        tags=tuple(job.tags),
        deadlines=tuple(job.deadlines.items()),
    )
