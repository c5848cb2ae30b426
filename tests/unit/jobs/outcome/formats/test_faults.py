# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Exceptions in a running x86 kernel: each row is tried on lines written from arch/x86, in every era's wording."""

import pytest

from jobs.outcome import Ending, Expectation, Reader, Reading
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
    ("PANIC: exception stack guard: 0xffffc90001a3bff8", Type.PAGE_FAULT, GUARD),
    ("BUG: stack guard page was hit at ffffc90001a3bff8 (stack is ffffc90001a3c000..ffffc90001a3ffff)", Type.PAGE_FAULT, GUARD),
    ("BUG: TASK stack guard page was hit at ffffc90001a3bff8 (stack is ffffc90001a3c000..ffffc90001a40000)", Type.PAGE_FAULT, GUARD),
    ("BUG: #DF stack guard page was hit at 0000000012345678 (stack is 0000000023456789..0000000034567890)", Type.PAGE_FAULT, GUARD),
    ("CFI failure at do_one+0x37b/0x6c0 (target: two+0x0/0x112; expected type: 0xd9421881)", Type.TRAP, "CFI failure"),
    ("CFI failure at 0xffffffffa000269c (target: 0xffffffffa000269c; expected type: 0xd9421881)", Type.TRAP, "CFI failure"),
    ("CFI failure (target: two+0x0/0x112):", Type.TRAP, "CFI failure"),
    ("traps: Missing ENDBR: two+0x0/0x10", Type.TRAP, "Missing ENDBR"),
    ("traps: Unexpected #CP", Type.TRAP, "control protection fault"),
]  # fmt: skip
DIES = [
    ("Oops: 0000 [#1] PREEMPT SMP DEBUG_PAGEALLOC", Type.OOPS, "Oops"),
    ("Oops: 0002 [1] SMP ", Type.OOPS, "Oops"),  # x86-64 to 2.6.24
    ("Oops: Oops: 0010 [#2] SMP NOPTI", Type.OOPS, "Oops"),
    ("Oops: 0000", Type.OOPS, "Oops"),  # 2.4
    ("general protection fault: 0000 [#1]", Type.GPF, "general protection fault"),
    ("general protection fault: 0000 [1] PREEMPT ", Type.GPF, "general protection fault"),
    ("segment-related general protection fault: 0010 [#1] SMP", Type.GPF, "general protection fault"),
    ("general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] PREEMPT SMP KASAN", Type.GPF, "general protection fault"),
    ("general protection fault, maybe for address 0xffffc90000000000: 0000 [#1] SMP", Type.GPF, "general protection fault"),
    ("general protection fault for non-canonical address 0xe017577ddf75b7dd: 0000 [#1] SMP", Type.GPF, "general protection fault"),
    ("Oops: general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP KASAN", Type.GPF, "general protection fault"),
    ("Oops: general protection fault, probably for non-canonical address ", Type.GPF, "general protection fault"),
    ("kasan: GPF could be caused by NULL-ptr deref or user memory accessgeneral protection fault: 0000 [#1] SMP KASAN", Type.GPF, "general protection fault"),
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
]  # fmt: skip
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
]  # fmt: skip
CONTEXT = [
    "kernel tried to execute NX-protected page - exploit attempt? (uid: 0)",
    "unable to execute userspace code (SMEP?) (uid: 0)",
    "Thread overran stack, or stack corrupted",
    "Recursive die() failure, output suppressed",
    "init[1]: segfault at 8 ip 08049113 sp bfc00b44 error 6 in init[8049000+1000]",
    "traps: init[1] trap invalid opcode ip:401111 sp:7ffd570c3978 error:0 in init[401000+1000]",
    "traps: systemd[1] general protection fault ip:401111 sp:7ffd570c3978 error:0 in systemd[401000+1000]",
]  # fmt: skip
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
]  # fmt: skip


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


