# ruff: noqa: E501, PLR0917 - a row of the table reads best on few lines, a helper for rows as rows do
"""Formats of panics, and of what a kernel says when it finds no root file system and no init.

Most panics follow from something that was reported before: those rows have `follows`, and only where nothing was seen
before is the panic the report. The others are reports of their own. `---[ end Kernel panic` and quotes do not match.
Knows no state.
"""

from farm.core.words import Outcome
from jobs.outcome.formats.row import FUNCTION, OFFSET, Arch, Blame, Format, Severity, Type

# `<0>`, and `.. `: a panic while a line had no end yet. `Kernel panic: ` without more is 2.4's, and early 2.6's.
_PANIC = r"^(?:.{0,120}?(?:\.\. |<[0-7]>))?Kernel panic(?: - not syncing)?: "
_NEEDLE = "Kernel panic"


def _panic(kind: str, pattern: str, title: str, source: str, type_: Type = Type.PANIC, outcome: Outcome | None = None,
           blame: Blame = Blame.NOTHING, alternates: tuple[str, ...] = (), skip: str = "") -> Format:  # fmt: skip
    """A row for a panic that is an event of its own."""
    return Format(kind, type_, Severity.FATAL, _NEEDLE, _PANIC + pattern, f"kernel panic: {title}", blame, source,
                  outcome=outcome, alternates=alternates, skip=skip, traced=False)  # fmt: skip


def _after(kind: str, pattern: str, title: str, source: str, type_: Type = Type.PANIC, outcome: Outcome | None = None,
           blame: Blame = Blame.NOTHING, alternates: tuple[str, ...] = ()) -> Format:  # fmt: skip
    """A row for a panic that follows from a report; where that was lost, all that is known is that it panicked."""
    outcome = outcome or (None if type_ is Type.HANG else Outcome.PANIC)
    return Format(kind, type_, Severity.FATAL, _NEEDLE, _PANIC + pattern, f"kernel panic: {title}", blame, source,
                  follows=True, outcome=outcome, alternates=alternates, traced=False)  # fmt: skip


_ROOT_AND_INIT = (
    _panic("no-root", r"VFS: Unable to mount root fs", "VFS: Unable to mount root fs", "init/do_mounts.c mount_block_root, mount_root_generic; 2.4-7.0",
           Type.NO_ROOT, Outcome.NO_ROOT),
    _panic("no-root", r"Could not decompress initial ramdisk image", "Could not decompress initial ramdisk image",
           "init/do_mounts_rd.c crd_load; 2.6.37-7.0", Type.NO_ROOT, Outcome.NO_ROOT),
    _panic("no-init", r"No (?:working )?init found", "No init found", "init/main.c init_post, kernel_init; `working` 3.17+; 2.4-7.0", Type.INIT_DIED, Outcome.NO_INIT),
    _panic("no-init", r"Requested init \S{1,200} failed", "Requested init failed", "init/main.c kernel_init; 4.0-7.0", Type.INIT_DIED, Outcome.NO_INIT),
    _after("init-died", r"Attempted to kill init!", "Attempted to kill init!", "kernel/exit.c do_exit, find_new_reaper; `exitcode=` 3.2+; 2.4-7.0",
           Type.INIT_DIED, Outcome.INIT_DIED),
)  # fmt: skip

