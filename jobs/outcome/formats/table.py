"""The whole table, in the order in which rows are tried, and the needles that wake a line.

Special families come before general ones: a lockdep WARNING before any WARNING, a no-root panic before any panic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from farm.core.words import Stage
from jobs.outcome.formats.arches import ARCHES
from jobs.outcome.formats.early import EARLY
from jobs.outcome.formats.faults import FAULTS
from jobs.outcome.formats.firmware import FIRMWARE
from jobs.outcome.formats.headless import END, MODULES
from jobs.outcome.formats.image import IMAGE
from jobs.outcome.formats.locking import LOCKING
from jobs.outcome.formats.memory import MEMORY
from jobs.outcome.formats.milestones import MILESTONES
from jobs.outcome.formats.panics import PANICS
from jobs.outcome.formats.paravirt import FACTS
from jobs.outcome.formats.row import Fact, Format, Milestone, Type
from jobs.outcome.formats.sanitizers import SANITIZERS
from jobs.outcome.formats.stalls import STALLS
from jobs.outcome.formats.userspace import BOOTED, USERSPACE
from jobs.outcome.formats.warnings import WARNINGS

FORMATS: tuple[Format, ...] = (
    *IMAGE, *EARLY, *SANITIZERS, *STALLS, *LOCKING, *MEMORY,
    *FAULTS, *ARCHES, *PANICS, *USERSPACE, *WARNINGS, *FIRMWARE,
)  # fmt: skip

BANNER = "Linux version "
FARM_INIT = frozenset({"farm-init: start token=", "farm-init: check ", "farm-init: end token="})
INITCALLS = frozenset({"calling  ", "initcall "})  # initcall_debug: init/main.c do_one_initcall
_OWN = (BANNER, *sorted(FARM_INIT), MODULES, END, *sorted(INITCALLS))
_FEW = 8
_BOOTED = frozenset(map(id, BOOTED))  # by identity: a row as a set's member is slow


Row = Format | Milestone | Fact


class Needles:
    """One pass over bytes for every text that makes a line worth reading (Aho-Corasick)."""

    def __init__(self) -> None:
        rows: dict[str, list[Row]] = {word: [] for word in _OWN}
        every: tuple[Row, ...] = (*FORMATS, *MILESTONES, *BOOTED, *FACTS)
        for row in every:
            rows.setdefault(row.needle, []).append(row)
        # A BIOS that copies its screen to the serial line, where set-up code writes too: each letter twice.
        doubled: tuple[Row, ...] = (*IMAGE, *(mark for mark in MILESTONES if mark.stage is Stage.DECOMPRESS))
        for row in doubled:
            rows.setdefault("".join(char * 2 for char in row.needle), []).append(row)
        self.words = tuple(rows)
        self.calls = frozenset(self.words.index(word) for word in INITCALLS)  # the needles of initcall_debug
        self._rows = tuple(rows.values())
        self._order = {id(row): number for number, row in enumerate(FORMATS)}
        # From which stage on a needle says nothing new: the stages that its rows mark are behind.
        self.dull_from = tuple(max((_dull_from(row) for row in found), default=_NEVER) for found in self._rows)
        # The whole table of transitions costs 10 ms and 6 MB once, and finds three times as fast as the default
        self._automaton = BytesAhoCorasick(
            [word.encode() for word in self.words], matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def find(self, data: bytes) -> list[tuple[int, int, int]]:
        """(needle's number, first byte, byte after) of every needle in `data`, by their ends."""
        return self._automaton.find_matches_as_indexes(data, overlapping=True)

    def within(self, text: str) -> frozenset[int]:
        """The needles in some cleaned text, by number."""
        return frozenset(number for number, _, _ in self.find(text.encode()))

    def rows(self, numbers: frozenset[int]) -> "Rows":
        """What the needles of one line ask for. Kept for few together: a hostile line has a set of its own."""
        return self._of_few(numbers) if len(numbers) <= _FEW else self._of(numbers)

    @lru_cache(1 << 11)  # noqa: B019  keeps its `self` alive: the one of needles(), which lives as long as the process
    def _of_few(self, numbers: frozenset[int]) -> "Rows":
        return self._of(numbers)

    def _of(self, numbers: frozenset[int]) -> "Rows":
        found = [row for number in sorted(numbers) for row in self._rows[number]]
        formats = [row for row in found if isinstance(row, Format)]
        # On one line the later stage's comes first: `Booting from ROM..SeaBIOS (version` is a machine that starts over.
        marks = sorted((row for row in found if isinstance(row, Milestone)), key=lambda row: -row.stage.rank)
        return Rows(
            formats=tuple(sorted(formats, key=lambda row: self._order[id(row)])),
            milestones=tuple(mark for mark in marks if id(mark) not in _BOOTED),
            booted=tuple(mark for mark in marks if id(mark) in _BOOTED),
            facts=tuple(row for row in found if isinstance(row, Fact)),
            own=frozenset(self.words[number] for number in numbers if number < len(_OWN)),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that one line may match."""

    formats: tuple[Format, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    booted: tuple[Milestone, ...] = ()  # signs that a boot came to its end
    facts: tuple[Fact, ...] = ()
    own: frozenset[str] = frozenset()  # the reader's own needles


_NEVER = max(stage.rank for stage in Stage) + 1


def _dull_from(row: Row) -> int:
    """The rank of the stage from which on a row cannot change anything."""
    if isinstance(row, Milestone) and id(row) not in _BOOTED and row.stage.rank >= Stage.BANNER.rank:
        return row.stage.rank
    if isinstance(row, Format) and row.type is Type.LOADER:
        return Stage.DECOMPRESS.rank
    return _NEVER


NOTHING = Rows()


@cache
def needles() -> Needles:
    """The one automaton. Built at first use: a few milliseconds."""
    return Needles()


def by_kind(kind: str, rows: Iterable[Format] = FORMATS) -> Format:
    """A row by its name; KeyError where there is none."""
    return _kinds(tuple(rows))[kind]


@cache
def _kinds(rows: tuple[Format, ...]) -> Mapping[str, Format]:
    return {row.kind: row for row in rows}
