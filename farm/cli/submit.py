"""`farm submit`: one image, environments x command lines x repeats. Checks what can be checked here, then uploads."""

import getpass
import math
import os
import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from farm.cli import connection, options, progress
from farm.cli.exits import ExitCode, of_boots
from farm.cli.output import print_json, print_table, say
from farm.core.errors import BadInputError
from farm.core.words import Deadline

if TYPE_CHECKING:
    from farm.client import Client
    from farm.core.wire import JobIn, JobOut


def submit(
    ctx: typer.Context,
    image: options.Image,
    *,
    on: options.On = None,
    append: options.Append = None,
    repeat: options.Repeat = 1,
    initrd: options.Initrd = None,
    symbols: options.Symbols = None,
    pattern: options.Pattern = None,
    check: options.Check = None,
    device: options.Device = None,
    tree: options.Tree = "",
    branch: options.Branch = "",
    commit: options.Commit = "",
    patch: options.Patch = "",
    deadline: options.Deadlines = None,
    priority: options.Priority = 50,
    submitter: options.Submitter = None,
    force: options.Force = False,
    wait: options.Wait = False,
    bisect: options.Bisect = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    server: options.Server = None,
) -> None:
    """Boot a kernel image on the farm.

    With --wait it exits 0 if every boot passed, 1 if a kernel failed, 2 if the farm had trouble or there is no
    answer, 3 if what was asked cannot be used. `git bisect run farm submit --bisect arch/x86/boot/bzImage` skips
    (125) what the farm cannot answer, and stops at a wrong command.
    """
    _check_build(image, symbols, bisect=bisect)
    if initrd is not None:
        check_readable(initrd)
    environments, tags = targets(on or [])
    fields: dict[str, Any] = {
        "pattern": _pattern(pattern, initrd),
        "tags": tags,
        "device": device,
        "appends": list(dict.fromkeys(append)) if append else [""],
        "checks": check or [],
        "repeat": repeat,
        "priority": priority,
        "deadlines": dict(map(_deadline, deadline or [])),
        "tree": tree,
        "branch": branch,
        "commit": commit.lower(),
        "patch": patch,
        "submitter": _who() if submitter is None else submitter,
        "force": force,
    }
    with connection.client(ctx, server) as farm:
        fields["environments"] = environments or _only_environment(farm)
        job = _job(image, {"initrd": initrd, "symbols": symbols}, fields, farm)
        if dry_run:
            _plan(farm, job, as_json=as_json)
        else:
            _submit(farm, job, wait=wait or bisect, as_json=as_json)


def _submit(farm: "Client", job: "JobIn", *, wait: bool, as_json: bool) -> None:
    filed = farm.submit(job)
    out = sys.stderr if as_json else sys.stdout
    if not wait and not as_json:
        state = f"{filed.build.release}: {progress.summary(filed.boots)}"
        say(f"job {filed.id}: {state}; `farm watch {filed.id}` follows it")
    if wait:
        filed = watch(farm, filed, out)
    if as_json:
        print_json(filed)
    if wait:
        raise typer.Exit(of_boots(filed.boots))


def watch(farm: "Client", job: "JobOut", out: Any) -> "JobOut":
    """Follow a job to its end; Ctrl-C only stops the looking."""
    try:
        return progress.follow(farm, job, out)
    except KeyboardInterrupt:
        progress.leave(job.id)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _plan(farm: "Client", job: "JobIn", *, as_json: bool) -> None:
    plan = farm.plan(job)
    if as_json:
        print_json(plan)
        return
    say(f"{plan.release}: version {plan.version}, branch {plan.branch}; nothing has been queued")
    rows = [(boot.environment, boot.append, boot.repeat, boot.waiting) for boot in plan.boots]
    print_table(("environment", "command line", "repeat", "would wait"), rows, none="no boots")


