"""The values that go into and come out of the reading of a console."""

from dataclasses import dataclass
from enum import StrEnum

from farm.core.words import Stage, Verdict


@dataclass(frozen=True, slots=True)
class Expectation:
    """What this boot's console must show to count as a pass.

    With a `token`, farm-init's start and end markers carrying it; with a `pattern` (a regular expression, matched
    on one line, case-sensitive) the job's own sign of success instead. `release` is the image's release string: a
    banner of another kernel means that the machine booted something else.
    """

    token: str | None = None
    pattern: str | None = None
    release: str | None = None


class Ending(StrEnum):
    """Why the capture of a console ended."""

    SETTLED = "settled"  # the reader had seen enough
    FIRST_BYTE = "first_byte"  # no byte within the deadline
    SILENCE = "silence"  # bytes came, then none for the deadline
    TOTAL = "total"  # still talking at the total deadline
    CONSOLE_LOST = "console_lost"  # the console's peer went away
    POWER_LOST = "power_lost"  # the device went off by itself and was not asked to
    FLOOD = "flood"  # more bytes than the farm keeps for a boot


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
class Outcome:
    """The reading of one console."""

    verdict: Verdict
    reason: str  # one sentence for a person
    stage: Stage
    title: str | None = None  # syzbot-like, without addresses; None on a clean pass
    type: str | None = None  # "panic", "oops", "bug", "early-fault", "no-root", "reboot-loop", "silent", ...
    function: str | None = None  # the blamed kernel function
    signature: str | None = None  # stable over builds: hash of type and function, else of the title
    evidence: tuple[Evidence, ...] = ()
    version: str | None = None  # release string in the (last) banner
    warnings: tuple[str, ...] = ()  # titles of non-fatal reports
