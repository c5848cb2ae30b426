"""`farm lab`: the lab file, checked and described before anything is switched on."""

import json
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.exits import ExitCode
from farm.cli.output import print_table, say

app = typer.Typer(help="Check a lab file, print its schema.", rich_markup_mode=None)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A lab file.")]) -> None:
    """Check a lab file: one line a problem, as file:line:column."""
    from inventory.labfile import LabFileError, load_lab

    try:
        lab = load_lab(file)
    except LabFileError as fault:
        for problem in fault.problems:
            say(str(problem), err=True)
        raise typer.Exit(ExitCode.USAGE) from fault
    count = len(lab.devices)
    say(f"{file}: lab {lab.lab}, {count} device{'s' if count > 1 else ''}")
    rows = [
        (
            device.name,
            ", ".join(lab.environments(device)),
            lab.types[device.type].arch,
            device.power.kind,
            device.console.kind,
            device.boot.kind,
            device.mac,
            ", ".join(lab.tags(device)),
        )
        for device in lab.devices
    ]
    print_table(("device", "environments", "arch", "power", "console", "boot", "mac", "tags"), rows, none="")


@app.command("schema")
def schema() -> None:
    """Print the lab file's JSON schema, for editors."""
    from inventory.labfile import json_schema

    print(json.dumps(json_schema(), indent=2))
