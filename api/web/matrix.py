"""The front page's matrix: verdicts by track and release, and where a track turns. Pure: rows in, values out.

A row is a track (environment, flavour, command line), a column a release; columns stand in kernel order inside their
branch, branches in kernel order side by side. Verdicts on the kernel are pass and fail: whatever else happened to the
same release (infra, inconclusive, a boot still queued) never hides one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from api.web.order import LAST_ORDERED, branch_order, flavour
from api.web.tracks import Branch, Cell, Change, Column, Matrix, Release, Result, Row, State, Turn

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
        every = [cell(column, cells.get(column, [])) for column in columns]
        shown, turns = _turned(every, kept, cut)
        if any(one.boot is not None for one in shown):
            rows.append(Row(*track, shown))
            changes += [(rows[-1], *turn) for turn in turns]
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


def _turned(
    cells: Sequence[Cell], kept: Collection[Column], cut: Collection[str]
) -> tuple[list[Cell], list[tuple[Cell, Cell]]]:
    """A track's drawn cells with the turning ones marked, and each of these with the one it turned from.

    Of a branch in `cut` older releases are not known here. Where it is bad from the oldest known one on, the first
    drawn one is marked, as an open turn.
    """
    shown: list[Cell] = []
    turns: list[tuple[Cell, Cell]] = []
    before: Cell | None = None
    waiting: tuple[Cell, Cell] | None = None  # an open turn at a release that is not drawn
    for one in cells:
        marked, origin = one, before
        if one.counted and before:
            turn = _turn(before, one)
            marked = replace(
                one, turn=turn, open=turn is not None and _across(before, one) and one.column.branch in cut
            )
            if waiting and not turn and not _across(waiting[1], one) and waiting[1].state == one.state:
                origin, marked = waiting[0], replace(one, turn=waiting[1].turn, open=True)
            waiting = (origin or before, marked) if marked.open and one.column not in kept else None
        if one.column in kept:
            shown.append(marked)
            turns += [(origin, marked)] if marked.turn and origin else []
        before = one if one.counted else before
    return shown, turns


def _across(before: Cell, after: Cell) -> bool:
    return before.column.branch != after.column.branch


def _turn(before: Cell, after: Cell) -> Turn | None:
    across = _across(before, after)
    if across and max(branch_order(one.column.branch)[0] for one in (before, after)) > LAST_ORDERED:
        return None  # somebody's own branch: nothing says that it comes after the other
    match before.state, after.state:
        case State.PASS, State.FAIL:
            return Turn.REGRESSION
        case State.PASS, State.MIXED:
            return Turn.FLAKY
        case State.FAIL, State.PASS if not across:
            return Turn.FIX
    return None


def _changes(turns: Iterable[tuple[Row, Cell, Cell]]) -> list[Change]:
    found: dict[tuple[Turn, bool, str, str, Column, Column], list[tuple[str, int]]] = defaultdict(list)
    for row, before, after in turns:
        if after.turn and after.boot is not None:
            key = (after.turn, after.open, row.flavour, row.append, before.column, after.column)
            found[key].append((row.environment, after.boot))
    changes = [
        Change(
            kind, is_open, [place for place, _ in places], name, append, before, after, max(boot for _, boot in places)
        )
        for (kind, is_open, name, append, before, after), places in found.items()
    ]
    order = list(Turn)
    return sorted(changes, key=lambda change: (order.index(change.kind), -change.boot))
