"""The small helpers: durations, bars, the telling line, the command that repeats a boot."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import views
from api.web.views import Asked
from farm.core.wire import BootOut, BuildOut, ConsoleReport, Details, EvidenceOut, PhaseOut
from farm.core.words import BootState, Phase, Verdict

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def boot(**changes: Any) -> BootOut:
    values: dict[str, Any] = dict.fromkeys(
        ("retry_of", "verdict", "outcome", "stage", "title", "type", "function", "signature", "booted", "device", "lab",
         "waiting", "started_at", "finished_at")
    )  # fmt: skip
    values |= dict(Details()) | {
        "id": 12, "job": 3, "build": 2, "release": "6.1.0-50-686", "version": "6.1.176", "branch": "6.1.y",
        "environment": "qemu-i386", "append": "", "repeat": 1, "attempt": 1, "state": BootState.FINISHED, "reason": "",
        "evidence": [], "warnings": [], "cmdline": "", "queued_at": START, "phases": [], "console_size": 0,
    }  # fmt: skip
    return BootOut(**(values | changes))


def build(**changes: Any) -> BuildOut:
    values: dict[str, Any] = {
        "id": 2, "sha256": "a" * 64, "size": 7_811_072, "filename": "vmlinuz-6.1.0-50-686", "release": "6.1.0-50-686",
        "version": "6.1.176", "branch": "6.1.y", "tree": "", "commit": "", "patch": "", "bits": 32, "banner": "",
        "facts": {}, "created_at": START,
    }  # fmt: skip
    return BuildOut(**(values | changes))


def seen(title: str, line: int | None = None) -> ConsoleReport:
    shown = EvidenceOut(line=line, offset=0, text=title) if line else None
    return ConsoleReport(title=title, type="warning", severity="warning", evidence=shown)


@pytest.mark.parametrize(
    ("reports", "traced", "others"),
    [
        ([], None, []),
        ([seen("it", 5)], None, []),
        ([seen("it", 5), seen("b", 9), seen("a", 2)], None, ["a", "b"]),
        ([seen("it", 5), seen("it", 7)], None, ["it"]),
        ([seen("x", 5), seen("a", 2), seen("nowhere")], "x", ["nowhere", "a", "x"]),
    ],
)
def test_reports_besides_what_the_verdict_rests_on(
    reports: list[ConsoleReport], traced: str | None, others: list[str]
) -> None:
    one = boot(title="it", reports=reports)
    assert views.traced(one) == traced
    assert [report.title for report in views.also_reported(one)] == others


def test_a_warning_is_shown_once() -> None:
    one = boot(reports=[seen("a", 1)], warnings=["a", "b"])
    assert views.also_warned(one) == ["b"]
    assert views.also_warned(boot(warnings=["a", "b"])) == ["a", "b"]


def test_the_machine_is_what_the_kernel_said_of_it_and_not_of_its_memory() -> None:
    facts = {"reserved_top": "0xf7c00000", "lowmem": "895MB", "vmi": "engaged", "command_line": "quiet"}
    assert views.machine(boot(paravirt=facts)) == [("VMI", "engaged"), ("Reserved from", "0xf7c00000")]
    assert views.machine(boot()) == []


def evidence(*texts: str) -> list[EvidenceOut]:
    return [EvidenceOut(line=n, offset=n * 10, text=text) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (-3, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_duration(seconds: float | None, text: str) -> None:
    assert views.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s ago"), (-5, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (86400, "1 day ago"),
     (400000, "4 days ago")],
)  # fmt: skip
def test_how_long_ago(seconds: int, text: str) -> None:
    assert views.ago(START, at(seconds)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KiB"), (7_811_072, "7.4 MiB"), (100 << 20, "100.0 MiB"),
     (5 << 40, "5120.0 GiB")],
)  # fmt: skip
def test_a_size(count: int, text: str) -> None:
    assert views.size(count) == text


def test_phases_become_bars() -> None:
    phases = [PhaseOut(phase=phase, at=at(s)) for phase, s in [(Phase.PREPARE, 0), (Phase.POWER, 1), (Phase.KERNEL, 4)]]
    found = views.bars(boot(phases=phases, finished_at=at(10)), at(99))
    assert [(bar.phase, bar.seconds, bar.start, bar.width) for bar in found] == [
        (Phase.PREPARE, 1, 0, 100),
        (Phase.POWER, 3, 100, 300),
        (Phase.KERNEL, 6, 400, 600),
    ]
    assert not any(bar.going for bar in found)


def test_the_last_phase_of_a_running_boot_goes_on() -> None:
    phases = [PhaseOut(phase=Phase.PREPARE, at=at(0)), PhaseOut(phase=Phase.POWER, at=at(1))]
    found = views.bars(boot(phases=phases, state=BootState.RUNNING), at(5))
    assert [(bar.seconds, bar.going) for bar in found] == [(1, False), (4, True)]


@given(st.lists(st.floats(-10, 1e5), min_size=1, max_size=9), st.floats(-10, 1e5))
def test_bars_stay_on_their_rail_even_when_clocks_disagree(seconds: list[float], end: float) -> None:
    phases = [PhaseOut(phase=Phase.LOAD, at=at(s)) for s in sorted(seconds)]
    for bar in views.bars(boot(phases=phases, finished_at=at(end)), at(end)):
        assert 0 <= bar.start <= 1000
        assert 0 <= bar.width <= 1000


def test_a_boot_without_phases_has_no_bars() -> None:
    assert views.bars(boot(), START) == []


def test_the_headline_is_the_line_that_says_what_the_title_says() -> None:
    lines = evidence("Out of memory", "Kernel panic - not syncing: System is deadlocked on memory", "CPU: 0 PID: 1")
    found = views.headline(boot(title="kernel panic: System is deadlocked on memory", evidence=lines))
    assert found is lines[1]


def test_an_oops_is_headed_by_its_first_line_and_not_by_the_panic_that_ends_it() -> None:
    lines = evidence(
        "BUG: unable to handle kernel NULL pointer dereference at 00000000",
        "IP: [<c0123456>] setup_arch+0x10/0x20",
        "Kernel panic - not syncing: Attempted to kill the idle task!",
    )
    title = "BUG: unable to handle kernel NULL pointer dereference in setup_arch"
    assert views.headline(boot(title=title, evidence=lines)) is lines[0]


def test_no_evidence_no_headline() -> None:
    assert views.headline(boot(title="x")) is None


def test_of_lines_that_say_nothing_the_first_is_taken() -> None:
    lines = evidence("aa", "bb")
    assert views.headline(boot(title="other", evidence=lines)) is lines[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("[    4.118820] Kernel panic", "Kernel panic"), ("<0>[   12.000000]BUG", "BUG"), ("plain", "plain")],
)
def test_a_message_without_its_stamp(text: str, shown: str) -> None:
    assert views.message(text) == shown


def test_the_command_that_repeats_a_boot() -> None:
    asked = Asked(tags=("smp", "pae"), checks=("rtc",), deadlines=(("silence", 120.0),))
    found = views.reproduce(boot(append="mem=12M quiet"), build(tree="stable", branch="6.1.y"), asked)
    assert found == (
        "farm submit vmlinuz-6.1.0-50-686 --on qemu-i386/smp/pae --append 'mem=12M quiet' --check rtc"
        " --deadline silence=120 --tree stable --branch 6.1.y --wait"
    )


def test_an_own_initramfs_and_its_pattern_are_in_the_command() -> None:
    found = views.reproduce(boot(), build(filename="", branch=""), Asked(initrd="b" * 64, pattern="^login:"))
    assert found == "farm submit bzImage --on qemu-i386 --initrd initramfs --pattern '^login:' --wait"


def test_symbols_are_in_the_command() -> None:
    found = views.reproduce(boot(), build(filename="", branch=""), Asked(symbols="b" * 64))
    assert found == "farm submit bzImage --on qemu-i386 --symbols System.map --wait"


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40))
def test_whatever_the_command_line_the_shell_gives_it_back(append: str) -> None:
    words = shlex.split(views.reproduce(boot(append=append), build(), Asked()))
    assert words[words.index("--append") + 1] == append


def test_what_the_image_says_is_shown_and_what_it_does_not_is_left_out() -> None:
    facts = {
        "header": {"format": "bzImage", "protocol": "2.15"},
        "compiler": "gcc 12",
        "compression": "xz",
        "unpacked_size": 24 << 20,
        "config_sha256": "c" * 64,
        "build_date": "2026-03-28T00:00:00Z",
    }
    assert dict(views.image_facts(build(facts=facts))) == {
        "Compiler": "gcc 12",
        "Built": "2026-03-28",
        "Image": "bzImage, 32-bit",
        "Boot protocol": "2.15",
        "Packed": "xz, 24.0 MiB unpacked",
        "Config": "sha256 cccccccccccccccc",
    }
    assert views.image_facts(build(bits=None)) == []


def test_options_that_are_known_come_first() -> None:
    options = {"CONFIG_A": {"value": None}, "CONFIG_B": {"value": False, "evidence": "x"}, "CONFIG_C": {"value": True}}
    found = views.options({"options": options})
    assert [(option.name, option.word) for option in found] == [("B", "no"), ("C", "yes"), ("A", "unknown")]
    assert views.options({}) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": BootState.QUEUED, "waiting": "no device has it"}, "no device has it"),
        ({"state": BootState.QUEUED}, "Waiting for a device."),
        ({"state": BootState.RUNNING, "device": "box-1"}, "Running on box-1."),
        ({"state": BootState.CANCELLED}, "Taken back before it had a verdict."),
        ({"verdict": Verdict.FAIL, "reason": "it panicked"}, "it panicked"),
        ({"verdict": Verdict.PASS}, "It passed."),
        ({"verdict": Verdict.INFRA}, "Infra."),
    ],
)
def test_every_boot_has_a_sentence(changes: dict[str, Any], text: str) -> None:
    assert views.verdict_sentence(boot(**changes)) == text


def test_how_long_it_has_been_on_its_device() -> None:
    assert views.took(boot(), at(5)) is None
    assert views.took(boot(started_at=at(1)), at(5)) == 4
    assert views.took(boot(started_at=at(1), finished_at=at(3)), at(5)) == 2
