# ruff: noqa: E501 - an excerpt is the line as it is printed
"""WARN() and BUG(): each row is tried on what the kernel prints, in every dress from 2.6.22 to 7.0, and on advice."""

import pytest

from jobs.outcome.formats.row import Blame, Severity, Type
from jobs.outcome.formats.warnings import WARNINGS
from tests.support.excerpts import first, needles_are_plain, title

PLACES = [
    ("lib/refcount.c", "refcount_warn_saturate", "refcount", "WARNING: refcount bug"),
    ("lib/debugobjects.c", "debug_print_object", "odebug", "WARNING: ODEBUG bug"),
    ("mm/usercopy.c", "usercopy_warn", "usercopy-warn", "WARNING: bad usercopy"),
    ("lib/kobject.c", "kobject_add_internal", "kobject", "WARNING: kobject bug"),
    ("fs/proc/generic.c", "proc_register", "proc-register", "WARNING: proc registration bug"),
    ("kernel/lockdep.c", "__lock_acquire", "lockdep-bug", "WARNING: locking bug"),
    ("kernel/locking/lockdep.c", "lock_release", "lockdep-bug", "WARNING: locking bug"),
    ("mm/vmalloc.c", "__vmalloc_node_range", "vmalloc-size", "WARNING: zero-size vmalloc"),
    ("mm/slab_common.c", "kmalloc_slab", "kmalloc", "WARNING: kmalloc bug"),
    ("mm/util.c", "kvmalloc_node", "kmalloc", "WARNING: kmalloc bug"),
    ("drivers/usb/core/urb.c", "usb_submit_urb", "usb-submit", "WARNING"),
    # neighbours of those, and any other place
    ("lib/debugobjects.c", "lookup_object_or_alloc", "warning", "WARNING"),
    ("kernel/lockdep.c", "check_flags", "warning", "WARNING"),
    ("kernel/lockdep.c", "trace_hardirqs_on", "warning", "WARNING"),
    ("fs/proc/generic.c", "remove_proc_entry", "warning", "WARNING"),
    ("mm/slab_common.c", "free_large_kmalloc", "warning", "WARNING"),
    ("mm/page_alloc.c", "__alloc_pages_nodemask", "warning", "WARNING"),
    ("/home/me/linux-2.6/kernel/softirq.c", "local_bh_enable", "warning", "WARNING"),
    ("/build/linux-6.1.90/debian/build/source_rt/kernel/smp.c", "smp_call_function_many_cond", "warning", "WARNING"),
]
# WARN_ON in asm-generic/bug.h 2.6.22; warn_on_slowpath 2.6.26; 2.6.27 modules; warn_slowpath_fmt 2.6.30; 3.11; 4.3; 6.18; 6.19
DRESSES = [
    "WARNING: at {file}:12 {function}()",
    "WARNING: at {file}:12 {function}+0x3c/0xab()",
    "WARNING: at {file}:12 :foo:{function}+0x3c/0xab()",
    "WARNING: at {file}:12 {function}+0x3c/0xab [foo]() (Not tainted)",
    "WARNING: CPU: 0 PID: 37 at {file}:12 {function}+0x3c/0xab [foo]()",
    "WARNING: CPU: 0 PID: 37 at {file}:12 {function}+0x3c/0xab",
    "WARNING: CPU: 0 PID: 37 at [a < 0 && (b & 1)] {file}:12 {function}+0x3c/0xab [foo]",
    "WARNING: {file}:12 at {function}+0x3c/0xab, CPU#0: swapper/0/0",
    "WARNING: [a != NULL] {file}:12 at {function}+0x3c/0xab [foo], CPU#1: kworker/u8:1/44",
]