# Whole reports: i386 2.6.27, x86-64 2.6.24 and 6.12
I386_2_6_27 = """\
[    0.000000] Linux version 2.6.27.57 (root@build) (gcc version 4.3.2) #3
[    0.204000] BUG: unable to handle kernel NULL pointer dereference at 00000008
[    0.204000] IP: [<c0358996>] do_one+0x5/0x116
[    0.204000] *pde = 00000000
[    0.204000] Oops: 0000 [#1]
[    0.204000] Modules linked in:
[    0.204000]
[    0.204000] Pid: 1, comm: swapper Not tainted (2.6.27.57 #3)
[    0.204000] EIP: 0060:[<c0358996>] EFLAGS: 00000246 CPU: 0
[    0.204000] EIP is at do_one+0x5/0x116
[    0.204000] EAX: 00000000 EBX: c0358991 ECX: 00000000 EDX: 00000000
[    0.204000] ESI: 00000000 EDI: 00000000 EBP: 00000000 ESP: c7829fd0
[    0.204000]  DS: 007b ES: 007b FS: 0000 GS: 0000 SS: 0068
[    0.204000] Process swapper (pid: 1, ti=c7828000 task=c7820000 task.ti=c7828000)
[    0.204000] Stack: c0339a4b 00000000 00000000 00000000
[    0.204000] Call Trace:
[    0.204000]  [<c0339a4b>] ? kernel_init+0x10f/0x25b
[    0.204000]  =======================
[    0.204000] Code: 89 e5 <a1> 08 00 00 00
[    0.204000] EIP: [<c0358996>] do_one+0x5/0x116 SS:ESP 0068:c7829fd0
[    0.204000] ---[ end trace 4eaa2a86a8e2da22 ]---
[    0.208000] Kernel panic - not syncing: Attempted to kill init!
"""
X86_64_2_6_24 = """\
Linux version 2.6.24 (root@build) (gcc version 4.2.3) #1 SMP
Unable to handle kernel NULL pointer dereference at 0000000000000028 RIP:
 [<ffffffff8020c1a5>] do_one+0x15/0x40
PGD 0
Oops: 0000 [1] SMP
CPU 0
Modules linked in:
Pid: 1, comm: swapper Not tainted 2.6.24 #1
RIP: 0010:[<ffffffff8020c1a5>]  [<ffffffff8020c1a5>] do_one+0x15/0x40
RSP: 0000:ffff81000fc3be80  EFLAGS: 00010246
Call Trace:
 [<ffffffff8020c200>] do_two+0x10/0x20
Code: 48 8b 40 28
RIP  [<ffffffff8020c1a5>] do_one+0x15/0x40
 RSP <ffff81000fc3be80>
CR2: 0000000000000028
---[ end trace ca143223eefdc828 ]---
Kernel panic - not syncing: Attempted to kill init!
"""
X86_64_6_12 = """\
[    0.000000] Linux version 6.12.1 (root@build) (gcc 14) #1 SMP
[    1.100000][    T1] Oops: general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] PREEMPT SMP KASAN NOPTI
[    1.100001][    T1] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]
[    1.100002][    T1] CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted 6.12.1 #1
[    1.100003][    T1] RIP: 0010:do_one+0x15/0x40
[    1.100004][    T1] Code: 80 3c 02 00
[    1.100005][    T1] RSP: 0018:ffffc90000067c90 EFLAGS: 00010202
[    1.100006][    T1] Call Trace:
[    1.100007][    T1]  <TASK>
[    1.100008][    T1]  do_two+0x10/0x20
[    1.100009][    T1]  </TASK>
[    1.100010][    T1] Modules linked in:
[    1.100011][    T1] ---[ end trace 0000000000000000 ]---
[    1.100012][    T1] RIP: 0010:do_one+0x15/0x40
[    1.100013][    T1] Kernel panic - not syncing: Fatal exception
[    1.100014][    T1] Kernel Offset: disabled
"""
GUARD_6_1 = """\
[    1.000001] BUG: TASK stack guard page was hit at ffffc90001a3bff8 (stack is ffffc90001a3c000..ffffc90001a40000)
[    1.000002] stack guard page: 0000 [#1] PREEMPT SMP
[    1.000003] RIP: 0010:deep_one+0x15/0x40
[    1.000004] Call Trace:
[    1.000005]  <TASK>
[    1.000006]  do_one+0x10/0x20
[    1.000007]  do_syscall_64+0x10/0x20
[    1.000008] Kernel panic - not syncing: Fatal exception
"""
TORN_4_9 = """\
[  153.606199] kernel tried to execute NX-protected page - exploit attempt? (uid: 0)
[  153.613861] BUG: unable to handle kernel [  153.615435] deprecated getsockopt used by prog!
[  153.623948] paging request at ffff8800b3d5ed58
[  153.628940] IP: [<ffff8800b3d5ed58>] do_one+0x10/0x20
[  153.640483] Oops: 0011 [#1] SMP KASAN
"""


def _read(console: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(console.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    ("console", "name", "consequence"),
    [
        (I386_2_6_27, f"{NULL} in do_one", "kernel panic: Attempted to kill init!"),
        (X86_64_2_6_24, f"{NULL} in do_one", "kernel panic: Attempted to kill init!"),
        (X86_64_6_12, "general protection fault in do_one", "kernel panic: Fatal exception"),
        (GUARD_6_1, f"{GUARD} in do_one", "kernel panic: Fatal exception"),  # out to the system call
        (TORN_4_9, "BUG: unable to handle kernel in do_one", None),
    ],
)
def test_a_fault_its_death_and_its_panic_are_one_report(console: str, name: str, consequence: str | None) -> None:
    reading = _read(console)
    assert [(report.title, report.consequence) for report in reading.reports] == [(name, consequence)]
