# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Early exceptions and double faults: each row is tried on lines written from head_32.S, head_64.S, extable.c, traps.c."""

import pytest

from farm.core.words import Outcome
from jobs.outcome import Ending, Expectation, Reader, Reading
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
    ("PANIC: early exception 0d rip 10:ffffffff80ba7531 error 0 cr2 0", "PANIC: early exception: general protection fault"),
    ("PANIC: early exception 0x0e IP 10:ffffffff81f6b0c1 error 0 cr2 0xffff88001fbff000", "PANIC: early exception: page fault"),
    ("PANIC: early exception 0x00 IP 60:c1d2a3b4 error 0 cr2 0x0", "PANIC: early exception: divide error"),
    ("PANIC: early exception 0xe3 IP 10:ffffffffa08146f1 error 0 cr2 0x0", "PANIC: early exception"),
]  # fmt: skip
DOUBLE = [
    ("PANIC: double fault, gdt at c1a09000 [255 bytes]", Severity.FATAL),
    ("PANIC: double fault, error_code: 0x0", Severity.OOPS),
    ("traps: PANIC: double fault, error_code: 0x0", Severity.OOPS),
    ("double fault: 0000 [#1] PREEMPT SMP KASAN", Severity.OOPS),
    ("double fault: 0000 [1] SMP", Severity.OOPS),
    ("Oops: double fault: 0000 [#1] SMP NOPTI", Severity.OOPS),
]  # fmt: skip
NOT_THESE = [
    "DEBUG: Int 14: CR2 fffb5000",
    'int_msg: .asciz "BUG: Int %d: CR2 %p"',
    "panic: early exception 0e rip 10:0 error 0 cr2 0",
    "cpu0: double fault: see PANIC: double fault in the manual",
    "Unknown interrupt 7",
    "usb: Unknown interrupt or fault at port 3",
    "Error: unrecognized/unsupported option -x",
    "traps: prog[12] trap double fault ip:0 sp:0 error:0",
]  # fmt: skip


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


# Whole reports, of i386 2.6.27, x86-64 2.6.26 and 6.1
INT_14 = """\
BUG: Int 14: CR2 fffb5000
     EDI 00000000  ESI 00000000  EBP 00000000  ESP c0339f90
     EBX 00000000  EDX 0000000e  ECX 00000000  EAX fffb5000
     err 00000000  EIP c034c5f2   CS 00000060  flg 00010046
Stack: c0358996 00000000 00000000 00000000 00000000 00000000 00000000 00000000
       00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
       00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
[    0.000000] Pid: 0, comm: swapper Not tainted 2.6.27.57 #3
[    0.000000]  [<c034c57e>] hlt_loop+0x0/0x3
[    0.000000]  [<c034c5f2>] do_one+0x79/0x116
[    0.000000]  [<c034c700>] do_two+0x10/0x20
[    0.000000]  =======================
"""
EXCEPTION_06 = """\
PANIC: early exception 06 rip 10:ffffffff80ba7531 error 0 cr2 f06f53
Pid: 0, comm: swapper Not tainted 2.6.26 #1

Call Trace:
 [<ffffffff80b9c196>] early_idt_handler+0x56/0x6a
 [<ffffffff80ba7531>] do_one+0x12a/0x2d4
 [<ffffffff80ba7600>] do_two+0x10/0x20

RIP do_one+0x12a/0x2d4
"""
EXCEPTION_0D = """\
[    0.000000] Linux version 6.1.0 (root@build) (gcc 12) #1 SMP
PANIC: early exception 0x0d IP 10:ffffffff81f6b0c1 error 0 cr2 0xffff888000000000
[    0.000000] CPU: 0 PID: 0 Comm: swapper Not tainted 6.1.0 #1
[    0.000000] RIP: 0010:do_one+0x15/0x40
[    0.000000] Code: 48 8b
[    0.000000] RSP: 0000:ffffffff82603e80 EFLAGS: 00010046 ORIG_RAX: 0000000000000000
[    0.000000] Call Trace:
[    0.000000]  <TASK>
[    0.000000]  do_two+0x10/0x20
[    0.000000]  </TASK>
"""
DOUBLE_6_1 = """\
[    5.000000] Linux version 6.1.0 (root@build) (gcc 12) #1 SMP
[    5.100000] traps: PANIC: double fault, error_code: 0x0
[    5.100001] double fault: 0000 [#1] PREEMPT SMP NOPTI
[    5.100002] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    5.100003] RIP: 0010:do_one+0x15/0x40
[    5.100004] Call Trace:
[    5.100005]  <TASK>
[    5.100006]  do_two+0x10/0x20
[    5.100007]  </TASK>
[    5.100008] ---[ end trace 0000000000000000 ]---
[    5.100009] Kernel panic - not syncing: Machine halted.
"""
DOUBLE_OLD = """\
[    5.100000] PANIC: double fault, gdt at c1a09000 [255 bytes]
[    5.100001] double fault, tss at c1a05000
[    5.100002] eip = c013efeb, esp = fec80000
[    5.100003] eax = 0000015a, ebx = ffbfae6d, ecx = c03dfef0, edx = 00000000
[    5.100004] esi = c043ca00, edi = b828e228
"""


def _read(console: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(console.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    ("console", "name"),
    [
        (INT_14, "BUG: early exception: page fault in do_one"),
        (EXCEPTION_06, "PANIC: early exception: invalid opcode in do_one"),
        (EXCEPTION_0D, "PANIC: early exception: general protection fault in do_one"),
    ],
)
def test_the_function_is_where_the_fault_was_not_its_handler(console: str, name: str) -> None:
    reading = _read(console)
    assert (reading.outcome, reading.title, reading.function) == (Outcome.EARLY_EXCEPTION, name, "do_one")


def test_a_double_fault_its_death_and_its_panic_are_one_report() -> None:
    reading = _read(DOUBLE_6_1)
    assert [report.title for report in reading.reports] == ["PANIC: double fault in do_one"]
    assert reading.reports[0].consequence == "kernel panic: Machine halted"


def test_an_old_double_fault_has_no_function_and_is_whole() -> None:
    reading = _read(DOUBLE_OLD)
    assert [(report.title, report.corrupted) for report in reading.reports] == [("PANIC: double fault", False)]