REPORTS = [
    ("WARNING: CPU: 0 PID: 1 at foo+0x1/0x2", "warning", "WARNING", "foo"),
    ("WARNING: at foo+0x1/0x2, CPU#0: swapper/0/1", "warning", "WARNING", "foo"),
    ("WARNING: lib/refcount.c:19 at 0x0, CPU#1: sh/812", "refcount", "WARNING: refcount bug", None),
    ("WARNING: fs/ext4/xattr.c:1058 at 0x0, CPU#0: sh/812", "warning", "WARNING", None),
    # lib/bug.c report_bug: no caller
    ("WARNING: at arch/powerpc/platforms/pseries/eeh.c:390", "warning", "WARNING", None),
    ("WARNING: at c000000000123456 [verbose debug info unavailable]", "warning", "WARNING", None),
    ("Badness at kernel/softirq.c:138", "badness", "WARNING", None),
    ("Badness at c0123456 [verbose debug info unavailable]", "badness", "WARNING", None),
    ("Badness in local_bh_enable at kernel/softirq.c:138", "badness", "WARNING", None),
    ("BUG: warning at kernel/softirq.c:137/local_bh_enable()", "warning", "WARNING", "local_bh_enable"),
    ("BUG: at kernel/softirq.c:137 local_bh_enable()", "warning", "WARNING", "local_bh_enable"),
    # arch/x86/kernel/unwind_frame.c, dumpstack_32.c
    ("WARNING: kernel stack regs at c1a2b3c4 in sh:812 has bad 'bp' value 00000001", "stack-regs", "WARNING: kernel stack regs has bad 'bp' value", None),
    ("WARNING: kernel stack regs at         (ptrval) in sh:812 has bad 'bp' value         (ptrval)", "stack-regs", "WARNING: kernel stack regs has bad 'bp' value", None),
    ("WARNING: kernel stack frame pointer at c1a2b3c4 in sh:812 has bad value 00000001", "stack-frame", "WARNING: kernel stack frame pointer has bad value", None),
    # arch/x86/mm/extable.c
    ("unchecked MSR access error: RDMSR from 0x852 at rIP: 0xffffffff8104ad14 (snb_uncore_msr_init_box+0x14/0x40)", "msr", "unchecked MSR access error", "snb_uncore_msr_init_box"),
    ("unchecked MSR access error: WRMSR to 0x122 (tried to write 0x0000000000000001) at rIP: 0xc104ad14 (native_write_msr+0x4/0x20)", "msr", "unchecked MSR access error", "native_write_msr"),
    ("WARNING: stack recursion on stack type 2", "stack-recursion", "WARNING: stack recursion", None),
    # BUG()
    ("kernel BUG at kernel/softirq.c:138!", "bug", "kernel BUG", None),
    ("Kernel BUG at c0358996 [verbose debug info unavailable]", "bug", "kernel BUG", None),
    ("kernel BUG at [a == b] kernel/softirq.c:138!", "bug", "kernel BUG", None),
    ("kernel BUG at lib/list_debug.c:29!", "list-bug", "BUG: corrupted list", None),
    ("kernel BUG at /build/linux-5.10/lib/list_debug.c:29!", "list-bug", "BUG: corrupted list", None),
    ("kernel BUG at mm/usercopy.c:98!", "usercopy-bug", "BUG: bad usercopy", None),
    ("BUG: failure at init/main.c:779/init_post()!", "bug", "kernel BUG", "init_post"),
    # what is left
    ("ALSA sound/core/pcm_lib.c:181: BUG: pcmC0D0p:0, pos = 0x4000, buffer size = 0x4000, period size = 0x400", "alsa", "ALSA: BUG: position beyond the buffer", None),
    ("trusty: panic (caller 0xffffffffe000fbd0): DEBUG ASSERT FAILED at (lib/a.c:63): x != NULL", "trusty", "trusty: panic: ASSERT FAILED", None),
    ("trusty: panic: failed(-12) to start app 3", "trusty", "trusty: panic: failed(-12) to start app 3", None),
    ("snd_hda_intel 0000:00:1b.0: BUG: , pos = 16384, buffer size = 16384, period size = 1024", "alsa", "ALSA: BUG: position beyond the buffer", None),
    ("BUG: arch topology borken", "bug-other", "BUG: arch topology borken", None),
    ("BUG: ", "torn", "BUG: corrupted", None),
    ("WARNING:", "torn", "WARNING: corrupted", None),
    ("INFO:", "torn", "INFO: corrupted", None),
]  # fmt: skip

