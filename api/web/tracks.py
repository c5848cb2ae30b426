"""The values that the matrix is made of and drawn from: releases and boots, cells, rows, changes. Pure data."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from farm.core.words import BootState, Verdict


class State(StrEnum):
    """What a cell says, as the page writes it."""

    PASS = Verdict.PASS.value
    FAIL = Verdict.FAIL.value
    MIXED = "mixed"  # the same release passed and failed
    INCONCLUSIVE = "unclear"
    INFRA = Verdict.INFRA.value
    RUNNING = "running"
    QUEUED = "queued"
    CANCELLED = "cancelled"
    NONE = "none"


class Turn(StrEnum):
    """How a cell differs from the one before it on its track."""

    REGRESSION = "regression"  # pass -> fail
    FLAKY = "flaky"  # pass -> mixed
    FIX = "fix"  # fail -> pass


@dataclass(frozen=True, slots=True)
class Release:
    """A build as far as the matrix cares."""

    build: int
    branch: str
    version: str
    version_key: str
    release: str
    tree: str = ""
    commit: str = ""
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A boot as far as the matrix cares."""

    boot: int
    build: int
    environment: str
    append: str
    state: BootState
    verdict: Verdict | None
    title: str | None = None
    reason: str = ""
    repeat: int = 1
    attempt: int = 1

    @property
    def shown(self) -> State:
        """This boot alone, as a cell would say it."""
        return _OF_VERDICT[self.verdict] if self.verdict else State(self.state.value)


@dataclass(frozen=True, slots=True)
class Column:
    """A release in its branch. `detail` tells it from another of the same version."""

    branch: str
    version: str
    detail: str
    build: int  # the newest


@dataclass(frozen=True, slots=True)
class Branch:
    """Neighbouring columns of one line of releases, oldest first."""

    name: str
    columns: list[Column]


@dataclass(frozen=True, slots=True)
class Cell:
    """A release on a track. `boot` is the one to look at: the newest that says so."""

    column: Column
    state: State = State.NONE
    boot: int | None = None
    passed: int = 0
    failed: int = 0
    pending: int = 0  # queued or running besides
    title: str = ""
    turn: Turn | None = None
    open: bool = False  # it turned here, or at an older release of the branch that is not known here

    @property
    def counted(self) -> bool:
        return self.passed + self.failed > 0


@dataclass(frozen=True, slots=True)
class Row:
    """A track over all columns."""

    environment: str
    flavour: str
    append: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Change:
    """A place where tracks turn: the same command line between the same two releases, in one or more environments."""

    kind: Turn
    open: bool  # it may have turned at an older release of `after`'s branch, which is not known here
    environments: list[str]
    flavour: str
    append: str
    before: Column
    after: Column
    boot: int  # the newest that shows it

    @property
    def across(self) -> bool:
        """Between two branches: the release before it in its own branch was not booted, or there is none."""
        return self.before.branch != self.after.branch


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everything the front page draws. `rows` go by environment, flavour and command line."""

    branches: list[Branch]
    rows: list[Row]
    changes: list[Change]  # the worst kind first, of one kind the newest

    @property
    def columns(self) -> list[Column]:
        return [column for branch in self.branches for column in branch.columns]

    @property
    def width(self) -> int:
        """Columns of releases."""
        return len(self.columns)

    @property
    def groups(self) -> list[tuple[str, str, list[Row]]]:
        """(environment, flavour, rows); the flavour is "" where there is but one in all the matrix."""
        several = len({row.flavour for row in self.rows}) > 1
        keyed = groupby(self.rows, key=lambda row: (row.environment, row.flavour))
        return [(environment, flavour if several else "", list(rows)) for (environment, flavour), rows in keyed]


_OF_VERDICT = {
    Verdict.PASS: State.PASS,
    Verdict.FAIL: State.FAIL,
    Verdict.INFRA: State.INFRA,
    Verdict.INCONCLUSIVE: State.INCONCLUSIVE,
}
