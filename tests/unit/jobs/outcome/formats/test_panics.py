# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Panics: each row is tried on lines written from the panic() calls of 2.4 to 7.0."""

import pytest

from farm.core.words import Outcome
from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.formats.panics import PANICS
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain, title

_P = "Kernel panic - not syncing: "
ROOT_AND_INIT = [
    (_P + "VFS: Unable to mount root fs on unknown-block(8,1)", Type.NO_ROOT, Outcome.NO_ROOT),
    (_P + 'VFS: Unable to mount root fs on "/dev/ram0" or unknown-block(1,0)', Type.NO_ROOT, Outcome.NO_ROOT),
    ("Kernel panic: VFS: Unable to mount root fs on 03:01", Type.NO_ROOT, Outcome.NO_ROOT),  # 2.4
    (_P + "Could not decompress initial ramdisk image.", Type.NO_ROOT, Outcome.NO_ROOT),
    (_P + "No init found.  Try passing init= option to kernel.", Type.INIT_DIED, Outcome.NO_INIT),
    (_P + "No working init found.  Try passing init= option to kernel. See Linux Documentation/admin-guide/init.rst for guidance.", Type.INIT_DIED, Outcome.NO_INIT),
    (_P + "Requested init /bin/none failed (error -2).", Type.INIT_DIED, Outcome.NO_INIT),
    (_P + "Attempted to kill init!", Type.INIT_DIED, Outcome.INIT_DIED),
    (_P + "Attempted to kill init! exitcode=0x0000000b", Type.INIT_DIED, Outcome.INIT_DIED),
    ("Kernel panic: Attempted to kill init!", Type.INIT_DIED, Outcome.INIT_DIED),
]  # fmt: skip
OF_THEIR_OWN = [
    (_P + "stack-protector: Kernel stack is corrupted in: do_one+0x7ea/0x7f0", Type.PANIC, "kernel panic: stack is corrupted"),
    (_P + "stack-protector: Kernel stack is corrupted in: c0123456", Type.PANIC, "kernel panic: stack is corrupted"),
    (_P + "corrupted stack end detected inside scheduler", Type.PANIC, "kernel panic: corrupted stack end"),
    (_P + "corrupted shadow stack detected inside scheduler", Type.PANIC, "kernel panic: corrupted shadow stack"),
    (_P + "sysrq triggered crash", Type.PANIC, "kernel panic: sysrq triggered crash"),
    (_P + "IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.  Then try booting with the 'noapic' option.", Type.PANIC, "kernel panic: IO-APIC + timer doesn't work!"),
    (_P + "Boot APIC ID in local APIC unexpected (0 vs 4)", Type.PANIC, "kernel panic: Boot APIC ID in local APIC unexpected"),
    (_P + "Kernel requires i486+ for 'invlpg' and other features", Type.PANIC, "kernel panic: kernel requires another CPU"),
    (_P + "Kernel compiled for Pentium+, requires TSC feature!", Type.PANIC, "kernel panic: kernel requires another CPU"),
    (_P + "Linux doesn't support CPUs with broken WP.", Type.PANIC, "kernel panic: kernel requires another CPU"),
    (_P + "no cpio magic", Type.PANIC, "kernel panic: initramfs: no cpio magic"),
    (_P + "junk in compressed archive", Type.PANIC, "kernel panic: initramfs: junk in compressed archive"),
    (_P + "invalid compressed format (err=1)", Type.PANIC, "kernel panic: initramfs: invalid compressed format"),
    (_P + "Overlapping early reservations 100000-2fffff TEXT DATA BSS to 200000-3fffff RAMDISK", Type.PANIC, "kernel panic: Overlapping early reservations"),
    (_P + "alloc_low_page: ran out of memory", Type.PANIC, "kernel panic: alloc_low_page: ran out of memory"),
    (_P + "Failed to allocate Dentry cache hash table", Type.PANIC, "kernel panic: Failed to allocate Dentry cache hash table"),
    (_P + "Kernel mode signal 4", Type.PANIC, "kernel panic: Kernel mode signal"),
    (_P + "Kernel mode fault at addr 0x8, ip 0x60012345", Type.PAGE_FAULT, "kernel panic: Kernel mode fault"),
    (_P + "Kernel tried to access user memory at addr 0x8, ip 0x60012345", Type.PAGE_FAULT, "kernel panic: Kernel tried to access user memory"),
    (_P + "Segfault with no mm", Type.PAGE_FAULT, "kernel panic: Segfault with no mm"),
    (_P + "Couldn't open N_TTY ldisc for ptm1 --- error -12.", Type.PANIC, "kernel panic: Couldn't open N_TTY ldisc for ptm1 --- error -12."),
    ("Kernel panic: no room for boot memory", Type.PANIC, "kernel panic: no room for boot memory"),
    ("Kernel panic - not syncing: ", Type.PANIC, "kernel panic"),
    ("Kernel panic - not syncing", Type.PANIC, "kernel panic"),
    ("(XEN) Panic on CPU 0:", Type.PANIC, "Xen panic"),
    ("(XEN) Domain 0 (vcpu#0) crashed on cpu#0:", Type.PANIC, "Xen: domain 0 crashed"),
    ("(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.", Type.PANIC, "Xen: domain 0 crashed"),
]  # fmt: skip
FOLLOWING = [
    (_P + "Fatal exception in interrupt", Type.PANIC, "kernel panic: Fatal exception in interrupt"),
    (_P + "Fatal exception", Type.PANIC, "kernel panic: Fatal exception"),
    (_P + "Fatal exception: panic_on_oops", Type.PANIC, "kernel panic: Fatal exception"),
    (_P + "Oops - BUG: Fatal exception in interrupt", Type.PANIC, "kernel panic: Fatal exception in interrupt"),
    (_P + "synchronous external abort: Fatal exception", Type.PANIC, "kernel panic: Fatal exception"),
    (_P + "Attempted to kill the idle task!", Type.PANIC, "kernel panic: Attempted to kill the idle task!"),
    (_P + "Aiee, killing interrupt handler!", Type.PANIC, "kernel panic: Aiee, killing interrupt handler!"),
    ("Kernel panic: Aiee, killing interrupt handler!", Type.PANIC, "kernel panic: Aiee, killing interrupt handler!"),
    (_P + "panic_on_warn set ...", Type.PANIC, "kernel panic: panic_on_warn set"),
    (_P + "kernel: panic_on_warn set ...", Type.PANIC, "kernel panic: panic_on_warn set"),
    (_P + "KASAN: panic_on_warn set ...", Type.PANIC, "kernel panic: panic_on_warn set"),
    (_P + "kasan.fault=panic set ...", Type.PANIC, "kernel panic: panic on a report"),
    (_P + "kernel: system warned too often (kernel.warn_limit is 10)", Type.PANIC, "kernel panic: too many reports"),
    (_P + "Oopsed too often (kernel.oops_limit is 10000)", Type.PANIC, "kernel panic: too many reports"),
    (_P + "hung_task: blocked tasks", Type.HANG, "kernel panic: hung_task: blocked tasks"),
    (_P + "softlockup: hung tasks", Type.HANG, "kernel panic: softlockup: hung tasks"),
    (_P + "RCU Stall", Type.HANG, "kernel panic: RCU Stall"),
    (_P + "Hard LOCKUP", Type.HANG, "kernel panic: Hard LOCKUP"),
    (_P + "Watchdog detected hard LOCKUP on cpu 3", Type.HANG, "kernel panic: Hard LOCKUP"),
    (_P + "Non maskable interrupt", Type.HANG, "kernel panic: Hard LOCKUP"),
    (_P + "Oops", Type.PANIC, "kernel panic: Oops"),
    (_P + "Oops failed to kill thread", Type.PANIC, "kernel panic: Oops failed to kill thread"),
    (_P + "low stack detected by irq handler - check messages", Type.PANIC, "kernel panic: low stack detected by irq handler"),
    (_P + "Timeout: Not all CPUs entered broadcast exception handler", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "Timeout synchronizing machine check over CPUs", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "NMI: Not continuing", Type.PANIC, "kernel panic: NMI: Not continuing"),
    (_P + "Fatal machine check on current CPU", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "Fatal Machine check", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "CPU context corrupt", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "Unable to continue", Type.MCE, "kernel panic: Fatal machine check"),
    (_P + "Fatal hardware error!", Type.MCE, "kernel panic: Fatal hardware error"),
    (_P + "Machine halted.", Type.DOUBLE_FAULT, "kernel panic: Machine halted"),
    (_P + "cannot return from double fault", Type.DOUBLE_FAULT, "kernel panic: cannot return from double fault"),
    (_P + "TASK stack guard hit", Type.PAGE_FAULT, "kernel panic: stack guard hit"),
    (_P + "kernel stack overflow", Type.OTHER, "kernel panic: kernel stack overflow"),
    (_P + "Corrupt kernel stack, can't continue.", Type.OTHER, "kernel panic: kernel stack overflow"),
    (_P + "Asynchronous SError Interrupt", Type.PANIC, "kernel panic: Asynchronous SError Interrupt"),
    (_P + "CFI failure (target: two+0x0/0x112)", Type.TRAP, "kernel panic: CFI failure"),
    (_P + "Out of memory and no killable processes...", Type.PANIC, "kernel panic: Out of memory and no killable processes"),
    (_P + "System is deadlocked on memory", Type.PANIC, "kernel panic: System is deadlocked on memory"),
    (_P + "Out of memory: system-wide panic_on_oom is enabled", Type.PANIC, "kernel panic: Out of memory: panic_on_oom"),
    (_P + "out of memory. panic_on_oom is selected", Type.PANIC, "kernel panic: Out of memory: panic_on_oom"),
]  # fmt: skip
EVIDENCE = [
    ('VFS: Cannot open root device "sda1" or unknown-block(0,0)', Severity.CONTEXT),
    ('VFS: Cannot open root device "sda1" or unknown-block(0,0): error -6', Severity.CONTEXT),
    ("No filesystem could mount root, tried:  ext3 ext2", Severity.CONTEXT),
    ("VFS: Unable to mount root fs via NFS, trying floppy.", Severity.CONTEXT),
    ("Failed to execute /sbin/none.  Attempting defaults...", Severity.CONTEXT),
    ("Failed to execute /init (error -2)", Severity.CONTEXT),
    ("Starting init: /bin/sh exists but couldn't execute it (error -8)", Severity.CONTEXT),
    ("check access for rdinit=/init failed: -2, ignoring", Severity.CONTEXT),
    ("Warning: unable to open an initial console.", Severity.CONTEXT),
    ("Initramfs unpacking failed: junk within compressed archive", Severity.SPOILED),
    ("checking if image is initramfs... it isn't (no cpio magic); looks like an initrd", Severity.CONTEXT),
    ("it isn't (crc error); looks like an initrd", Severity.CONTEXT),
    ("rootfs image is not initramfs (no cpio magic); looks like an initrd", Severity.CONTEXT),
    ("RAMDISK: Couldn't find valid RAM disk image starting at 0.", Severity.CONTEXT),
]  # fmt: skip
NOT_THESE = [
    "---[ end Kernel panic - not syncing: Fatal exception ]---",
    "Kernel command line: console=ttyS0 panic=1",
    "the test provokes a Kernel panic - not syncing: none",
    '"Kernel panic - not syncing: %s"',
    "mce: [Hardware Error]: Fake kernel panic: Fatal machine check",
    "kernel panic: not by the kernel",
    "Rebooting in 2 seconds..",
    "(XEN) Domain 3 (vcpu#0) crashed on cpu#1:",
    "checking if image is initramfs... it is",
    "RAMDISK: gzip image found at block 0",
    "VFS: Mounted root (ext3 filesystem) readonly.",
    "systemd[1]: Failed to execute /usr/bin/none: No such file",
    "Failed to execute command: permission denied",
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "outcome"), ROOT_AND_INIT)
def test_no_root_and_no_init_have_outcomes_of_their_own(line: str, kind: Type, outcome: Outcome) -> None:
    row = first(PANICS, line)
    assert row is not None
    assert (row.type, row.severity, row.outcome) == (kind, Severity.FATAL, outcome)