_CPU = r"Kernel (?:requires i486\+|compiled for \w{2,16}\+)|This kernel doesn't support CPU's with broken WP|Linux doesn't support CPUs with broken WP"
_OF_THEIR_OWN = (
    # Not Type.WRONG_CPU: that is the image's set-up code, here a kernel runs
    _panic("cpu-too-old", rf"(?:{_CPU})", "kernel requires another CPU", "arch/x86/kernel/cpu/bugs.c, include/asm-x86/bugs.h check_config; mm/init_32.c test_wp_bit; 2.4-7.0",
           outcome=Outcome.WRONG_CPU),
    # `%pB` since 4.20, `%pS`/`%p` before: no symbol in 2.6
    _panic("stack-protector", rf"stack-protector: Kernel stack is corrupted in: (?:(?P<function>{FUNCTION}){OFFSET})?", "stack is corrupted",
           "kernel/panic.c __stack_chk_fail; 2.6.25-7.0", blame=Blame.NAMED, skip=r"stack_chk_fail"),
    # Whoever was interrupted last is chance: what called so deep is to blame
    _panic("stack-end", r"corrupted stack end detected inside scheduler", "corrupted stack end", "kernel/sched/core.c schedule_debug; 3.18-7.0",
           blame=Blame.STALL, alternates=("stack-overflow",)),
    _panic("shadow-stack-end", r"corrupted shadow stack detected inside scheduler", "corrupted shadow stack", "kernel/sched/core.c schedule_debug; 5.8-7.0",
           blame=Blame.STALL, alternates=("stack-overflow",)),
    _panic("io-apic", r"IO-APIC \+ timer doesn't work", "IO-APIC + timer doesn't work!", "arch/x86/kernel/apic/io_apic.c check_timer; 2.4-7.0"),
    _panic("boot-apic", r"Boot APIC ID in local APIC unexpected", "Boot APIC ID in local APIC unexpected", "arch/x86/kernel/apic/apic.c verify_local_APIC callers; 2.6.0-7.0"),
    # init/initramfs.c panics with its error text where the built-in archive is bad (2.6: any)
    _panic("bad-initramfs", r"(?P<what>no cpio magic|incorrect cpio method used|broken padding|malformed archive|junk (?:in|within|at the end of) compressed archive"
           r"|invalid magic at start of compressed archive|compression method \w{2,8} not configured|bad gzip magic numbers|crc error|length error"
           r"|invalid compressed format|incomplete (?:literal|distance) tree|out of (?:memory|input data)$|decompressor failed)", "initramfs: {what}",
           "init/initramfs.c populate_rootfs, do_populate_rootfs; 2.6.0-7.0"),
    _panic("early-memory", r"(?P<what>Overlapping early reservations|Too many early reservations|Cannot find bootmem map of size|alloc_low_pages?: (?:ran out of|can not alloc) memory"
           r"|Cannot find space for the kernel page tables|Failed to allocate .{1,40} hash table|run out of range for init_memory_mapping)", "{what}",
           "arch/x86/kernel/e820.c, mm/init.c, mm/page_alloc.c; 2.6.24-7.0"),
)  # fmt: skip

# User-mode Linux's own faults, arch/um/kernel/trap.c; it has no oops
_UML = (
    _panic("uml-fault", r"Kernel mode fault at addr", "Kernel mode fault", "arch/um/kernel/trap.c segv; 2.6.0-7.0", Type.PAGE_FAULT, alternates=("bad-access",), blame=Blame.IP),
    _panic("uml-fault", r"Kernel tried to access user memory at addr", "Kernel tried to access user memory", "arch/um/kernel/trap.c segv; 2.6.24-7.0",
           Type.PAGE_FAULT, alternates=("bad-access",), blame=Blame.IP),
    _panic("uml-fault", r"Segfault with no mm", "Segfault with no mm", "arch/um/kernel/trap.c segv; 2.6.13-7.0", Type.PAGE_FAULT, alternates=("bad-access",), blame=Blame.IP),
    _panic("uml-signal", r"Kernel mode signal \d+", "Kernel mode signal", "arch/um/kernel/trap.c relay_signal; 2.6.0-7.0", blame=Blame.IP),
)  # fmt: skip

