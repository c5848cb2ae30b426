"""Addresses without names, with a build's symbols: who faulted, and on which line."""

from dataclasses import dataclass, replace

import pytest

from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.frames import Kind, places
from jobs.outcome.symbolize import named
from jobs.symbols.model import Place, Symbols
from tests.support.excerpts import BOOT, FAULT, RELEASE

TEXT = {  # function: first address, size in bytes, its source
    "early_ioremap": (0xC034C579, 0x116, "arch/x86/mm/ioremap.c"),
    "foo_init": (0xC0355600, 0x80, "drivers/foo.c"),
    "panics_at_its_end": (0xC0355680, 0x20, "drivers/foo.c"),
    "bar_init": (0xC03556A0, 0x100, None),
    "do_one_initcall": (0xC0101000, 0x140, "init/main.c"),
    "dmi_scan_machine": (0xC026B41D, 0x147, None),
}


@dataclass(frozen=True)
class FakeSymbols:
    """Symbols of a build with six functions; a function's line is the offset in it."""

    release: str | None = None
    delta: int = 0

    def find(self, address: int, *, source: bool = True) -> Place | None:
        for name, (start, size, file) in TEXT.items():
            offset = address - self.delta - start
            if 0 <= offset < size:
                return Place(name, offset, size, file, offset) if file and source else Place(name, offset, size)
        return None

    def start(self, function: str, size: int | None = None) -> int | None:
        found = TEXT.get(function)
        return found[0] + self.delta if found and size in {None, found[1]} else None

    def relocated(self, delta: int) -> "FakeSymbols":
        return replace(self, delta=self.delta + delta)


def boot(text: str, symbols: Symbols | None) -> Reading:
    reader = Reader(Expectation(), symbols)
    reader.feed((BOOT + text).encode())
    return reader.conclude(Ending.END_OF_FILE)


# CONFIG_KALLSYMS off: arch/x86/kernel/traps_32.c printk_address prints the address and nothing more
BARE = (
    f"{FAULT}\nIP: [<c0355640>]\n*pde = 00000000 \nOops: 0000 [#1] SMP \nModules linked in:\n\n"
    f"Pid: 1, comm: swapper Not tainted ({RELEASE} #1)\nEIP: 0060:[<c0355640>] EFLAGS: 00010246 CPU: 0\n"
    "EAX: 00000000 EBX: c0355640 ECX: 00000000 EDX: 00000000\nCall Trace:\n [<c0355710>]\n [<c0101040>]\n"
    "EIP: [<c0355640>]  SS:ESP 0068:c7821f20\n---[ end trace 5871f91f961cb6c6 ]---\n"
)
EARLY = (
    "BUG: Int 14: CR2 fbe00000\n     EDI 00000000  ESI c0101000  EBP c0449f5c  ESP c0449f34\n"
    "     EBX 00000000  EDX 0000000e  ECX 00000000  EAX fbe00000\n"
    "     err 00000000  EIP c026b45a   CS 00000060  flg 00000046\nStack: 00000000 00000000\n"
    "Pid: 0, comm: swapper Not tainted 2.6.27.57 #1\n [<c0449b2a>]\n [<c026b45a>]\n [<c0101040>]\n"
)


