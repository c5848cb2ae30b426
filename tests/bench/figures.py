"""What a measurement comes to: values with their unit, shown as median and spread. Knows nothing that is measured."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, the values, their unit, what we aim at, and what peers come to on the same."""

    what: str
    values: Sequence[float]
    unit: str
    aim: str
    peers: tuple[str, ...] = ()

    def row(self) -> tuple[str, ...]:
        middle = statistics.median(self.values)
        spread = (
            f"{min(self.values):.3g} .. {max(self.values):.3g} (n={len(self.values)})" if len(self.values) > 1 else ""
        )
        return self.what, f"{middle:.3g} {self.unit}", spread, self.aim, *self.peers


def table(title: str, figures: Iterable[Figure], peers: Sequence[str] = ()) -> Table:
    """`peers`: the names over the last columns."""
    made = Table(title=title)
    for column in ("what", "median", "min .. max", "aim", *peers):
        made.add_column(column)
    for figure in figures:
        made.add_row(*figure.row())
    return made


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
