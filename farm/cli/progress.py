"""Following a job until it is done: one live line a boot on a terminal, one plain line a change elsewhere.

Knows the client and the terminal. It only looks: leaving off never changes what the farm does.
"""

import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from farm.cli.exits import final
from farm.cli.output import console, print_lines, say, seconds, table
from farm.core.errors import FarmError
from farm.core.words import BootState, Verdict

if TYPE_CHECKING:
    from rich.table import Table

    from farm.client import Client
    from farm.core.wire import BootOut, JobOut

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 120.0  # how long a farm may be away (restarted, upgraded) before following it ends
AWAY = "the farm does not answer; asking again"
HEADERS = ("boot", "environment", "command line", "device", "state", "time", "")
EVIDENCE_SHOWN = 3  # console lines shown with a failure; `farm boot N` has them all


def follow(farm: "Client", job: "JobOut", out: TextIO) -> "JobOut":
    """Show `job` on `out` until every boot of it has ended; the job as it is then."""
    job = _on_terminal(farm, job, out) if out.isatty() else _on_paper(farm, job, out)
    _conclude(job, out)
    return job


def describe(boot: "BootOut") -> str:
    """One boot among its job's others: `boot 12 qemu-i386 'mem=12M'`."""
    parts = [f"boot {boot.id}", boot.environment]
    if boot.append:
        parts.append(shlex.quote(boot.append))
    if boot.repeat > 1:
        parts.append(f"#{boot.repeat}")
    if boot.attempt > 1:
        parts.append(f"attempt {boot.attempt}")
    return " ".join(parts)


def state_of(boot: "BootOut") -> str:
    """A word or two: the verdict, the state, and while it runs the phase."""
    if boot.verdict is not None and boot.state is BootState.FINISHED:
        return boot.verdict.value
    if boot.state is BootState.RUNNING and boot.phases:
        return f"running {boot.phases[-1].phase.value}"
    return boot.state.value


def note_of(boot: "BootOut") -> str:
    """What a person wants to know next: why it waits, why it failed."""
    if boot.state is BootState.QUEUED:
        return boot.waiting or ""
    if boot.state is BootState.RUNNING:
        return boot.phases[-1].note if boot.phases else ""
    if boot.verdict is Verdict.PASS:
        count = len(boot.warnings)
        return f"{count} warning{'s' if count > 1 else ''} on its console" if count else ""
    return boot.title or boot.reason


def time_of(boot: "BootOut") -> str:
    """How long it has waited, run, or took."""
    if boot.state is BootState.QUEUED:
        return seconds(boot.queued_at)
    return seconds(boot.started_at, boot.finished_at)


def summary(boots: "list[BootOut]") -> str:
    """`2 pass, 1 fail`: the boots that count, the worst last."""
    counts = Counter(state_of(boot).partition(" ")[0] for boot in final(boots))
    order = ["queued", "running", "cancelled", "pass", "inconclusive", "infra", "fail"]
    return ", ".join(f"{counts[word]} {word}" for word in order if counts[word]) or "no boots"


def _polls(farm: "Client", job: "JobOut") -> Iterator["JobOut | None"]:
    """The job again and again until it is done; None while the farm is away."""
    yield job
    heard = time.monotonic()
    while not job.done:
        time.sleep(POLL_SECONDS)
        try:
            job = farm.job(job.id)
        except FarmError as fault:
            if not is_away(fault) or time.monotonic() - heard > PATIENCE_SECONDS:
                raise
            yield None
        else:
            heard = time.monotonic()
            yield job


def is_away(fault: FarmError) -> bool:
    """Whether asking again later may help: nobody there, or a proxy whose server is being restarted."""
    from farm.client import NoServerError, ServerError

    return isinstance(fault, NoServerError) or (
        isinstance(fault, ServerError) and fault.problem.status in (502, 503, 504)
    )


def _on_terminal(farm: "Client", job: "JobOut", out: TextIO) -> "JobOut":
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    with Live(console=console(out), auto_refresh=False, transient=False) as live:
        for seen in _polls(farm, job):
            job = seen or job
            head = f"job {job.id}: {job.build.release}: {summary(job.boots)}"
            live.update(Group(Text(head if seen else f"{head} ({AWAY})"), board(job)), refresh=True)
    return job


def board(job: "JobOut") -> "Table":
    """All boots of a job. What still moves comes first, so that it is in view however many have ended."""
    order = {BootState.RUNNING: 0, BootState.QUEUED: 1}
    boots = job.boots if job.done else sorted(job.boots, key=lambda boot: (order.get(boot.state, 2), boot.id))
    rows = [
        (
            boot.id,
            f"{boot.environment} #{boot.repeat}" if job.repeat > 1 else boot.environment,
            boot.append,
            boot.device,
            state_of(boot),
            time_of(boot),
            note_of(boot),
        )
        for boot in boots
    ]
    if not any(boot.append for boot in boots):
        return table(HEADERS[:2] + HEADERS[3:], [row[:2] + row[3:] for row in rows])
    return table(HEADERS, rows)


def _on_paper(farm: "Client", job: "JobOut", out: TextIO) -> "JobOut":
    told: dict[int, int] = {}
    away = False
    for seen in _polls(farm, job):
        if seen is None:
            if not away:
                say(AWAY, file=out)
            away = True
            continue
        job, away = seen, False
        for boot in job.boots:
            lines = list(changes(boot))
            for line in lines[told.get(boot.id, 0) :]:
                say(f"{describe(boot)}: {line}", file=out)
            told[boot.id] = len(lines)
    return job


def changes(boot: "BootOut") -> Iterator[str]:
    """Everything that has happened to a boot, one line each; what comes later only adds lines."""
    yield "queued"
    for phase in boot.phases:
        after = f" at {seconds(boot.started_at, phase.at)}" if boot.started_at else ""
        where = f" on {boot.device}" if phase is boot.phases[0] and boot.device else ""
        yield f"{phase.phase.value}{where}{after}{f': {phase.note}' if phase.note else ''}"
    if boot.state in (BootState.FINISHED, BootState.CANCELLED):
        note = note_of(boot)
        yield f"{state_of(boot)} after {time_of(boot)}{f': {note}' if note else ''}"


def _conclude(job: "JobOut", out: TextIO) -> None:
    """The evidence of what failed, and the sum."""
    for boot in final(job.boots):
        if boot.verdict is Verdict.FAIL and boot.evidence:
            say(f"boot {boot.id}, {boot.title or boot.reason} (`farm logs {boot.id}` has the whole console):", file=out)
            print_lines([f"  L{line.line}  {line.text}" for line in boot.evidence[:EVIDENCE_SHOWN]], out)
    say(f"job {job.id}: {job.build.release}: {summary(job.boots)}", file=out)


def leave(job: int) -> None:
    """What to say on Ctrl-C: nothing has been stopped."""
    say(f"\njob {job} goes on; `farm watch {job}` follows it, `farm cancel {job}` ends it".lstrip(), file=sys.stderr)
