"""What keeps and what ends a lease."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from farm.core.errors import ConflictError, NotFoundError
from farm.core.wire import ConsoleReport, EvidenceOut, PhaseEvent, Report
from farm.core.words import BootState, Health, Outcome, Phase, Stage, Verdict
from inventory.models import DeviceRow
from jobs.models import BootRow
from jobs.queue import running
from tests.support.queueing import Queue, report, states
from tests.support.serving import offer


@pytest.fixture
def boot(queue: Queue) -> int:
    """A running boot on device a."""
    queue.register(offer("a", tags=("pae",)))
    queue.submit(tags=["pae"], appends=["x=1"])
    return queue.must_claim("a").boot


def test_a_sign_of_life_renews_the_lease(queue: Queue, boot: int) -> None:
    queue.run_out(boot)
    assert queue.alive(boot) is False
    assert queue.expire() == []
    assert queue.device("a").boot == boot


def test_a_sign_of_life_is_one_of_the_lab_too(queue: Queue, boot: int) -> None:
    queue.last_seen("here", 3600)
    assert not queue.device("a").online
    queue.alive(boot)
    assert queue.device("a").online


def test_a_lease_lasts_as_long_as_the_job_says(queue: Queue) -> None:
    queue.register(offer("a", deadlines={"lease": 500}))
    for deadlines, seconds in (({}, 500), ({"lease": 5000}, 5000)):
        queue.submit(deadlines=deadlines)
        boot = queue.must_claim("a").boot
        queue.alive(boot)
        until = queue.device("a").lease_expires_at
        assert until is not None
        left = (until - datetime.now(UTC)).total_seconds()
        assert seconds - 60 < left <= seconds
        queue.report(boot)


LINE = EvidenceOut(line=12, offset=345, text="Kernel panic - not syncing")


def test_a_report_files_the_outcome_and_frees_the_device(queue: Queue, boot: int) -> None:
    outcome = Report(
        verdict=Verdict.FAIL,
        outcome=Outcome.INIT_DIED,
        reason="Kernel panic - not syncing: Attempted to kill init!",
        stage=Stage.INIT,
        title="panic: Attempted to kill init!",
        type="panic",
        function="do_exit",
        signature="abc",
        evidence=[LINE],
        warnings=["WARNING in foo"],
        alternates=["panic"],
        frames=["do_exit+0x4d/0x50", "? foo+0x1/0x2 [bar]"],
        corrupted=True,
        culprit="bar_init",
        paravirt={"platform": "vmi", "reserved_top": "0xf7c00000"},
        reports=[
            ConsoleReport(title="WARNING in foo", type="warning", severity="warning", function="foo", evidence=LINE),
            ConsoleReport(title="a torn one", type="other", severity="stall"),
        ],
        stage_times={Stage.BANNER: 1.5, Stage.INIT: 2.25},
        booted="6.1.0-50-686",
    )
    queue.report(boot, outcome)
    filed = queue.boot(boot)
    assert filed.state is BootState.FINISHED
    assert filed.finished_at is not None
    for name in set(Report.model_fields) - {"device_fault"}:
        assert getattr(filed, name) == getattr(outcome, name), name
    assert list(filed.stage_times) == [Stage.BANNER, Stage.INIT]
    device = queue.device("a")
    assert (device.boot, device.lease_expires_at, device.health) == (None, None, Health.GOOD)
    assert len(queue.job(filed.job).boots) == 1


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_only_infra_is_tried_again(queue: Queue, boot: int, verdict: Verdict) -> None:
    queue.report(boot, report(verdict))
    job = queue.job(queue.boot(boot).job)
    assert (states(job.boots), job.done) == (["finished"], True)


def test_an_infra_boot_is_tried_again_until_the_bound(queue: Queue, boot: int) -> None:
    job = queue.boot(boot).job
    for attempt in range(1, queue.settings.attempts + 1):
        assert queue.boot(boot).attempt == attempt
        queue.report(boot, report(Verdict.INFRA))
        if attempt < queue.settings.attempts:
            assert not queue.job(job).done
            boot = queue.must_claim("a").boot
    assert queue.claim("a") is None
    found = queue.job(job)
    assert found.done
    assert [(one.attempt, one.verdict) for one in found.boots] == [(1, "infra"), (2, "infra"), (3, "infra")]
    assert [one.retry_of for one in found.boots] == [None, found.boots[0].id, found.boots[1].id]


def test_a_retry_asks_for_the_same(queue: Queue, boot: int) -> None:
    queue.register(offer("a", tags=("pae",)), offer("b"))
    queue.report(boot, report(Verdict.INFRA))
    assert queue.claim("b") is None
    again = queue.boot(queue.must_claim("a", "b").boot)
    before = queue.boot(boot)
    same = ("job", "build", "environment", "append", "repeat")
    assert [getattr(again, name) for name in same] == [getattr(before, name) for name in same]
    assert again.console_size == 0


def test_a_device_fault_makes_suspect_and_a_good_boot_clears_it(queue: Queue, boot: int) -> None:
    queue.report(boot, report(Verdict.INFRA, device_fault="a: the plug does not switch"))
    device = queue.device("a")
    assert (device.health, device.note) == (Health.SUSPECT, "a: the plug does not switch")
    queue.report(queue.must_claim("a").boot)
    device = queue.device("a")
    assert (device.health, device.note) == (Health.GOOD, "")


def test_a_lost_worker_says_nothing_of_the_device(queue: Queue, boot: int) -> None:
    queue.report(boot, report(Verdict.INFRA, device_fault="stuck"))
    boot = queue.must_claim("a").boot
    queue.run_out(boot)
    queue.expire()
    assert queue.device("a").health is Health.SUSPECT


def test_a_boot_does_not_put_a_device_into_service_again(queue: Queue, boot: int) -> None:
    queue.set_health("a", Health.MAINTENANCE)
    queue.report(boot)
    assert queue.device("a").health is Health.MAINTENANCE


def test_an_expired_lease_is_infra_and_tried_again(queue: Queue, boot: int) -> None:
    queue.run_out(boot)
    assert queue.expire() == [boot]
    lost = queue.boot(boot)
    assert (lost.state, lost.verdict, lost.type) == (BootState.FINISHED, Verdict.INFRA, "lost-worker")
    assert lost.reason == "no sign of life from worker w within the lease"
    again = queue.must_claim("a")
    assert queue.boot(again.boot).retry_of == boot
    assert queue.boot(again.boot).attempt == 2
    assert queue.expire() == []


def test_a_lease_that_has_not_run_out_is_left_alone(queue: Queue, boot: int) -> None:
    assert queue.expire() == []
    assert queue.boot(boot).state is BootState.RUNNING


def test_a_late_worker_does_not_free_what_somebody_else_holds(queue: Queue, boot: int) -> None:
    queue.run_out(boot)
    queue.expire()
    again = queue.must_claim("a", worker="w2")
    for late in (queue.report, queue.alive):
        with pytest.raises(ConflictError, match=f"boot {boot}: it is finished, not running: its lease is gone"):
            late(boot)
    with pytest.raises(ConflictError), queue.db.write() as session:
        running.phase(session, boot, PhaseEvent(phase=Phase.KERNEL, at=datetime.now(UTC)), queue.settings)
    assert queue.device("a").boot == again.boot
    assert queue.boot(boot).verdict is Verdict.INFRA
    queue.report(again.boot)
    assert queue.device("a").boot is None


def test_a_lease_left_by_a_boot_that_has_ended_is_freed(queue: Queue, boot: int) -> None:
    """It cannot happen by the farm's own transactions; a restored backup can do it."""
    with queue.db.write() as session:
        session.execute(sa.update(BootRow).where(BootRow.id == boot).values(state=BootState.FINISHED))
    queue.run_out(boot)
    assert queue.expire() == [boot]
    assert queue.device("a").boot is None