HARMLESS = [
    "WARNING: kernel not compiled with CPU_SRSO",
    "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!",
    "WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!",
    "WARNING: PAE disabled. Use parameter 'forcepae' to enable at your own risk!",
    "WARNING: Ancient bootloader, some functionality may be limited!",
    "WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 16MB of RAM.",
    "WARNING: workqueue cpumask: online intersect > possible intersect",
    "WARNING: polling idle and HT enabled, performance may degrade",
    "WARNING: 'bootconfig' found on the kernel command line but CONFIG_BOOT_CONFIG is not set.",
    "WARNING: The mand mount option has been deprecated and",
    "WARNING! power/level is deprecated; use power/control instead",
    "WARNING: /etc/ssh/moduli does not exist, using fixed modulus",
    "WARNING: server at 10.0.0.1:80 is slow",
    "WARNING: 10.0.0.1:80 refused the connection",
    "WARNING: modpost: vmlinux.o(.text+0x1): Section mismatch",
    "Warning: unable to open an initial console.",
    "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.356 msecs",
    "INFO: lockdep is turned off.",
    "INFO: Stall ended before state dump start",
    "DEBUG: state 4",
    "DEBUG: ",
    "ODEBUG: selftest passed",
    "ODEBUG: Out of memory. ODEBUG disabled",
    "[Firmware Bug]: TSC_DEADLINE disabled due to Errata",
    "ACPI: BIOS bug: multiple APIC/MADT found, using 0",
    'PCI: If a device doesn\'t work, try "pci=routeirq".  If it helps, use "pci=nocrs" and report a bug',
    "BUG: no syscalls can create resource fd_foo",
    "grep -q 'BUG: ' /var/log/messages",
    "echo kernel BUG at nothing",
    'printk("kernel BUG at %s:%d!\\n", __FILE__, __LINE__);',
]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(("file", "function", "kind", "wanted"), PLACES)
def test_a_place_decides_the_kind_in_every_dress(dress: str, file: str, function: str, kind: str, wanted: str) -> None:
    record = dress.format(file=file, function=function)
    row = first(WARNINGS, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, wanted)
    found = row.regex.search(record)
    assert found is not None
    assert (found["function"], row.blame) == (function, Blame.NAMED)


@pytest.mark.parametrize(("record", "kind", "wanted", "function"), REPORTS)
def test_a_report_has_its_row_title_and_function(record: str, kind: str, wanted: str, function: str | None) -> None:
    row = first(WARNINGS, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, wanted)
    found = row.regex.search(record)
    assert found is not None
    assert found.groupdict().get("function") == function


def test_every_row_is_tried() -> None:
    records = [record for record, *_ in REPORTS]
    records += [dress.format(file=file, function=function) for dress in DRESSES for file, function, *_ in PLACES]
    assert {row.pattern for row in WARNINGS} == {row.pattern for each in records if (row := first(WARNINGS, each))}
    assert needles_are_plain(WARNINGS)


@pytest.mark.parametrize("record", HARMLESS)
def test_advice_and_other_programs_are_no_reports(record: str) -> None:
    assert first(WARNINGS, record) is None


def test_a_warning_lets_the_boot_go_on_and_a_bug_is_an_oops() -> None:
    assert {row.severity for row in WARNINGS if row.type in {Type.WARNING, Type.LOCKDEP}} == {Severity.WARNING}
    kinds = {row.kind: row.severity for row in WARNINGS}
    assert kinds["bug"] is kinds["list-bug"] is kinds["bug-other"] is Severity.OOPS


@pytest.mark.parametrize(
    ("kind", "function", "passed"),
    [
        ("refcount", "kref_get_unless_zero", True),
        ("refcount", "foo_get", False),
        ("odebug", "debug_check_no_obj_freed", True),
        ("odebug", "hrtimer_init", True),
        ("odebug", "foo_release", False),
        ("list-bug", "__list_del_entry_valid", True),
        ("list-bug", "foo_release", False),
        ("kmalloc", "kmalloc_order_trace", True),
        ("kmalloc", "foo_setup", False),
    ],
)
def test_helpers_are_passed_over_and_others_are_not(kind: str, function: str, passed: bool) -> None:
    row = next(row for row in WARNINGS if row.kind == kind)
    assert row.skip_regex is not None
    assert (row.skip_regex.search(function) is not None) is passed