@pytest.mark.parametrize(("line", "kind", "name"), OF_THEIR_OWN)
def test_a_panic_of_its_own_is_the_report(line: str, kind: Type, name: str) -> None:
    row = first(PANICS, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.FATAL, False, name)


@pytest.mark.parametrize(("line", "kind", "name"), FOLLOWING)
def test_a_panic_that_follows_has_the_type_of_what_it_stands_for(line: str, kind: Type, name: str) -> None:
    row = first(PANICS, line)
    assert row is not None
    assert (row.type, row.severity, row.follows, title(row, line)) == (kind, Severity.FATAL, True, name)


@pytest.mark.parametrize(("line", "severity"), EVIDENCE)
def test_what_tells_why_there_is_no_root_and_no_init(line: str, severity: Severity) -> None:
    row = first(PANICS, line)
    assert row is not None
    assert row.severity is severity


def test_the_stack_protector_names_the_function() -> None:
    line = _P + "stack-protector: Kernel stack is corrupted in: do_one+0x7ea/0x7f0"
    row = first(PANICS, line)
    assert row is not None
    found = row.regex.search(line)
    assert found is not None
    assert found["function"] == "do_one"


def test_a_cpu_that_the_running_kernel_refuses_is_the_wrong_machine() -> None:
    row = first(PANICS, _P + "Kernel requires i486+ for 'invlpg' and other features")
    assert row is not None
    assert row.outcome is Outcome.WRONG_CPU


