"""Why a boot is still queued: the first obstacle on its way to a device."""

from typing import Any

import pytest

from farm.core.words import Health
from inventory.devices import ONLINE
from tests.support.queueing import Queue
from tests.support.serving import offer


def why(queue: Queue, **fields: Any) -> str | None:
    return queue.submit(**fields).boots[-1].waiting


@pytest.fixture
def lab(queue: Queue) -> Queue:
    queue.register(offer("a"), offer("b", tags=("pae",)))
    return queue


def test_next_in_line(lab: Queue) -> None:
    assert why(lab) == "next in line for a, b"
    assert why(lab) == "next in line for a, b, 1 ahead of it"
    assert why(lab, priority=90) == "next in line for a, b"


def test_busy(lab: Queue) -> None:
    lab.submit(repeat=2)
    first, second = lab.must_claim("a").boot, lab.must_claim("b").boot
    assert why(lab) == f"busy: a (boot {first}), b (boot {second})"
    assert why(lab, tags=["pae"]) == f"busy: b (boot {second}), 1 ahead of it"


def test_no_device_has_the_tags(lab: Queue) -> None:
    assert why(lab, tags=["vmi", "pae"]) == "no box device has pae, vmi"
    assert why(lab, device="c") == "no box device has device:c"


def test_out_of_service(lab: Queue) -> None:
    lab.set_health("b", Health.QUARANTINED)
    assert why(lab, tags=["pae"]) == "out of service: b (quarantined)"
    lab.set_health("a", Health.MAINTENANCE)
    assert why(lab) == "out of service: a (maintenance), b (quarantined)"


def test_a_suspect_device_is_still_used(lab: Queue) -> None:
    lab.set_health("b", Health.SUSPECT)
    assert why(lab, tags=["pae"]) == "next in line for b"


def test_no_worker_is_running(lab: Queue) -> None:
    lab.last_seen("here", ONLINE.total_seconds() + 1)
    assert why(lab) == "no worker is running for lab here"


def test_the_only_device_of_an_environment_was_taken_away(lab: Queue) -> None:
    job = lab.submit()
    lab.register(offer("c", "other"))
    assert lab.job(job.id).boots[0].waiting == "no device has the environment box"


def test_many_devices_are_not_all_named(queue: Queue) -> None:
    queue.register(*(offer(f"box{number}") for number in range(7)))
    assert why(queue) == "next in line for box0, box1, box2, box3 and 3 more"


def test_what_is_not_queued_does_not_wait(lab: Queue) -> None:
    job = lab.submit(repeat=3)
    lab.report(lab.must_claim("a").boot)
    lab.must_claim("a")
    lab.cancel(job.boots[2].id)
    assert [boot.waiting for boot in lab.job(job.id).boots] == [None, None, None]
