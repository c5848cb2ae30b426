"""What the demo boots, and what must come of it. Values in, values out: knows no server, no terminal and no file.

The expectations are a true difference between real releases: with `mem=10M` Debian's 5.10 kernels boot, and its 6.1
and later ones run out of memory and panic. With the default command line all of them boot.

Measured under QEMU with farm-init, the 7 KiB default initramfs: 5.10 boots with 9 MiB and more, 6.1 with 12 and more;
10 is well inside. (With an initramfs of 1 to 2 MiB, as a static busybox makes, 6.1 fails at 12 MiB too.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from farm.core.wire import BootOut
from farm.core.words import BootState, Verdict
from jobs.builds.version import KernelVersion

DEFAULT = ""
SMALL = "mem=10M"
APPENDS = (DEFAULT, SMALL)
FIRST_LARGE = KernelVersion.parse("6.1")  # the first release seen to need more than that
PANIC = "Kernel panic"


def expected(version: str, append: str) -> Verdict:
    """The verdict a kernel of this version must get with the command line `append`."""
    if append == SMALL and KernelVersion.parse(version) >= FIRST_LARGE:
        return Verdict.FAIL
    return Verdict.PASS


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
    ordered = sorted(last_attempts(boots), key=lambda boot: (boot.append, KernelVersion.parse(boot.version)))
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
    wanted = expected(boot.version, boot.append)
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
