"""A worker with a lab of fakes against a served farm, over real HTTP."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from farm.client import ServerError
from farm.worker import cache
from farm.worker import worker as module
from jobs.init import default_initramfs
from jobs.runner import Spool
from jobs.symbols.load import load
from jobs.symbols.model import Symbols
from tests.support.images import bzimage, sha256
from tests.support.labs import BANNER, END, GOOD, START, Working, box, lab, until
from tests.support.serving import Served, offer
from tests.support.symbols import EARLY_BANNER, EARLY_FAULT, EARLY_FUNCTION, EARLY_RELEASE, SYSTEM_MAP
from tests.support.talking import Talk
from tests.unit.farm.worker.conftest import StartWorker

BUSY = (BANNER, START, (3600, "never"))  # a boot that goes on until somebody ends it


def submit(talk: Talk, **fields: Any) -> int:
    answer = talk.http.post("/jobs", json={"image": talk.digest, "environments": ["box"], **fields})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def boots(talk: Talk, job: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = talk.http.get(f"/jobs/{job}").json()["boots"]
    return found


def done(talk: Talk, job: int) -> list[dict[str, Any]]:
    until(f"job {job} is done", lambda: talk.http.get(f"/jobs/{job}").json()["done"])
    return boots(talk, job)


def online(talk: Talk, name: str = "a") -> None:
    until(f"device {name} is registered", lambda: talk.http.get(f"/devices/{name}").status_code == 200)


def booting(talk: Talk, job: int, said: bytes = b"farm-init: start") -> dict[str, Any]:
    """The boot of a job, once its machine has said something."""

    def probe() -> dict[str, Any] | None:
        boot = boots(talk, job)[-1]
        return boot if said in talk.http.get(f"/boots/{boot['id']}/console").content else None

    found = until(f"job {job} is booting", probe)
    assert found is not None
    return found


def off(worker: Working, name: str = "a") -> bool:
    one = worker.box(name)
    return not one.switched_on.is_set() and one.request is None


def test_a_boot_from_submit_to_verdict(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *GOOD)))
    online(talk)
    (boot,) = done(talk, submit(talk, appends=["mem=12M"]))
    assert (boot["verdict"], boot["stage"], boot["device"], boot["attempt"]) == ("pass", "done", "a", 1)
    token = boot["cmdline"].split("farm.token=")[1].split()[0]
    assert boot["cmdline"].endswith(f"farm.token={token} mem=12M")
    console = talk.http.get(f"/boots/{boot['id']}/console").content
    assert console.decode() == "".join(GOOD).replace("{arg:farm.token}", token)
    phases = [entry["phase"] for entry in boot["phases"]]
    assert phases == ["prepare", "power", "load", "kernel", "userspace", "clean"]
    assert [entry["at"] for entry in boot["phases"]] == sorted(entry["at"] for entry in boot["phases"])
    assert boot["booted"] == "6.1.0-50-686"
    until("the device is free", lambda: talk.http.get("/devices/a").json()["boot"] is None)
    until("the spool is empty", lambda: not worker.spools)
    assert off(worker)


def test_the_machine_is_given_what_was_submitted(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *BUSY)))
    online(talk)
    booting(talk, submit(talk))
    request = worker.box("a").request
    assert request is not None
    assert request.kernel.read_bytes() == talk.image
    assert request.initrd is not None
    assert request.initrd.read_bytes() == default_initramfs()


def test_an_own_initramfs_and_pattern(talk: Talk, start: StartWorker) -> None:
    start(lab(box("a", BANNER, "debian login: ")))
    online(talk)
    initrd = talk.store(b"an initramfs")
    (boot,) = done(talk, submit(talk, initrd=initrd, pattern="login:"))
    assert (boot["verdict"], initrd) == ("pass", sha256(b"an initramfs"))
    assert "farm.token" not in boot["cmdline"]


def lab_cache(talk: Talk) -> Path:
    return talk.served.settings.state_dir.parent / "lab" / "labs" / "here" / "cache"


def test_a_builds_symbols_name_the_addresses_of_its_console(
    talk: Talk, start: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[str] = []

    def noted(data: bytes | Path) -> Symbols:
        readers.append(threading.current_thread().name)
        return load(data)

    monkeypatch.setattr(module, "load", noted)
    worker = start(lab(box("a", EARLY_BANNER, EARLY_FAULT)))
    online(talk)
    early = talk.store(bzimage(EARLY_RELEASE))
    bare, named = (done(talk, submit(talk, image=early, **more))[0] for more in ({}, {"symbols": system_map(talk)}))
    assert (bare["outcome"], bare["function"], bare["frames"]) == ("early-exception", None, [])
    assert (named["outcome"], named["function"]) == ("early-exception", EARLY_FUNCTION)
    assert named["frames"][0] == "dmi_scan_machine+0x5a/0x200"
    assert (lab_cache(talk) / sha256(SYSTEM_MAP)).read_bytes() == SYSTEM_MAP
    assert len(readers) == 1  # once a boot, and only of a job that has some
    assert readers[0] != worker.thread  # a vmlinux must not hold up the other boots


def system_map(talk: Talk) -> str:
    return talk.store(SYSTEM_MAP)


@pytest.mark.parametrize("trouble", ["damaged in the lab", "gone from the server"])
def test_a_boot_is_not_lost_for_its_symbols(
    talk: Talk, start: StartWorker, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    talk.lab()
    job = submit(talk, image=talk.store(bzimage(EARLY_RELEASE)), symbols=system_map(talk))
    if trouble == "gone from the server":
        talk.farm.storage.path(sha256(SYSTEM_MAP)).unlink()
    else:
        lab_cache(talk).mkdir(parents=True)
        (lab_cache(talk) / sha256(SYSTEM_MAP)).write_bytes(b"what a bad disk made of it")
    with caplog.at_level(logging.WARNING, module.log.name):
        start(lab(box("a", EARLY_BANNER, EARLY_FAULT)))
        (boot,) = done(talk, job)
    assert (boot["verdict"], boot["outcome"], boot["function"]) == ("fail", "early-exception", None)
    told = [line.getMessage() for line in caplog.records if line.name == module.log.name]
    assert [text for text in told if text.startswith(f"boot {boot['id']}: its console is read without symbols: ")]


def test_the_symbols_of_a_boot_under_way_stay_in_the_lab(
    talk: Talk, start: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_FILES", 2)
    start(lab(box("a", *BUSY), box("b", *BUSY)))
    online(talk)
    booting(talk, submit(talk, device="a", symbols=system_map(talk)))
    booting(talk, submit(talk, device="b", image=talk.store(bzimage(salt=b"another"))))
    assert (lab_cache(talk) / sha256(SYSTEM_MAP)).exists()


def test_every_device_works(talk: Talk, start: StartWorker) -> None:
    """Two boots that never end by themselves run at once: neither device waits for the other."""
    start(lab(box("a", *BUSY), box("b", *BUSY)))
    online(talk)
    first, second = booting(talk, submit(talk, device="a")), booting(talk, submit(talk, device="b"))
    assert {first["device"], second["device"]} == {"a", "b"}


def test_many_boots_on_two_devices(talk: Talk, start: StartWorker) -> None:
    start(lab(box("a", *GOOD), box("b", *GOOD)))
    online(talk)
    found = done(talk, submit(talk, repeat=12))
    assert [boot["verdict"] for boot in found] == ["pass"] * 12
    assert {boot["device"] for boot in found} == {"a", "b"}


def test_signs_of_life_renew_the_lease(talk: Talk, start: StartWorker) -> None:
    start(lab(box("a", *BUSY)))
    online(talk)
    booting(talk, submit(talk, deadlines={"lease": 20}))
    first = talk.http.get("/devices/a").json()["lease_expires_at"]
    until("the lease goes on", lambda: talk.http.get("/devices/a").json()["lease_expires_at"] > first)


def test_a_cancelled_boot_is_switched_off(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *BUSY)))
    online(talk)
    job = submit(talk)
    boot = booting(talk, job)
    talk.http.post(f"/boots/{boot['id']}/cancel")
    (ended,) = done(talk, job)
    assert (ended["state"], ended["verdict"]) == ("cancelled", None)
    assert off(worker)
    assert ended["console_size"] > len(BANNER)


def test_a_device_that_fails_is_suspect_and_its_boot_infra(talk: Talk, start: StartWorker) -> None:
    start(lab(box("a", *GOOD, faults={"on": "a: the plug does not switch"})))
    online(talk)
    found = done(talk, submit(talk))
    assert [(boot["verdict"], boot["attempt"]) for boot in found] == [("infra", 1), ("infra", 2), ("infra", 3)]
    assert found[0]["reason"] == "a: the plug does not switch"
    device = talk.http.get("/devices/a").json()
    assert (device["health"], device["note"]) == ("suspect", "a: the plug does not switch")


def test_a_kernel_that_fails_is_no_fault_of_the_device(talk: Talk, start: StartWorker) -> None:
    start(lab(box("a", BANNER, "Kernel panic - not syncing: VFS cache is corrupt\n")))
    online(talk)
    (boot,) = done(talk, submit(talk))
    assert (boot["verdict"], boot["outcome"], boot["type"]) == ("fail", "panic", "panic")
    (report,) = boot["reports"]
    assert (report["title"], report["severity"], report["signature"]) == (boot["title"], "fatal", boot["signature"])
    assert report["evidence"] in boot["evidence"]
    assert list(boot["stage_times"]) == ["firmware", "banner"]
    assert boot["evidence"]
    assert talk.http.get("/devices/a").json()["health"] == "good"


def test_a_lease_that_the_server_gave_up_ends_the_boot(talk: Talk, start: StartWorker) -> None:
    """The worker was thought dead and was not: it stops, switches off, and is given the retry."""
    worker = start(lab(box("a", *BUSY)))
    online(talk)
    job = submit(talk)
    boot = booting(talk, job)
    talk.queue.give_up(boot["id"])
    until("the retry boots", lambda: len(boots(talk, job)) == 2 and booting(talk, job)["id"] != boot["id"])
    first = boots(talk, job)[0]
    assert (first["verdict"], first["type"]) == ("infra", "lost-worker")
    calls = worker.box("a").calls
    on = [number for number, call in enumerate(calls) if call == "power.on"]
    assert "power.off" in calls[on[0] : on[1]]


def test_a_server_that_is_away_and_comes_back_loses_nothing(talk: Talk, served: Served, start: StartWorker) -> None:
    lines = [(0.02, f"[    1.{number:06}] line {number}\n") for number in range(50)]
    worker = start(lab(box("a", BANNER, START, *lines, (0.5, "after the pause\n"), END)))
    online(talk)
    job = submit(talk)
    boot = booting(talk, job)
    served.stop()
    until("the machine has done its work", lambda: "console.close" in worker.box("a").calls and off(worker))
    served.start()
    (ended,) = done(talk, job)
    assert (ended["id"], ended["verdict"], ended["attempt"]) == (boot["id"], "pass", 1)
    console = talk.http.get(f"/boots/{boot['id']}/console").content.decode()
    token = ended["cmdline"].split("farm.token=")[1].split()[0]
    said = BANNER + START + "".join(line for _, line in lines) + "after the pause\n" + END
    assert console == said.replace("{arg:farm.token}", token)
    assert [entry["phase"] for entry in ended["phases"]] == ["prepare", "power", "load", "kernel", "userspace", "clean"]


def test_a_worker_may_start_before_its_server(talk: Talk, served: Served, start: StartWorker) -> None:
    served.stop()
    start(lab(box("a", *GOOD)))
    served.start()
    online(talk)
    assert [boot["verdict"] for boot in done(talk, submit(talk))] == ["pass"]


def test_a_worker_that_is_stopped_switches_off_and_tells(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *BUSY)))
    online(talk)
    job = submit(talk)
    boot = booting(talk, job)
    machine = worker.box("a")
    worker.stop()
    assert worker.fault is None
    assert not machine.switched_on.is_set()
    assert machine.request is None
    ended = talk.http.get(f"/boots/{boot['id']}").json()
    assert (ended["verdict"], ended["reason"]) == ("infra", "the lab's worker was stopped")
    assert [one["state"] for one in boots(talk, job)] == ["finished", "queued"]
    assert talk.http.get("/devices/a").json()["boot"] is None


def test_a_worker_whose_server_is_away_stops_all_the_same(
    talk: Talk, served: Served, start: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server has not heard is told by the next worker."""
    monkeypatch.setattr(module, "GOODBYE", 0.2)
    worker = start(lab(box("a", *BUSY)))
    online(talk)
    job = submit(talk)
    boot = booting(talk, job)
    machine = worker.box("a")
    served.stop()
    worker.stop()
    assert not machine.switched_on.is_set()
    assert worker.spools == [f"{boot['id']}@a.log"]
    served.start()
    again = start(lab(box("a", *GOOD)))
    found = done(talk, job)
    assert [one["verdict"] for one in found] == ["infra", "pass"]
    assert found[0]["reason"] == "the lab's worker was restarted while a was booting"
    until("the spool is empty", lambda: not again.spools)


