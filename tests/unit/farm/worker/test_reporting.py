"""A reading as the report that tells it: whole where it fits, cut where a console was hostile, never refused."""

from typing import Any

import pytest

from farm.core.wire import Report
from farm.core.wire.reading import ALTERNATES, EVIDENCE, FRAMES, REPORTS, WARNINGS
from farm.core.words import Outcome, Stage, Verdict
from farm.worker import reporting
from jobs.outcome import Ending, Evidence, Expectation, Frame, Reader, Reading
from jobs.outcome import Report as Seen
from jobs.outcome.formats.row import Severity, Type
from jobs.outcome.model import Paravirt
from jobs.runner import Result

TORN = "\0\x1b\u202e" + "x" * 1500
# One warning, then an oops, as 6.1 prints them on i386 (kernel/panic.c __warn, arch/x86/mm/fault.c show_fault_oops).
CONSOLE = b"""\
[    0.000000] Linux version 6.1.0-50-686 (debian) (gcc-12) #1 SMP Debian 6.1.176-1
[    0.100000] Booting paravirtualized kernel on KVM
[    1.000000] ------------[ cut here ]------------
[    1.000001] WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 foo_init+0x1a/0x20
[    1.000002] Modules linked in:
[    1.000003] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0-50-686 #1
[    1.000004] EIP: foo_init+0x1a/0x20
[    1.000005] Call Trace:
[    1.000006]  do_one_initcall+0x4b/0x1f0
[    1.000007] ---[ end trace 0000000000000000 ]---
[    2.000000] BUG: kernel NULL pointer dereference, address: 00000010
[    2.000001] #PF: supervisor write access in kernel mode
[    2.000002] #PF: error_code(0x0002) - not-present page
[    2.000003] Oops: 0002 [#1] PREEMPT SMP
[    2.000004] CPU: 0 PID: 1 Comm: swapper/0 Tainted: G        W 6.1.0-50-686 #1
[    2.000005] EIP: bar_probe+0x5/0x15d
[    2.000006] Code: 00 00
[    2.000007] EAX: 00000000 EBX: 00000000 ECX: 00000000 EDX: 00000000
[    2.000008] Call Trace:
[    2.000009]  ? baz+0x12/0x40
[    2.000010]  driver_probe_device+0x77/0x190
[    2.000011] ---[ end trace 0000000000000000 ]---
[    2.000012] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009
"""


def seen(title: str, **more: Any) -> Seen:
    values: dict[str, Any] = {
        "kind": "warning",
        "type": Type.WARNING,
        "severity": Severity.WARNING,
        "title": title,
        "function": None,
        "signature": "0" * 16,
        "stage": Stage.INIT,
        "evidence": (Evidence(1, 0, title),),
        **more,
    }
    return Seen(**values)


def reading(**more: Any) -> Reading:
    values: dict[str, Any] = {"verdict": Verdict.PASS, "outcome": Outcome.BOOTED, "reason": "so", "stage": Stage.DONE}
    return Reading(**(values | more))


def journey(read: Reading) -> Report:
    """The report as the server gets it."""
    sent = reporting.report(Result(read))
    got = Report.model_validate_json(sent.model_dump_json())
    assert got == sent
    return got


def test_a_real_reading_arrives_whole() -> None:
    reader = Reader(Expectation(token="ab12", release="6.1.0-50-686"))
    reader.feed(CONSOLE[:100], 1.23456)
    reader.feed(CONSOLE[100:], 2.5)
    read = reader.conclude(Ending.SETTLED, image_fetched=True)
    got = journey(read)
    assert (got.verdict, got.outcome, got.title) == (Verdict.FAIL, read.outcome, read.title)
    assert [each.title for each in got.reports] == [read.title, *read.warnings]
    assert [each.severity for each in got.reports] == ["fatal", "warning"]
    first = got.reports[0].evidence
    assert first is not None
    assert (first.line, first.text) == (11, CONSOLE.decode().splitlines()[10])
    assert CONSOLE[first.offset :].startswith(first.text.encode())
    assert got.reports[0].function == got.function == "bar_probe"
    assert got.frames == ["bar_probe+0x5/0x15d", "driver_probe_device+0x77/0x190"]
    assert got.alternates == list(read.reports[1].alternates) != []
    assert got.paravirt["platform"] == "KVM"
    assert got.stage_times[Stage.BANNER] == 1.235
    assert got.corrupted is False


def test_a_frame_that_the_kernel_only_guesses_is_marked() -> None:
    one = seen("a", frames=(Frame("f", 1, 32, module="mod"), Frame("g", reliable=False)))
    assert journey(reading(reports=(one,), report=one)).frames == ["f+0x1/0x20 [mod]", "? g"]


def test_no_report_on_the_console_is_no_detail() -> None:
    got = journey(reading())
    assert (got.reports, got.frames, got.alternates, got.corrupted, got.paravirt) == ([], [], [], False, {})


REPORTED = (seen("a"), seen("b", severity=Severity.OOPS, frames=(Frame("f"),), corrupted=True), seen("c"))


def test_what_the_verdict_rests_on_comes_first_and_the_others_as_they_came() -> None:
    """The console is known by the warning that led to it (`Reading.report`); the trace shown is the verdict's."""
    own = {"title": "b", "signature": "0" * 16, "verdict": Verdict.FAIL}
    got = journey(reading(reports=REPORTED, report=REPORTED[0], **own))
    assert [each.title for each in got.reports] == ["b", "a", "c"]
    assert (got.frames, got.corrupted) == (["f"], True)


def test_where_the_verdict_rests_on_no_report_the_one_the_console_is_known_by_comes_first() -> None:
    got = journey(reading(reports=REPORTED, report=REPORTED[2]))
    assert [each.title for each in got.reports] == ["c", "a", "b"]
    assert (got.frames, got.corrupted) == ([], False)


def test_a_report_is_told_once_although_another_says_the_same() -> None:
    twice = (seen("a"), seen("a"))
    assert [each.title for each in journey(reading(reports=twice, report=twice[0])).reports] == ["a", "a"]


@pytest.mark.parametrize("report", [None, "gravest"])
def test_a_hostile_console_is_cut_and_never_refused(report: str | None) -> None:
    lines = tuple(Evidence(number, number, TORN) for number in range(60))
    one = seen(TORN, function=TORN, frames=(Frame(TORN),) * 60, alternates=(TORN,) * 60, evidence=lines)
    facts = Paravirt(**dict.fromkeys(Paravirt.__slots__, TORN))
    got = journey(
        reading(
            reason=TORN, title=TORN, type=TORN, function=TORN, signature=TORN, version=TORN, culprit=TORN,
            evidence=lines, warnings=(TORN,) * 60, reports=(one,) * 60, report=one if report else None,
            paravirt=facts,
        )
    )  # fmt: skip
    assert [len(got.evidence), len(got.warnings), len(got.reports)] == [EVIDENCE, WARNINGS, REPORTS]
    assert [len(got.frames), len(got.alternates)] == ([FRAMES, ALTERNATES] if report else [0, 0])
    assert set(got.paravirt) == set(Paravirt.__slots__)
    assert "\\u0000" not in got.model_dump_json()
    assert len(got.model_dump_json()) < 400_000


def test_a_device_fault_travels_along() -> None:
    assert reporting.report(Result(reading(), "stuck")).device_fault == "stuck"


def test_what_nobody_read_has_no_outcome() -> None:
    told = reporting.infra("the lab's worker was stopped")
    assert (told.verdict, told.outcome, told.stage, told.type) == (Verdict.INFRA, None, Stage.NOTHING, "worker")
