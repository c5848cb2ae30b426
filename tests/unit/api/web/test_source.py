"""What the pages read, on both kinds of database."""

from collections.abc import Callable

import pytest

from api.state import AppState
from api.web.source import BRANCHES, COLUMNS, RELEASES, RELEASES_ALONE, PageSource
from api.web.tracks import State, Turn
from farm.core.database import Database
from farm.core.errors import NotFoundError
from farm.core.settings import Settings
from farm.core.storage import Storage
from farm.core.words import BootState
from jobs.models import BootRow
from tests.unit.api.web.seed import DIED, PASSED, Seed, fill


@pytest.fixture
def state(settings: Settings, database: Database, storage: Storage) -> AppState:
    return AppState(settings, database, storage)


@pytest.fixture
def source(state: AppState) -> PageSource:
    return PageSource(state)


@pytest.fixture
def named(state: AppState) -> dict[str, int]:
    """A farm in use; its boots' numbers by name."""
    with state.db.write() as session:
        return {name: row.id for name, row in fill(session).items()}


Change = Callable[[Seed], object]


@pytest.fixture
def sow(state: AppState) -> Callable[[Change], None]:
    def plant(change: Change) -> None:
        with state.db.write() as session:
            change(Seed(session))

    return plant


def test_an_empty_farm(source: PageSource) -> None:
    front = source.front()
    assert (front.matrix.rows, front.running, front.queued, front.jobs, front.devices) == ([], [], [], [], [])


def test_the_front_page_of_a_farm_in_use(source: PageSource, named: dict[str, int]) -> None:
    front = source.front()
    assert [branch.name for branch in front.matrix.branches] == ["5.10.y", "6.1.y", "mainline"]
    regression, flaky = front.matrix.changes
    assert (regression.kind, regression.append, regression.before.version, regression.after.version) == (
        Turn.REGRESSION, "mem=12M", "5.10.223", "6.1.170",
    )  # fmt: skip
    assert regression.environments == ["qemu-i386", "qemu-i386-q35"]
    assert front.turned[regression.boot].title == "kernel panic: System is deadlocked on memory"
    assert (flaky.kind, flaky.boot) == (Turn.FLAKY, named["flaky"])
    assert [boot.id for boot in front.running] == [named["running"]]
    assert front.queue_length == len(front.queued) == 2
    assert front.jobs[0].counts == {State.RUNNING: 1, State.QUEUED: 2}


def test_a_boot_that_was_tried_again_is_not_counted(source: PageSource, named: dict[str, int]) -> None:
    by_job = {line.id: line.counts for line in source.front().jobs}
    retried = source.boot(named["retry"]).boot.job
    assert by_job[retried] == {State.PASS: 2, State.FAIL: 1}


def test_only_the_newest_releases_of_a_branch_stand_on_the_front_page(
    source: PageSource, sow: Callable[[Change], None]
) -> None:
    def change(seed: Seed) -> None:
        for number in (9, 10, 2, 30, 1, 3, 100):
            job = seed.job(seed.build(f"6.1.{number}", f"6.1.{number}"), [""])
            seed.boot(job, **PASSED)

    sow(change)
    columns = source.front().matrix.branches[0].columns
    assert [column.version for column in columns] == [f"6.1.{number}" for number in (3, 9, 10, 30, 100)]
    assert len(columns) == RELEASES
    assert source.front("6.1.y").matrix.width == 7


def test_only_the_branches_booted_last_stand_on_the_front_page(
    source: PageSource, sow: Callable[[Change], None]
) -> None:
    def change(seed: Seed) -> None:
        for number in range(BRANCHES + 3):
            seed.boot(seed.job(seed.build(f"6.{number}.1", f"6.{number}.1"), [""]), **PASSED)

    sow(change)
    names = [branch.name for branch in source.front().matrix.branches]
    assert names == [f"6.{number}.y" for number in range(3, BRANCHES + 3)]


def test_many_branches_have_fewer_releases_each(source: PageSource, sow: Callable[[Change], None]) -> None:
    def change(seed: Seed) -> None:
        for branch in range(BRANCHES):
            for number in range(1, 6):
                seed.boot(seed.job(seed.build(f"6.{branch}.{number}", f"6.{branch}.{number}"), [""]), **PASSED)

    sow(change)
    matrix = source.front().matrix
    assert matrix.width <= COLUMNS
    assert [column.version for column in matrix.branches[-1].columns] == ["6.11.4", "6.11.5"]


def test_builds_that_were_never_booted_take_no_place(source: PageSource, sow: Callable[[Change], None]) -> None:
    sow(lambda seed: seed.build("6.1.1", "6.1.1"))
    assert source.front().matrix.branches == []


