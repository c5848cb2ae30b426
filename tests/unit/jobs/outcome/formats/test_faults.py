# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Exceptions in a running x86 kernel: each row is tried on lines written from arch/x86, in every era's wording."""

import pytest

from jobs.outcome.formats.faults import FAULTS
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain, title

NULL = "BUG: unable to handle kernel NULL pointer dereference"
PAGING = "BUG: unable to handle kernel paging request"
GUARD = "BUG: stack guard page was hit"
HEADERS = [
    # arch/x86/mm/fault.c show_fault_oops
    ("BUG: unable to handle kernel NULL pointer dereference at virtual address 00000024", Type.PAGE_FAULT, NULL),
    ("BUG: unable to handle kernel NULL pointer dereference at 00000004", Type.PAGE_FAULT, NULL),
    ("BUG: unable to handle kernel NULL pointer dereference at           (null)", Type.PAGE_FAULT, NULL),
    ("BUG: kernel NULL pointer dereference, address: 0000000000000008", Type.PAGE_FAULT, NULL),
    ("BUG: unable to handle kernel paging request at virtual address 6b6b6b6b", Type.PAGE_FAULT, PAGING),
    ("BUG: unable to handle kernel paging request at ffffffff8807b455", Type.PAGE_FAULT, PAGING),
    ("BUG: unable to handle page fault for address: ffffc90000000000", Type.PAGE_FAULT, PAGING),
    ("BUG: unable to handle kernel ", Type.PAGE_FAULT, "BUG: unable to handle kernel"),
    ("swapper/0: Corrupted page table at address 7f1234567000", Type.BAD_PAGE, "Corrupted page table"),
    # arch/x86/kernel/traps.c
    (
        "BUG: stack guard page was hit at ffffc90001a3bff8 (stack is ffffc90001a3c000..ffffc90001a3ffff)",
        Type.PAGE_FAULT,
        GUARD,
    ),
    (
        "BUG: TASK stack guard page was hit at ffffc90001a3bff8 (stack is ffffc90001a3c000..ffffc90001a40000)",
        Type.PAGE_FAULT,
        GUARD,
    ),
    (
        "BUG: #DF stack guard page was hit at 0000000012345678 (stack is 0000000023456789..0000000034567890)",
        Type.PAGE_FAULT,
        GUARD,
    ),
    ("CFI failure at do_one+0x37b/0x6c0 (target: two+0x0/0x112; expected type: 0xd9421881)", Type.TRAP, "CFI failure"),
    (
        "CFI failure at 0xffffffffa000269c (target: 0xffffffffa000269c; expected type: 0xd9421881)",
        Type.TRAP,
        "CFI failure",
    ),
    ("CFI failure (target: two+0x0/0x112):", Type.TRAP, "CFI failure"),
    ("traps: Missing ENDBR: two+0x0/0x10", Type.TRAP, "Missing ENDBR"),
    ("traps: Unexpected #CP", Type.TRAP, "control protection fault"),
    # die_nmi
    (
        "BUG: NMI Watchdog detected LOCKUP on CPU0, eip c0264345, registers:",
        Type.HANG,
        "BUG: NMI Watchdog detected LOCKUP",
    ),
    (
        "BUG: NMI Watchdog detected LOCKUP on CPU0, ip ffffffff8136b420, registers:",
        Type.HANG,
        "BUG: NMI Watchdog detected LOCKUP",
    ),
    ("NMI Watchdog detected LOCKUP on CPU 1", Type.HANG, "BUG: NMI Watchdog detected LOCKUP"),
]
DIES = [
    ("Oops: 0000 [#1] PREEMPT SMP DEBUG_PAGEALLOC", Type.OOPS, "Oops"),
    ("Oops: 0002 [1] SMP ", Type.OOPS, "Oops"),  # x86-64 to 2.6.24
    ("Oops: Oops: 0010 [#2] SMP NOPTI", Type.OOPS, "Oops"),
    ("Oops: 0000", Type.OOPS, "Oops"),  # 2.4
    ("general protection fault: 0000 [#1]", Type.GPF, "general protection fault"),
    ("general protection fault: 0000 [1] PREEMPT ", Type.GPF, "general protection fault"),
    ("segment-related general protection fault: 0010 [#1] SMP", Type.GPF, "general protection fault"),
    (
        "general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] PREEMPT SMP KASAN",
        Type.GPF,
        "general protection fault",
    ),
    (
        "general protection fault, maybe for address 0xffffc90000000000: 0000 [#1] SMP",
        Type.GPF,
        "general protection fault",
    ),
    (
        "general protection fault for non-canonical address 0xe017577ddf75b7dd: 0000 [#1] SMP",
        Type.GPF,
        "general protection fault",
    ),
    (
        "Oops: general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP KASAN",
        Type.GPF,
        "general protection fault",
    ),
    ("Oops: general protection fault, probably for non-canonical address ", Type.GPF, "general protection fault"),
    (
        "kasan: GPF could be caused by NULL-ptr deref or user memory accessgeneral protection fault: 0000 [#1] SMP KASAN",
        Type.GPF,
        "general protection fault",
    ),
    ("stack segment: 0000 [#1] PREEMPT SMP", Type.GPF, "stack segment fault"),
    ("divide error: 0000 [#1] ", Type.DIVIDE, "divide error"),
    ("divide_error: 0000 [#1] PREEMPT SMP KASAN", Type.DIVIDE, "divide error"),
    ("Oops: divide error: 0000 [#1] SMP", Type.DIVIDE, "divide error"),
    ("invalid opcode: 0000 [#1] ", Type.INVALID_OP, "invalid opcode"),
    ("invalid operand: 0000 [#1]", Type.INVALID_OP, "invalid opcode"),
    ("Oops: invalid opcode: 0000 [#1] SMP KASAN PTI", Type.INVALID_OP, "invalid opcode"),
    ("int3: 0000 [#1] SMP", Type.TRAP, "int3"),
    ("overflow: 0000 [#1]", Type.TRAP, "overflow"),
    ("bounds: 0000 [#1]", Type.TRAP, "bounds"),
    ("coprocessor segment overrun: 0000 [#1]", Type.TRAP, "coprocessor segment overrun"),
    ("device not available: 0000 [#1]", Type.TRAP, "device not available"),
    ("unexpected #NM exception: 0000 [#1]", Type.TRAP, "unexpected #NM exception"),
    ("fpu exception: 0000 [#1] SMP", Type.TRAP, "fpu exception"),
    ("kernel fpu math error: 0000 [1] SMP", Type.TRAP, "fpu exception"),
    ("simd exception: 0000 [#1] SMP", Type.TRAP, "simd exception"),
    ("kernel simd math error: 0000 [1] SMP", Type.TRAP, "simd exception"),
    ("invalid TSS: 1e58 [#1]", Type.TRAP, "invalid TSS"),
    ("segment not present: 0030 [#1]", Type.TRAP, "segment not present"),
    ("alignment check: 0000 [#1] SMP", Type.TRAP, "alignment check"),
    ("iret exception: 0000 [#1]", Type.TRAP, "iret exception"),
    ("control protection fault: 0003 [#1] SMP", Type.TRAP, "control protection fault"),
    ("VE fault: 0000 [#1] SMP", Type.TRAP, "VE fault"),
    ("Bad pagetable: 000d [#1] SMP", Type.BAD_PAGE, "Corrupted page table"),
    ("stack guard page: 0000 [#1] PREEMPT SMP", Type.PAGE_FAULT, GUARD),
    ("kernel stack overflow (page fault): 0000 [#1] SMP", Type.PAGE_FAULT, GUARD),
    ("kernel stack overflow (double-fault): 0000 [#1] SMP", Type.PAGE_FAULT, GUARD),
    ("Split lock detected", Type.TRAP, "split lock"),
]
MACHINE_CHECKS = [
    ("CPU 0: Machine Check Exception: 0000000000000007", Severity.OOPS),  # 2.6 i386
    ("CPU 2: Machine Check Exception:                4 Bank 5: f200000000000e0f", Severity.OOPS),  # 2.6 x86-64
    ("[Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 3: be00000000800400", Severity.OOPS),
    ("mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 4: b200000000070f0f", Severity.OOPS),
    ("CPU#1: Unexpected int18 (Machine Check)", Severity.OOPS),
    ("mce: [Hardware Error]: Machine check events logged", Severity.WARNING),
    ("Machine check events logged", Severity.WARNING),
    ("MCE: The hardware reports a non fatal, correctable incident occurred on CPU 0.", Severity.WARNING),
    ("{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 1", Severity.WARNING),
    ("Uhhuh. NMI received for unknown reason 3d on CPU 0.", Severity.CONTEXT),
    ("NMI: PCI system error (SERR) for reason a1 on CPU 0.", Severity.CONTEXT),
]
CONTEXT = [
    "kernel tried to execute NX-protected page - exploit attempt? (uid: 0)",
    "unable to execute userspace code (SMEP?) (uid: 0)",
    "Thread overran stack, or stack corrupted",
    "Recursive die() failure, output suppressed",
    "init[1]: segfault at 8 ip 08049113 sp bfc00b44 error 6 in init[8049000+1000]",
    "traps: init[1] trap invalid opcode ip:401111 sp:7ffd570c3978 error:0 in init[401000+1000]",
    "traps: systemd[1] general protection fault ip:401111 sp:7ffd570c3978 error:0 in systemd[401000+1000]",
]
NOT_THESE = [
    # user space
    "traps: chrome[2979] trap invalid opcode ip:55911b28dba3 sp:7ffea558a3e0 error:0",
    "traps: prog[2979] general protection fault ip:55911b28dba3 sp:7ffea558a3e0 error:0 in libc.so[7f00+1000]",
    "prog[411] general protection ip:b7f5 sp:bf9b error:0",
    "prog[411] general protection rip:2b5 rsp:7fff error:0",
    "prog[411]: segfault at 8 ip 08049113 sp bfc00b44 error 6 in prog[8049000+1000]",
    "init[411]: segfault at 8 ip 08049113 sp bfc00b44 error 6 in init[8049000+1000]",
    "traps: prog[81] trap divide error ip:401111 sp:7ffd570c3978 error:0 in prog[401000+1000]",
    "prog[82] control protection ip:401111 sp:7ffd5 ssp:7f error:0(near ret) in prog[401000+1000]",
    "x86/split lock detection: #AC: prog/123 took a split_lock trap at address: 0x401111",
    "x86/split lock detection: #AC: crashing the kernel on kernel split_locks and warning on user-space split_locks",
    # other words of healthy kernels
    "DEBUG: unable to handle kernel NULL pointer dereference at 0",
    "mce: CPU0: Thermal monitoring enabled (TM1)",
    "mce: [Hardware Error]: TSC 0 ADDR fef1a140 MISC 47880018086",
    "Intel machine check reporting enabled on CPU#0.",
    "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 2.2 msecs",
    "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
    "audit: backlog limit exceeded: overflow: 3",
    "Oops, something went wrong",
    "Oops: the file is gone",
    # source, documentation, quotes
    'printk(KERN_ALERT "BUG: unable to handle kernel paging request");',
    '"general protection fault: 0000 [#1]" means that',
    "see also: BUG: kernel NULL pointer dereference, address: 0",
]


