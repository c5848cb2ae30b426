"""One boot on a rig of fakes: its phases, its endings, and the machine off on every way out."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from farm.core.words import Deadline, Outcome, Phase, Stage, Verdict
from inventory.drivers import ConsoleStream, PowerState
from inventory.fakes import Play
from jobs.outcome import Expectation
from jobs.runner import Result, run_boot
from jobs.symbols.model import Place
from tests.support.symbols import EARLY_BANNER, EARLY_FAULT, EARLY_RELEASE
from tests.unit.jobs.runner.conftest import BANNER, END, GOOD, LIMIT, START, Bench, MakeBench, Watcher

ALL_PHASES = list(Phase)


def test_a_good_boot(bench: MakeBench) -> None:
    one = bench()
    result = one.run()
    assert (result.reading.verdict, result.reading.stage, result.device_fault) == (Verdict.PASS, Stage.DONE, None)
    assert one.watcher.data == BANNER + START + END
    assert one.calls == [
        *("power.off", "power.standby", "boot.prepare", "console.open", "power.on"),
        *("power.off", "console.close", "boot.clean"),
    ]
    assert one.left_clean()


def test_the_console_is_open_before_the_power_is_on(bench: MakeBench) -> None:
    one = bench()
    one.run()
    assert one.calls.index("power.off") < one.calls.index("boot.prepare") < one.calls.index("console.open")
    assert one.calls.index("console.open") < one.calls.index("power.on")


def test_phases_in_order_with_the_files_that_were_fetched(bench: MakeBench) -> None:
    one = bench()
    one.run()
    phases = [Phase.PREPARE, Phase.POWER, Phase.LOAD, Phase.KERNEL, Phase.USERSPACE, Phase.CLEAN]
    assert one.watcher.phases == phases
    assert one.watcher.notes[Phase.LOAD] == "script to fake"
    assert one.watcher.notes[Phase.KERNEL] == "6.1.0-50-686"


def test_a_machine_that_fetches_later_was_in_its_firmware(bench: MakeBench) -> None:
    one = bench([Play(0, b"BIOS\n"), Play(0.05, b""), *GOOD], fetches=False)

    async def body() -> Result:
        box = one.box
        task = asyncio.create_task(run_boot(one.rig, one.order, one.watcher))
        await box.switched_on.wait()
        box.fetches = True
        asyncio.get_running_loop().call_soon(box.fetch)
        async with asyncio.timeout(LIMIT):
            return await task

    assert asyncio.run(body()).reading.verdict is Verdict.PASS
    assert one.watcher.phases[:4] == [Phase.PREPARE, Phase.POWER, Phase.FIRMWARE, Phase.LOAD]
    assert [ALL_PHASES.index(phase) for phase in one.watcher.phases] == sorted(
        map(ALL_PHASES.index, one.watcher.phases)
    )


def test_a_panic_ends_the_boot_before_any_deadline(bench: MakeBench) -> None:
    panic = b"Kernel panic - not syncing: VFS cache is corrupt\n"
    one = bench([Play(0, BANNER), Play(0, panic)])
    reading = one.run().reading
    assert (reading.verdict, reading.outcome, reading.type) == (Verdict.FAIL, Outcome.PANIC, "panic")
    assert any("VFS cache is corrupt" in line.text for line in reading.evidence)
    assert one.left_clean()


# Each ending


def test_no_first_byte_is_infra(bench: MakeBench) -> None:
    one = bench([], first_byte=0.05, fetches=False)
    reading = one.run().reading
    assert reading.verdict is Verdict.INFRA
    assert (reading.stage, reading.outcome) == (Stage.NOTHING, Outcome.NO_OUTPUT)
    assert one.left_clean()


def test_a_fetch_is_a_sign_of_life_but_no_byte(bench: MakeBench) -> None:
    """The kernel was taken and said nothing: that is the kernel's."""
    reading = bench([], first_byte=0.05).run().reading
    assert (reading.verdict, reading.type) == (Verdict.FAIL, "silent")


def test_silence_after_kernel_output_is_the_kernels(bench: MakeBench) -> None:
    one = bench([Play(0, BANNER)], silence=0.05)
    reading = one.run().reading
    assert (reading.verdict, reading.type) == (Verdict.FAIL, "silent")
    assert one.left_clean()