def test_what_a_killed_worker_left_is_switched_off_told_and_tried_again(
    talk: Talk, start: StartWorker, served: Served
) -> None:
    """The predecessor was killed: the server has half of its console, its spool the whole."""
    boot = talk.running()
    spool = Spool(served.settings.state_dir.parent / "lab" / "labs" / "here" / "spool" / Spool.name(boot, "a"))
    said = b"Linux version 6.1.0-50-686\n" + b"and then the power cut\n" * 10
    spool.write(0.0, said)
    spool.close()
    talk.say(boot, said[:40])
    stale = spool.path.with_name(Spool.name(4711, "a"))
    stale.write_bytes(b"of a boot that the server gave up long ago")
    worker = start(lab(box("a", *GOOD)))
    job = talk.http.get(f"/boots/{boot}").json()["job"]
    found = done(talk, job)
    assert [(one["verdict"], one["attempt"]) for one in found] == [("infra", 1), ("pass", 2)]
    assert found[0]["reason"] == "the lab's worker was restarted while a was booting"
    assert talk.http.get(f"/boots/{boot}/console").content == said
    assert worker.box("a").calls[:2] == ["power.off", "boot.clean"]
    until("the spools are gone", lambda: not worker.spools)


@pytest.fixture(autouse=True)
def _spool_folder(served: Served) -> None:
    (served.settings.state_dir.parent / "lab" / "labs" / "here" / "spool").mkdir(parents=True, exist_ok=True)


