"""One report being read: whatever the line did to its bytes, what it says, and on which line of the console."""

import re

import pytest

from farm.core.words import Stage
from jobs.outcome.block import LENGTH, NEAR, RECORDS, Block
from jobs.outcome.explain import read
from jobs.outcome.formats.row import Blame, Format, Severity, Type
from jobs.outcome.lines import WIDTH, Line, Record
from jobs.outcome.model import Evidence, Report
from tests.support.excerpts import BOOT, FAULT, oops, timed, trace

NAMES = ("foo_init", "do_one_initcall", "kernel_init")
PANIC = "Kernel panic - not syncing: Attempted to kill init!\n"


def only(text: str | bytes) -> Report:
    """The one report on a console."""
    reports = read(text.encode() if isinstance(text, str) else text).reports
    assert len(reports) == 1, reports
    return reports[0]


def callers(report: Report) -> list[str]:
    """Who called the blamed function; the instruction pointer, which kernels say up to three times, left out."""
    return [frame.function for frame in report.frames if frame.function not in {"memcpy", report.function}]


def row(pattern: str = "^BUG: x", title: str = "BUG: x", how: Blame = Blame.TRACE, **more: object) -> Format:
    return Format("test", Type.OOPS, Severity.OOPS, "BUG", pattern, title, how, "here", **more)  # type: ignore[arg-type]


def block(which: Format, header: str, *, offset: int = 0, number: int = 1, stamp: str | None = None) -> Block:
    """A block whose header stands at `offset`, on line `number`."""
    match = which.regex.search(header)
    assert match
    line = Line(header, number, offset)
    return Block(
        which,
        match,
        line,
        Record(header, stamp is not None, stamp),
        Stage.BANNER,
        (offset + len(header) + 1, number + 1),
    )


def wrapped(text: str) -> str:
    """As a console of 80 columns shows it, and a camera or a management board records it."""
    return "".join(
        f"{line[at : at + WIDTH]}\n" for line in text.splitlines() for at in range(0, max(len(line), 1), WIDTH)
    )


