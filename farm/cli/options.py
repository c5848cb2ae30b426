"""The options and arguments of the commands, named once. Knows their help texts, and nothing of what they do."""

from pathlib import Path
from typing import Annotated

import typer

from farm.cli.connection import complete_environment
from farm.core.words import Deadline, Outcome, Verdict

Many = list[str] | None

# everywhere
Server = Annotated[str | None, typer.Option("--server", metavar="URL", help="The farm's address.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else.")]
Job = Annotated[int, typer.Argument(metavar="JOB", min=1, help="A job's number.")]
AnyJob = Annotated[int | None, typer.Argument(metavar="[JOB]", min=1, help="A job's number.")]
Boot = Annotated[int, typer.Argument(metavar="BOOT", min=1, help="A boot's number.")]
Image = Annotated[Path, typer.Argument(metavar="IMAGE", help="A bzImage.")]

# farm submit
On = Annotated[
    Many,
    typer.Option(
        metavar="ENV[/TAG...]",
        help="Environment, and tags its device must have. May be repeated.",
        autocompletion=complete_environment,
    ),
]
Append = Annotated[Many, typer.Option(metavar="STR", help="Kernel command line; each is a boot. May be repeated.")]
Repeat = Annotated[int, typer.Option(min=1, max=100, help="How often each is booted.")]
Initrd = Annotated[Path | None, typer.Option(metavar="FILE", help="An own initramfs; needs --pattern.")]
Symbols = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The build's System.map, vmlinux or .debug: names for addresses.")
]
Pattern = Annotated[str | None, typer.Option(metavar="REGEX", help="An own sign of success, on one console line.")]
Check = Annotated[Many, typer.Option(metavar="NAME", help="Extra check of farm-init. May be repeated.")]
Device = Annotated[str | None, typer.Option(metavar="NAME", help="This device and no other.")]
Tree = Annotated[str, typer.Option(help="Where the source came from: mainline, stable ...", show_default=False)]
Branch = Annotated[str, typer.Option(help="Line of releases; else from the image's version.", show_default=False)]
Commit = Annotated[str, typer.Option(help="The source's commit, hexadecimal.", show_default=False)]
Patch = Annotated[str, typer.Option(help="A patch on top, in your words.", show_default=False)]
Deadlines = Annotated[
    Many, typer.Option("--deadline", metavar="NAME=SECONDS", help=f"One of {', '.join(Deadline)}. May be repeated.")
]
Priority = Annotated[int, typer.Option(min=0, max=100, help="Higher goes first.")]
Submitter = Annotated[str | None, typer.Option(help="Default: user@host.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Boot it although it does not fit the machine.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it to the end; the exit code is its verdict.")]
Bisect = Annotated[
    bool, typer.Option("--bisect", help="For `git bisect run`: --wait, and exit 125 where there is no answer.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be booted; queue nothing.")]

# farm results, cancel
OnlyBranch = Annotated[str | None, typer.Option("--branch", help="Line of releases: 6.1.y, mainline.")]
OnlyOn = Annotated[
    str | None, typer.Option("--on", metavar="ENV", help="Environment.", autocompletion=complete_environment)
]
OnlyAppend = Annotated[str | None, typer.Option("--append", metavar="STR", help="Exactly this command line.")]
OnlyBuild = Annotated[int | None, typer.Option("--build", metavar="N", min=1, help="One build.")]
OnlyVerdict = Annotated[Verdict | None, typer.Option("--verdict", help="Only boots with this verdict.")]
OnlyOutcome = Annotated[
    Outcome | None, typer.Option("--outcome", help="Only boots that ended so: panic, hang, no-root ...")
]
OnlyBoot = Annotated[int | None, typer.Option("--boot", metavar="N", min=1, help="Only this boot.")]

# farm logs
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on as it comes, until the boot ends.")]
Lines = Annotated[int | None, typer.Option("-n", "--lines", min=0, help="Only the last lines.")]
Raw = Annotated[bool, typer.Option("--raw", help="Every byte as it is, on a terminal too.")]

# farm serve, worker, db
Lab = Annotated[Path, typer.Option("--lab", metavar="FILE", envvar="FARM_LAB", help="Lab file.")]
OwnLab = Annotated[
    Path | None,
    typer.Option("--lab", metavar="FILE", envvar="FARM_LAB", help="Lab file: run its worker in here too."),
]
State = Annotated[Path | None, typer.Option("--state", metavar="DIR", help="State folder.", show_default=False)]
Listen = Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen.")]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Only the server, whatever FARM_LAB says.")]
Database = Annotated[str | None, typer.Option("--database", metavar="URL", help="Default: SQLite in the state folder.")]