def test_a_running_boot_without_its_lease_is_told(queue: Queue, boot: int) -> None:
    with queue.db.write() as session:
        session.execute(sa.update(DeviceRow).values(lease_boot=None))
    with pytest.raises(ConflictError, match="its device is leased to another boot"):
        queue.alive(boot)


def test_phases_are_filed_in_order_and_once(queue: Queue, boot: int) -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    events = [
        PhaseEvent(phase=phase, at=start + timedelta(seconds=number), note=f"n{number}")
        for number, phase in enumerate((Phase.PREPARE, Phase.POWER, Phase.LOAD))
    ]
    for event in (events[0], events[2], events[1], events[2]):
        with queue.db.write() as session:
            assert running.phase(session, boot, event, queue.settings).cancel is False
    filed = queue.boot(boot).phases
    assert [(entry.phase, entry.at, entry.note) for entry in filed] == [(e.phase, e.at, e.note) for e in events]


def test_a_queued_boot_is_cancelled_at_once(queue: Queue) -> None:
    queue.register(offer("a"))
    boot = queue.submit().boots[0].id
    queue.cancel(boot)
    found = queue.boot(boot)
    assert (found.state, found.verdict, found.reason) == (BootState.CANCELLED, None, "cancelled on request")
    assert found.finished_at is not None
    assert queue.job(found.job).done


@pytest.mark.parametrize("ending", ["report", "expiry"])
def test_a_running_boot_is_told_and_cancelled_when_it_ends(queue: Queue, boot: int, ending: str) -> None:
    assert queue.alive(boot) is False
    queue.cancel(boot)
    assert queue.boot(boot).state is BootState.RUNNING
    assert queue.alive(boot) is True
    if ending == "report":
        queue.report(boot, report(Verdict.INFRA))
    else:
        queue.run_out(boot)
        queue.expire()
    found = queue.boot(boot)
    assert (found.state, found.verdict) == (BootState.CANCELLED, None)
    assert queue.device("a").boot is None
    assert states(queue.job(found.job).boots) == ["cancelled"]


def test_a_job_is_cancelled_as_far_as_it_has_not_ended(queue: Queue) -> None:
    queue.register(offer("a"), offer("b"))
    job = queue.submit(repeat=3)
    queue.report(queue.must_claim("a").boot)
    held = queue.must_claim("a").boot
    queue.cancel_job(job.id)
    assert states(queue.job(job.id).boots) == ["finished", "running", "cancelled"]
    queue.report(held)
    assert states(queue.job(job.id).boots) == ["finished", "cancelled", "cancelled"]
    queue.cancel_job(job.id)


def test_what_has_ended_cannot_be_cancelled(queue: Queue, boot: int) -> None:
    queue.report(boot)
    with pytest.raises(ConflictError, match=f"boot {boot}: it is finished already"):
        queue.cancel(boot)


def test_what_is_not_there(queue: Queue) -> None:
    for ask in (queue.alive, queue.report, queue.cancel, queue.boot):
        with pytest.raises(NotFoundError, match="there is no boot 77"):
            ask(77)
    for ask_job in (queue.job, queue.cancel_job):
        with pytest.raises(NotFoundError, match="there is no job 77"):
            ask_job(77)
