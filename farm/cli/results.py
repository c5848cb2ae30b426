"""`farm jobs`, `job`, `boot`, `watch`, `cancel`: what was asked and what came of it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli import connection, options
from farm.cli.exits import of_boots
from farm.cli.output import moment, print_json, print_lines, print_pairs, print_table, say, seconds, show
from farm.cli.progress import board, describe, state_of, summary, time_of
from farm.cli.submit import watch as follow
from farm.core.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from farm.client import Client
    from farm.core.wire import BootOut, JobOut


def watch(ctx: typer.Context, job: options.AnyJob = None, server: options.Server = None) -> None:
    """Follow a job, or the newest one, to its end. Exit codes as `farm submit --wait`."""
    with connection.client(ctx, server) as farm:
        done = follow(farm, farm.job(job) if job else _newest(farm), sys.stdout)
    raise typer.Exit(of_boots(done.boots))


def _newest(farm: "Client") -> "JobOut":
    for job in farm.jobs(limit=1):
        return job
    raise NotFoundError("there is no job yet; `farm submit IMAGE` makes one")


def jobs(
    ctx: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    as_json: options.Json = False,
    server: options.Server = None,
) -> None:
    """List jobs, newest first."""
    with connection.client(ctx, server) as farm:
        found = farm.jobs(limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.id,
            moment(each.created_at),
            each.build.release,
            ", ".join(each.environments),
            summary(each.boots),
            each.submitter,
        )
        for each in found
    ]
    print_table(("job", "UTC", "release", "environments", "boots", "submitter"), rows, none="no jobs yet")


def job(
    ctx: typer.Context, number: options.Job, *, as_json: options.Json = False, server: options.Server = None
) -> None:
    """Show one job with its boots. `farm watch` follows it."""
    with connection.client(ctx, server) as farm:
        found = farm.job(number)
    if as_json:
        print_json(found)
        return
    build = found.build
    print_pairs(
        [
            ("job", f"{found.id}, {moment(found.created_at)} UTC, priority {found.priority}"),
            ("submitter", found.submitter),
            ("build", f"{build.id}, {build.filename or build.release}, sha256 {build.sha256}"),
            ("release", f"{build.release}, version {build.version}, branch {build.branch}"),
            ("source", ", ".join(filter(None, (build.tree, build.commit, build.patch)))),
            ("banner", build.banner),
            ("tags", ", ".join(found.tags)),
            ("boots", summary(found.boots)),
        ]
    )
    say("")
    show(board(found))


def boot(
    ctx: typer.Context,
    number: options.Boot,
    *,
    as_json: options.Json = False,
    server: options.Server = None,
) -> None:
    """Show everything of one boot: verdict, outcome, phases, evidence, trace."""
    with connection.client(ctx, server) as farm:
        found = farm.boot(number)
    if as_json:
        print_json(found)
        return
    print_pairs(_facts(found))
    if found.phases:
        say("")
        rows = [(each.phase, seconds(found.started_at, each.at), each.note) for each in found.phases]
        print_table(("phase", "began at", ""), rows, none="")
    for title, lines in _said(found):
        if lines:
            say("")
            say(title)
            print_lines(f"  {line}" for line in lines)


def _facts(boot: "BootOut") -> list[tuple[str, object]]:
    retry = f", again after boot {boot.retry_of}" if boot.retry_of else ""
    return [
        ("boot", f"{boot.id} of job {boot.job}, repeat {boot.repeat}, attempt {boot.attempt}{retry}"),
        ("release", f"{boot.release}, version {boot.version}, branch {boot.branch}, build {boot.build}"),
        ("booted", boot.booted),
        ("environment", boot.environment),
        ("device", f"{boot.device} in {boot.lab}" if boot.device else None),
        ("command line", boot.cmdline or boot.append),
        ("state", f"{state_of(boot)}, {time_of(boot)}"),
        ("waiting", boot.waiting),
        ("reason", boot.reason if boot.reason != boot.title else None),
        ("outcome", f"{boot.outcome}; its report is torn" if boot.corrupted else boot.outcome),
        ("title", boot.title),
        ("also known", "; ".join(boot.alternates)),
        ("signature", boot.signature),
        ("stage", boot.stage),
        ("culprit", boot.culprit),
        ("started", f"{moment(boot.started_at)} UTC" if boot.started_at else None),
        ("console", f"{boot.console_size:,} bytes; `farm logs {boot.id}` shows it"),
    ]


def _said(boot: "BootOut") -> list[tuple[str, list[str]]]:
    """What its console said, under headings; nothing under some of them."""
    facts = [f"{name.replace('_', ' ')}: {text}" for name, text in boot.paravirt.items() if name != "command_line"]
    # The trace is the first report's: mostly that is what the verdict rests on, and told above.
    traced = boot.reports[0].title if boot.reports else boot.title
    reports = [
        f"{f'L{each.evidence.line}' if each.evidence else '-'}  {each.severity.replace('_', ' ')}: {each.title}"
        for each in boot.reports[traced == boot.title :]
    ]
    return [
        ("evidence", [f"L{line.line}  {line.text}" for line in boot.evidence]),
        ("trace" if traced == boot.title else f"trace of {traced}", boot.frames),
        ("also reported", reports),
        ("warnings", [title for title in boot.warnings if title not in {each.title for each in boot.reports}]),
        ("machine", facts),
    ]


def cancel(
    ctx: typer.Context,
    job: options.AnyJob = None,
    boot: options.OnlyBoot = None,
    server: options.Server = None,
) -> None:
    """Take back a job, or one boot of it. What is running is powered off."""
    if job is None and boot is None:
        raise BadInputError("say which job, or which boot with --boot")
    with connection.client(ctx, server) as farm:
        if boot is None:
            done = farm.cancel_job(job or 0)
            say(f"job {done.id}: {summary(done.boots)}")
            return
        found = farm.boot(boot)
        if job not in (None, found.job):
            raise BadInputError(f"boot {boot} is of job {found.job}, not {job}", where="--boot")
        found = farm.cancel_boot(boot)
        say(f"{describe(found)}: {state_of(found)}")
