"""A job comes in: it is checked against the image and the inventory, and becomes a build and queued boots."""

import difflib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from farm.core.database import now
from farm.core.errors import BadInputError
from farm.core.wire import JobIn
from inventory import devices
from jobs.builds.image import ImageFacts, check_fits
from jobs.models import BootNeed, BootRow, BuildRow, JobRow
from jobs.outcome.pattern import compile_pattern


@dataclass(frozen=True, slots=True)
class Image:
    """A stored image and what it says of itself."""

    sha256: str
    size: int
    facts: ImageFacts

    @property
    def release(self) -> str:
        """As `uname -r` would say; empty for a kernel too damaged to tell."""
        return (self.facts.release or "")[:LONGEST]

    @property
    def version(self) -> str:
        """As kernel people order it; the release as it is where it has no place in that order."""
        return str(self.facts.version or self.release)[:LONGEST]

    @property
    def version_key(self) -> str:
        return self.facts.version.sort_key if self.facts.version else ""

    @property
    def branch(self) -> str:
        return self.facts.version.branch if self.facts.version else ""


def check(session: Session, job: JobIn, image: Image) -> None:
    """Refuse, with one sentence, what cannot be booted anywhere this job asks for."""
    known = devices.environments(session)
    for environment in job.environments:
        if environment not in known:
            raise BadInputError(_unknown(environment, sorted(known)), where="environments")
        if not job.force:
            # A box of the environment that can run it is enough; the queue picks by architecture as by tag.
            fits = "x86_64" if "x86_64" in known[environment] else "i386"
            check_fits(image.facts, fits)
    most = image.facts.header.cmdline_size or OLD_CMDLINE
    for append in job.appends:
        if len(append) + OWN_ARGUMENTS > most and not job.force:
            room = f"this image takes {most} bytes of command line, and the farm needs up to {OWN_ARGUMENTS} of them"
            raise BadInputError(f"{len(append)} bytes are too many: {room}", where="append")
    if job.pattern is not None:
        compile_pattern(job.pattern)
    elif job.initrd is not None:
        detail = "an own initramfs needs the console line that means success: give a pattern"
        raise BadInputError(detail, where="pattern")
    if len(job.environments) * len(job.appends) * job.repeat > MOST_BOOTS:
        asked = f"{len(job.environments)} environments x {len(job.appends)} command lines x {job.repeat}"
        raise BadInputError(f"{asked} is more than {MOST_BOOTS} boots; split the job", where="repeat")


MOST_BOOTS = 1000
LONGEST = 255  # characters of a release; the kernel itself has room for 64 (struct new_utsname)
LONG_MODE = 64
# A device's console arguments, farm-init's token and checks. What is too long is cut off by the loader, token included.
OWN_ARGUMENTS = 160
OLD_CMDLINE = 255  # bytes, without a cmdline_size field: protocol 2.05 and older (boot.rst)


def _unknown(environment: str, known: list[str]) -> str:
    if not known:
        return f"no lab has offered {environment!r}, or any other environment: start a worker with a lab file"
    near = difflib.get_close_matches(environment, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(known)}"
    return f"no device has the environment {environment!r}{hint}"


def needed(job: JobIn, image: Image) -> list[str]:
    """The tags that a device of every boot of this job must have."""
    needs = list(job.tags)
    if job.device:
        needs.append(f"device:{job.device}")
    if image.facts.bits == LONG_MODE and not job.force:
        needs.append("arch:x86_64")
    return list(dict.fromkeys(needs))


def enqueue(session: Session, job: JobIn, image: Image) -> JobRow:
    """File a checked job with its build and all its boots, queued."""
    build = _build(session, job, image)
    row = JobRow(
        build_id=build.id,
        created_at=now(),
        submitter=job.submitter,
        initrd=job.initrd,
        symbols=job.symbols,
        pattern=job.pattern,
        environments=list(dict.fromkeys(job.environments)),
        tags=list(dict.fromkeys(job.tags)),
        appends=list(dict.fromkeys(job.appends)),
        checks=job.checks,
        deadlines={name.value: seconds for name, seconds in job.deadlines.items()},
        repeat=job.repeat,
        priority=job.priority,
    )
    session.add(row)
    session.flush()
    needs = needed(job, image)
    for environment in row.environments:
        for append in row.appends:
            for number in range(1, job.repeat + 1):
                session.add(_queued(row, needs, environment, append, number))
    session.flush()
    return row


def again(boot: BootRow, needs: list[str]) -> BootRow:
    """The next attempt of a boot that was not the kernel's fault."""
    return _queued(boot, needs, boot.environment, boot.append, boot.repeat, attempt=boot.attempt + 1, retry_of=boot.id)


def _queued(
    of: JobRow | BootRow,
    needs: list[str],
    environment: str,
    append: str,
    repeat: int,
    *,
    attempt: int = 1,
    retry_of: int | None = None,
) -> BootRow:
    return BootRow(
        job_id=of.job_id if isinstance(of, BootRow) else of.id,
        build_id=of.build_id,
        environment=environment,
        append=append,
        repeat=repeat,
        attempt=attempt,
        retry_of=retry_of,
        priority=of.priority,
        queued_at=now(),
        phases=[],
        evidence=[],
        warnings=[],
        needs=[BootNeed(tag=tag) for tag in needs],
    )


def _build(session: Session, job: JobIn, image: Image) -> BuildRow:
    """The build of this image under these labels: the one there is, or a new one."""
    label = {
        "sha256": image.sha256,
        "tree": job.tree,
        "branch": job.branch or image.branch,
        "commit": job.commit,
        "patch": job.patch,
    }
    query = sa.select(BuildRow).filter_by(**label)
    known = session.scalar(query)
    if known is not None:
        return known
    build = BuildRow(
        **label,
        size=image.size,
        filename=job.filename,
        release=image.release,
        version=image.version,
        version_key=image.version_key,
        bits=image.facts.bits,
        banner=image.facts.banner or "",
        facts=image.facts.to_json(),
        created_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(build)
    except sa.exc.IntegrityError:
        # Somebody else has just filed the same one.
        return session.scalars(query).one()
    return build


def facts_of(session: Session, sha256: str) -> ImageFacts | None:
    """What an earlier submission read from the same image."""
    stored = session.scalar(sa.select(BuildRow.facts).where(BuildRow.sha256 == sha256).limit(1))
    return ImageFacts.from_json(stored) if stored is not None else None
