"""What the demo prints: a line per boot and the live consoles on a terminal, plain lines elsewhere, and the table.

Console text is data: escape sequences, control bytes and markup in it stay inert.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.demo.plan import Row, is_over
from farm.core.wire import BootOut
from farm.core.words import BootState

# ECMA-48: CSI sequences, OSC strings (window titles), other escapes; then every control byte but the line feed.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|[^\n\x20-\x7e\xa0-\uffff]"
)
_COLOURS = {"pass": "green", "fail": "red", "infra": "yellow", "inconclusive": "yellow"}


class View(Protocol):
    """Something that shows how the boots go. `tails` are the last console bytes of those that run."""

    def update(self, boots: Sequence[BootOut], tails: dict[int, bytes]) -> None: ...

    def __enter__(self) -> "View": ...

    def __exit__(self, *_exc: object) -> None: ...


def tail_lines(data: bytes, count: int) -> list[str]:
    """The last `count` lines of console bytes, as text that does nothing to a terminal."""
    text = _ESCAPES.sub("", data.decode("utf-8", errors="replace"))
    return [line.rstrip() for line in text.split("\n") if line.strip()][-count:]


def status(boot: BootOut) -> str:
    """Where a boot is, in a few words: its verdict, else its phase, else why it waits."""
    if boot.verdict:
        return boot.verdict.value
    if boot.state is BootState.RUNNING:
        return boot.phases[-1].phase.value if boot.phases else "leased"
    return boot.state.value


def elapsed(boot: BootOut, now: datetime) -> str:
    """Seconds since the boot got its device, up to its end."""
    if boot.started_at is None:
        return ""
    return f"{((boot.finished_at or now) - boot.started_at).total_seconds():.0f} s"


class LiveView:
    """A terminal: one line per boot, redrawn, and the consoles of those that run below."""

    LINES = 8  # of each console

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> "LiveView":
        self._live.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._live.stop()

    def update(self, boots: Sequence[BootOut], tails: dict[int, bytes]) -> None:
        now = datetime.now(UTC)
        lines = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("boot", "kernel", "command line", "device", "", "time"):
            lines.add_column(heading, no_wrap=True)
        for boot in sorted(boots, key=lambda boot: boot.id):
            word = status(boot)
            append = Text(boot.append or "(default)")
            state = Text(word, style=_COLOURS.get(word, "cyan"))
            lines.add_row(f"#{boot.id}", boot.release, append, boot.device or "", state, elapsed(boot, now))
        parts: list[RenderableType] = [lines]
        for boot in boots:
            if boot.id in tails:
                body = Text("\n".join(tail_lines(tails[boot.id], self.LINES)), no_wrap=True, overflow="crop")
                title = Text(f"{boot.device}: {boot.release} {boot.append}")
                parts.append(Panel(body, title=title, height=self.LINES + 2, border_style="dim"))
        self._live.update(Group(*parts))


class PlainView:
    """No terminal (a log file, CI): one line whenever a boot comes to another state or phase."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[int, str] = {}

    def __enter__(self) -> "PlainView":
        return self

    def __exit__(self, *_exc: object) -> None:
        return

    def update(self, boots: Sequence[BootOut], tails: dict[int, bytes]) -> None:
        now = datetime.now(UTC)
        for boot in sorted(boots, key=lambda boot: boot.id):
            word = status(boot)
            if self._said.get(boot.id) == word or boot.state is BootState.QUEUED:
                continue
            self._said[boot.id] = word
            time = f" after {elapsed(boot, now)}" if is_over(boot) else ""
            line = f"boot #{boot.id} {boot.release} {boot.append or '(default)'}: {word}{time}"
            self._console.print(Text(line), soft_wrap=True)


def verdict_table(rows: Sequence[Row]) -> Table:
    """Kernel release x command line, with verdict, seconds and the line of evidence."""
    table = Table(title="Verdicts", title_justify="left")
    for heading, wrap in (("kernel", True), ("version", True), ("command line", True), ("verdict", True)):
        table.add_column(heading, no_wrap=wrap)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("evidence", overflow="fold")
    for row, following in zip_longest(rows, rows[1:]):
        table.add_row(
            row.release,
            row.version,
            Text(row.command_line),
            Text(row.verdict, style=_COLOURS.get(row.verdict, "")),
            "" if row.seconds is None else f"{row.seconds:.1f}",
            Text(row.evidence),
            end_section=following is not None and following.append != row.append,
        )
    return table
