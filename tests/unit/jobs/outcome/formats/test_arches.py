# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Exceptions on other architectures: each row is tried on lines written from their fault.c and traps.c."""

import pytest

from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.formats.arches import ARCHES
from jobs.outcome.formats.faults import FAULTS
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain, title

NULL = "BUG: unable to handle kernel NULL pointer dereference"
PAGING = "BUG: unable to handle kernel paging request"
HEADERS = [
    # arm, arm64, riscv, x86-64 to 2.6.24, sparc64, ia64, m68k
    ("Unable to handle kernel NULL pointer dereference at virtual address 00000009", Type.PAGE_FAULT, NULL),
    ("Unable to handle kernel NULL pointer dereference at virtual address 00000009 when read", Type.PAGE_FAULT, NULL),
    ("Unable to handle kernel NULL pointer dereference at 0000000000000028 RIP: ", Type.PAGE_FAULT, NULL),
    ("Unable to handle kernel NULL pointer dereference (address 0000000000000010)", Type.PAGE_FAULT, NULL),
    ("Unable to handle kernel paging request at virtual address ffff800015fdffa0", Type.PAGE_FAULT, PAGING),
    ("Unable to handle kernel paging request in mna handler", Type.PAGE_FAULT, PAGING),
    ("Unable to handle kernel access to user memory outside uaccess routines at virtual address 0000000000000010", Type.PAGE_FAULT, "BUG: unable to handle kernel access to user memory"),
    ("Unable to handle kernel access to user memory without uaccess routines at virtual address 0000000000000010", Type.PAGE_FAULT, "BUG: unable to handle kernel access to user memory"),
    ("Unable to handle kernel execution of user memory at virtual address 0000000000000000", Type.PAGE_FAULT, "BUG: unable to handle kernel execution of memory"),
    ("Unable to handle kernel execution of memory at virtual address b6f00000 when execute", Type.PAGE_FAULT, "BUG: unable to handle kernel execution of memory"),
    ("Unable to handle kernel write to read-only memory at virtual address ffff800008010000", Type.PAGE_FAULT, "BUG: unable to handle kernel write to read-only memory"),
    ("Unable to handle kernel access at virtual address 0x00000008", Type.PAGE_FAULT, PAGING),
    # mips, loongarch
    ("CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 80123456, ra == 80123400", Type.PAGE_FAULT, PAGING),
    # ppc
    ("Unable to handle kernel paging request for data at address 0x000012e0", Type.PAGE_FAULT, PAGING),
    ("Unable to handle kernel paging request for instruction fetch", Type.PAGE_FAULT, PAGING),
    ("BUG: Kernel NULL pointer dereference at 0x00000040", Type.PAGE_FAULT, NULL),
    ("BUG: Kernel NULL pointer dereference on read at 0x00000040", Type.PAGE_FAULT, NULL),
    ("BUG: Unable to handle kernel data access at 0xc008000000000000", Type.PAGE_FAULT, PAGING),
    ("BUG: Unable to handle kernel data access on write at 0xc008000000000000", Type.PAGE_FAULT, PAGING),
    ("BUG: Unable to handle kernel instruction fetch (NULL pointer?)", Type.PAGE_FAULT, PAGING),
    ("BUG: Unable to handle unknown paging fault at 0xc008000000000000", Type.PAGE_FAULT, PAGING),
    # s390
    ("Unable to handle kernel pointer dereference in virtual kernel address space", Type.PAGE_FAULT, PAGING),
    ("Unable to handle kernel pointer dereference at virtual kernel address           (null)", Type.PAGE_FAULT, PAGING),
    ("Unable to handle kernel paging request in virtual user address space", Type.PAGE_FAULT, PAGING),
    ("Kernel stack overflow.", Type.OTHER, "kernel stack overflow"),
    # arm, arm64: others
    ("Unhandled fault at 0xffff000008aa0000", Type.PAGE_FAULT, "Unhandled fault"),
    ("Alignment trap: not handling instruction e1932f9f at [<8028bd58>]", Type.TRAP, "Alignment trap"),
    ("Bad mode in prefetch abort handler detected", Type.TRAP, "Bad mode in prefetch abort handler"),
    ("Bad mode in Error handler detected on CPU1, code 0xbf000002 -- SError", Type.TRAP, "Bad mode in Error handler"),
    ("Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000002000000 -- BTI", Type.TRAP, "Unhandled 64-bit el1h sync exception"),
    ("SError Interrupt on CPU6, code 0x00000000be000411 -- SError", Type.PANIC, "kernel panic: Asynchronous SError Interrupt"),
    ("Insufficient stack space to handle exception!", Type.OTHER, "kernel stack overflow"),
]  # fmt: skip
DIES = [
    # arm, arm64: `%s: %x [#%d]`
    ("Internal error: Oops: 817 [#1] SMP ARM", Type.OOPS, "Oops"),
    ("Internal error: Oops: 96000004 [#1] PREEMPT SMP", Type.OOPS, "Oops"),
    ("Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP", Type.OOPS, "Oops"),
    ("Internal error: Oops - BUG: 0 [#1] SMP ARM", Type.KERNEL_BUG, "kernel BUG"),
    ("Internal error: Oops - undefined instruction: 0 [#1] SMP ARM", Type.INVALID_OP, "invalid opcode"),
    ("Internal error: Oops - Undefined instruction: 0000000002000000 [#1] SMP", Type.INVALID_OP, "invalid opcode"),
    ("Internal error: undefined instruction: 0 [#1] SMP", Type.INVALID_OP, "invalid opcode"),
    ("Internal error: Accessing user space memory outside uaccess.h routines: 96000004 [#1] SMP", Type.PAGE_FAULT, "BUG: unable to handle kernel access to user memory"),
    ("Internal error: Attempting to execute userspace memory: 8600000f [#1] SMP", Type.PAGE_FAULT, "BUG: unable to handle kernel execution of memory"),
    ("Internal error: synchronous external abort: 96000010 [#1] PREEMPT SMP", Type.TRAP, "Internal error: synchronous external abort"),
    ("Internal error: Oops - bad mode: 0 [#1] SMP", Type.TRAP, "Internal error: Oops - bad mode"),
    ("Internal error: Oops - CFI: 0 [#1] SMP", Type.TRAP, "Internal error: Oops - CFI"),
    ("Internal error: level 3 (translation table walk): 96000017 [#1] SMP", Type.TRAP, "Internal error: level 3 (translation table walk)"),
    ("Internal error: kernel stack overflow: 0 [#1] SMP ARM", Type.OTHER, "kernel stack overflow"),
    ("Internal error: : 1b [#1] SMP ARM", Type.PAGE_FAULT, "Unhandled fault"),
    # ppc: `Oops: %s, sig: %ld [#%d]`
    ("Oops: Kernel access of bad area, sig: 11 [#1]", Type.PAGE_FAULT, PAGING),
    ("Oops: Exception in kernel mode, sig: 4 [#1]", Type.INVALID_OP, "invalid opcode"),
    ("Oops: Exception in kernel mode, sig: 5 [#1]", Type.TRAP, "Exception in kernel mode"),
    ("Oops: Machine check, sig: 7 [#1]", Type.MCE, "Machine check"),
    ("Oops: Machine check (early boot), sig: 7 [#1]", Type.MCE, "Machine check"),
    ("Oops: Kernel stack overflow, sig: 11 [#1]", Type.OTHER, "kernel stack overflow"),
    ("Oops: Bad kernel stack pointer, sig: 6 [#1]", Type.TRAP, "Bad kernel stack pointer"),
    ("Oops: sig: 11 [#1] PREEMPT", Type.OOPS, "Oops"),  # xtensa
    # s390: `%s: %04x ilc:%d [#%d] `
    ("illegal operation: 0001 ilc:1 [#1] SMP ", Type.INVALID_OP, "invalid opcode"),
    ("illegal operation: 0001 [#1] SMP ", Type.INVALID_OP, "invalid opcode"),
    ("monitor event: 0040 ilc:2 [#1] SMP ", Type.KERNEL_BUG, "kernel BUG"),
    ("fixpoint divide exception: 0009 ilc:2 [#1] SMP ", Type.DIVIDE, "divide error"),
    ("Oops: 0004 ilc:2 [#1] SMP ", Type.OOPS, "Oops"),
    ("Low-address protection: 0004 ilc:3 [#1] SMP ", Type.PAGE_FAULT, NULL),
    ("specification exception: 0006 ilc:3 [#1] SMP ", Type.TRAP, "specification exception"),
    # riscv, csky: `%s [#%d]`; mips, loongarch: `%s[#%d]:`
    ("Oops [#1]", Type.OOPS, "Oops"),
    ("Kernel BUG [#1]", Type.KERNEL_BUG, "kernel BUG"),
    ("Oops - illegal instruction [#1]", Type.INVALID_OP, "invalid opcode"),
    ("Oops - load access fault [#1]", Type.PAGE_FAULT, PAGING),
    ("Oops - store (or AMO) address misaligned [#1]", Type.TRAP, "store (or AMO) address misaligned"),
    ("Oops[#1]:", Type.OOPS, "Oops"),
    ("Kernel bug detected[#1]:", Type.KERNEL_BUG, "kernel BUG"),
    ("Reserved instruction in kernel code[#1]:", Type.INVALID_OP, "invalid opcode"),
    ("Data bus error, epc == 80123456, ra == 80123400", Type.PAGE_FAULT, "Unhandled fault"),
    ("do_cpu invoked from kernel context![#1]:", Type.TRAP, "do_cpu invoked from kernel context!"),
    ("Unhandled kernel unaligned access[#1]:", Type.TRAP, "Unhandled kernel unaligned access"),
    # sparc, alpha, ia64, parisc, sh
    ("swapper/0(1): Oops [#1]", Type.OOPS, "Oops"),
    ("swapper(1): Oops 0", Type.OOPS, "Oops"),
    ("swapper[1]: Oops 8813272891392 [1]", Type.OOPS, "Oops"),
    ("swapper/0(1): Kernel bad trap [#1]", Type.TRAP, "Kernel bad trap"),
    ("Kernel Fault: Code=15 (Data TLB miss fault) at addr 0000000000000000", Type.PAGE_FAULT, PAGING),
    ("Kernel BUG: 003e [#1]", Type.KERNEL_BUG, "kernel BUG"),
    # x86's die() with a word that no other row has
    ("my own word: 0000 [#1] SMP", Type.TRAP, "my own word"),
]  # fmt: skip
CONTEXT = [
    "Kernel attempted to read user page (0) - exploit attempt? (uid: 0)",
    "kernel tried to execute exec-protected page (c008000000000000) - exploit attempt? (uid: 0)",
]  # fmt: skip
NOT_THESE = [
    # user space
    "Alignment trap: prog (12) PC=0x00008ab4 Instr=0xe5912000 Address=0x00000002 FSR 0x001",
    "prog[12]: User access of kernel address (c000000000000000) - exploit attempt? (uid: 1000)",
    "User process fault: interruption code 003b ilc:3 in prog[1000+1000]",
    "prog: unhandled page fault (11) at 0x00000000, code 0x017",
    "prog[12]: unhandled signal 11 code 0x1 at 0x0000000000000000 in prog[10000+1000]",
    "prog[80]: unhandled exception: DABT (lower EL), ESR 0x92000006, level 2 translation fault in libc.so",
    "do_page_fault(): sending SIGSEGV to prog for invalid read access from 00000000",
    "Unable to handle kernel configuration",
    "my_daemon: Internal error: 12",
    "Internal error: see the log",
    "Oops - we did it again",
    "Bad mode in menu",
    "arm64: Kernel BUG",
    'die("Oops [#1]")',
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "name"), HEADERS)
def test_a_header_begins_a_report(line: str, kind: Type, name: str) -> None:
    row = first(ARCHES, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.OOPS, False, name)