class TestLines:
    @pytest.mark.parametrize(
        "dress",
        [
            lambda text: text,
            timed,
            lambda text: timed(text, caller="T1"),
            lambda text: re.sub("(?m)^(?=.)", "<1>", text),
            lambda text: re.sub("(?m)^(?=.)", "<1>", timed(text)),
            lambda text: re.sub("(?m)^(?=.)", "Nov 22 12:06:48 lab kernel: ", timed(text)),
            lambda text: re.sub("(?m)^(?=.)", "kern  :alert : ", timed(text)),
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("\n", "\0\n"),
        ],
    )
    def test_what_a_line_wears_changes_nothing(self, dress: object) -> None:
        assert callable(dress)
        report = only(dress(BOOT + oops(*NAMES)))
        assert (report.title, report.function, report.corrupted) == (f"{FAULT[:-12]} in foo_init", "foo_init", False)
        assert callers(report) == ["do_one_initcall", "kernel_init"]

    @pytest.mark.parametrize("caller", ["", "C0", "T123"])
    def test_lines_broken_at_the_80th_column_are_whole_again(self, caller: str) -> None:
        name = "a_function_whose_name_is_so_long_that_its_line_is_broken_in_the_middle_of_it"
        text = timed(oops("memcpy", name, "kernel_init"), caller=caller)
        report = only(timed(BOOT, 0.1, caller) + wrapped(text))
        assert [frame.function for frame in report.frames] == [name, "kernel_init"]

    def test_broken_lines_of_a_kernel_without_times_too(self) -> None:
        name = "a_function_whose_name_is_so_long_that_its_line_is_broken_in_the_middle_of_it"
        report = only(BOOT + wrapped(oops("memcpy", name, "foo_init", name + "_2", "kernel_init")))
        assert [frame.function for frame in report.frames] == [name, "foo_init", name + "_2", "kernel_init"]

    def test_a_line_of_exactly_80_columns_is_not_joined_with_one_that_wears_something(self) -> None:
        full = timed(" [<c0101000>] foo_init+0x1/0x2".ljust(WIDTH - 15, "."))
        assert len(full.strip("\n")) == WIDTH
        text = timed(FAULT + "\n") + full + "\n" + timed(trace("bar_init"), 2.0)
        report = only(timed(BOOT, 0.1) + text)
        assert [frame.function for frame in report.frames] == ["foo_init", "bar_init"]

    def test_records_that_begin_inside_a_line_are_taken_apart(self) -> None:
        """Two printks run together: a level or a time in the middle of a line."""
        text = oops("memcpy", "foo_init", "kernel_init").replace("=======\n", "=======<4>", 1)
        text = text.replace("Call Trace:\n", "Call Trace:<4>").replace(
            "Modules linked in:\n\n", "Modules linked in:<0>"
        )
        report = only(BOOT + text)
        assert (report.function, callers(report)) == ("foo_init", ["kernel_init"])
        timed_text = timed(oops("memcpy", "foo_init", "kernel_init")).replace("Call Trace:\n", "Call Trace:")
        assert only(timed(BOOT, 0.1) + timed_text).function == "foo_init"

    def test_what_stands_behind_the_header_on_its_own_line_belongs_to_it(self) -> None:
        text = timed(f"{FAULT}\n", 1.0).strip("\n") + timed("IP: [<c0101000>] foo_init+0x1/0x2\n", 1.000002)
        assert only(timed(BOOT, 0.1) + text).function == "foo_init"

    def test_another_processors_lines_between_are_left_out(self) -> None:
        """CONFIG_PRINTK_CALLER says whose line is whose."""
        mine = timed(oops("memcpy", "foo_init", "kernel_init"), 1.0, "C0").splitlines(keepends=True)
        other = timed(trace("wrong_one", "wrong_two") * 20, 1.0, "T12").splitlines(keepends=True)
        report = only(timed(BOOT, 0.1, "T0") + "".join(a + b for a, b in zip(mine, other, strict=False)))
        assert report.function == "foo_init"
        assert not any("wrong" in frame.function for frame in report.frames)

    @pytest.mark.parametrize("caller", ["", "T1"])
    def test_after_the_end_marker_nothing_is_this_reports(self, caller: str) -> None:
        warning = "WARNING: at kernel/foo.c:12 bar+0x12/0x30()\n" + trace("warn_slowpath", "bar", "kernel_init")
        report = only(timed(BOOT + warning + "---[ end trace 5871f91f961cb6c6 ]---\n" + trace("later"), 0.1, caller))
        assert callers(report) == ["kernel_init"]

    @pytest.mark.parametrize("caller", ["", "T1"])
    def test_after_the_end_marker_of_an_oops_neither(self, caller: str) -> None:
        report = only(timed(BOOT + oops(*NAMES) + trace("later"), 0.1, caller))
        assert callers(report) == ["do_one_initcall", "kernel_init"]

    @pytest.mark.parametrize("caller", ["", "T1"])
    def test_a_panics_trace_after_it_is_read_where_the_report_has_none(self, caller: str) -> None:
        panic = "Kernel panic - not syncing: Fatal exception\n" + trace("dump_stack", "panic", "foo_init")
        text = f"{FAULT}\n---[ end trace 5871f91f961cb6c6 ]---\n{panic}"
        assert only(timed(BOOT + text, 0.1, caller)).function == "foo_init"

    def test_a_trace_after_the_end_marker_of_one_without_frames_is_not_its_own(self) -> None:
        report = only(BOOT + f"{FAULT}\n---[ end trace 0000000000000000 ]---\n" + trace("later"))
        assert (report.function, report.corrupted) == (None, True)


class TestTorn:
    def test_without_a_trace_or_a_pointer(self) -> None:
        report = only(BOOT + FAULT + "\n")
        assert (report.function, report.corrupted) == (None, True)

    def test_a_pointer_is_enough(self) -> None:
        assert not only(BOOT + FAULT + "\nEIP is at foo_init+0x1/0x2\n").corrupted

    def test_a_name_in_the_header_is_enough(self) -> None:
        report = only(BOOT + "WARNING: at kernel/foo.c:12 bar+0x12/0x30()\n")
        assert (report.function, report.corrupted) == ("bar", False)

    def test_a_kind_that_never_has_a_trace_is_whole(self) -> None:
        assert not only(
            BOOT + "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"
        ).corrupted


