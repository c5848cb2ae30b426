"""What a row of the table of formats says: one kind of thing a console can report. Knows no state and no bytes.

Patterns are compiled when a line first asks for them: one console needs a few of 700, and all take 60 ms.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import cached_property

from farm.core.words import Outcome, Stage


class Type(StrEnum):
    """The class a report belongs to: what a history is filtered by. `kind` is finer, one word a row of the table."""

    PAGE_FAULT = "page-fault"
    GPF = "gpf"
    DIVIDE = "divide"
    INVALID_OP = "invalid-op"
    DOUBLE_FAULT = "double-fault"
    TRAP = "trap"  # any other exception
    OOPS = "oops"  # died, and the line that says of what is missing
    EARLY_EXCEPTION = "early-exception"
    KERNEL_BUG = "kernel-bug"
    WARNING = "warning"
    HANG = "hang"
    LOCKDEP = "lockdep"
    ATOMIC_SLEEP = "atomic-sleep"
    KASAN = "kasan"
    KMSAN = "kmsan"
    KCSAN = "kcsan"
    KFENCE = "kfence"
    UBSAN = "ubsan"
    LEAK = "leak"
    BAD_PAGE = "bad-page"  # page, slab and other memory bookkeeping found corrupt
    OOM = "oom"
    MCE = "mce"  # the hardware reports an error of its own
    PANIC = "panic"
    NO_ROOT = "no-root"
    INIT_DIED = "init-died"
    WRONG_CPU = "wrong-cpu"
    DECOMPRESSOR = "decompressor"
    REBOOT = "reboot"
    LOADER = "loader"
    USERSPACE = "userspace"
    OTHER = "other"


class Severity(Enum):
    """What a report means for the boot it was seen in."""

    FATAL = auto()  # this kernel will not go on
    OOPS = auto()  # it may go on, but the boot is no clean pass
    STALL = auto()  # harmless if the end is reached, the culprit if it is not
    WARNING = auto()  # worth telling
    CONTEXT = auto()  # no event of its own, but evidence for a failure that follows
    SPOILED = auto()  # what reaches the end is not what was handed in
    LOADER_ERROR = auto()  # the image did not get there: not the kernel's fault
    LOADER_OK = auto()  # ... but a later try went well
    GIVEN_UP = auto()  # user space said that it cannot go on: an initramfs shell, a failed fsck


class Blame(Enum):
    """Where the blamed function comes from; frames that only report, lock or copy are passed over (blame.py)."""

    NOTHING = auto()  # the text alone is the identity
    NAMED = auto()  # the group `function` of pattern or detail; passed over it goes on in the trace
    IP = auto()  # the instruction pointer's function; passed over it goes on in the trace
    TRACE = auto()  # the first one in the trace
    STALL = auto()  # where the processor was, out to the function that entered the subsystem
    TASK = auto()  # where a task sleeps
    EIP_ENTRY = auto()  # the trace entry whose address is the faulting EIP (arch/x86/kernel/head_32.S)


class Arch(StrEnum):
    """Whose format it is. ANY: printed by code that all share."""

    ANY = "any"
    X86 = "x86"
    ARM = "arm"
    ARM64 = "arm64"
    PPC = "ppc"
    S390 = "s390"
    RISCV = "riscv"
    MIPS = "mips"


class _Compiled:
    """A row's pattern, compiled when it is asked for."""

    pattern: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern)


@dataclass(frozen=True)
class Format(_Compiled):
    """One row.

    `needle`: a plain ASCII text that stands in every line `pattern` matches; only lines with one are looked at.
    `pattern`: searched on one record, its printk prefix already off; `^` is the record's start.
    `title`: syzbot-like, `{name}` being a named group of pattern or detail, made free of numbers; " in FUNCTION" is
    added where a function is blamed. `detail`: searched in the block that follows the header (several lines), for
    more groups. `skip`: functions passed over for this kind only, beside the generic ones (searched in the name).
    `follows`: a header that continues the report before it, or follows from it: `Oops: 0000 [#1]` after `BUG: unable`.
    `untrusted`: printed by user space or by a loader: no printk prefix is asked for.
    `outcome`: the word for a boot that this report ended, where it has one of its own.
    `traced`: such a report has a trace or an instruction pointer; without one it is torn (`corrupted`).
    `source`: file, function and versions in the kernel (or in the program that prints it).
    """

    kind: str
    type: Type
    severity: Severity
    needle: str
    pattern: str
    title: str
    blame: Blame
    source: str
    arch: Arch = Arch.ANY
    detail: str = ""
    skip: str = ""
    follows: bool = False
    untrusted: bool = False
    outcome: Outcome | None = None
    traced: bool = True
    alternates: tuple[str, ...] = ()

    @property
    def recursive(self) -> bool:
        """A stack that ran over: where it did is chance, and its trace is long."""
        return "stack-overflow" in self.alternates

    @cached_property
    def detail_regex(self) -> re.Pattern[str] | None:
        return re.compile(self.detail, re.MULTILINE) if self.detail else None

    @cached_property
    def skip_regex(self) -> re.Pattern[str] | None:
        return re.compile(self.skip) if self.skip else None


# A function's name as kernels print it, Rust's and ppc's dot symbols included; a source position.
FUNCTION = r"[A-Za-z_.$<][\w.$:<>]*"
OFFSET = r"\+0x[0-9a-f]+"
PLACE = r"[\w./+-]+\.[chSs](?:\.\w+)?:\d+|[\w./+-]+\.rs:\d+"


@dataclass(frozen=True)
class Milestone(_Compiled):
    """A line that a boot prints when it gets to `stage`. Absence means nothing: with `quiet` none is printed."""

    stage: Stage
    needle: str
    pattern: str
    source: str
    untrusted: bool = False  # printed by firmware, a loader or user space


@dataclass(frozen=True)
class Fact(_Compiled):
    """Something a kernel says of the machine it found. `name` is a field of model.Paravirt.

    Its value is the pattern's group `value`, or `value` where that is given; the first line of a name counts,
    unless the row `overrules` what was said before (VMI: found, then refused).
    """

    name: str
    needle: str
    pattern: str
    source: str
    value: str | None = None
    overrules: bool = False
