"""What a power cut, a kill -9 or a person does to a boot under way: nothing is lost, and no machine stays on."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from farm.core.words import BootState, Verdict
from tests.standin.box import LINE
from tests.standin.farm import BANNER, HANG, MARKERS, PASS, Farm, StandIn, Steps, standin_farm, until
from tests.standin.image import tiny_image


def under_way(farm: Farm, job: int) -> int:
    """The number of the job's boot, once its banner is on the server."""
    boot = farm.boot(job, "running")
    until("the banner is stored", lambda: b"Linux version" in farm.client.console(boot.id))
    return boot.id


def history(box: StandIn) -> list[str]:
    words: list[str] = json.loads(box.ask("history"))
    return words


def test_a_killed_worker_leaves_a_boot_that_is_infra_and_retried_on_a_machine_that_was_off(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG, PASS]}) as (farm, boxes):
        farm.start()
        job = farm.submit(tiny_image())
        lost = under_way(farm, job)
        assert farm.worker is not None
        farm.worker.kill()
        assert boxes["s1"].ask("state") == "on"  # as a real box would be
        before = len(history(boxes["s1"]))

        farm.work()
        found = farm.done(job)

        first, second = found.boots
        assert (first.id, first.verdict, first.type) == (lost, Verdict.INFRA, "lost-worker")
        assert "restarted" in first.reason
        assert (second.verdict, second.attempt, second.retry_of) == (Verdict.PASS, 2, lost)
        after = history(boxes["s1"])[before:]
        assert after.index("off") < after.index("on"), after
        assert boxes["s1"].ask("state") == "off"
        assert farm.client.devices()[0].boot is None


def test_a_worker_that_never_comes_back_loses_its_lease(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG]}, lease_seconds=5, attempts=2) as (farm, _boxes):
        farm.start()
        job = farm.submit(tiny_image())
        lost = under_way(farm, job)
        assert farm.worker is not None
        farm.worker.kill()

        boot = until("the lease runs out", lambda: _ended(farm, lost))

        assert (boot.verdict, boot.type) == (Verdict.INFRA, "lost-worker")
        assert "no sign of life" in boot.reason
        retry = farm.client.job(job).boots[-1]
        assert (retry.state, retry.attempt) == (BootState.QUEUED, 2)
        assert b"Linux version" in farm.client.console(lost)


def _ended(farm: Farm, number: int) -> object:
    boot = farm.client.boot(number)
    return boot if boot.state is BootState.FINISHED else None


def test_a_killed_server_loses_nothing_of_a_boot_under_way(tmp_path: Path) -> None:
    lines = [step for number in range(40) for step in (["say", f"line {number}\n"], ["wait", 0.1])]
    talk: Steps = [BANNER, *lines, *MARKERS]
    with standin_farm(tmp_path, {"s1": [talk]}) as (farm, _boxes):
        farm.start()
        job = farm.submit(tiny_image())
        number = under_way(farm, job)
        assert farm.server is not None
        farm.server.kill()
        farm.serve()

        boot = farm.done(job).boots[0]

        assert (boot.id, boot.verdict, boot.attempt) == (number, Verdict.PASS, 1)
        console = farm.client.console(number).decode()
        said = [line for line in console.splitlines() if line.startswith("line ")]
        assert said == [f"line {number}" for number in range(40)]
        assert console.count("farm-init: end") == 1


def test_a_worker_makes_itself_known_to_a_farm_that_has_lost_its_database(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [PASS]}) as (farm, _boxes):
        farm.start()
        assert farm.server is not None
        farm.server.kill()
        shutil.rmtree(farm.folder / "server")
        farm.serve()

        until("the worker says hello again", farm.client.devices)

        assert farm.done(farm.submit(tiny_image())).boots[0].verdict is Verdict.PASS


def test_farm_serve_killed_whole_takes_up_again(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG, PASS]}) as (farm, boxes):
        farm.serve(with_worker=True)
        until("the worker says hello", farm.client.devices)
        job = farm.submit(tiny_image())
        lost = under_way(farm, job)
        assert farm.server is not None
        farm.server.kill()
        assert boxes["s1"].ask("state") == "on"

        farm.serve(with_worker=True)
        found = farm.done(job)

        assert [boot.verdict for boot in found.boots] == [Verdict.INFRA, Verdict.PASS]
        assert b"Linux version" in farm.client.console(lost)
        assert boxes["s1"].ask("state") == "off"


