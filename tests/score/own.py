"""Scores readings of the project's own consoles: what was right, by group, and what was not. Knows no reader.

The shared scorer takes one JSON object per console and knows how a log was classified elsewhere; ours knows the
expectation of each boot, so it also judges verdict and stage, and takes no synonyms.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.table import Table

from tests.score.consoles import Console

MEASURES = ("outcome", "verdict", "type", "function", "stage")


@dataclass(frozen=True, slots=True)
class Miss:
    """One wrong answer."""

    measure: str
    name: str
    wanted: object
    given: object


@dataclass(slots=True)
class Tally:
    """What came of the consoles of one group: counts of detection, and (right, asked) of each other measure."""

    consoles: int = 0
    found: int = 0
    false: int = 0
    missed: int = 0
    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def precision(self) -> float | None:
        return _share(self.found, self.found + self.false)

    @property
    def recall(self) -> float | None:
        return _share(self.found, self.found + self.missed)

    def rate(self, measure: str) -> float | None:
        return _share(self.right[measure], self.asked[measure])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class Score:
    """Takes answers; keeps a tally a group, one over all, and the misses."""

    def __init__(self) -> None:
        self.groups: dict[str, Tally] = {}
        self.all = Tally()
        self.misses: list[Miss] = []

    def add(self, console: Console, answer: Mapping[str, Any]) -> None:
        """`answer`: see `answers.answer_of`. A key that is missing from it (a peer's) is not scored."""
        tallies = (self.groups.setdefault(console.group, Tally()), self.all)
        for tally in tallies:
            tally.consoles += 1
        self._detection(console, answer, tallies)
        for measure, wanted, given in _asked(console.truth, answer):
            for tally in tallies:
                tally.asked[measure] += 1
                tally.right[measure] += wanted == given
            if wanted != given:
                self.misses.append(Miss(measure, console.name, wanted, given))

    def _detection(self, console: Console, answer: Mapping[str, Any], tallies: Iterable[Tally]) -> None:
        wanted = console.truth.get("report")
        if wanted is None:
            return
        given = bool(answer.get("report"))
        for tally in tallies:
            tally.found += wanted and given
            tally.false += given and not wanted
            tally.missed += wanted and not given
        if given != wanted:
            self.misses.append(Miss("report", console.name, wanted, answer.get("title") if given else given))

    def as_json(self) -> dict[str, dict[str, float | int | None]]:
        """Shares from 0 to 1, None where nothing was asked."""
        return {
            name: {
                "consoles": tally.consoles,
                "precision": tally.precision,
                "recall": tally.recall,
                **{measure: tally.rate(measure) for measure in MEASURES},
            }
            for name, tally in [*self.groups.items(), ("all", self.all)]
        }


def _asked(truth: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterable[tuple[str, object, object]]:
    for measure in ("outcome", "verdict", "function", "stage"):
        if measure in truth and measure in answer:
            yield measure, truth[measure], answer[measure]
    if "type" in truth and "verdict_type" in answer:
        yield "type", truth["type"], answer["verdict_type"]
    if "report_type" in truth and "type" in answer:
        yield "type", truth["report_type"], answer["type"]


def table(score: Score, title: str) -> Table:
    """A row a group, percent / how many consoles state an answer. Fits into 80 columns."""
    made = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0))
    for name in ("group", "n", "det P", "det R", *MEASURES):
        made.add_column(name, justify="left" if name == "group" else "right", no_wrap=True)
    for name, tally in [*score.groups.items(), ("all", score.all)]:
        rates = (f"{percent(tally.rate(measure))}/{tally.asked[measure]}" for measure in MEASURES)
        made.add_row(name, str(tally.consoles), percent(tally.precision), percent(tally.recall), *rates)
    return made


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}".removesuffix(".0")
