"""What the demo boots, and what must come of it. Values in, values out: knows no server, no terminal and no file.

The expectations are a true difference between real releases: with `mem=12M` Debian's 5.10 kernels boot, and its 6.1
and later ones run out of memory and panic (`userland` says why it takes an initramfs of some size). With the default
command line all of them boot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from farm.core.wire import BootOut
from farm.core.words import BootState, Verdict

DEFAULT = ""
SMALL = "mem=12M"
APPENDS = (DEFAULT, SMALL)
LAST_SMALL_BRANCH = (5, 10)  # the newest branch seen to boot in 12 MiB
PANIC = "Kernel panic"


def expected(branch: str, append: str) -> Verdict:
    """The verdict a kernel of `branch` (`6.1`, `6.1.y`) must get with the command line `append`."""
    if append != SMALL:
        return Verdict.PASS
    return Verdict.PASS if branch_key(branch) <= LAST_SMALL_BRANCH else Verdict.FAIL


def branch_key(branch: str) -> tuple[int, ...]:
    """`6.1.y` as (6, 1); what is no number ends it."""
    numbers: list[int] = []
    for part in branch.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers[:2])


@dataclass(frozen=True)
class Row:
    """One line of the verdict table: the last attempt of one kernel with one command line."""

    release: str
    version: str
    append: str
    verdict: str
    seconds: float | None
    evidence: str
    boot: int
    fault: str  # how it differs from what was expected; empty where it does not

    @property
    def command_line(self) -> str:
        return self.append or "(default)"


def last_attempts(boots: Iterable[BootOut]) -> list[BootOut]:
    """Of each kernel and command line the last attempt: an infra boot that was tried again is history."""
    last: dict[tuple[int, str, str, int], BootOut] = {}
    for boot in sorted(boots, key=lambda boot: boot.attempt):
        last[boot.job, boot.environment, boot.append, boot.repeat] = boot
    return list(last.values())


def rows(boots: Iterable[BootOut]) -> list[Row]:
    """The verdict table: by command line, then oldest kernel first, so that a change of verdict reads downwards."""
    ordered = sorted(last_attempts(boots), key=lambda boot: (boot.append, _version_key(boot.version)))
    return [
        Row(
            release=boot.release,
            version=boot.version,
            append=boot.append,
            verdict=(boot.verdict or boot.state).value,
            seconds=_seconds(boot),
            evidence=evidence(boot),
            boot=boot.id,
            fault=fault(boot),
        )
        for boot in ordered
    ]


def fault(boot: BootOut) -> str:
    """How a boot differs from what the demo expects of it, in words; empty where it does not."""
    wanted = expected(boot.branch, boot.append)
    if boot.verdict is not wanted:
        got = boot.verdict.value if boot.verdict else boot.state.value
        return f"{wanted.value} was expected, {got} came ({boot.reason or 'no reason given'})"
    if wanted is Verdict.FAIL and not any(PANIC in line.text for line in boot.evidence):
        return "it failed as expected, but no line of evidence shows the panic"
    return ""


def evidence(boot: BootOut) -> str:
    """The line that carries the verdict: the panic if there is one, else the last of the evidence, else the reason."""
    texts = [line.text for line in boot.evidence]
    return next((text for text in texts if PANIC in text), texts[-1] if texts else boot.reason)


def turns(table: Sequence[Row]) -> list[str]:
    """Where a kernel passes and the next newer one fails with the same command line, in words."""
    found = []
    for older, newer in pairwise(table):
        if older.append == newer.append and (older.verdict, newer.verdict) == (Verdict.PASS, Verdict.FAIL):
            found.append(f"{newer.command_line}: {older.version} passes, {newer.version} fails")
    return found


def faults(table: Sequence[Row], kernels: int) -> list[str]:
    """Everything that is not as the demo promises, one sentence each; empty when all is."""
    found = [f"{row.release} {row.command_line}: {row.fault}" for row in table if row.fault]
    if len(table) != kernels * len(APPENDS):
        found.append(f"{kernels * len(APPENDS)} boots were asked for, {len(table)} came")
    return found


def is_over(boot: BootOut) -> bool:
    return boot.state in {BootState.FINISHED, BootState.CANCELLED}


def _seconds(boot: BootOut) -> float | None:
    if boot.started_at is None or boot.finished_at is None:
        return None
    return (boot.finished_at - boot.started_at).total_seconds()


def _version_key(version: str) -> tuple[int, ...]:
    # Released kernels of one distribution: plain dotted numbers. The farm's own order knows far more.
    return tuple(int(part) for part in version.split(".") if part.isdigit())