def test_a_stopped_worker_powers_off_first_and_its_boot_is_retried(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG, PASS]}) as (farm, boxes):
        farm.start()
        job = farm.submit(tiny_image())
        under_way(farm, job)
        assert farm.worker is not None
        assert farm.worker.stop() == 0
        assert boxes["s1"].ask("state") == "off"
        boot = farm.client.job(job).boots[0]
        assert (boot.verdict, boot.reason) == (Verdict.INFRA, "the lab's worker was stopped")

        farm.work()

        assert farm.done(job).boots[-1].verdict is Verdict.PASS


def test_a_cancelled_boot_ends_within_seconds_and_leaves_the_machine_off(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG, PASS]}) as (farm, boxes):
        farm.start()
        job = farm.submit(tiny_image(), repeat=2)
        under_way_id = until("one runs", lambda: _running(farm, job))

        # Not before the machine is on, or the next boot would play this one's part.
        until("it hangs", lambda: b"Linux version" in farm.client.console(under_way_id))
        farm.client.cancel_job(job)
        found = farm.done(job, 30)

        assert {boot.state for boot in found.boots} == {BootState.CANCELLED}
        assert {boot.verdict for boot in found.boots} == {None}
        assert farm.client.boot(under_way_id).reason == "cancelled on request"
        assert boxes["s1"].ask("state") == "off"
        again = farm.submit(tiny_image())
        assert farm.done(again).boots[-1].verdict is Verdict.PASS


def _running(farm: Farm, job: int) -> int | None:
    return next((boot.id for boot in farm.client.job(job).boots if boot.state is BootState.RUNNING), None)


def test_a_second_worker_of_the_same_lab_is_refused(tmp_path: Path) -> None:
    with standin_farm(tmp_path, {"s1": [HANG]}) as (farm, boxes):
        farm.start()
        job = farm.submit(tiny_image())
        under_way(farm, job)
        first = farm.worker

        farm.work()
        second, farm.worker = farm.worker, first

        assert second is not None
        assert second.popen.wait(30) == 2
        assert "another worker is running lab 'standins'" in second.log.read_text()
        assert boxes["s1"].ask("state") == "on"
        farm.client.cancel_job(job)
        farm.done(job)


HOSTILE = b"\x00\x1b[31;1m\x1b]0;owned\x07<script>\xff\xfe\xc3\r\x08\x7f\x9b31m\n" + b"A" * (1 << 20) + b"\n"


@pytest.mark.timeout(300)
def test_a_hostile_console_is_kept_byte_for_byte(tmp_path: Path) -> None:
    flood = 100_000_000
    script: Steps = [BANNER, ["hex", HOSTILE.hex()], ["flood", flood], *MARKERS]
    with standin_farm(tmp_path, {"s1": [script]}) as (farm, _boxes):
        farm.start()
        job = farm.submit(tiny_image())
        boot = farm.done(job, 240).boots[0]

        assert boot.verdict is Verdict.PASS
        block = LINE * 1024
        said = hashlib.sha256(f"{BANNER[1]}".encode() + HOSTILE)
        for left in range(flood, 0, -len(block)):
            said.update(block[:left])
        end = farm.client.console(boot.id, boot.console_size - 200).split(b"farm-init: start")[1]
        said.update(b"farm-init: start" + end)
        got = hashlib.sha256()
        for start in range(0, boot.console_size, 1 << 24):
            got.update(farm.client.console(boot.id, start, start + (1 << 24)))
        assert got.hexdigest() == said.hexdigest()


def test_a_console_over_the_limit_ends_the_boot(tmp_path: Path) -> None:
    script: Steps = [BANNER, ["flood", 3_000_000], ["hang"]]
    with standin_farm(tmp_path, {"s1": [script]}, console_limit=1_000_000) as (farm, boxes):
        farm.start()
        job = farm.submit(tiny_image())

        boot = farm.done(job).boots[0]

        assert boot.verdict is Verdict.FAIL
        assert boot.console_size == 1_000_000
        assert boxes["s1"].ask("state") == "off"