def test_a_branch_nobody_booted(source: PageSource, named: dict[str, int]) -> None:
    with pytest.raises(NotFoundError, match=r"nothing of branch 4\.4\.y was booted here"):
        source.front("4.4.y")


def test_the_queue_goes_by_priority_then_age(source: PageSource, sow: Callable[[Change], None]) -> None:
    def change(seed: Seed) -> None:
        job = seed.job(seed.build("6.1.1", "6.1.1"), [""])
        for priority in (50, 90, 50, 10):
            seed.boot(job, priority=priority)

    sow(change)
    running, queued, length = source.queue(limit=3)
    assert (running, length) == ([], 4)
    assert [boot.id for boot in queued] == [2, 1, 3]
    assert queued[0].waiting == "no device has the environment qemu-i386"


def test_a_boot_with_its_attempts_its_track_and_its_likes(source: PageSource, named: dict[str, int]) -> None:
    page = source.boot(named["6.1.170 mem=12M qemu-i386"])
    (row,) = page.track.rows
    assert [one.state for one in row.cells] == [State.PASS, State.PASS, State.FAIL, State.FAIL]
    assert {boot.version for boot in page.same} == {"6.1.176"}
    assert {boot.environment for boot in page.same} == {"qemu-i386", "qemu-i386-q35"}
    retry = source.boot(named["retry"])
    assert [(one.boot, one.shown) for one in retry.attempts] == [
        (named["lost"], State.INFRA),
        (named["retry"], State.PASS),
    ]


def test_the_track_of_an_old_boot_is_its_branch_and_of_a_very_old_one_itself(
    source: PageSource, sow: Callable[[Change], None]
) -> None:
    def change(seed: Seed) -> None:
        for number in range(1, RELEASES_ALONE + 3):
            seed.boot(seed.job(seed.build(f"6.1.{number}", f"6.1.{number}"), [""]), **PASSED)

    sow(change)
    assert [source.boot(number).track.width for number in (1, 3, 40 - RELEASES_ALONE, RELEASES_ALONE + 2)] == [
        1, RELEASES_ALONE, RELEASES_ALONE, RELEASES,
    ]  # fmt: skip


def test_a_boot_without_signature_has_no_likes(source: PageSource, named: dict[str, int]) -> None:
    assert source.boot(named["5.10.218  qemu-i386"]).same == []


def test_what_the_job_asked_for_is_there_for_the_command(source: PageSource, sow: Callable[[Change], None]) -> None:
    def change(seed: Seed) -> None:
        job = seed.job(
            seed.build("6.1.1", "6.1.1"),
            [""],
            pattern="login:",
            initrd="c" * 64,
            symbols="d" * 64,
            tags=["smp"],
            deadlines={"total": 9.0},
        )
        seed.boot(job, **DIED)

    sow(change)
    asked = source.boot(1).asked
    assert (asked.pattern, asked.initrd, asked.symbols) == ("login:", "c" * 64, "d" * 64)
    assert (asked.tags, asked.deadlines) == (("smp",), (("total", 9.0),))


def test_a_job_and_a_build(source: PageSource, named: dict[str, int]) -> None:
    boot = source.boot(named["flaky"]).boot
    job = source.job(boot.job)
    assert (job.appends, job.repeat, len(job.results)) == (["vmalloc=256M"], 3, 4)
    build = source.build(boot.build)
    assert len(build.boots) == 10
    assert build.matrix.width == 1


def test_jobs_are_paged(source: PageSource, named: dict[str, int]) -> None:
    every = [line.id for line in source.jobs()]
    assert every == sorted(every, reverse=True)
    assert [line.id for line in source.jobs(before=3)] == [2, 1]


@pytest.mark.parametrize("what", ["boot", "job", "build", "console_of"])
def test_what_is_not_there_is_said(source: PageSource, what: str) -> None:
    with pytest.raises(NotFoundError, match=r"there is no (boot|job|build) 7"):
        getattr(source, what)(7)


def test_a_cancelled_boot_is_no_verdict(source: PageSource, sow: Callable[[Change], None]) -> None:
    def change(seed: Seed) -> None:
        seed.boot(seed.job(seed.build("6.1.1", "6.1.1"), [""]), state=BootState.CANCELLED)

    sow(change)
    assert source.front().matrix.rows[0].cells[0].state is State.CANCELLED


def test_the_console_is_read_in_pieces(source: PageSource, state: AppState) -> None:
    state.storage.append_console(1, 0, 0.0, b"0123456789")
    assert source.read_console(1, 3, 6) == b"345"


def test_reading_changes_nothing(source: PageSource, state: AppState, named: dict[str, int]) -> None:
    source.front()
    source.boot(named["queued"])
    with state.db.read() as session:
        assert session.get_one(BootRow, named["queued"]).state is BootState.QUEUED
