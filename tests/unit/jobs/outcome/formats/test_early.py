# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Early exceptions and double faults: each row is tried on lines written from head_32.S, head_64.S, extable.c, traps.c."""

import pytest

from farm.core.words import Outcome
from jobs.outcome.formats.early import EARLY
from jobs.outcome.formats.row import Blame, Severity, Type
from tests.support.excerpts import first, needles_are_plain

HEAD_32 = [
    ("BUG: Int 14: CR2 fffb5000", "BUG: early exception: page fault"),
    ("BUG: Int 14: CR2   (null)", "BUG: early exception: page fault"),  # %p of later kernels
    ("BUG: Int 13: CR2 00000000", "BUG: early exception: general protection fault"),
    ("BUG: Int 6: CR2 00000000", "BUG: early exception: invalid opcode"),
    ("BUG: Int 0: CR2 00000000", "BUG: early exception: divide error"),
    ("BUG: Int 12: CR2 00000000", "BUG: early exception"),
]
PANICS = [
    ("PANIC: early exception rip ffffffff8023429f error 0 cr2 0", "PANIC: early exception"),  # to 2.6.25
    ("PANIC: early exception 0e rip 10:ffffffff80ba7531 error 2 cr2 f06f53", "PANIC: early exception: page fault"),
    ("PANIC: early exception 06 rip 10:ffffffff80ba7531 error 0 cr2 f06f53", "PANIC: early exception: invalid opcode"),
    (
        "PANIC: early exception 0d rip 10:ffffffff80ba7531 error 0 cr2 0",
        "PANIC: early exception: general protection fault",
    ),
    (
        "PANIC: early exception 0x0e IP 10:ffffffff81f6b0c1 error 0 cr2 0xffff88001fbff000",
        "PANIC: early exception: page fault",
    ),
    ("PANIC: early exception 0x00 IP 60:c1d2a3b4 error 0 cr2 0x0", "PANIC: early exception: divide error"),
    ("PANIC: early exception 0xe3 IP 10:ffffffffa08146f1 error 0 cr2 0x0", "PANIC: early exception"),
]
DOUBLE = [
    ("PANIC: double fault, gdt at c1a09000 [255 bytes]", Severity.FATAL),
    ("PANIC: double fault, error_code: 0x0", Severity.OOPS),
    ("traps: PANIC: double fault, error_code: 0x0", Severity.OOPS),
    ("double fault: 0000 [#1] PREEMPT SMP KASAN", Severity.OOPS),
    ("double fault: 0000 [1] SMP", Severity.OOPS),
    ("Oops: double fault: 0000 [#1] SMP NOPTI", Severity.OOPS),
]
NOT_THESE = [
    "DEBUG: Int 14: CR2 fffb5000",
    'int_msg: .asciz "BUG: Int %d: CR2 %p"',
    "panic: early exception 0e rip 10:0 error 0 cr2 0",
    "cpu0: double fault: see PANIC: double fault in the manual",
    "Unknown interrupt 7",
    "usb: Unknown interrupt or fault at port 3",
    "Error: unrecognized/unsupported option -x",
    "traps: prog[12] trap double fault ip:0 sp:0 error:0",
]


@pytest.mark.parametrize(("line", "title"), HEAD_32)
def test_head_32_names_the_exception_and_leaves_the_function_to_the_trace(line: str, title: str) -> None:
    row = first(EARLY, line)
    assert row is not None
    assert (row.type, row.severity, row.outcome) == (Type.EARLY_EXCEPTION, Severity.FATAL, Outcome.EARLY_EXCEPTION)
    assert (row.title, row.blame) == (title, Blame.EIP_ENTRY)


@pytest.mark.parametrize(("line", "title"), PANICS)
def test_later_kernels_print_a_vector_and_then_registers(line: str, title: str) -> None:
    row = first(EARLY, line)
    assert row is not None
    assert (row.type, row.severity, row.outcome) == (Type.EARLY_EXCEPTION, Severity.FATAL, Outcome.EARLY_EXCEPTION)
    assert (row.title, row.blame) == (title, Blame.IP)


@pytest.mark.parametrize(
    "line",
    [
        "Unknown interrupt or fault at EIP 00000292 00000060 c140c6a3",
        "Unknown interrupt or fault at: 00000292 00000060 c140c6a3",
        "Unknown interrupt",
    ],
)
def test_an_unknown_interrupt_may_go_on(line: str) -> None:
    row = first(EARLY, line)
    assert row is not None
    assert (row.type, row.severity, row.outcome) == (Type.EARLY_EXCEPTION, Severity.OOPS, Outcome.EARLY_EXCEPTION)


@pytest.mark.parametrize(("line", "severity"), DOUBLE)
def test_a_double_fault_ends_on_the_spot_or_in_a_panic(line: str, severity: Severity) -> None:
    row = first(EARLY, line)
    assert row is not None
    assert (row.type, row.title, row.severity) == (Type.DOUBLE_FAULT, "PANIC: double fault", severity)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Error: unrecognized/unsupported processor variant (0x410fc075).", "kernel requires another CPU"),
        ("Error: unrecognized/unsupported machine ID (r1 = 0x00000000).", "kernel does not support this machine"),
        ("Error: invalid dtb and unrecognized/unsupported machine ID", "kernel does not support this machine"),
        ("Error: unrecognized/unsupported device tree compatible list:", "kernel does not support this machine"),
        ("Error: Kernel with LPAE support, but CPU does not support LPAE.", "kernel requires another CPU"),
    ],
)
def test_an_arm_kernel_that_is_not_for_the_machine(line: str, title: str) -> None:
    row = first(EARLY, line)
    assert row is not None
    assert (row.type, row.outcome, row.title) == (Type.WRONG_CPU, Outcome.WRONG_CPU, title)


def test_a_fault_can_break_into_a_line() -> None:
    assert first(EARLY, "Checking 'hlt' instruction... BUG: Int 6: CR2 00000000") is not None
    assert first(EARLY, "Checking 'hlt' instruction... <0>PANIC: double fault, gdt at c1a09000 [255 bytes]") is not None


@pytest.mark.parametrize("line", NOT_THESE)
def test_ordinary_lines_are_none_of_these(line: str) -> None:
    assert first(EARLY, line) is None


def test_needles_are_plain() -> None:
    assert needles_are_plain(EARLY)
