"""The values that go into and come out of the reading of a console."""

from dataclasses import dataclass, field
from enum import StrEnum

from farm.core.words import Outcome, Stage, Verdict
from jobs.outcome.formats.row import Severity, Type


@dataclass(frozen=True, slots=True)
class Expectation:
    """What this boot's console must show to count as a pass.

    With a `token`, farm-init's start and end markers carrying it; with a `pattern` (a regular expression, matched
    on one line, case-sensitive) the job's own sign of success instead. `release` is the image's release string: a
    banner of another kernel means that the machine booted something else. With neither token nor pattern, the signs
    by which a person knows a booted machine count: a login prompt, an orderly power-off.
    """

    token: str | None = None
    pattern: str | None = None
    release: str | None = None

    @property
    def open(self) -> bool:
        """Nothing was agreed on beforehand: a console from elsewhere."""
        return self.token is None and self.pattern is None


class Ending(StrEnum):
    """Why the capture of a console ended."""

    SETTLED = "settled"  # the reader had seen enough
    FIRST_BYTE = "first_byte"  # no byte within the deadline
    SILENCE = "silence"  # bytes came, then none for the deadline
    TOTAL = "total"  # still talking at the total deadline
    CONSOLE_LOST = "console_lost"  # the console's peer went away
    POWER_LOST = "power_lost"  # the device went off by itself and was not asked to
    FLOOD = "flood"  # more bytes than the farm keeps for a boot
    END_OF_FILE = "end_of_file"  # a stored console: nobody says why it ends


@dataclass(frozen=True, slots=True)
class Settled:
    """Enough was seen; wait `grace` seconds for the rest of the block, then end the boot."""

    grace: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One console line that carries the verdict. `line` counts from 1 by b"\\n"; `offset` is its first byte."""

    line: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a trace, or an instruction pointer. `reliable` is False for the kernel's `? ` guesses."""

    function: str
    offset: int | None = None  # bytes into the function
    size: int | None = None  # of the function, bytes
    module: str | None = None
    address: int | None = None
    file: str | None = None
    line: int | None = None
    reliable: bool = True
    inlined: bool = False

    def __str__(self) -> str:
        text = self.function
        if self.offset is not None:
            text += f"+{self.offset:#x}" + (f"/{self.size:#x}" if self.size is not None else "")
        text += f" [{self.module}]" if self.module else ""
        text += f" {self.file}:{self.line}" if self.file else ""
        return text


@dataclass(frozen=True, slots=True)
class Report:
    """One thing the console reported: a fault with its registers and traces, a warning, a loader's last words."""

    kind: str  # the row of the table of formats
    type: Type
    severity: Severity
    title: str  # syzbot-like, free of addresses and numbers
    function: str | None
    signature: str  # 16 hexadecimal digits, stable over builds
    stage: Stage  # how far the boot had come
    evidence: tuple[Evidence, ...]
    frames: tuple[Frame, ...] = ()  # the faulting function first, as far as the block tells
    alternates: tuple[str, ...] = ()  # coarser titles under which the same bug is known
    consequence: str | None = None  # the title of what it led to: a panic
    release: str | None = None  # of the kernel, as the block says
    corrupted: bool = False  # the block is torn: parts that its kind always has are missing


@dataclass(frozen=True, slots=True)
class Paravirt:
    """What the kernel says of the machine below it, None where it says nothing. See formats/paravirt.py."""

    platform: str | None = None  # `Booting paravirtualized kernel on ...`
    hypervisor: str | None = None
    vmi: str | None = None  # found: ..., refused: ..., engaged
    vmi_timer: str | None = None
    xen: str | None = None
    kvm_clock: str | None = None
    vmware: str | None = None
    reserved_top: str | None = None  # address above which the hypervisor lives
    highmem: str | None = None
    lowmem: str | None = None
    kernel_offset: str | None = None  # KASLR
    command_line: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one console."""

    verdict: Verdict
    outcome: Outcome
    reason: str  # one sentence for a person
    stage: Stage
    title: str | None = None  # of what the verdict rests on; None on a pass
    type: str | None = None
    function: str | None = None
    signature: str | None = None
    evidence: tuple[Evidence, ...] = ()
    version: str | None = None  # release string in the (last) banner
    warnings: tuple[str, ...] = ()  # titles of reports that the verdict does not rest on
    report: Report | None = None  # the first, gravest report, whatever the verdict
    reports: tuple[Report, ...] = ()  # all, in the order of their coming
    starts: int = 0  # kernels that began to talk
    culprit: str | None = None  # of a hang: the last initcall, driver or line
    paravirt: Paravirt = field(default=Paravirt())
    stages: tuple[tuple[Stage, float], ...] = ()  # seconds at which each stage was reached, where feed() was told

    @property
    def corrupted(self) -> bool:
        return self.report is not None and self.report.corrupted

    @property
    def fatal(self) -> bool:
        """Whether the boot failed, whosever fault it was."""
        return self.outcome not in {Outcome.BOOTED, Outcome.BOOTED_WITH_WARNINGS}