class TestNamed:
    @pytest.mark.parametrize(
        "line",
        [
            "EIP: 0060:[<c0355640>] EFLAGS: 00010246 CPU: 0",
            "EIP: [<c0355640>]  SS:ESP 0068:c7821f20",
            "IP: [<c0355640>]",
            "EIP: 0060:0xc0355640",
            "EIP is at 0xc0355640",
            "err 00000000  EIP c0355640   CS 00000060  flg 00000046",
        ],
    )
    def test_an_instruction_pointer(self, line: str) -> None:
        (place,) = named([line], places([line]), FakeSymbols())
        assert place.kind is Kind.IP
        assert place.frame is not None
        assert (str(place.frame), place.frame.address) == ("foo_init+0x40/0x80 drivers/foo.c:64", 0xC0355640)

    @pytest.mark.parametrize(
        ("line", "reliable"),
        [
            (" [<c0355640>]", True),
            ("[<c0355640>] ? 0xc0355640", False),
            (" [<c0355640>] 0xc0355640", True),
            (" [<c0355640>] ?", False),
        ],
    )
    def test_an_entry(self, line: str, *, reliable: bool) -> None:
        (place,) = named([line], places([line]), FakeSymbols())
        assert place.kind is Kind.FRAME
        assert place.frame is not None
        assert (place.frame.function, place.frame.offset, place.frame.reliable) == ("foo_init", 0x40, reliable)

    def test_an_entry_is_a_return_address(self) -> None:
        """After a call that never returns it is the first byte of the next function."""
        (place,) = named([" [<c03556a0>]"], [], FakeSymbols())
        assert place.frame is not None
        assert str(place.frame) == "panics_at_its_end+0x20/0x20 drivers/foo.c:31"

    def test_an_instruction_pointer_is_none(self) -> None:
        (place,) = named(["EIP: 0060:[<c03556a0>] EFLAGS"], [], FakeSymbols())
        assert place.frame is not None
        assert str(place.frame) == "bar_init+0x0/0x100"

    def test_lines_that_have_names_keep_them(self) -> None:
        lines = ["EIP is at other+0x1/0x2", " [<c0355640>] third+0x1/0x2"]
        found = named(lines, places(lines), FakeSymbols())
        assert [place.frame.function for place in found if place.frame] == ["other", "third"]

    def test_a_line_with_an_address_and_a_name_is_one_place(self) -> None:
        lines = ["EIP: [<c0355640>] foo_init+0x40/0x80 SS:ESP 0068:c7821f20"]
        (place,) = named(lines, places(lines), FakeSymbols())
        assert place.frame is not None
        assert str(place.frame) == "foo_init+0x40/0x80 drivers/foo.c:64"

    def test_names_get_their_source_by_address_or_by_name(self) -> None:
        lines = ["EIP is at foo_init+0x40/0x80", " [<c0101040>] do_one_initcall+0x40/0x140", " early_ioremap+0x5/0x116"]
        found = named(lines, places(lines), FakeSymbols())
        assert [(place.frame.file, place.frame.line) for place in found if place.frame] == [
            ("drivers/foo.c", 0x40),
            ("init/main.c", 0x3F),
            ("arch/x86/mm/ioremap.c", 4),
        ]

    def test_another_function_of_the_same_name_does_not_lend_its_source(self) -> None:
        lines = ["EIP is at foo_init+0x40/0x99"]
        (place,) = named(lines, places(lines), FakeSymbols())
        assert place.frame is not None
        assert place.frame.file is None

    def test_modules_are_not_in_the_build(self) -> None:
        lines = ["EIP is at foo_init+0x40/0x80 [foo]"]
        assert named(lines, places(lines), FakeSymbols()) == places(lines)

    def test_the_order_of_lines_is_kept(self) -> None:
        lines = ["EIP: 0060:[<c0355640>] EFLAGS", "Call Trace:", " [<c0101040>]", " last+0x1/0x2"]
        found = named(lines, places(lines), FakeSymbols())
        assert [place.row for place in found] == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        "line", ["EIP: 0060:[<00000000>] EFLAGS", " [<deadbeef>]", "EIP: 0073:[<b7712424>] EFLAGS"]
    )
    def test_addresses_of_nothing(self, line: str) -> None:
        assert [place.frame for place in named([line], places([line]), FakeSymbols()) if place.frame] == []

    @pytest.mark.parametrize(
        "line",
        ["EAX: c0355640 EBX: c0355640", "Stack: c0355640 00000000", "CR2: c0355640", "c0355640", "ESP: c0355640"],
    )
    def test_words_that_are_no_place(self, line: str) -> None:
        assert named([line], places([line]), FakeSymbols()) == []


def test_of_a_long_trace_only_the_beginning_gets_source_lines() -> None:
    lines = [f" [<{0xC0101000 + 1 + number:08x}>]" for number in range(100)]
    frames = [place.frame for place in named(lines, [], FakeSymbols())]
    assert [frame.line for frame in frames if frame] == [*range(40), *[None] * 60]


class TestReading:
    def test_a_kernel_without_kallsyms(self) -> None:
        report = boot(BARE, FakeSymbols(RELEASE)).report
        assert report is not None
        assert (report.function, report.corrupted) == ("foo_init", False)
        assert report.title.endswith("NULL pointer dereference in foo_init")
        names = [frame.function for frame in report.frames]
        assert [name for name in names if name != "foo_init"] == ["bar_init", "do_one_initcall"]

    def test_without_symbols_nobody_can_tell(self) -> None:
        report = boot(BARE, None).report
        assert report is not None
        assert (report.function, report.frames) == (None, ())

    def test_an_early_fault(self) -> None:
        report = boot(EARLY, FakeSymbols(RELEASE)).report
        assert report is not None
        assert (report.type, report.function) == ("early-exception", "dmi_scan_machine")

    def test_an_early_fault_whose_trace_is_lost(self) -> None:
        report = boot(EARLY.partition("Stack")[0], FakeSymbols(RELEASE)).report
        assert report is not None
        assert report.function == "dmi_scan_machine"

    def test_a_kernel_that_runs_elsewhere_than_it_was_linked(self) -> None:
        """KASLR: the offset is only said at the end, by arch/x86/kernel/setup.c dump_kernel_offset."""
        moved = BARE.replace("c0355640", "c2755640").replace("c0355710", "c2755710").replace("c0101040", "c2501040")
        offset = "Kernel panic - not syncing: Fatal exception\nKernel Offset: 0x2400000 from 0xc0100000\n"
        report = boot(moved + offset, FakeSymbols(RELEASE)).report
        assert report is not None
        assert report.function == "foo_init"
        report = boot(moved + offset.partition("Kernel Offset")[0], FakeSymbols(RELEASE)).report
        assert report is not None
        assert report.function is None

    def test_an_offset_that_is_none(self) -> None:
        report = boot(
            BARE + "Kernel panic - not syncing: Fatal exception\nKernel Offset: disabled\n", FakeSymbols()
        ).report
        assert report is not None
        assert report.function == "foo_init"

    @pytest.mark.parametrize(
        ("release", "used"), [(RELEASE, True), (None, True), ("2.6.27.56", False), ("2.6.27", False)]
    )
    def test_only_the_symbols_of_the_kernel_that_booted_are_used(self, release: str | None, *, used: bool) -> None:
        report = boot(BARE, FakeSymbols(release)).report
        assert report is not None
        assert report.function == ("foo_init" if used else None)

    def test_another_kernels_faults_are_not_read_with_them(self) -> None:
        again = BOOT.replace(RELEASE, "2.6.26") + BARE
        reports = boot("Kernel panic - not syncing: x\n" + again, FakeSymbols(RELEASE)).reports
        assert [report.function for report in reports] == [None, None]
