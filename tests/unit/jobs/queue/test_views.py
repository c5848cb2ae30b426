"""Rows as the API says them: filters, order, pages."""

import pytest

from farm.core.errors import NotFoundError
from farm.core.wire import BootQuery
from farm.core.words import BootState, Outcome, Verdict
from jobs.queue import views
from tests.support.queueing import Queue, image, report
from tests.support.serving import offer


@pytest.fixture
def lab(queue: Queue) -> Queue:
    """Boots 1 (pass, a), 2 (fail, b, signature s), 3 (running, a), 4 (queued, another build)."""
    queue.register(offer("a", "pc"), offer("b", "pc", "vm"))
    queue.submit(environments=["pc"], tree="stable")
    queue.report(queue.must_claim("a").boot)
    queue.submit(environments=["vm"], appends=["mem=12M"])
    queue.report(
        queue.must_claim("b").boot, report(Verdict.FAIL, outcome=Outcome.PANIC, signature="s", title="panic: x")
    )
    queue.submit(environments=["pc"])
    queue.must_claim("a")
    queue.submit(image("2.6.27.4"), environments=["pc"])
    return queue


CASES: list[tuple[dict[str, object], list[int]]] = [
    ({}, [4, 3, 2, 1]),
    ({"environment": "vm"}, [2]),
    ({"append": "mem=12M"}, [2]),
    ({"append": ""}, [4, 3, 1]),
    ({"job": 3}, [3]),
    ({"device": "a"}, [3, 1]),
    ({"device": "nobody"}, []),
    ({"state": BootState.QUEUED}, [4]),
    ({"verdict": Verdict.FAIL}, [2]),
    ({"outcome": Outcome.PANIC}, [2]),
    ({"outcome": Outcome.BOOTED}, []),
    ({"signature": "s"}, [2]),
    ({"branch": "2.6.27.y"}, [4]),
    ({"branch": "mainline", "environment": "pc"}, [3, 1]),
    ({"limit": 2}, [4, 3]),
    ({"limit": 2, "before": 3}, [2, 1]),
    ({"before": 1}, []),
    ({"build": 10**6}, []),
]


def test_boots_by_what_is_asked(lab: Queue) -> None:
    for which, expected in CASES:
        with lab.db.read() as session:
            found = views.boots(session, lab.storage, BootQuery.model_validate(which))
        assert [boot.id for boot in found] == expected, which


def test_boots_by_number_keep_their_order(lab: Queue) -> None:
    with lab.db.read() as session:
        assert [boot.id for boot in views.boots_by_id(session, lab.storage, [3, 1, 99])] == [1, 3]
        assert views.boot_state(session, 3) is BootState.RUNNING
        assert views.boot_state(session, 99) is None


def test_a_boot_says_where_it_ran_and_what_it_said(lab: Queue) -> None:
    lab.storage.append_console(2, 0, 0.0, b"12345")
    boot = lab.boot(2)
    assert (boot.device, boot.lab, boot.console_size, boot.release) == ("b", "here", 5, "6.1.0-50-686")
    assert (lab.boot(4).device, lab.boot(4).lab, lab.boot(4).branch) == (None, None, "2.6.27.y")


def test_jobs_newest_first_in_pages(lab: Queue) -> None:
    with lab.db.read() as session:
        assert [job.id for job in views.jobs(session, lab.storage, 3)] == [4, 3, 2]
        assert [job.id for job in views.jobs(session, lab.storage, 3, before=2)] == [1]
    assert [lab.job(number).done for number in (1, 2, 3, 4)] == [True, True, False, False]


def test_builds_newest_first(lab: Queue) -> None:
    with lab.db.read() as session:
        assert [build.release for build in views.builds(session, 10)] == ["2.6.27.4", "6.1.0-50-686", "6.1.0-50-686"]
        assert [build.tree for build in views.builds(session, 10, branch="mainline")] == ["", "stable"]
        assert len(views.builds(session, 10, sha256=image().sha256)) == 2
        assert len(views.builds(session, 1)) == 1
        newest = views.builds(session, 1)[0]
        assert views.build(session, newest.id) == newest
        with pytest.raises(NotFoundError, match="there is no build 99"):
            views.build(session, 99)