_FOLLOWING = (
    # arm64 and s390 add words before or after: `Oops: Fatal exception in interrupt`, `Fatal exception: panic_on_oops`
    _after("fatal-exception", r"(?:[\w /()-]{1,60}: )?Fatal exception in interrupt", "Fatal exception in interrupt", "arch/*/kernel/{traps,dumpstack}.c die, oops_end; 2.6.0-7.0"),
    _after("fatal-exception", r"(?:[\w /()-]{1,60}: )?Fatal exception", "Fatal exception", "arch/*/kernel/{traps,dumpstack}.c die, oops_end; 2.6.0-7.0"),
    _after("fatal-exception", r"Oops$", "Oops", "arch/x86_64/kernel/traps.c oops_end 2.6.0-2.6.20; nios2"),
    _after("fatal-exception", r"Machine halted\.", "Machine halted", "arch/x86/kernel/traps.c do_double_fault; 5.2-7.0", Type.DOUBLE_FAULT),
    _after("fatal-exception", r"cannot return from double fault", "cannot return from double fault", "arch/x86/kernel/doublefault_32.c; 5.6-7.0", Type.DOUBLE_FAULT),
    _after("fatal-exception", r"[\w#]{2,24} stack guard hit", "stack guard hit", "arch/x86/kernel/traps.c handle_stack_overflow; 5.16-7.0", Type.PAGE_FAULT),
    _after("killed", r"Attempted to kill the idle task!", "Attempted to kill the idle task!", "kernel/exit.c do_exit, make_task_dead; 2.4-7.0"),
    _after("killed", r"Aiee, killing interrupt handler!", "Aiee, killing interrupt handler!", "kernel/exit.c do_exit, make_task_dead; 2.4-7.0"),
    _after("panic-on", r"(?:[\w ]{1,24}: )?panic_on_warn set", "panic_on_warn set", "kernel/panic.c check_panic_on_warn; 3.19-7.0"),
    _after("panic-on", r"(?:kasan\.fault=panic|kmsan\.panic|panic_on_taint) set", "panic on a report", "mm/kasan/report.c, mm/kmsan/report.c, kernel/panic.c; 5.8-7.0"),
    _after("panic-on", r"(?:[\w ]{1,24}: )?(?:system warned|Oopsed) too often", "too many reports", "kernel/panic.c check_panic_on_warn, exit.c make_task_dead; 6.2-7.0"),
    _after("panic-on", r"Oops failed to kill thread", "Oops failed to kill thread", "kernel/exit.c, arch/arm/kernel/traps.c; 6.2-7.0"),
    _after("hung-task", r"hung_task: blocked tasks", "hung_task: blocked tasks", "kernel/hung_task.c check_hung_task; 2.6.30-7.0", Type.HANG, alternates=("hang",)),
    _after("soft-lockup", r"softlockup: (?:hung tasks|blocked tasks)", "softlockup: hung tasks", "kernel/watchdog.c watchdog_timer_fn; 2.6.26-7.0", Type.HANG, alternates=("stall",)),
    _after("rcu-stall", r"RCU Stall", "RCU Stall", "kernel/rcu/tree_stall.h panic_on_rcu_stall; 4.8-7.0", Type.HANG, alternates=("stall",)),
    _after("hard-lockup", r"(?:Hard LOCKUP|Watchdog detected hard LOCKUP on cpu|nmi watchdog|Non maskable interrupt)", "Hard LOCKUP",
           "kernel/watchdog_hld.c 4.4+, watchdog.c 2.6.37+; die_nmi of 2.6 x86", Type.HANG, alternates=("stall",)),
    _after("nmi", r"NMI(?: IOCK error)?: Not continuing", "NMI: Not continuing", "arch/x86/kernel/nmi.c; 2.6.13-7.0", Type.PANIC),
    _after("machine-check", r"(?:(?:Local )?[Ff]atal (?:local )?machine check|Fatal [Mm]achine check|(?:Uncorrected )?[Mm]achine check|Panicing machine check CPU died|CPU context corrupt"
           r"|Unable to continue|(?:Too many c|C)onsecutive machine checks|Failed kernel mode recovery|MCA architectural violation|Timeout.{1,60}(?:machine check|broadcast exception handler))", "Fatal machine check",
           "arch/x86/kernel/cpu/mce/core.c mce_panic, 2.6 mcheck/p4.c, p6.c; 2.4-7.0", Type.MCE),
    _after("fatal-hardware-error", r"Fatal hardware error!", "Fatal hardware error", "drivers/acpi/apei/ghes.c __ghes_panic; 2.6.37-7.0", Type.MCE),
    _after("arm64", r"(?P<what>Asynchronous SError Interrupt|Unhandled exception|bad mode)", "{what}", "arch/{arm64,arm}/kernel/traps.c, entry-common.c; 2.4-7.0"),
    _after("stack-overflow", r"[Kk]ernel stack overflow", "kernel stack overflow", "arch/{arm64,riscv}/kernel/traps.c; 4.14-7.0", Type.OTHER,
           alternates=("stack-overflow",)),
    _after("stack-overflow", r"Corrupt kernel stack, can't continue", "kernel stack overflow", "arch/s390/kernel/traps.c kernel_stack_overflow; 2.6.27-7.0", Type.OTHER,
           alternates=("stack-overflow",)),
    _after("cfi", r"CFI failure \(target: ", "CFI failure", "kernel/cfi.c handle_cfi_failure; 5.13-6.0", Type.TRAP),
    # After `invoked oom-killer`
    _after("oom", r"Out of memory and no killable processes", "Out of memory and no killable processes", "mm/oom_kill.c out_of_memory; 2.6.0-5.1"),
    _after("oom", r"System is deadlocked on memory", "System is deadlocked on memory", "mm/oom_kill.c out_of_memory; 4.20-7.0"),
    _after("oom", r"[Oo]ut of memory[:.( ].{0,60}panic_on_oom", "Out of memory: panic_on_oom", "mm/oom_kill.c check_panic_on_oom; 2.6.18-7.0"),
    _after("low-stack", r"low stack detected by irq handler", "low stack detected by irq handler", "arch/x86/kernel/irq_32.c; 2.6.39-7.0"),
)  # fmt: skip