def test_bytes_put_the_silence_off(bench: MakeBench) -> None:
    script = [Play(0, BANNER), *(Play(0.1, b"still here\n") for _ in range(8)), Play(0, START), Play(0, END)]
    assert bench(script, silence=5.0, first_byte=30.0).run().reading.verdict is Verdict.PASS


def test_the_total_deadline_ends_a_talker(bench: MakeBench) -> None:
    one = bench([Play(0, BANNER), *(Play(0.01, b"and on\n") for _ in range(2000))], total=0.2)
    reading = one.run().reading
    assert (reading.verdict, reading.type) == (Verdict.FAIL, "unfinished")
    assert "total deadline" in reading.reason
    assert one.left_clean()


def test_a_flood_is_cut_at_the_limit(bench: MakeBench) -> None:
    block = b"flood " * 1000
    one = bench([Play(0, BANNER), *(Play(0, block) for _ in range(100))], console_limit=20_000)
    reading = one.run().reading
    assert (reading.verdict, reading.type) == (Verdict.FAIL, "unfinished")
    assert "limit of console bytes" in reading.reason
    assert one.watcher.data == (BANNER + block * 4)[:20_000]
    assert one.left_clean()


def test_a_console_that_goes_away_is_infra(bench: MakeBench) -> None:
    one = bench([Play(0, BANNER)], ending="gone")
    reading = one.run().reading
    assert (reading.verdict, reading.type) == (Verdict.INFRA, "console-lost")
    assert one.left_clean()


def test_a_console_that_goes_away_after_the_end_is_a_pass(bench: MakeBench) -> None:
    assert bench(ending="gone").run().reading.verdict is Verdict.PASS


def test_power_that_goes_away_is_told_from_a_lost_console(bench: MakeBench) -> None:
    one = bench([Play(0, BANNER)], ending="gone")

    async def state() -> PowerState:
        return PowerState.OFF

    one.box.power.state = state  # type: ignore[method-assign]
    reading = one.run().reading
    assert (reading.verdict, reading.type) == (Verdict.INFRA, "power-lost")