class TestTitle:
    def test_groups_of_the_header_and_of_the_lines_below(self) -> None:
        which = row(r"^BUG: (?P<what>\w+)", "BUG: {what} {access}", detail=r"^(?P<access>Read|Write) of size")
        found = block(which, "BUG: wild")
        found.take(b"Write of size 4 at addr c0101000\n" + trace("foo").encode())
        assert found.report().title == "BUG: wild Write in foo"

    def test_a_group_that_did_not_match_leaves_no_gap(self) -> None:
        which = row(
            r"^BUG: (?P<what>\w+)(?: (?P<more>\d))?", "BUG: {what} {more} {access}", detail=r"^(?P<access>Read) of size"
        )
        assert block(which, "BUG: wild").report().title == "BUG: wild"

    def test_no_number_gets_in(self) -> None:
        which = row(r"^BUG: (?P<what>.*)", "BUG: {what}", Blame.NOTHING)
        assert block(which, "BUG: page c0101000 of 0x12, cpu 7").report().title == "BUG: page NUM of ADDR, cpu NUM"

    def test_a_name_in_the_title_is_not_said_twice(self) -> None:
        which = row(r"^BUG: (?P<function>\w+) / (?P<other>\w+)", "race in {function} / {other}", Blame.NAMED)
        assert block(which, "BUG: foo / bar").report().title == "race in foo / bar"

    def test_compilers_pieces_do_not_get_in(self) -> None:
        report = only(BOOT + "BUG: KCSAN: data-race in foo.isra.0 / bar.part.1\n" + trace("foo.isra.0", "kernel_init"))
        assert report.title == "KCSAN: data-race in foo / bar"

    def test_alternates_name_the_function_too(self) -> None:
        report = only(BOOT + oops(*NAMES))
        assert report.alternates == ("bad-access in foo_init",)

    def test_a_title_that_no_text_fits_says_which_row_it_is(self) -> None:
        with pytest.raises(ValueError, match=r"row test: title 'BUG: \{0\}'"):
            block(row(title="BUG: {0}"), "BUG: x").report()


class TestEvidence:
    def test_lines_and_offsets_are_the_consoles(self) -> None:
        console = (timed(BOOT, 0.1) + timed(oops("memcpy", "foo_init") + PANIC)).encode()
        report = only(console)
        rows = console.split(b"\n")
        assert len(report.evidence) >= 3
        for item in report.evidence:
            assert rows[item.line - 1].decode().strip() == item.text
            assert console[item.offset :].split(b"\n", 1)[0].decode().strip() == item.text
        texts = [item.text for item in report.evidence]
        assert FAULT in texts[0]
        assert any("] foo_init+0x" in text for text in texts)
        assert "Kernel panic" in texts[-1]

    def test_of_an_early_fault_the_line_with_its_pointer(self) -> None:
        text = (
            "BUG: Int 14: CR2 fbe00000\n     EDI 00000000  ESI c0101000  EBP c0449f5c  ESP c0449f34\n"
            "     EBX 00000000  EDX 0000000e  ECX 00000000  EAX fbe00000\n"
            "     err 00000000  EIP c026b45a   CS 00000060  flg 00000046\n"
            "Stack: 00000000 00000000\nPid: 0, comm: swapper Not tainted 2.6.27.57 #1\n"
            " [<c0449b2a>] hlt_loop+0x0/0x5\n [<c0101000>] other+0x1/0x2\n [<c026b45a>] dmi_scan_machine+0x3d/0x147\n"
        )
        report = only(BOOT + text)
        assert report.function == "dmi_scan_machine"
        first = BOOT.count("\n") + 1
        assert [(item.line - first, item.text[:9]) for item in report.evidence] == [
            (0, "BUG: Int "),
            (3, "err 00000"),
            (8, "[<c026b45"),
        ]

    def test_a_line_that_was_broken_is_shown_as_it_stands(self) -> None:
        name = "a_function_whose_name_is_so_long_that_its_line_is_broken_in_the_middle_of_it"
        report = only(BOOT + wrapped(timed(oops("memcpy", name))))
        assert all(len(item.text) <= WIDTH for item in report.evidence)

    def test_there_are_not_too_many(self) -> None:
        hung = "INFO: task foo:{0} blocked for more than 120 seconds.\n" + trace("schedule", "foo")
        text = (
            "".join(hung.format(number) for number in range(9))
            + "Kernel panic - not syncing: hung_task: blocked tasks\n"
        )
        assert len(read((BOOT + text).encode()).reports[0].evidence) <= 6