def test_a_lab_that_the_server_refuses_ends_the_worker(talk: Talk, start: StartWorker) -> None:
    hello = {"worker": "w", "devices": [offer("a").model_dump(mode="json")]}
    assert talk.http.post("/labs/there/hello", json=hello).status_code == 200
    worker = start(lab(box("a", *GOOD)))
    worker.join()
    assert isinstance(worker.fault, ServerError)
    assert "lab 'there' already has a device of that name" in str(worker.fault)


def test_a_driver_with_a_bug_is_infra_and_the_device_works_on(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *GOOD)))
    online(talk)
    machine = worker.box("a")
    good, broken = machine.power.standby, [True]

    async def standby() -> None:
        if broken.pop() if broken else False:
            raise ValueError("a plugin's own mistake")
        await good()

    machine.power.standby = standby  # type: ignore[method-assign]
    found = done(talk, submit(talk))
    assert [one["verdict"] for one in found] == ["infra", "pass"]
    assert found[0]["reason"] == "the worker failed: ValueError: a plugin's own mistake"


def test_a_disk_that_takes_no_console_boots_nothing_and_the_device_works_on(talk: Talk, start: StartWorker) -> None:
    worker = start(lab(box("a", *GOOD)))
    online(talk)
    (talk.served.settings.state_dir.parent / "lab" / "labs" / "here" / "spool" / "1@a.log").mkdir()
    first, second = done(talk, submit(talk))
    assert (first["id"], first["verdict"], second["verdict"]) == (1, "infra", "pass")
    assert first["reason"].startswith("the lab's disk takes no console: [Errno 21] Is a directory")
    assert worker.box("a").calls.count("power.on") == 1


def test_a_flood_is_stored_up_to_its_limit(talk: Talk, served: Served, start: StartWorker) -> None:
    served.stop()
    served.settings = served.settings.model_copy(update={"console_limit": 3_000_000})
    served.start()
    block = "flood: the quick brown fox jumps over the lazy dog\n" * 20_000
    start(lab(box("a", BANNER, *([block] * 10))))
    online(talk)
    (boot,) = done(talk, submit(talk))
    assert boot["console_size"] == 3_000_000
    assert (boot["verdict"], boot["type"]) == ("fail", "unfinished")
    assert talk.http.get(f"/boots/{boot['id']}/console").content == (BANNER + block * 10).encode()[:3_000_000]
