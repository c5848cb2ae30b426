"""Which header begins a report, which continues one, and which is what it led to."""

import tracemalloc

import pytest

from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.explain import read
from jobs.outcome.formats.row import Severity
from jobs.outcome.model import Report
from jobs.outcome.reports import KEPT
from tests.support.excerpts import BOOT, FAULT, modern_oops, oops, timed, trace

FATAL = "Kernel panic - not syncing: Fatal exception in interrupt\n"
WARN = "WARNING: at kernel/foo.c:12 {0}+0x12/0x30()\n" + trace("warn_on_slowpath", "{0}") + "---[ end trace 0 ]---\n"
BUG = "------------[ cut here ]------------\nkernel BUG at fs/foo.c:99!\n"
GAP = "nothing of note\n" * 400  # more than 4 KiB


def seen(text: str, *, times: bool = False) -> list[Report]:
    text = BOOT + text
    return list(read((timed(text, 0.1) if times else text).encode()).reports)


def titles(text: str, *, times: bool = False) -> list[str]:
    return [report.title for report in seen(text, times=times)]


NULL = "BUG: unable to handle kernel NULL pointer dereference in "


@pytest.mark.parametrize("times", [False, True])
class TestOneEvent:
    def test_a_fault_its_oops_and_the_panic(self, *, times: bool) -> None:
        (report,) = seen(oops("foo_init", "kernel_init") + FATAL, times=times)
        assert report.title == NULL + "foo_init"
        assert report.consequence == "kernel panic: Fatal exception in interrupt"
        assert report.severity is Severity.FATAL
        assert report.type == "page-fault"

    def test_of_today_too(self, *, times: bool) -> None:
        (report,) = seen(
            modern_oops("foo_init", "kernel_init") + "Kernel panic - not syncing: Fatal exception\n", times=times
        )
        assert (report.title, report.consequence) == (NULL + "foo_init", "kernel panic: Fatal exception")

    def test_a_bug_and_its_invalid_opcode(self, *, times: bool) -> None:
        (report,) = seen(oops("foo_init", header=BUG + "invalid opcode: 0000 [#1] SMP"), times=times)
        assert (report.kind, report.title) == ("bug", "kernel BUG in foo_init")

    def test_init_that_was_killed_by_it(self, *, times: bool) -> None:
        (report,) = seen(oops("foo_init") + "Kernel panic - not syncing: Attempted to kill init!\n", times=times)
        assert report.consequence == "kernel panic: Attempted to kill init!"

    def test_a_panic_asked_for_by_a_warning(self, *, times: bool) -> None:
        (report,) = seen(WARN.format("foo") + "Kernel panic - not syncing: panic_on_warn set ...\n", times=times)
        assert (report.title, report.severity) == ("WARNING in foo", Severity.FATAL)

    def test_a_stall_that_the_kernel_was_told_to_panic_on(self, *, times: bool) -> None:
        stall = "BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]\nEIP is at foo+0x1/0x2\n"
        (report,) = seen(stall + "Kernel panic - not syncing: softlockup: hung tasks\n", times=times)
        assert (report.title, report.severity) == ("BUG: soft lockup in foo", Severity.FATAL)
        assert report.consequence == "kernel panic: softlockup: hung tasks"

    def test_the_first_of_the_hung_tasks_led_to_the_panic(self, *, times: bool) -> None:
        hung = "INFO: task {0}:{1} blocked for more than 120 seconds.\n" + trace("schedule", "{0}_read", "vfs_read")
        text = "".join(hung.format(name, number) for number, name in enumerate(("foo", "bar", "baz"), 70))
        found = seen(text + "Kernel panic - not syncing: hung_task: blocked tasks\n", times=times)
        assert [(each.title, each.severity) for each in found] == [
            ("INFO: task hung in foo_read", Severity.FATAL),
            ("INFO: task hung in bar_read", Severity.STALL),
            ("INFO: task hung in baz_read", Severity.STALL),
        ]

    def test_an_early_fault_of_a_bug_is_the_bugs(self, *, times: bool) -> None:
        """BUG() ends in a ud2, and there is no handler for it yet."""
        early = "BUG: Int 6: CR2 00000000\n     err 00000000  EIP c0101000   CS 00000060  flg 00000006\n"
        assert titles("kernel BUG at fs/foo.c:99!\n" + early + " [<c0101000>] foo+0x1/0x2\n", times=times) == [
            "kernel BUG in foo"
        ]