_GENERAL = (
    # The text is a driver's or a subsystem's own: it is the identity, with its numbers taken out
    Format("panic", Type.PANIC, Severity.FATAL, _NEEDLE, _PANIC + r"(?P<what>\S.{0,160})", "kernel panic: {what}", Blame.NOTHING, "kernel/panic.c panic; 2.4-7.0", traced=False),
    # The text is empty, or torn off
    Format("panic", Type.PANIC, Severity.FATAL, _NEEDLE, r"^Kernel panic(?: - not syncing)?:? *$", "kernel panic", Blame.NOTHING, "kernel/panic.c panic, torn", traced=False),
    # The hypervisor's word on a guest other than the first is no word on this boot
    Format("xen-panic", Type.PANIC, Severity.FATAL, "(XEN) ", r"^\(XEN\) (?:Domain 0 (?:\(vcpu#\d+\) )?crashed|Hardware Dom0 crashed)", "Xen: domain 0 crashed", Blame.NOTHING,
           "xen/arch/x86/domain.c, xen/common/{domain,shutdown}.c; Xen 3.0+", Arch.X86, untrusted=True, traced=False),
    Format("xen-panic", Type.PANIC, Severity.FATAL, "(XEN) Panic on CPU", r"^\(XEN\) Panic on CPU \d+:", "Xen panic", Blame.NOTHING, "xen/drivers/char/console.c panic; Xen 3.0+",
           Arch.X86, untrusted=True, traced=False),
)  # fmt: skip


def _context(
    kind: str, needle: str, pattern: str, title: str, source: str, severity: Severity = Severity.CONTEXT
) -> Format:
    """A row for what is no event of its own, and tells why the boot found no root or no init."""
    return Format(kind, Type.OTHER, severity, needle, pattern, title, Blame.NOTHING, source, traced=False)  # fmt: skip


_EVIDENCE = (
    _context("no-root", "VFS: Cannot open root", r"^VFS: Cannot open root device", "VFS: Cannot open root device", "init/do_mounts.c mount_block_root; 2.4-7.0"),
    _context("no-root", "No filesystem could mount", r"^No filesystem could mount root, tried:", "No filesystem could mount root", "init/do_mounts.c mount_block_root; 2.6.8-6.4"),
    _context("no-root", "Unable to mount root fs via", r"^VFS: Unable to mount root fs via NFS", "VFS: Unable to mount root fs via NFS", "init/do_mounts.c mount_root; 2.4-7.0"),
    _context("no-init", "Failed to execute /", r"^Failed to execute /\S", "Failed to execute init", "init/main.c init_post, kernel_init; 2.6.14-7.0"),
    _context("no-init", "Starting init: ", r"^Starting init: \S+ exists but couldn't execute it", "Failed to execute init", "init/main.c try_to_run_init_process; 3.13-7.0"),
    _context("no-init", "check access for rdinit", r"^check access for rdinit=\S+ failed", "check access for rdinit failed", "init/main.c kernel_init_freeable; 5.10-7.0"),
    _context("no-console", "unable to open an initial", r"^Warning: unable to open an initial console", "unable to open an initial console", "init/main.c; 2.4-7.0"),
    # An ext2 image handed in as initrd always gives the second: not a fault by itself
    _context("bad-initramfs", "Initramfs unpacking failed", r"^Initramfs unpacking failed: ", "Initramfs unpacking failed", "init/initramfs.c populate_rootfs; 2.6.30-7.0", Severity.SPOILED),
    _context("not-initramfs", "looks like an initrd", r"^(?:checking if image is initramfs\.\.\. ?it isn't|it isn't|rootfs image is not initramfs) \(.{1,80}\); looks like an initrd",
             "not an initramfs", "init/initramfs.c populate_rootfs; 2.6.0-7.0"),
    # Said one by one: every kernel with an initrd says where it lies, `RAMDISK: [mem 0x...]`
    *(_context("bad-initrd", f"RAMDISK: {words}", f"^RAMDISK: {words}", "RAMDISK: no valid image", "init/do_mounts_rd.c identify_ramdisk_image, rd_load_image; 2.4-7.0")
      for words in ("Couldn't find valid RAM disk image", "could not determine device size", "image too big", "EOF while reading", "incomplete write", "ran out of compressed data")),
)  # fmt: skip

PANICS: tuple[Format, ...] = (*_ROOT_AND_INIT, *_OF_THEIR_OWN, *_UML, *_FOLLOWING, *_GENERAL, *_EVIDENCE)