def _job(image: Path, more: dict[str, Path | None], fields: dict[str, Any], farm: "Client") -> "JobIn":
    """The job, checked before anything travels; then its files are stored."""
    from pydantic import ValidationError

    from farm.client import sha256_of
    from farm.core.wire import JobIn

    files = {name: path for name, path in more.items() if path is not None}
    hashes = {name: sha256_of(path) for name, path in files.items()}
    try:
        job = JobIn(image=sha256_of(image), filename=image.name[:255], **hashes, **fields)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = f"--{SINGULAR.get(str(first['loc'][0]), str(first['loc'][0]))}"
        raise BadInputError(f"{first['msg']}: {str(first['input'])[:80]!r}", where=where) from fault
    for path in (image, *files.values()):
        farm.upload(path)
    return job


SINGULAR = {"environments": "on", "tags": "on", "appends": "append", "checks": "check", "deadlines": "deadline"}


def check_readable(path: Path) -> None:
    """Refuse what is no file with something in it."""
    if path.is_dir():
        raise BadInputError("is a folder; name a file", where=str(path))
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as fault:
        raise BadInputError(f"cannot be read: {fault.strerror}", where=str(path)) from fault
    if empty:
        raise BadInputError("is empty: 0 bytes", where=str(path))


def _check_build(image: Path, symbols: Path | None, *, bisect: bool) -> None:
    """Refuse, before the upload, what no boot loader can start, and symbols that are not this image's.

    In a bisection that is a commit that cannot be tested (its build broke), not a wrong command.
    """
    try:
        check_readable(image)
        release = _release(image)
        if symbols is not None:
            check_readable(symbols)
            _check_symbols(symbols, release)
    except BadInputError as fault:
        if not bisect:
            raise
        say(f"farm: {fault}", err=True)
        raise typer.Exit(ExitCode.SKIP) from fault


def _check_symbols(path: Path, release: str) -> None:
    from jobs.symbols.load import load

    try:
        theirs = load(path).release
    except BadInputError as fault:
        raise BadInputError(fault.detail, where=str(path)) from fault
    if theirs and release and theirs != release:
        raise BadInputError(f"these are the symbols of {theirs}, and the image is {release}", where=str(path))


def _release(path: Path) -> str:
    """As the image's header says; empty where it does not."""
    import mmap

    from jobs.builds.header import read_header

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return (read_header(data).version_text or "").split(" ", 1)[0]
        except BadInputError as fault:
            raise BadInputError(fault.detail, where=str(path)) from fault


def targets(on: list[str]) -> tuple[list[str], list[str]]:
    """`ENV/TAG/TAG` of each --on as (environments, tags). A job has one set of tags for all its environments."""
    environments: list[str] = []
    wanted: list[list[str]] = []
    for text in on:
        name, *tags = text.split("/")
        if not name or "" in tags:
            raise BadInputError(f"{text!r} is not ENVIRONMENT or ENVIRONMENT/TAG", where="--on")
        environments.append(name)
        wanted.append(sorted(set(tags)))
    if any(tags != wanted[0] for tags in wanted):
        raise BadInputError("a job asks every environment for the same tags; submit one job for each set", where="--on")
    return list(dict.fromkeys(environments)), wanted[0] if wanted else []


def _only_environment(farm: "Client") -> list[str]:
    known = connection.environments(farm)
    if not known:
        raise BadInputError("no lab has offered a device yet: start a worker with a lab file", where="--on")
    if len(known) > 1:
        raise BadInputError(f"say where to boot it; there is {', '.join(known)}", where="--on")
    return known


def _pattern(pattern: str | None, initrd: Path | None) -> str | None:
    if pattern is None:
        if initrd is not None:
            detail = "an own initramfs needs --pattern, the console line that means success"
            raise BadInputError(detail, where="--initrd")
        return None
    try:
        re.compile(pattern)
    except re.error as fault:
        raise BadInputError(f"not a regular expression: {fault}", where="--pattern") from fault
    return pattern


def _deadline(text: str) -> tuple[Deadline, float]:
    name, _, value = text.partition("=")
    try:
        deadline, wanted = Deadline(name), float(value)
    except ValueError:
        deadline, wanted = None, math.nan
    if deadline is None or not 0 < wanted <= 86400:
        detail = f"{text!r} is not NAME=SECONDS with a NAME of {', '.join(Deadline)}, and 0 < SECONDS <= 86400"
        raise BadInputError(detail, where="--deadline")
    return deadline, wanted


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have them
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"[:100]