@pytest.mark.parametrize(("line", "kind", "name"), HEADERS)
def test_a_header_begins_a_report(line: str, kind: Type, name: str) -> None:
    row = first(FAULTS, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.OOPS, False, name)


@pytest.mark.parametrize(("line", "kind", "name"), DIES)
def test_a_death_follows_from_the_line_that_said_of_what(line: str, kind: Type, name: str) -> None:
    row = first(FAULTS, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.OOPS, True, name)


@pytest.mark.parametrize(("line", "severity"), MACHINE_CHECKS)
def test_the_hardware_reports_an_error_of_its_own(line: str, severity: Severity) -> None:
    row = first(FAULTS, line)
    assert row is not None
    assert (row.type, row.severity) == (Type.MCE, severity)


@pytest.mark.parametrize("line", CONTEXT)
def test_what_is_only_kept_as_a_reason(line: str) -> None:
    row = first(FAULTS, line)
    assert row is not None
    assert row.severity is Severity.CONTEXT


@pytest.mark.parametrize(
    "line",
    [
        "do_IRQ: stack overflow: 380",
        "do_IRQ: swapper/0 has overflown the kernel stack (cur:ffff88003f8e4000,sp:ffff88003f8e4108,irq stk top-bottom:",
        "low stack detected by irq handler",
    ],
)
def test_a_stack_that_is_nearly_full_is_a_warning(line: str) -> None:
    row = first(FAULTS, line)
    assert row is not None
    assert (row.severity, row.alternates) == (Severity.WARNING, ("stack-overflow",))


def test_a_function_in_the_header_is_the_blamed_one() -> None:
    row = first(FAULTS, "CFI failure at do_one+0x37b/0x6c0 (target: two+0x0/0x112; expected type: 0xd9421881)")
    assert row is not None
    found = row.regex.search("CFI failure at do_one+0x37b/0x6c0 (target: two+0x0/0x112; expected type: 0xd9421881)")
    assert found is not None
    assert found["function"] == "do_one"


def test_a_fault_can_break_into_a_line() -> None:
    assert (
        first(FAULTS, "Checking 'hlt' instruction... <1>BUG: unable to handle kernel paging request at c0358996")
        is not None
    )


@pytest.mark.parametrize("line", NOT_THESE)
def test_ordinary_lines_are_none_of_these(line: str) -> None:
    assert first(FAULTS, line) is None


def test_needles_are_plain() -> None:
    assert needles_are_plain(FAULTS)
