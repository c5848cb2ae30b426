"""The matrix: who stands where, what a cell says, and where a track turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.matrix import build_matrix, cell
from api.web.tracks import Column, Matrix, Release, Result, State, Turn
from farm.core.words import BootState, Verdict
from jobs.builds.version import KernelVersion

COLUMN = Column("6.1.y", "6.1.176", "", 1)
PASS, FAIL, INFRA, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.INFRA, Verdict.INCONCLUSIVE


def release(build: int, version: str, name: str | None = None, **labels: str) -> Release:
    key = KernelVersion.parse(version)
    return Release(build, labels.pop("branch", key.branch), version, key.sort_key, name or version, **labels)


def boot(number: int, build: int, verdict: Verdict | None = None, **more: object) -> Result:
    state = BootState.FINISHED if verdict else BootState.QUEUED
    values: dict[str, object] = {"environment": "qemu", "append": "", "state": state, "verdict": verdict, **more}
    return Result(boot=number, build=build, **values)  # type: ignore[arg-type]


def states(matrix: Matrix, row: int = 0) -> list[State]:
    return [one.state for one in matrix.rows[row].cells]


# Order and columns


def test_releases_stand_in_version_order_inside_their_branch() -> None:
    versions = ["6.1.9", "6.1.176", "5.10.223", "6.1.170-rc1", "5.10.218", "7.2-rc3", "6.1.170"]
    matrix = build_matrix([release(n, version) for n, version in enumerate(versions)], [])
    assert [(branch.name, [column.version for column in branch.columns]) for branch in matrix.branches] == [
        ("5.10.y", ["5.10.218", "5.10.223"]),
        ("6.1.y", ["6.1.9", "6.1.170-rc1", "6.1.170", "6.1.176"]),
        ("mainline", ["7.2-rc3"]),
    ]
    assert matrix.width == 7


def test_takes_of_a_patch_are_columns_told_apart() -> None:
    matrix = build_matrix(
        [release(1, "6.1.176"), release(2, "6.1.176", patch="take 1"), release(3, "6.1.176", patch="take 2")], []
    )
    assert [column.detail for column in matrix.branches[0].columns] == ["", "take 1", "take 2"]


def test_commits_of_one_version_are_told_apart_by_their_first_digits() -> None:
    commits = ["a" * 40, "b" * 40]
    matrix = build_matrix([release(n, "7.2-rc3", commit=commit) for n, commit in enumerate(commits)], [])
    assert [column.detail for column in matrix.branches[0].columns] == ["a" * 12, "b" * 12]


def test_flavours_of_a_release_share_its_column_and_have_rows_of_their_own() -> None:
    matrix = build_matrix(
        [release(1, "6.1.176", "6.1.0-50-686"), release(2, "6.1.176", "6.1.0-50-686-pae")],
        [boot(1, 1, PASS), boot(2, 2, FAIL)],
    )
    assert [column.version for column in matrix.branches[0].columns] == ["6.1.176"]
    assert [(row.flavour, row.cells[0].state) for row in matrix.rows] == [("686", State.PASS), ("686-pae", State.FAIL)]
    assert [(environment, kind) for environment, kind, _ in matrix.groups] == [("qemu", "686"), ("qemu", "686-pae")]


def test_a_flavour_that_all_have_is_not_worth_a_word() -> None:
    matrix = build_matrix(
        [release(1, "6.1.176", "6.1.0-50-686")], [boot(1, 1, PASS), boot(2, 1, PASS, append="mem=12M")]
    )
    assert [(environment, kind, len(rows)) for environment, kind, rows in matrix.groups] == [("qemu", "", 2)]


# Cells


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([], State.NONE),
        ([PASS], State.PASS),
        ([FAIL], State.FAIL),
        ([PASS, FAIL], State.MIXED),
        ([FAIL, INFRA], State.FAIL),
        ([PASS, INFRA, INFRA], State.PASS),
        ([PASS, UNCLEAR], State.PASS),
        ([INFRA], State.INFRA),
        ([INFRA, UNCLEAR], State.INCONCLUSIVE),
        ([INFRA, None], State.INFRA),
        ([None], State.QUEUED),
        ([PASS, None], State.PASS),
    ],
)
def test_what_several_boots_say_together(verdicts: list[Verdict | None], state: State) -> None:
    assert cell(COLUMN, [boot(n, 1, verdict) for n, verdict in enumerate(verdicts)]).state is state


@given(st.permutations([PASS, PASS, FAIL, INFRA, UNCLEAR, None]))
def test_a_cell_does_not_depend_on_the_order_of_its_boots(verdicts: list[Verdict | None]) -> None:
    found = cell(COLUMN, [boot(n, 1, verdict) for n, verdict in enumerate(verdicts)])
    assert (found.state, found.passed, found.failed, found.pending) == (State.MIXED, 2, 1, 1)
    assert found.boot == verdicts.index(FAIL)


@given(st.lists(st.sampled_from([PASS, FAIL, INFRA, UNCLEAR, None]), max_size=8))
def test_infra_never_hides_a_verdict_on_the_kernel(verdicts: list[Verdict | None]) -> None:
    found = cell(COLUMN, [boot(n, 1, verdict) for n, verdict in enumerate(verdicts)])
    without = cell(COLUMN, [boot(n, 1, one) for n, one in enumerate(verdicts) if one in (PASS, FAIL)])
    if PASS in verdicts or FAIL in verdicts:
        assert (found.state, found.boot) == (without.state, without.boot)


def test_a_cell_leads_to_the_newest_boot_that_says_so() -> None:
    boots = [boot(5, 1, FAIL, title="old"), boot(9, 1, FAIL, title="new"), boot(12, 1, PASS), boot(20, 1, INFRA)]
    found = cell(COLUMN, boots)
    assert (found.boot, found.title) == (9, "new")


def test_waiting_alone_is_no_besides() -> None:
    assert cell(COLUMN, [boot(1, 1), boot(2, 1)]).pending == 0
    assert cell(COLUMN, [boot(1, 1, PASS), boot(2, 1)]).pending == 1


def test_a_cancelled_boot_is_shown_as_such() -> None:
    assert cell(COLUMN, [boot(1, 1, state=BootState.CANCELLED)]).state is State.CANCELLED


# Turns

DEBIAN = [release(n, version) for n, version in enumerate(["5.10.218", "5.10.223", "6.1.170", "6.1.176"])]


def turns(verdicts: list[Verdict | None], releases: list[Release] = DEBIAN) -> list[tuple[Turn, str, str]]:
    results = [boot(n, n, verdict) for n, verdict in enumerate(verdicts) if verdict]
    matrix = build_matrix(releases, results)
    return [(one.kind, one.before.version, one.after.version) for one in matrix.changes]


@pytest.mark.parametrize(
    ("verdicts", "found"),
    [
        ([PASS, PASS, PASS, PASS], []),
        ([PASS, PASS, FAIL, FAIL], [(Turn.REGRESSION, "5.10.223", "6.1.170")]),
        ([PASS, FAIL, FAIL, FAIL], [(Turn.REGRESSION, "5.10.218", "5.10.223")]),
        ([PASS, PASS, PASS, FAIL], [(Turn.REGRESSION, "6.1.170", "6.1.176")]),
        ([PASS, INFRA, FAIL, FAIL], [(Turn.REGRESSION, "5.10.218", "6.1.170")]),
        ([PASS, None, UNCLEAR, FAIL], [(Turn.REGRESSION, "5.10.218", "6.1.176")]),
        ([FAIL, PASS, PASS, PASS], [(Turn.FIX, "5.10.218", "5.10.223")]),
        ([FAIL, FAIL, PASS, PASS], []),  # another branch: nobody fixed anything
        ([FAIL, FAIL, FAIL, FAIL], []),
        ([None, None, FAIL, FAIL], []),
        ([INFRA, INFRA, FAIL, INFRA], []),
    ],
)
def test_where_a_track_turns(verdicts: list[Verdict | None], found: list[tuple[Turn, str, str]]) -> None:
    assert turns(verdicts) == found


def test_the_turning_cell_is_marked_and_no_other() -> None:
    matrix = build_matrix(DEBIAN, [boot(n, n, verdict) for n, verdict in enumerate([PASS, PASS, FAIL, FAIL])])
    assert [one.turn for one in matrix.rows[0].cells] == [None, None, Turn.REGRESSION, None]
    assert matrix.changes[0].across


def test_a_release_that_fails_now_and_then_is_a_turn_of_its_own() -> None:
    matrix = build_matrix(DEBIAN, [boot(1, 2, PASS), boot(2, 3, PASS), boot(3, 3, FAIL)])
    assert [(one.kind, one.boot, one.across) for one in matrix.changes] == [(Turn.FLAKY, 3, False)]


def test_branches_of_peoples_own_are_compared_with_nothing() -> None:
    releases = [release(0, "6.1.176"), release(1, "6.1.176", branch="mine")]
    assert turns([PASS, FAIL], releases) == []


def test_the_same_turn_in_several_environments_is_one_change() -> None:
    results = [
        boot(10 * n + m, n, verdict, environment=environment)
        for m, environment in enumerate(["q35", "pc"])
        for n, verdict in enumerate([PASS, PASS, FAIL, FAIL])
    ]
    (change,) = build_matrix(DEBIAN, results).changes
    assert (change.environments, change.boot) == (["pc", "q35"], 21)


def test_regressions_come_first_and_of_them_the_newest() -> None:
    results = [
        *(boot(n, n, verdict, append="a") for n, verdict in enumerate([FAIL, PASS])),
        *(boot(10 + n, n, verdict, append="b") for n, verdict in enumerate([PASS, FAIL])),
        *(boot(20 + n, n, verdict, append="c") for n, verdict in enumerate([PASS, FAIL])),
    ]
    changes = build_matrix(DEBIAN, results).changes
    assert [(one.kind, one.append) for one in changes] == [
        (Turn.REGRESSION, "c"),
        (Turn.REGRESSION, "b"),
        (Turn.FIX, "a"),
    ]


LONG = [release(n, f"6.1.{n}") for n in range(1, 8)]


def test_only_the_newest_versions_are_drawn() -> None:
    matrix = build_matrix(DEBIAN + LONG, [boot(1, 7, PASS)], versions=3)
    assert [[column.version for column in branch.columns] for branch in matrix.branches] == [
        ["5.10.218", "5.10.223"],
        ["6.1.7", "6.1.170", "6.1.176"],
    ]
    assert matrix.width == len(matrix.rows[0].cells) == 5


@pytest.mark.parametrize(
    ("older", "found"),
    [
        # What is drawn are 6.1.5 to 6.1.7, of which 6.1.5 fails; `older` is 6.1.4's.
        (PASS, [("6.1.4", "6.1.5", False)]),
        (FAIL, [("5.10.223", "6.1.5", True)]),  # 6.1.3 may have been the first bad one, or 6.1.1
        (INFRA, [("5.10.223", "6.1.5", True)]),
        (None, [("5.10.223", "6.1.5", True)]),
    ],
)
def test_a_release_that_is_not_drawn_says_whether_the_first_one_drawn_is_the_first_bad(
    older: Verdict | None, found: list[tuple[str, str, bool]]
) -> None:
    results = [boot(1, 100, PASS), boot(2, 5, FAIL), boot(4, 6, FAIL), *([boot(3, 4, older)] if older else [])]
    matrix = build_matrix([release(100, "5.10.223"), *LONG[3:]], results, versions=3)
    assert [(one.before.version, one.after.version, one.open) for one in matrix.changes] == found
    assert [one.turn for one in matrix.rows[0].cells] == [None, Turn.REGRESSION, None, None]
    assert matrix.rows[0].cells[1].open == found[0][2]


def test_what_was_bad_and_is_good_where_it_can_be_seen_is_no_open_turn() -> None:
    results = [boot(1, 100, PASS), boot(2, 4, FAIL), boot(3, 5, PASS), boot(4, 6, FAIL)]
    matrix = build_matrix([release(100, "5.10.223"), *LONG[3:]], results, versions=3)
    assert [(one.kind, one.before.version, one.after.version, one.open) for one in matrix.changes] == [
        (Turn.REGRESSION, "6.1.5", "6.1.6", False),
        (Turn.FIX, "6.1.4", "6.1.5", False),
    ]


def test_in_a_whole_branch_nothing_is_open() -> None:
    results = [boot(1, 100, PASS), boot(2, 7, FAIL)]
    (change,) = build_matrix([release(100, "5.10.223"), *LONG], results, versions=7).changes
    assert (change.after.version, change.open) == ("6.1.7", False)


def test_a_track_that_has_nothing_to_show_is_no_row() -> None:
    matrix = build_matrix(LONG, [boot(1, 1, PASS, append="old"), boot(2, 7, PASS)], versions=2)
    assert [row.append for row in matrix.rows] == [""]


def test_takes_of_a_version_are_drawn_together() -> None:
    takes = [release(n, "6.1.5", patch=f"take {n}") for n in (1, 2, 3)]
    matrix = build_matrix([*takes, release(9, "6.1.4")], [boot(1, 1, PASS)], versions=1)
    assert [column.detail for column in matrix.branches[0].columns] == ["take 1", "take 2", "take 3"]


def test_rows_go_by_environment_and_command_line() -> None:
    tracks = [("pc", "mem=12M"), ("pc", ""), ("arm", "x")]
    results = [boot(n, 0, PASS, environment=name, append=append) for n, (name, append) in enumerate(tracks)]
    matrix = build_matrix(DEBIAN, results)
    assert [(row.environment, row.append) for row in matrix.rows] == [("arm", "x"), ("pc", ""), ("pc", "mem=12M")]
    assert states(matrix) == [State.PASS, State.NONE, State.NONE, State.NONE]


def test_boots_of_builds_that_are_not_shown_do_not_count() -> None:
    assert build_matrix(DEBIAN, [boot(1, 99, FAIL)]).rows == []


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([PASS, FAIL, INFRA, UNCLEAR, None])), max_size=20))
def test_every_row_is_as_wide_as_the_matrix_and_every_change_leads_to_a_failing_or_fixed_cell(
    boots: list[tuple[int, Verdict | None]],
) -> None:
    matrix = build_matrix(DEBIAN, [boot(n, build, verdict) for n, (build, verdict) in enumerate(boots)])
    assert all(len(row.cells) == matrix.width for row in matrix.rows)
    marked = [one.boot for row in matrix.rows for one in row.cells if one.turn]
    assert sorted(marked, key=str) == sorted((change.boot for change in matrix.changes), key=str)