def test_a_panic_can_break_into_a_line() -> None:
    assert first(PANICS, "Checking 'hlt' instruction... <0>Kernel panic - not syncing: none") is not None


@pytest.mark.parametrize("line", NOT_THESE)
def test_ordinary_lines_are_none_of_these(line: str) -> None:
    assert first(PANICS, line) is None


def test_needles_are_plain() -> None:
    assert needles_are_plain(PANICS)


# Whole reports
PROTECTOR = """\
[    1.000001] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: do_one+0x7ea/0x7f0
[    1.000002] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    1.000003] Call Trace:
[    1.000004]  dump_stack+0x10/0x20
[    1.000004]  panic+0x10/0x20
[    1.000004]  __stack_chk_fail+0x10/0x20
[    1.000004]  do_two+0x10/0x20
"""
PROTECTOR_2_6 = """\
Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: c0123456
Pid: 1, comm: swapper Not tainted 2.6.32 #1
Call Trace:
 [<c0500000>] ? panic+0x10/0x20
 [<c0500000>] __stack_chk_fail+0x10/0x20
 [<c0500000>] do_one+0x10/0x20
"""
STACK_END = """\
[    1.000001] Kernel panic - not syncing: corrupted stack end detected inside scheduler
[    1.000003] Call Trace:
[    1.000004]  dump_stack+0x10/0x20
[    1.000004]  panic+0x10/0x20
[    1.000004]  __schedule+0x10/0x20
[    1.000004]  deep_one+0x10/0x20
[    1.000004]  do_one+0x10/0x20
[    1.000004]  process_one_work+0x10/0x20
[    1.000004]  worker_thread+0x10/0x20
"""
I486 = """\
[    0.000000] Linux version 2.6.27.57 (root@build) (gcc version 4.3.2) #3
[    0.001000] Kernel panic - not syncing: Kernel requires i486+ for 'invlpg' and other features
"""
OOM = """\
[    0.000000] Linux version 6.1.0 (root@build) (gcc 12) #1 SMP
[    3.000001] swapper/0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[    3.000002] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
[    3.000003] Call Trace:
[    3.000004]  dump_header+0x10/0x20
[    3.000004]  out_of_memory+0x10/0x20
[    3.000005] Mem-Info:
[    3.000006] Kernel panic - not syncing: System is deadlocked on memory
"""


def _read(console: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(console.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    ("console", "name"),
    [
        (PROTECTOR, "kernel panic: stack is corrupted in do_one"),
        (PROTECTOR_2_6, "kernel panic: stack is corrupted in do_one"),
        (STACK_END, "kernel panic: corrupted stack end in do_one"),  # out to the work queue
    ],
)
def test_a_broken_stack_is_blamed_on_who_broke_it(console: str, name: str) -> None:
    reading = _read(console)
    assert (reading.outcome, reading.title, reading.function) == (Outcome.PANIC, name, "do_one")


def test_a_cpu_that_is_too_old_for_the_running_kernel() -> None:
    assert _read(I486).outcome is Outcome.WRONG_CPU


def test_a_panic_after_the_oom_killer_is_its_consequence() -> None:
    reading = _read(OOM)
    assert [(report.type, report.consequence) for report in reading.reports] == [
        (Type.OOM, "kernel panic: System is deadlocked on memory")
    ]
