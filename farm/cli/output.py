"""What the commands print: tables, JSON, lines. Knows the terminal, and nothing of the farm but its words.

On a terminal tables fit its width, with colour unless NO_COLOR is set; in a pipe each row is one whole line.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from farm.cli.terminal import visible

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDE = 1_000_000  # columns of something that is no terminal: never fold
NARROW = 24  # columns of a table up to this wide are shown whole
STYLES = {
    "pass": "green",
    "fail": "bold red",
    "infra": "yellow",
    "inconclusive": "yellow",
    "running": "cyan",
    "good": "green",
    "suspect": "yellow",
    "quarantined": "red",
    "offline": "red",
}


def say(line: str, *, err: bool = False, file: TextIO | None = None) -> None:
    """One line, at once: whoever reads a pipe sees it now."""
    print(visible(line), file=file or (sys.stderr if err else sys.stdout), flush=True)


def print_lines(lines: Iterable[str], file: TextIO | None = None) -> None:
    """Lines that may hold a machine's text; a terminal gets them cut to its width, a pipe whole."""
    file = file or sys.stdout
    width = shutil.get_terminal_size().columns if file.isatty() else WIDE
    for line in lines:
        say(cut(visible(line), width), file=file)


def cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values in two columns; a pair without a value is left out."""
    given = [(name, value) for name, value in pairs if value not in (None, "")]
    width = max((len(name) for name, _ in given), default=0)
    for name, value in given:
        say(f"{name.ljust(width)}  {value}")


def console(file: TextIO | None = None) -> "Console":
    """A rich console on `file` (stdout); loaded late, because most commands print a line or two."""
    from rich.console import Console

    file = file or sys.stdout
    return Console(
        file=file, width=None if file.isatty() else WIDE, markup=False, highlight=False, emoji=False, soft_wrap=False
    )


def cell(value: object) -> "Text":
    """A table's cell: text of anybody's, never markup or control; the house's words in their colours."""
    from rich.text import Text

    text = "" if value is None else visible(str(value))
    return Text(text, style=STYLES.get(text.partition(" ")[0], ""), no_wrap=True, overflow="ellipsis")


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> "Table":
    """Plain aligned columns, one line a row; on a narrow terminal the wide columns are cut."""
    from rich.table import Table

    cells = [[cell(value) for value in row] for row in rows]
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, header in enumerate(headers):
        # rich takes room first from columns that "may wrap"; the cells themselves never do.
        narrow = max((len(row[index]) for row in cells), default=0) <= NARROW
        made.add_column(header, no_wrap=narrow, overflow="ellipsis")
    for row in cells:
        made.add_row(*row)
    return made


def show(made: "Table") -> None:
    """A table on stdout, without blanks at the ends of its lines."""
    out = console()
    with out.capture() as captured:
        out.print(made)
    for line in captured.get().splitlines():
        print(line.rstrip())


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, none: str) -> None:
    """The rows under their headers, or the sentence `none` where there are no rows."""
    if not rows:
        say(none)
        return
    show(table(headers, rows))


def print_json(value: "BaseModel | Sequence[BaseModel]") -> None:
    """One JSON document and nothing else. ASCII only: escapes of any control character, C1 included."""
    import json

    data: Any
    if isinstance(value, Sequence):
        data = [item.model_dump(mode="json") for item in value]
    else:
        data = value.model_dump(mode="json")
    print(json.dumps(data, indent=2))


def moment(at: datetime | None) -> str:
    """A time as people write it in mails, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "-"


def seconds(begun: datetime | None, ended: datetime | None = None) -> str:
    """From `begun` to `ended`, or to now. The two clocks may differ: never less than zero."""
    if begun is None:
        return "-"
    passed = max(0.0, ((ended or datetime.now(UTC)) - begun).total_seconds())
    if passed < 100:
        return f"{passed:.1f} s"
    minutes, rest = divmod(round(passed), 60)
    return f"{minutes} m {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} m"