class TestIndependent:
    def test_a_second_fault_is_visible(self) -> None:
        found = seen(oops("foo_init") + oops("bar_init").replace("[#1]", "[#2]"))
        assert [each.title for each in found] == [NULL + "foo_init", NULL + "bar_init"]

    def test_of_two_faults_at_once_the_first_led_to_the_panic(self) -> None:
        found = seen(oops("foo_init") + oops("bar_init") + FATAL)
        assert [each.consequence for each in found] == ["kernel panic: Fatal exception in interrupt", None]

    def test_a_panic_is_the_last_faults(self) -> None:
        found = seen(oops("foo_init") + GAP * 8 + oops("bar_init") + FATAL)
        assert [each.consequence for each in found] == [None, "kernel panic: Fatal exception in interrupt"]

    def test_a_panic_far_behind_is_a_report_of_its_own(self) -> None:
        assert titles(oops("foo_init") + GAP * 8 + FATAL)[1:] == ["kernel panic: Fatal exception in interrupt"]

    def test_a_panic_much_later_is_a_report_of_its_own(self) -> None:
        text = timed(BOOT + oops("foo_init"), 0.1) + timed(FATAL, 100.0)
        assert [each.consequence for each in read(text.encode()).reports] == [None, None]

    def test_a_panic_of_its_own_kind_is_no_consequence(self) -> None:
        text = WARN.format("foo") + "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"
        assert titles(text) == ["WARNING in foo", "kernel panic: VFS: Unable to mount root fs"]

    def test_after_what_ends_a_kernel_nothing_is_its_consequence(self) -> None:
        other = "Kernel panic - not syncing: Attempted to kill the idle task!\n"
        assert titles(oops("foo_init") + FATAL + other) == [
            NULL + "foo_init",
            "kernel panic: Attempted to kill the idle task!",
        ]

    def test_init_does_not_die_of_a_warning(self) -> None:
        text = WARN.format("foo") + "Kernel panic - not syncing: Attempted to kill init!\n"
        assert titles(text) == ["WARNING in foo", "kernel panic: Attempted to kill init!"]

    def test_warnings_are_each_their_own(self) -> None:
        assert titles(WARN.format("foo") + WARN.format("bar")) == ["WARNING in foo", "WARNING in bar"]

    def test_a_report_does_not_take_the_lines_of_the_next(self) -> None:
        found = seen(FAULT + "\n" + WARN.format("bar"))
        assert (found[0].function, found[0].corrupted) == (None, True)

    def test_two_processors_panic_at_once(self) -> None:
        """What CPU 1 says of its own is not what CPU 0's fault led to."""
        mine = timed(oops("foo_init"), 1.0, "C0")
        text = timed(BOOT, 0.1, "T0") + mine + timed(FATAL, 1.05, "C1") + timed(FATAL, 1.06, "C0")
        found = read(text.encode()).reports
        assert [(each.function, each.consequence) for each in found] == [
            ("foo_init", "kernel panic: Fatal exception in interrupt"),
            (None, None),
        ]

    def test_two_processors_faults_keep_their_own_lines(self) -> None:
        one = timed(oops("memcpy", "foo_init"), 1.0, "C0").splitlines(keepends=True)
        two = timed(oops("memset", "bar_init"), 1.0003, "C1").splitlines(keepends=True)
        text = timed(BOOT, 0.1, "T0") + "".join(a + b for a, b in zip(one, two, strict=True))
        assert [each.title for each in read(text.encode()).reports] == [NULL + "foo_init", NULL + "bar_init"]


class TestParts:
    """Headers that continue the report before them, and those that do not."""

    USAGE = "inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.\n"
    EARLY = "BUG: Int 6: CR2 00000000\n     err 00000000  EIP c0101000   CS 00000060  flg 00000006\n"

    def test_a_line_of_lockdeps_report(self) -> None:
        assert titles("WARNING: inconsistent lock state\n" + self.USAGE) == ["inconsistent lock state"]
        assert titles(WARN.format("foo") + self.USAGE)[0] == "WARNING in foo"
        assert titles(self.USAGE) == ["inconsistent lock state"]

    def test_a_second_death_is_another_report(self) -> None:
        found = seen(
            FAULT
            + "\nOops: 0000 [#1]\nEIP is at foo+0x1/0x2\ngeneral protection fault: 0000 [#2]\nEIP is at bar+0x1/0x2\n"
        )
        assert [each.function for each in found] == ["foo", "bar"]

    def test_a_warning_does_not_die(self) -> None:
        assert titles(WARN.format("foo") + "invalid opcode: 0000 [#1]\nEIP is at bar+0x1/0x2\n") == [
            "WARNING in foo",
            "invalid opcode in bar",
        ]

    def test_a_bug_that_died_has_no_early_fault(self) -> None:
        died = "kernel BUG at fs/foo.c:99!\ninvalid opcode: 0000 [#1]\nEIP is at foo+0x1/0x2\n"
        assert len(seen(died + self.EARLY)) == 2
        assert len(seen(oops("foo_init") + self.EARLY)) == 2

    def test_of_hung_tasks_after_something_else_the_first_of_them(self) -> None:
        hung = "INFO: task {0}:7 blocked for more than 120 seconds.\n" + trace("schedule", "{0}_read")
        text = WARN.format("w") + hung.format("foo") + hung.format("bar")
        found = seen(text + "Kernel panic - not syncing: hung_task: blocked tasks\n")
        assert [each.consequence is not None for each in found] == [False, True, False]

    def test_set_up_codes_two_sentences_are_one_report(self) -> None:
        """Said before a kernel runs: arch/x86/boot/cpu.c, main.c."""
        text = (
            "This kernel requires an i686 CPU, but only detected an i586 CPU.\n"
            "Unable to boot - please use a kernel appropriate for your CPU.\n"
        )
        assert [each.title for each in read(text.encode()).reports] == ["kernel requires another CPU"]
        assert seen(text) == []  # a running kernel does not say so

    def test_another_kernels_lines_are_not_the_first_ones(self) -> None:
        found = read((BOOT + FAULT + "\n" + BOOT + trace("foo")).encode()).reports
        assert (found[0].function, found[0].corrupted) == (None, True)

    @pytest.mark.parametrize("fatal", [oops("foo_init") + FATAL, "Kernel panic - not syncing: foo\n"])
    def test_after_the_end_of_a_kernel_its_boot_goes_no_further(self, fatal: str) -> None:
        begun = "".join(BOOT.splitlines(keepends=True)[:3])
        reading = read((begun + fatal + "NET: Registered protocol family 2\n").encode())
        assert reading.stage == "start_kernel"


