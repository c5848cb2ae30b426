"""`farm explain`: what the reader makes of a console, without a farm. Any console: a file's, or a pipe's."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.output import print_lines, print_pairs, say
from farm.core.errors import BadInputError

if TYPE_CHECKING:
    from jobs.outcome import Expectation, Reading, Report
    from jobs.symbols.model import Symbols

CHUNK = 1 << 18  # bytes read at once: a console may be larger than memory
_TRACE = 12  # frames shown

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Consoles; - is standard input.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for the console.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line for each console, with its `file`.")]
Release = Annotated[
    str | None, typer.Option("--release", metavar="RELEASE", help="The release that should have booted.")
]
Token = Annotated[str | None, typer.Option("--token", metavar="TOKEN", help="The token in farm-init's markers.")]
SymbolFile = Annotated[
    Path | None,
    typer.Option("--symbols", metavar="FILE", help="The build's System.map, vmlinux or .debug: names for addresses."),
]
Pattern = Annotated[
    str | None, typer.Option("--pattern", metavar="REGEX", help="The line that means success (RE2), not a login.")
]


def explain(
    files: Files,
    *,
    as_json: Json = False,
    as_jsonl: JsonLines = False,
    release: Release = None,
    token: Token = None,
    pattern: Pattern = None,
    symbol_file: SymbolFile = None,
) -> None:
    """Read kernel consoles: how the boot ended, how far it came, what crashed and where.

    Needs no farm. Without --token or --pattern a login prompt or an orderly power-off counts as booted.
    """
    from jobs.outcome import Expectation

    if as_json and (as_jsonl or len(files) > 1):
        raise BadInputError("--json is for one console; --jsonl is for several", where="--json")
    expect = Expectation(token=token, pattern=pattern, release=release)
    symbols = _symbols(symbol_file)
    for number, name in enumerate(files):
        reading = _read(name, expect, symbols)
        if as_json or as_jsonl:
            _print_json(name, reading, lines=as_jsonl)
            continue
        if number:
            say("")
        _show(name, reading, many=len(files) > 1)


def _symbols(file: Path | None) -> "Symbols | None":
    if file is None:
        return None
    from farm.cli.submit import check_readable
    from jobs.symbols.load import load

    check_readable(file)
    return load(file)


def _read(name: str, expect: "Expectation", symbols: "Symbols | None") -> "Reading":
    from jobs.outcome import Ending, Reader

    reader = Reader(expect, symbols)
    for chunk in _chunks(name):
        reader.feed(chunk)
    reading = reader.conclude(Ending.END_OF_FILE)
    if symbols is not None and symbols.release is not None and reading.version not in {None, symbols.release}:
        say(f"{name}: the kernel is {reading.version}, the symbols are {symbols.release}'s: not used", err=True)
    return reading


def _chunks(name: str) -> Iterator[bytes]:
    if name == "-":
        while chunk := os.read(sys.stdin.fileno(), CHUNK):
            yield chunk
        return
    try:
        with Path(name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as fault:
        raise BadInputError(f"cannot be read: {fault.strerror}", where=name) from fault


def _print_json(name: str, reading: "Reading", *, lines: bool) -> None:
    import json

    from jobs.outcome.explain import as_json

    found = as_json(reading)
    print(json.dumps({"file": name, **found}) if lines else json.dumps(found, indent=2))


def _show(name: str, reading: "Reading", *, many: bool) -> None:
    report = reading.report
    print_pairs(
        [
            ("console", name if many else None),
            ("outcome", reading.outcome),
            ("reason", reading.reason),
            ("stage", reading.stage),
            ("kernel", reading.version),
            ("title", report.title if report else None),
            ("also known as", "; ".join(report.alternates) if report else None),
            ("type", report.type if report else None),
            ("function", report.function if report else None),
            ("signature", report.signature if report else None),
            ("torn", "yes: parts that such a report always has are missing" if reading.corrupted else None),
            ("culprit", reading.culprit),
            ("kernels", f"{reading.starts} began to talk" if reading.starts > 1 else None),
            *((word.replace("_", " "), getattr(reading.paravirt, word)) for word in _machine(reading)),
        ]
    )
    for each in reading.reports:
        _show_report(each)
    if not reading.reports:
        say("")
        print_lines(f"L{item.line}  {item.text}" for item in reading.evidence)


def _machine(reading: "Reading") -> list[str]:
    return [word for word in reading.paravirt.__slots__ if word != "command_line"]


def _show_report(report: "Report") -> None:
    say("")
    then = f", then {report.consequence}" if report.consequence else ""
    print_lines([f"{report.severity.name.lower()}: {report.title}{then}"])
    print_lines(f"  L{item.line}  {item.text}" for item in report.evidence)
    print_lines(f"    {frame}" for frame in report.frames[:_TRACE])