@pytest.mark.parametrize(("line", "kind", "name"), DIES)
def test_a_death_follows_from_the_line_that_said_of_what(line: str, kind: Type, name: str) -> None:
    row = first(ARCHES, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.OOPS, True, name)


@pytest.mark.parametrize("line", CONTEXT)
def test_what_is_only_kept_as_a_reason(line: str) -> None:
    row = first(ARCHES, line)
    assert row is not None
    assert row.severity is Severity.CONTEXT


def test_a_division_by_zero_on_arm_is_worked_around() -> None:
    row = first(ARCHES, "Division by zero in kernel.")
    assert row is not None
    assert (row.type, row.severity) == (Type.DIVIDE, Severity.WARNING)


@pytest.mark.parametrize(("line", "kind", "name"), [*HEADERS, *DIES])
def test_x86_rows_come_before_and_say_the_same(line: str, kind: Type, name: str) -> None:
    row = first(FAULTS, line)
    assert row is None or (row.type, title(row, line)) == (kind, name)


@pytest.mark.parametrize("line", NOT_THESE)
def test_ordinary_lines_are_none_of_these(line: str) -> None:
    assert first(ARCHES, line) is None


def test_needles_are_plain() -> None:
    assert needles_are_plain(ARCHES)


# Whole reports
ARM = """\
[    1.000000] 8<--- cut here ---
[    1.000001] Unable to handle kernel NULL pointer dereference at virtual address 00000008 when read
[    1.000002] [00000008] *pgd=00000000
[    1.000003] Internal error: Oops: 5 [#1] SMP ARM
[    1.000004] Modules linked in:
[    1.000005] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000006] PC is at do_one+0x15/0x40
[    1.000007] LR is at do_two+0x10/0x20
[    1.000008] pc : [<c0123456>]    lr : [<c0123460>]    psr: 60000013
[    1.000009]  do_one from do_two+0x10/0x20
[    1.000010] Kernel panic - not syncing: Fatal exception
"""
ARM_UNHANDLED = """\
[    1.000000] Unhandled fault: external abort on non-linefetch (0x1018) at 0xe0a00000
[    1.000002] pgd = c0004000
[    1.000003] Internal error: : 1018 [#1] SMP ARM
[    1.000006] PC is at do_one+0x15/0x40
[    1.000007] LR is at do_two+0x10/0x20
[    1.000009] [<c0123456>] (do_one) from [<c0123460>] (do_two+0x10/0x20)
"""
ARM64 = """\
[    1.000001] Unable to handle kernel access to user memory outside uaccess routines at virtual address 0000000000000010
[    1.000002] Mem abort info:
[    1.000003] Internal error: Oops: 0000000096000004 [#1] SMP
[    1.000004] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000005] pc : do_one+0x15/0x40
[    1.000006] lr : do_two+0x10/0x20
[    1.000007] Call trace:
[    1.000008]  do_one+0x15/0x40
[    1.000009]  do_two+0x10/0x20
[    1.000010] Kernel panic - not syncing: Oops: Fatal exception
"""
ARM64_SERROR = """\
[    1.000001] SError Interrupt on CPU6, code 0x00000000be000411 -- SError
[    1.000004] CPU: 6 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000005] pc : do_one+0x15/0x40
[    1.000006] lr : do_two+0x10/0x20
[    1.000007] Kernel panic - not syncing: Asynchronous SError Interrupt
[    1.000008] Call trace:
[    1.000009]  dump_backtrace+0x0/0x1e4
[    1.000009]  panic+0x0/0x1e4
"""
PPC = """\
[    1.000001] BUG: Kernel NULL pointer dereference on read at 0x00000040
[    1.000002] Faulting instruction address: 0xc000000000012345
[    1.000003] Oops: Kernel access of bad area, sig: 11 [#1]
[    1.000004] LE PAGE_SIZE=64K MMU=Hash SMP NR_CPUS=2048 NUMA pSeries
[    1.000005] NIP:  c000000000012345 LR: c000000000012350 CTR: c000000000012360
[    1.000006] NIP [c000000000012345] do_one+0x15/0x40
[    1.000007] LR [c000000000012350] do_two+0x10/0x20
[    1.000008] Call Trace:
[    1.000009] [c00000000a123456] [c000000000012350] do_two+0x10/0x20 (unreliable)
"""
S390 = """\
[    1.000001] Unable to handle kernel pointer dereference in virtual kernel address space
[    1.000002] Failing address: 0000000000000000 TEID: 0000000000000483
[    1.000003] Oops: 0004 ilc:2 [#1] SMP
[    1.000004] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000005] Krnl PSW : 0704c00180000000 0000000000123456 (do_one+0x15/0x40)
[    1.000006] Call Trace:
[    1.000007]  [<0000000000123456>] do_one+0x15/0x40
[    1.000008]  [<0000000000123460>] do_two+0x10/0x20
"""
RISCV = """\
[    1.000001] Unable to handle kernel paging request at virtual address ff60000000000008
[    1.000002] Oops [#1]
[    1.000003] Modules linked in:
[    1.000004] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000005] epc : do_one+0x15/0x40
[    1.000006]  ra : do_two+0x10/0x20
"""
MIPS = """\
[    1.000001] CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 80123456, ra == 80123400
[    1.000002] Oops[#1]:
[    1.000003] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000004] epc   : 80123456 do_one+0x15/0x40
[    1.000005] ra    : 80123400 do_two+0x10/0x20
[    1.000006] Call Trace:
[    1.000007] [<80123456>] do_one+0x15/0x40
"""