class TestHeadless:
    BODY = "Modules linked in:\n\nEIP is at foo_init+0x1/0x2\n" + trace("kernel_init")
    END = "---[ end trace 5871f91f961cb6c6 ]---\n"

    def test_counts_when_its_end_is_seen(self) -> None:
        (report,) = seen(self.BODY + self.END)
        assert (report.kind, report.title, report.severity) == ("headless", "Oops in foo_init", Severity.OOPS)

    def test_or_the_panic_that_it_led_to(self) -> None:
        (report,) = seen(self.BODY + FATAL)
        assert (report.title, report.consequence) == ("Oops in foo_init", "kernel panic: Fatal exception in interrupt")

    def test_a_list_of_modules_alone_is_nothing(self) -> None:
        assert seen(self.BODY) == []

    def test_an_end_alone_is_nothing(self) -> None:
        assert seen(self.END) == []

    def test_a_list_inside_of_a_report_is_that_reports(self) -> None:
        assert len(seen(oops("foo_init"))) == 1
        assert len(seen(oops("foo_init") + self.BODY + self.END)) == 1

    def test_a_report_between_the_list_and_an_end_has_the_end(self) -> None:
        assert titles(self.BODY + WARN.format("bar")) == ["WARNING in bar"]


class TestCopies:
    def test_a_header_that_dmesg_repeats_is_no_second_report(self) -> None:
        text = timed(BOOT + oops("foo_init"), 0.1)
        later = timed("Starting services\n", 9.0)
        found = read((text + later + text.split("\n", 5)[5]).encode()).reports
        assert [each.title for each in found] == [NULL + "foo_init"]

    def test_the_same_words_at_another_time_are(self) -> None:
        text = timed(BOOT, 0.1) + timed(WARN.format("foo"), 1.0) + timed(WARN.format("foo"), 2.0)
        assert len(read(text.encode()).reports) == 2


class TestBounds:
    def test_so_many_are_kept(self) -> None:
        assert len(seen("".join(WARN.format(f"foo_{'abc' * number}") for number in range(KEPT + 9)))) == KEPT

    def test_what_ended_the_kernel_is_worth_more_than_the_last_of_many_warnings(self) -> None:
        text = "".join(WARN.format(f"foo_{'abc' * number}") for number in range(KEPT + 9))
        found = titles(text + GAP + "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n")
        assert len(found) == KEPT
        assert found[-1] == "kernel panic: VFS: Unable to mount root fs"

    @pytest.mark.parametrize(
        ("line", "count"),
        [
            ("Kernel panic - not syncing: foo {0}\n", 100_000),
            ("WARNING: at kernel/foo.c:{0} bar+0x12/0x30()\n", 10_000),
            ("Oops: 0000 [#{0}]\n", 40_000),
        ],
    )
    def test_the_last_headers_of_a_flood_take_no_memory(self, line: str, count: int) -> None:
        reader = Reader(Expectation())
        reader.feed(BOOT.encode())
        for start in range(0, count, 100):
            if start == count - 1000:
                tracemalloc.start()
            reader.feed("".join(line.format(number) for number in range(start, start + 100)).encode())
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert kept < 64 << 10
        assert 0 < len(reader.conclude(Ending.FLOOD).reports) <= KEPT
