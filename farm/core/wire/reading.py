"""What the reading of a console told beside the verdict: lines, traces, other reports, facts about the machine.

Everything in here came off a console. Texts are cut to their length; lists have bounds that a worker keeps to.
"""

from typing import Annotated

from pydantic import Field

from farm.core.wire.base import Name, Wire, fitting
from farm.core.words import Stage

# How much of a reading travels. A reader keeps no more reports and lines than these.
EVIDENCE = 50
WARNINGS = 50
REPORTS = 50
FRAMES = 20
ALTERNATES = 20
FACTS = 30

Line = Annotated[str, fitting(1000)]
Signature = Annotated[str, fitting(64)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class EvidenceOut(Wire):
    """One console line that carries a verdict."""

    line: int = Field(description="from 1, counted by LF")
    offset: int = Field(description="of the line's first byte")
    text: Line


class ConsoleReport(Wire):
    """One thing that the console reported: a fault, a warning, a stall, a loader's last words."""

    title: Line
    type: Annotated[str, fitting(100)]
    severity: Annotated[str, fitting(20)] = Field(description="fatal, oops, stall, warning ...")
    function: Annotated[str, fitting(200)] | None = None
    signature: Signature | None = None
    evidence: EvidenceOut | None = Field(default=None, description="its first line")


class Details(Wire):
    """What is filed of a reading beside the columns that boots are found by."""

    alternates: list[Line] = Field(
        default=[], max_length=ALTERNATES, description="coarser titles under which the same bug is known"
    )
    frames: list[Line] = Field(
        default=[],
        max_length=FRAMES,
        description="the trace, the faulting function first; `? ` before what the kernel only guesses",
    )
    corrupted: bool = Field(default=False, description="the report is torn: parts that its kind always has are missing")
    culprit: Line | None = Field(default=None, description="of a hang: the initcall, driver or line it hung in")
    paravirt: dict[Name, Line] = Field(
        default={}, max_length=FACTS, description="what the kernel says of the machine below it"
    )
    reports: list[ConsoleReport] = Field(
        default=[],
        max_length=REPORTS,
        description="all that the console reported; `alternates`, `frames` and `corrupted` are of the first: of the "
        "one that the verdict rests on, or else the gravest",
    )
    stage_times: dict[Stage, Seconds] = Field(
        default={}, description="seconds from power-on to each stage's first line"
    )
