"""`farm results`: releases x environments and command lines, in the order kernel people give releases."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli import connection, options
from farm.cli.exits import final
from farm.cli.output import print_json, print_table
from farm.cli.progress import state_of

if TYPE_CHECKING:
    from farm.core.wire import BootOut

WORST_FIRST = ("fail", "infra", "inconclusive", "cancelled", "running", "queued", "pass")


def results(
    ctx: typer.Context,
    *,
    branch: options.OnlyBranch = None,
    on: options.OnlyOn = None,
    append: options.OnlyAppend = None,
    build: options.OnlyBuild = None,
    verdict: options.OnlyVerdict = None,
    outcome: options.OnlyOutcome = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many boots to look at, newest first.")] = 200,
    as_json: options.Json = False,
    server: options.Server = None,
) -> None:
    """Show verdicts: one row a release, one column an environment and command line."""
    filters: dict[str, Any] = {
        "branch": branch,
        "environment": on,
        "append": append,
        "build": build,
        "verdict": verdict.value if verdict else None,
        "outcome": outcome.value if outcome else None,
    }
    with connection.client(ctx, server) as farm:
        boots = farm.boots(limit=limit, **filters)
    if as_json:
        print_json(boots)
        return
    headers, rows = matrix(boots)
    print_table(headers, rows, none="no boots yet" if not any(filters.values()) else "no such boots")


def matrix(boots: "list[BootOut]") -> tuple[list[str], list[list[str]]]:
    """Headers and rows, oldest release first, so that time runs down the page as it does in a log."""
    boots = final(boots)
    columns = sorted({(boot.environment, boot.append) for boot in boots})
    builds = {boot.build: boot for boot in boots}
    headers = ["branch", "release", *(f"{environment} {append}".rstrip() for environment, append in columns)]
    names = _names(list(builds.values()))
    cells: dict[tuple[int, str, str], list[BootOut]] = {}
    for boot in boots:
        cells.setdefault((boot.build, boot.environment, boot.append), []).append(boot)
    rows = [
        [first.branch, names[number], *(verdict_of(cells.get((number, *column), [])) for column in columns)]
        for number, first in sorted(builds.items(), key=lambda item: (item[1].branch, _order(item[1]), item[0]))
    ]
    return headers, rows


def verdict_of(boots: "list[BootOut]") -> str:
    """One cell: `pass`; of several boots the worst and how many: `fail 1/3`; `-` where nothing was booted."""
    states = [state_of(boot).partition(" ")[0] for boot in boots]
    if not states:
        return "-"
    worst = min(states, key=WORST_FIRST.index)
    count = states.count(worst)
    return worst if len(states) == 1 else f"{worst} {count}/{len(states)}"


def _names(firsts: "list[BootOut]") -> dict[int, str]:
    """What each build is called: its version; with the release string and the build's number where needed."""
    names = {
        boot.build: boot.version if boot.version == boot.release else f"{boot.version} ({boot.release})"
        for boot in firsts
    }
    every = list(names.values())
    return {build: name if every.count(name) == 1 else f"{name} build {build}" for build, name in names.items()}


def _order(boot: "BootOut") -> str:
    from farm.core.errors import BadInputError
    from jobs.builds.version import KernelVersion

    try:
        return KernelVersion.parse(boot.version).sort_key
    except BadInputError:  # a kernel too damaged to say, or a name with no place in the order: last
        return f"~{boot.version}"
