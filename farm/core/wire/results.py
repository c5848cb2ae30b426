"""What people send and read: jobs, boots, builds, devices. All times are UTC, all durations seconds."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from farm.core.wire import examples
from farm.core.wire.base import CommandLine, Name, RowNumber, Sha256, Text, Wire, with_example
from farm.core.wire.reading import ConsoleReport, EvidenceOut
from farm.core.words import BootState, Deadline, Health, Outcome, Phase, Stage, Verdict


class Problem(BaseModel):
    """An error as problem+json (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str | None = None


class FileOut(Wire):
    """A stored file."""

    sha256: Sha256
    size: int = Field(description="bytes")


class JobIn(Wire):
    """What is to be booted: one build x environments x command lines x repeats.

    The files are named by their sha256 and must have been stored before (`PUT /api/v1/files/{sha256}`), or come
    along in the same multipart request.
    """

    model_config = with_example(examples.JOB_IN)

    image: Sha256
    filename: Text = Field(default="", max_length=255, description="the image's name at home, for people")
    initrd: Sha256 | None = Field(default=None, description="an own initramfs instead of farm-init")
    symbols: Sha256 | None = Field(
        default=None,
        description="the build's System.map, vmlinux or .debug file: functions and source lines for the addresses that "
        "the console shows",
    )
    pattern: Text | None = Field(
        default=None,
        max_length=500,
        description="an own sign of success: a regular expression matched on one console line; "
        "needed with an own initramfs",
    )
    environments: list[Name] = Field(min_length=1, max_length=100)
    tags: list[Name] = Field(default=[], max_length=20, description="capabilities that the device must have")
    device: Name | None = Field(default=None, description="this device and no other")
    appends: list[CommandLine] = Field(default=[""], min_length=1, max_length=100, description="kernel command lines")
    checks: list[Name] = Field(default=[], max_length=20, description="extra checks that farm-init is asked for")
    repeat: int = Field(default=1, ge=1, le=100)
    priority: int = Field(default=50, ge=0, le=100, description="higher goes first")
    deadlines: dict[Deadline, Annotated[float, Field(gt=0, le=86400)]] = Field(default={}, description="seconds")
    tree: Text = Field(
        default="",
        max_length=200,
        description="where the source came from: mainline, stable, a name of your own",
    )
    branch: Text = Field(
        default="", max_length=200, description="line of releases; from the image's version where not given"
    )
    commit: str = Field(default="", max_length=64, pattern=r"^[0-9a-f]*$")
    patch: Text = Field(default="", max_length=200, description="a patch on top, in your words")
    submitter: Text = Field(default="", max_length=100)
    force: bool = Field(default=False, description="boot it although the image does not fit the machine")


class PhaseOut(Wire):
    """When a phase of a boot began."""

    phase: Phase
    at: datetime
    note: str = ""


class BuildOut(Wire):
    """One kernel image and what is known of it."""

    model_config = with_example(examples.BUILD)

    id: int
    sha256: Sha256
    size: int
    filename: str
    release: str = Field(description="as the image says: 6.1.0-50-686")
    version: str = Field(description="as kernel people order it: 6.1.176")
    branch: str
    tree: str
    commit: str
    patch: str
    bits: int | None = Field(description="32 or 64; null for a kernel too damaged to tell")
    banner: str
    facts: dict[str, Any] = Field(description="everything read from the image: header, compiler, configuration")
    created_at: datetime


class BootOut(Wire):
    """One attempt on one device."""

    model_config = with_example(examples.BOOT)

    id: int
    job: int
    build: int
    release: str
    version: str
    branch: str
    environment: str
    append: str
    repeat: int = Field(description="which of the job's repeats, from 1")
    attempt: int = Field(description="from 1; a retry of an infra boot has the next number")
    retry_of: int | None
    state: BootState
    verdict: Verdict | None
    outcome: Outcome | None = Field(description="how it ended, by its console; null where none was read")
    reason: str
    stage: Stage | None
    title: str | None
    type: str | None
    function: str | None
    signature: str | None
    evidence: list[EvidenceOut]
    warnings: list[str]
    alternates: list[str] = Field(description="coarser titles under which the same bug is known")
    frames: list[str] = Field(description="the trace, the faulting function first; `? ` before a guess of the kernel's")
    corrupted: bool = Field(description="the report is torn: parts that its kind always has are missing")
    culprit: str | None = Field(description="of a hang: the initcall, driver or line it hung in")
    paravirt: dict[str, str] = Field(description="what the kernel says of the machine below it")
    reports: list[ConsoleReport] = Field(
        description="all that the console reported; `alternates`, `frames` and `corrupted` are of the first: of the "
        "one that the verdict rests on, or else the gravest"
    )
    stage_times: dict[Stage, float] = Field(description="seconds from power-on to each stage's first line")
    booted: str | None = Field(description="release string that the console showed")
    device: str | None
    lab: str | None
    cmdline: str = Field(description="the whole kernel command line, once the boot has a device")
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    phases: list[PhaseOut]
    console_size: int = Field(description="bytes")
    waiting: str | None = Field(description="why it is still queued")


class BootQuery(Wire):
    """Which boots; what is not given does not matter."""

    job: RowNumber | None = None
    build: RowNumber | None = None
    environment: str | None = None
    append: str | None = None
    branch: str | None = None
    device: str | None = None
    state: BootState | None = None
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    signature: str | None = None
    before: RowNumber | None = Field(default=None, description="boots older than this one: the next page")
    limit: int = Field(default=50, ge=1, le=1000)


class JobOut(Wire):
    """A job with its boots."""

    model_config = with_example(examples.JOB)

    id: int
    created_at: datetime
    submitter: str
    build: BuildOut
    environments: list[str]
    tags: list[str]
    appends: list[str]
    repeat: int
    priority: int
    done: bool = Field(description="every boot is finished or cancelled")
    boots: list[BootOut]


class PlannedBoot(Wire):
    """A boot that a dry run would have queued."""

    environment: str
    append: str
    repeat: int
    waiting: str | None = Field(description="why it would wait now")


class JobPlan(Wire):
    """What a job would do (`dry_run`): nothing was queued."""

    release: str
    version: str
    branch: str
    facts: dict[str, Any]
    boots: list[PlannedBoot]


class DeviceOut(Wire):
    """One bootable thing in a lab."""

    model_config = with_example(examples.DEVICE)

    name: str
    lab: str
    type: str
    arch: str
    environments: list[str]
    tags: list[str]
    health: Health
    note: str
    boot: int | None = Field(description="the boot that holds its lease")
    lease_expires_at: datetime | None
    lab_seen_at: datetime | None = Field(description="last sign of life of the lab's worker")
    online: bool
