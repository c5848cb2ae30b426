"""Which boot goes to which device."""

import re

import pytest

from farm.core.settings import Settings
from farm.core.words import BootState, Deadline, Health, Verdict
from tests.support.queueing import Queue, image, report, states
from tests.support.serving import offer


def test_nothing_to_do(queue: Queue) -> None:
    queue.register(offer("a"))
    assert queue.claim("a") is None
    assert queue.claim() is None
    assert queue.claim("nobody") is None


def test_a_claim_is_a_running_boot_and_a_lease(queue: Queue) -> None:
    queue.register(offer("a", cmdline="console=ttyS0"))
    job = queue.submit(appends=["mem=12M"], checks=["timer", "fork"])
    found = queue.must_claim("a", worker="w1")
    (boot,) = queue.job(job.id).boots
    assert found.boot == boot.id
    assert (boot.state, boot.device, boot.lab) == (BootState.RUNNING, "a", "here")
    assert boot.started_at is not None
    assert boot.started_at >= boot.queued_at
    assert boot.cmdline == found.cmdline
    device = queue.device("a")
    assert device.boot == boot.id
    assert device.lease_expires_at is not None
    assert queue.claim("a") is None


def test_an_assignment_says_all_that_a_worker_needs(queue: Queue) -> None:
    queue.register(offer("a", cmdline="console=ttyS0"))
    queue.submit(appends=["mem=12M"], checks=["timer", "fork"])
    found = queue.must_claim("a")
    assert found.token is not None
    assert re.fullmatch(r"[0-9a-f]{16}", found.token)
    assert found.cmdline == f"console=ttyS0 farm.token={found.token} farm.check=timer,fork mem=12M"
    assert (found.image, found.initrd, found.pattern) == (image().sha256, None, None)
    assert found.release == "6.1.0-50-686"
    assert found.console_limit == queue.settings.console_limit


def test_tokens_differ(queue: Queue) -> None:
    queue.register(offer("a"), offer("b"))
    queue.submit(repeat=2)
    assert queue.must_claim("a").token != queue.must_claim("b").token


def test_a_job_with_a_pattern_has_no_token(queue: Queue) -> None:
    queue.register(offer("a"))
    queue.submit(pattern="login:", initrd="1" * 64, appends=["root=/dev/sda1"])
    found = queue.must_claim("a")
    assert (found.token, found.pattern, found.initrd) == (None, "login:", "1" * 64)
    assert found.cmdline == "root=/dev/sda1"


def test_a_jobs_symbols_go_with_every_attempt(queue: Queue) -> None:
    queue.register(offer("a"))
    queue.submit(symbols="2" * 64)
    first = queue.must_claim("a")
    queue.report(first.boot, report(Verdict.INFRA))
    again = queue.must_claim("a")
    assert first.boot != again.boot
    assert first.symbols == again.symbols == "2" * 64
    queue.report(again.boot)
    queue.submit()
    assert queue.must_claim("a").symbols is None


def test_deadlines_the_jobs_over_the_devices_over_the_farms(queue: Queue) -> None:
    queue.register(offer("a", deadlines={"silence": 5, "power": 7}))
    queue.submit(deadlines={"silence": 1.5})
    deadlines = queue.must_claim("a").deadlines
    assert deadlines == {**Settings().deadlines(), Deadline.SILENCE: 1.5, Deadline.POWER: 7}


def test_higher_priority_goes_first_then_age(queue: Queue) -> None:
    queue.register(offer("a"))
    late, first, second = (queue.submit(priority=priority).boots[0].id for priority in (10, 90, 90))
    got = []
    for _ in range(3):
        boot = queue.must_claim("a").boot
        queue.report(boot)
        got.append(boot)
    assert got == [first, second, late]


def test_a_boot_that_no_free_device_can_do_does_not_hold_up_those_behind_it(queue: Queue) -> None:
    queue.register(offer("a", "pc"), offer("b", "other"), offer("c", "pc", tags=("vmi",)))
    queue.submit(environments=["other"], priority=100)
    queue.submit(environments=["pc"], tags=["vmi"], priority=90)
    queue.submit(environments=["pc"], device="c", priority=80)
    last = queue.submit(environments=["pc"], priority=1)
    assert queue.must_claim("a").boot == last.boots[0].id


def test_the_device_with_the_fewest_capabilities_that_suffice(queue: Queue) -> None:
    """A plain boot leaves the rare box to those who need it."""
    queue.register(offer("rich", tags=("pae", "smp", "vmi")), offer("plain"), offer("some", tags=("pae",)))
    queue.submit(repeat=3)
    assert [queue.must_claim("rich", "plain", "some").device for _ in range(3)] == ["plain", "some", "rich"]


def test_a_tag_picks_the_device_that_has_it(queue: Queue) -> None:
    queue.register(offer("plain"), offer("rich", tags=("pae", "smp")), offer("some", tags=("pae",)))
    queue.submit(tags=["pae"])
    queue.submit(tags=["smp", "pae"])
    assert queue.must_claim("plain", "rich", "some").device == "some"
    assert queue.must_claim("plain", "rich", "some").device == "rich"


def test_all_tags_must_be_of_one_device(queue: Queue) -> None:
    queue.register(offer("a", tags=("pae",)), offer("b", tags=("smp",)))
    queue.submit(tags=["pae", "smp"])
    assert queue.claim("a", "b") is None


def test_a_job_can_ask_for_one_device(queue: Queue) -> None:
    queue.register(offer("a"), offer("b", tags=("x", "y", "z")))
    queue.submit(device="b", repeat=2)
    assert queue.claim("a") is None
    assert queue.must_claim("a", "b").device == "b"
    assert queue.claim("a", "b") is None


def test_an_environment_is_a_must(queue: Queue) -> None:
    queue.register(offer("a", "pc"), offer("b", "pc", "pc-vmi"))
    queue.submit(environments=["pc-vmi"])
    assert queue.claim("a") is None
    assert queue.must_claim("a", "b").device == "b"


def test_only_devices_of_the_own_lab(queue: Queue) -> None:
    queue.register(offer("a"), lab="here")
    queue.register(offer("b"), lab="there")
    queue.submit(repeat=2)
    assert queue.claim("a", "b", lab="elsewhere") is None
    assert queue.must_claim("a", "b", lab="there").device == "b"
    assert queue.claim("a", "b", lab="there") is None


@pytest.mark.parametrize("health", list(Health))
def test_a_device_out_of_service_gets_no_work(queue: Queue, health: Health) -> None:
    queue.register(offer("a"))
    queue.submit()
    queue.set_health("a", health)
    assert (queue.claim("a") is None) == (health in (Health.QUARANTINED, Health.MAINTENANCE))


def test_a_retired_device_gets_no_work(queue: Queue) -> None:
    queue.register(offer("a"), offer("b"))
    queue.submit()
    queue.register(offer("b"))
    assert queue.claim("a") is None


def test_a_leased_device_gets_no_second_boot_until_it_is_free(queue: Queue) -> None:
    queue.register(offer("a"))
    job = queue.submit(repeat=2)
    first = queue.must_claim("a")
    assert queue.claim("a") is None
    queue.report(first.boot)
    assert queue.must_claim("a").boot != first.boot
    assert states(queue.job(job.id).boots) == ["finished", "running"]


def test_a_cancelled_boot_is_not_claimed(queue: Queue) -> None:
    queue.register(offer("a"))
    job = queue.submit()
    queue.cancel_job(job.id)
    assert queue.claim("a") is None
