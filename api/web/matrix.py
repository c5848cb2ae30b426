"""The front page's matrix: verdicts by track and release, and where a track turns. Pure: rows in, values out.

A row is a track (environment, flavour, command line), a column a release; columns stand in kernel order inside their
branch, branches in kernel order side by side. Verdicts on the kernel are pass and fail: whatever else happened to the
same release (infra, inconclusive, a boot still queued) never hides one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, pairwise

from api.web.order import LAST_ORDERED, branch_order, flavour
from farm.core.words import BootState, Verdict


class State(StrEnum):
    """What a cell says, as the page writes it."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"
    MIXED = "mixed"  # the same release passed and failed
    INCONCLUSIVE = "unclear"
    INFRA = "infra"
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
    def width(self) -> int:
        """Columns of releases."""
        return sum(len(branch.columns) for branch in self.branches)

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
_WITHOUT_VERDICT = (State.INCONCLUSIVE, State.INFRA, State.RUNNING, State.QUEUED, State.CANCELLED)
_PENDING = (State.RUNNING, State.QUEUED)


def build_matrix(releases: Iterable[Release], results: Iterable[Result], *, versions: int | None = None) -> Matrix:
    """All of it. Results of a build that is not among `releases` do not count.

    With `versions` only that many newest ones of each branch are drawn; older ones among `releases` still say whether
    the first one drawn is a turn.
    """
    releases = list(releases)
    branches, place = _columns(releases)
    columns = [column for branch in branches for column in branch.columns]
    flavours = {release.build: flavour(release.release) for release in releases}
    found: dict[tuple[str, str, str], dict[Column, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        if result.build in place:
            track = (result.environment, flavours[result.build], result.append)
            found[track][place[result.build]].append(result)
    drawn = [_newest(branch, versions) for branch in branches]
    kept = {column for branch in drawn for column in branch.columns}
    cut = {branch.name for branch in branches if not kept.issuperset(branch.columns)}
    rows = []
    changes: list[tuple[Row, Cell, Cell]] = []
    for track, cells in sorted(found.items()):
        row = Row(*track, _turned([cell(column, cells.get(column, [])) for column in columns], cut))
        shown = Row(*track, [one for one in row.cells if one.column in kept])
        changes += [(row, *pair) for pair in _turns(row.cells) if pair[1].column in kept]
        rows += [shown] if any(one.boot is not None for one in shown.cells) else []
    return Matrix(drawn, rows, _changes(changes))


def _newest(branch: Branch, versions: int | None) -> Branch:
    """The branch with only so many newest versions."""
    if versions is None:
        return branch
    kept = list(dict.fromkeys(column.version for column in branch.columns))[-versions:]
    return Branch(branch.name, [column for column in branch.columns if column.version in kept])


def cell(column: Column, results: Sequence[Result]) -> Cell:
    """What several boots of one release on one track say together."""
    by: dict[State, list[Result]] = defaultdict(list)
    for result in results:
        by[result.shown].append(result)
    passed, failed = len(by[State.PASS]), len(by[State.FAIL])
    pending = sum(len(by[state]) for state in _PENDING)
    if passed or failed:
        state = State.MIXED if passed and failed else State.FAIL if failed else State.PASS
        telling = by[State.FAIL] or by[State.PASS]
    else:
        state = next((state for state in _WITHOUT_VERDICT if by[state]), State.NONE)
        telling = by[state]
        pending = 0 if state in _PENDING else pending
    newest = max(telling, key=lambda result: result.boot, default=None)
    if newest is None:
        return Cell(column)
    return Cell(column, state, newest.boot, passed, failed, pending, newest.title or newest.reason)


def _columns(releases: Sequence[Release]) -> tuple[list[Branch], dict[int, Column]]:
    """Branches with their columns, and the column of each build. Flavours of one release share a column."""
    groups: dict[tuple[str, str, str, str, str, str], list[int]] = defaultdict(list)
    for release in releases:
        key = (release.branch, release.version_key, release.version, release.patch, release.tree, release.commit)
        groups[key].append(release.build)
    branches: dict[str, list[Column]] = defaultdict(list)
    place: dict[int, Column] = {}
    for key, builds in sorted(groups.items(), key=lambda item: (branch_order(item[0][0]), item[0][1], max(item[1]))):
        branch, _, version, *labels = key
        same = [other[3:] for other in groups if (other[0], other[2]) == (branch, version)]
        column = Column(branch, version, _detail(labels, same), max(builds))
        branches[branch].append(column)
        place |= dict.fromkeys(builds, column)
    return [Branch(name, columns) for name, columns in branches.items()], place


def _detail(labels: Sequence[str], same: Sequence[Sequence[str]]) -> str:
    """The first label (patch, tree, commit) that tells these columns of one version apart."""
    for at, label in enumerate(labels):
        if label and len({other[at] for other in same}) > 1:
            return label[:12] if at == len(labels) - 1 else label
    return ""


def _turned(cells: Sequence[Cell], cut: Collection[str]) -> list[Cell]:
    """A track's cells with the turning ones marked. Of branches in `cut` the oldest releases are not among them."""
    turned: list[Cell] = []
    before: Cell | None = None
    for one in cells:
        turn = _turn(before, one, cut) if before and one.counted else None
        turned.append(replace(one, turn=turn))
        before = one if one.counted else before
    return turned


def _turn(before: Cell, after: Cell, cut: Collection[str]) -> Turn | None:
    if before.column.branch != after.column.branch:
        if after.column.branch in cut:
            return None  # an older release of that branch may have turned
        if max(branch_order(one.column.branch)[0] for one in (before, after)) > LAST_ORDERED:
            return None  # somebody's own branch: nothing says that it comes after the other
    match before.state, after.state:
        case State.PASS, State.FAIL:
            return Turn.REGRESSION
        case State.PASS, State.MIXED:
            return Turn.FLAKY
        case State.FAIL, State.PASS if before.column.branch == after.column.branch:
            return Turn.FIX
    return None


def _turns(cells: Sequence[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """Each turning cell, with the one it is compared with before it."""
    for before, after in pairwise(one for one in cells if one.counted):
        if after.turn:
            yield before, after


def _changes(turns: Iterable[tuple[Row, Cell, Cell]]) -> list[Change]:
    found: dict[tuple[Turn, str, str, Column, Column], list[tuple[str, int]]] = defaultdict(list)
    for row, before, after in turns:
        if after.turn and after.boot is not None:
            key = (after.turn, row.flavour, row.append, before.column, after.column)
            found[key].append((row.environment, after.boot))
    changes = [
        Change(kind, [name for name, _ in places], kind_of, append, before, after, max(boot for _, boot in places))
        for (kind, kind_of, append, before, after), places in found.items()
    ]
    order = list(Turn)
    return sorted(changes, key=lambda change: (order.index(change.kind), -change.boot))