class TestBounds:
    def test_the_bytes_kept_are_limited(self) -> None:
        found = block(row(), "BUG: x")
        for _ in range(100):
            found.take(b"x" * 1023 + b"\n")
        assert found.full
        assert found.last_offset == len("BUG: x\n") + LENGTH

    def test_one_that_is_not_full_takes_more(self) -> None:
        found = block(row(), "BUG: x")
        found.take(b"x" * (LENGTH - 1))
        assert not found.full
        found.take(b"xyz")
        assert found.full

    def test_of_a_stack_that_ran_over_more_is_kept(self) -> None:
        found = block(row(alternates=("stack-overflow",)), "BUG: x")
        found.take(b"x" * (LENGTH + 1))
        assert not found.full

    def test_the_records_looked_at_are_limited(self) -> None:
        found = block(row(), "BUG: x")
        found.take(b"\n" * (RECORDS - 1) + b" foo+0x1/0x2\n")
        assert found.report().function == "foo"
        found = block(row(), "BUG: x")
        found.take(b"\n" * RECORDS + b" foo+0x1/0x2\n")
        assert found.report().function is None

    def test_where_records_say_whose_they_are_too(self) -> None:
        text = timed(BOOT + FAULT + "\n" + "x\n" * (RECORDS - 1) + " foo+0x1/0x2\n", 0.1, "T1")
        assert only(text).function == "foo"
        text = timed(BOOT + FAULT + "\n" + "x\n" * RECORDS + " foo+0x1/0x2\n", 0.1, "T1")
        assert only(text).function is None

    def test_what_comes_after_the_reading_is_read_as_well(self) -> None:
        found = block(row(), "BUG: x")
        assert found.report().function is None
        found.take(b" foo+0x1/0x2\n")
        assert found.report().function == "foo"


class TestFollows:
    def pair(self, distance: int, *stamps: str | None, life: int = 1) -> tuple[Block, Block]:
        one = block(row(), "BUG: x", stamp=stamps[0] if stamps else None)
        two = block(row(), "BUG: x", offset=one.last_offset + distance, stamp=stamps[1] if stamps else None)
        two.life = life
        return one, two

    def test_close_upon_the_other(self) -> None:
        one, two = self.pair(NEAR - 1)
        assert two.follows_upon(one)

    def test_too_far(self) -> None:
        one, two = self.pair(NEAR)
        assert not two.follows_upon(one)

    @pytest.mark.parametrize(
        ("then", "now", "expected"), [("1.0", "10.9", True), ("1.0", "11.0", False), ("1.0", None, True)]
    )
    def test_too_late(self, then: str, now: str | None, expected: bool) -> None:
        one, two = self.pair(0, then, now)
        assert two.follows_upon(one) is expected

    def test_of_another_kernel(self) -> None:
        one, two = self.pair(0, life=2)
        assert not two.follows_upon(one)


class TestFollowers:
    FATAL = Format("f", Type.PANIC, Severity.FATAL, "Kernel", "^Kernel", "kernel panic", Blame.NOTHING, "here")

    def follow(self, found: Block, which: Format, text: str) -> None:
        match = which.regex.search(text)
        assert match
        found.follow(which, match, Evidence(2, 9, text))

    def test_of_very_many_the_panic_is_not_lost(self) -> None:
        found = block(row(), "BUG: x")
        for _ in range(500):
            self.follow(found, row(), "BUG: x")
        assert len(found.followers) < 100
        self.follow(found, self.FATAL, "Kernel panic")
        for _ in range(500):
            self.follow(found, row(), "BUG: x")
        assert found.panic is self.FATAL
        assert len(found.followers) < 100

    def test_one_that_comes_after_the_reading_is_told(self) -> None:
        found = block(row(), "BUG: x")
        assert found.report().consequence is None
        self.follow(found, self.FATAL, "Kernel panic")
        assert found.report().consequence == "kernel panic"

    def test_an_oops_does_not_lighten_a_fatal_one(self) -> None:
        found = block(row(), "BUG: x")
        self.follow(found, self.FATAL, "Kernel panic")
        self.follow(found, row(), "BUG: x")
        assert found.severity is Severity.FATAL
        assert found.panic is self.FATAL
        assert found.report().consequence == "kernel panic"

    def test_a_follower_makes_it_as_grave_as_itself(self) -> None:
        report = only(
            BOOT
            + "WARNING: at kernel/foo.c:12 bar+0x12/0x30()\n"
            + "Kernel panic - not syncing: panic_on_warn set ...\n"
        )
        assert (report.severity, report.consequence) == (Severity.FATAL, "kernel panic: panic_on_warn set")
        assert report.title == "WARNING in bar"