def test_power_that_goes_away_without_a_sign_on_the_line(bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line falls silent for good: the plug is asked long before the silence deadline."""
    monkeypatch.setattr("jobs.runner.capture.POWER_LOOK", 0.05)
    one = bench([Play(0, BANNER), Play(0, b"")])

    async def body() -> Result:
        talking = asyncio.Event()
        one.watcher.on_phase = lambda phase: talking.set() if phase is Phase.KERNEL else None
        task = asyncio.create_task(run_boot(one.rig, one.order, one.watcher))
        async with asyncio.timeout(LIMIT):
            await talking.wait()
            one.box.switched_on.clear()
            return await task

    reading = asyncio.run(body()).reading
    assert (reading.verdict, reading.type) == (Verdict.INFRA, "power-lost")


def test_a_plug_that_cannot_say_its_state_does_not_end_a_boot(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.runner.capture.POWER_LOOK", 0.02)
    one = bench([Play(0, BANNER), Play(0.2, START), Play(0, END)], faults={"power.state": "cannot say"})
    result = one.run()
    assert (result.reading.verdict, result.device_fault) == (Verdict.PASS, None)
    assert "power.state" in one.calls


# Drivers that fail


@pytest.mark.parametrize(
    "call", ["power.off", "power.standby", "boot.prepare", "console.open", "power.on", "console.read", "boot.clean"]
)
def test_a_driver_fault_is_infra_and_leaves_the_machine_off(bench: MakeBench, call: str) -> None:
    one = bench(faults={call: f"box1: no {call}"})
    result = one.run()
    assert result.device_fault is not None
    assert f"box1: no {call}" in result.device_fault
    if call == "boot.clean":  # the boot was over: its verdict stands, and the device is watched
        assert result.reading.verdict is Verdict.PASS
    else:
        assert (result.reading.verdict, result.reading.type) == (Verdict.INFRA, "driver")
        assert f"no {call}" in result.reading.reason
    assert one.left_clean()


def cut_after_the_banner(one: Bench) -> None:
    def cut(phase: Phase) -> None:
        if phase is Phase.KERNEL:
            one.box.faults["console.read"] = "the line is cut"

    one.watcher.on_phase = cut


def test_a_driver_fault_before_any_byte_is_no_output(bench: MakeBench) -> None:
    reading = bench(faults={"power.on": "stuck"}).run().reading
    assert (reading.outcome, reading.stage, reading.version) == (Outcome.NO_OUTPUT, Stage.NOTHING, None)


def test_a_driver_fault_keeps_what_the_console_told_but_no_line_and_no_signature_of_it(bench: MakeBench) -> None:
    panic = b"Kernel panic - not syncing: VFS cache is corrupt\n"
    one = bench([Play(0, BANNER + panic), Play(0, b"never read")])
    cut_after_the_banner(one)
    reading = one.run().reading
    assert (reading.verdict, reading.type, reading.outcome) == (Verdict.INFRA, "driver", Outcome.PANIC)
    assert reading.version == "6.1.0-50-686"
    assert [report.type for report in reading.reports] == ["panic"]
    assert (reading.title, reading.function, reading.signature, reading.evidence) == (None, None, None, ())


def test_a_driver_fault_in_the_middle_of_a_boot_is_a_lost_console(bench: MakeBench) -> None:
    one = bench([Play(0, BANNER), Play(0, b"never read")])
    cut_after_the_banner(one)
    reading = one.run().reading
    assert (reading.verdict, reading.outcome, reading.stage) == (Verdict.INFRA, Outcome.CONSOLE_LOST, Stage.BANNER)


def test_a_fault_is_told_once(bench: MakeBench) -> None:
    assert bench(faults={"power.off": "stuck"}).run().device_fault == "stuck"


def test_several_faults_are_all_told(bench: MakeBench) -> None:
    result = bench(faults={"power.on": "stuck", "boot.clean": "not removed"}).run()
    assert result.device_fault == "stuck; not removed"


def test_a_driver_with_a_bug_leaves_the_machine_off(bench: MakeBench) -> None:
    one = bench()

    async def standby() -> None:
        raise ValueError("a plugin's own mistake")

    one.box.power.standby = standby  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="a plugin's own mistake"):
        one.run()
    assert one.left_clean()


async def for_ever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("part", "method", "doing"),
    [
        ("power", "off", "power off before the boot"),
        ("power", "standby", "standby"),
        ("boot", "prepare", "arming the boot"),
        ("console", "open", "opening the console"),
        ("power", "on", "power on"),
    ],
)
def test_a_driver_that_hangs_is_ended_by_the_power_deadline(
    bench: MakeBench, part: str, method: str, doing: str
) -> None:
    one = bench(power=0.05)

    @asynccontextmanager
    async def never_open() -> AsyncIterator[ConsoleStream]:
        await for_ever()
        raise AssertionError
        yield

    async def hang(*_arguments: object) -> None:
        one.box.calls.append(f"{part}.{method}")
        await for_ever()

    setattr(getattr(one.box, part), method, never_open if part == "console" else hang)
    result = one.run()
    assert (result.reading.verdict, result.reading.type) == (Verdict.INFRA, "driver")
    assert result.reading.reason == f"box1: {doing} took more than 0.05 s"
    assert one.calls[-2:] == ["power.off", "boot.clean"]


def test_a_disarming_that_hangs_is_told_too(bench: MakeBench) -> None:
    one = bench(power=0.05)
    one.box.boot.clean = for_ever  # type: ignore[method-assign]
    result = one.run()
    assert result.reading.verdict is Verdict.PASS
    assert result.device_fault == "removing the boot entry took more than 0.05 s"


# Cancelled


def cancel_at(phase: Phase) -> Callable[[Phase], None]:
    def told(now: Phase) -> None:
        if now is phase:
            task = asyncio.current_task()
            runner = next(one for one in asyncio.all_tasks() if one.get_name() == "the boot")
            assert task is not None
            asyncio.get_running_loop().call_soon(runner.cancel)

    return told


def run_cancelled(one: Bench) -> None:
    async def body() -> None:
        async with asyncio.timeout(LIMIT):
            task = asyncio.create_task(run_boot(one.rig, one.order, one.watcher), name="the boot")
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(body())


@pytest.mark.parametrize("phase", list(Phase))
def test_cancelled_in_any_phase_the_machine_is_off_and_its_entry_gone(bench: MakeBench, phase: Phase) -> None:
    slow = [Play(0.02, part.data) for part in GOOD]
    one = bench(slow, fetches=phase is not Phase.FIRMWARE)
    one.watcher = Watcher(on_phase=cancel_at(phase))
    run_cancelled(one)
    assert phase in one.watcher.phases
    assert one.left_clean()
    assert one.box.request is None


def test_cancelled_again_while_it_switches_off(bench: MakeBench) -> None:
    """A person cancels, and then the worker is stopped: the machine is off all the same."""
    one = bench([Play(0, BANNER)])
    order = []

    async def body() -> None:
        leaving = asyncio.Event()
        task = asyncio.create_task(run_boot(one.rig, one.order, one.watcher))
        await one.box.switched_on.wait()

        async def off() -> None:
            leaving.set()
            await asyncio.sleep(0.05)
            order.append("off")

        async def clean() -> None:
            await asyncio.sleep(0.05)
            order.append("clean")

        one.box.power.off = off  # type: ignore[method-assign]
        one.box.boot.clean = clean  # type: ignore[method-assign]
        task.cancel()
        async with asyncio.timeout(LIMIT):
            await leaving.wait()
            while not task.done():
                task.cancel()
                await asyncio.sleep(0.01)
        assert task.cancelled()

    asyncio.run(body())
    assert order == ["off", "clean"]


def test_bytes_that_come_after_the_decision_are_kept(bench: MakeBench) -> None:
    after = b"reboot: Power down\n"
    one = bench([*GOOD, Play(0.01, after)])
    assert one.run().reading.verdict is Verdict.PASS
    assert one.watcher.data == BANNER + START + END + after


def test_times_count_from_power_on(bench: MakeBench) -> None:
    one = bench([Play(0.05, BANNER), Play(0.05, START + END)])
    one.run()
    assert one.watcher.times == sorted(one.watcher.times)
    assert all(at >= 0 for at in one.watcher.times)


def test_stages_are_timed_by_the_clock_of_the_console(bench: MakeBench) -> None:
    one = bench([Play(0.05, BANNER), Play(0.05, START), Play(0, END)])
    stages = dict(one.run().reading.stages)
    assert [stages[Stage.BANNER], stages[Stage.USERSPACE], stages[Stage.DONE]] == one.watcher.times


def test_a_job_with_its_own_pattern(bench: MakeBench) -> None:
    expect = Expectation(pattern="login:", release="6.1.0-50-686")
    reading = bench([Play(0, BANNER), Play(0, b"debian login: ")], expect=expect).run().reading
    assert reading.verdict is Verdict.PASS


def test_every_deadline_is_asked_for(bench: MakeBench) -> None:
    assert set(bench().order.deadlines) == set(Deadline)


def test_a_switch_that_fails_afterwards_does_not_take_the_verdict_away(bench: MakeBench) -> None:
    one = bench()

    def stick(phase: Phase) -> None:
        if phase is Phase.CLEAN:
            one.box.faults["power.off"] = "box1: stuck"

    one.watcher.on_phase = stick
    result = one.run()
    assert (result.reading.verdict, result.device_fault) == (Verdict.PASS, "box1: stuck")
    assert one.calls.count("power.off") == 3


class OnePlace:
    """Symbols that know one function and its source line, and remember who asked."""

    release = None

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def find(self, address: int, *, source: bool = True) -> Place | None:
        self.threads.add(threading.get_ident())
        at = ("drivers/firmware/dmi_scan.c", 417) if source else (None, None)
        return Place("dmi_scan_machine", 0x5A, 0x200, *at) if address else None

    def start(self, function: str, size: int | None = None) -> int | None:
        return None

    def relocated(self, delta: int) -> "OnePlace":
        return self


def test_with_symbols_a_bare_address_has_a_name_and_a_line(bench: MakeBench) -> None:
    expect, script = Expectation("ab12", release=EARLY_RELEASE), [Play(0, (EARLY_BANNER + EARLY_FAULT).encode())]
    assert bench(script, expect=expect).run().reading.function is None
    read = bench(script, expect=expect, symbols=OnePlace()).run().reading
    assert (read.outcome, read.function) == (Outcome.EARLY_EXCEPTION, "dmi_scan_machine")
    assert read.report is not None
    assert str(read.report.frames[0]) == "dmi_scan_machine+0x5a/0x200 drivers/firmware/dmi_scan.c:417"


def test_the_look_up_of_symbols_leaves_the_loop_to_others(bench: MakeBench) -> None:
    symbols = OnePlace()
    bench([Play(0, (EARLY_BANNER + EARLY_FAULT).encode())], expect=Expectation("ab12"), symbols=symbols).run()
    assert symbols.threads
    assert threading.get_ident() not in symbols.threads  # the loop's own