def _read(console: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(console.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    ("console", "name"),
    [
        (ARM, NULL),
        (ARM_UNHANDLED, "Unhandled fault"),
        (ARM64, "BUG: unable to handle kernel access to user memory"),
        (ARM64_SERROR, "kernel panic: Asynchronous SError Interrupt"),
        (PPC, NULL),
        (S390, PAGING),
        (RISCV, PAGING),
        (MIPS, PAGING),
    ],
)
def test_a_fault_its_death_and_its_panic_are_one_report(console: str, name: str) -> None:
    reading = _read(console)
    assert [(report.title, report.function) for report in reading.reports] == [(f"{name} in do_one", "do_one")]


@pytest.mark.parametrize(
    "line",
    [
        "Unhandled fault: page domain fault (0x01b) at 0x00000008",
        "Unhandled fault: external abort on non-linefetch (0x1018) at 0xe0a00000",
        "Unhandled fault: synchronous external abort (0x96000010) at 0xffff000008aa0000",
        "Unhandled prefetch abort: breakpoint debug exception (0x222) at 0x00000000",
    ],
)
def test_an_unhandled_fault_is_a_programs_unless_the_kernel_dies(line: str) -> None:
    died = "Internal error: : 1b [#1] SMP ARM"
    found = [_read(text).reports for text in (f"{line}\n", f"{line}\n{died}\n")]
    assert [(len(reports), reports[0].severity) for reports in found] == [(1, Severity.WARNING), (1, Severity.OOPS)]
    assert {report.title for reports in found for report in reports} == {"Unhandled fault"}
