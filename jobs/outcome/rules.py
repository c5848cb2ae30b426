# ruff: noqa: E501 - a row of the table reads best on one or two lines
"""The table of what a console can say about a boot: one row an utterance, each with the kernel file it comes from.

Rows are tried in order on a record's message (printk prefix already off); the first hit counts. `needle` is a plain
substring that every match of `pattern` contains: it is looked for in the raw bytes, so that dull lines cost nothing.
Knows the words of kernels, loaders and firmware; knows nothing of state: what a row means for a boot is `seen.py`'s.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from farm.core.words import Stage


class Effect(Enum):
    """What a row says about the boot."""

    FATAL = auto()  # this kernel will not go on
    OOPS = auto()  # it may go on, but the boot is no clean pass
    STALL = auto()  # harmless if the end is reached, the culprit if it is not
    WARNING = auto()  # worth telling
    CONTEXT = auto()  # no event of its own, but evidence for a failure that follows
    SPOILED = auto()  # what reaches the end is not what was handed in
    LOADER_ERROR = auto()  # the image did not get there: not the kernel's fault
    LOADER_OK = auto()  # ... but a later try went well


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` may use the pattern's first group as {0}; ` in FUNCTION` is added where a function is blamed.

    `more` marks a header that continues the report before it, or follows from it: `Oops: 0000 [#1]` after `BUG: unable`;
    `user` marks what user space prints; `blames` is False where the text alone is the identity.
    """

    needle: str
    pattern: str
    effect: Effect
    type: str
    title: str
    source: str
    more: bool = False
    user: bool = False
    blames: bool = True
    regex: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "regex", re.compile(self.pattern))

    @property
    def of_kernel(self) -> bool:
        """Only a running kernel says so: not a loader, set-up code or user space."""
        loader = self.effect in {Effect.LOADER_ERROR, Effect.LOADER_OK}
        return not (loader or self.user or self.type in {"wrong-cpu", "decompressor"})


_DIE = r": [0-9a-f]{1,4} \[#\d+\]"  # `%s: %04lx [#%d]`, arch/x86/kernel/dumpstack.c __die
_PANIC = r"Kernel panic(?: - not syncing)?: "
_PANIC_C = "kernel/panic.c panic"

_IMAGE = (
    Rule("kernel requires a", r"^This kernel requires an? .{1,20} CPU, but only", Effect.FATAL, "wrong-cpu",
         "kernel requires another CPU", "arch/x86/boot/cpu.c validate_cpu", blames=False),
    Rule("features not present", r"^This kernel requires the following features not present", Effect.FATAL, "wrong-cpu",
         "kernel requires another CPU", "arch/x86/boot/cpu.c validate_cpu", blames=False),
    Rule("Unable to boot - please", r"^Unable to boot - please use a kernel", Effect.FATAL, "wrong-cpu",
         "kernel requires another CPU", "arch/x86/boot/main.c main", blames=False),
    Rule("A20 gate not resp", r"^A20 gate not responding, unable to boot", Effect.FATAL, "decompressor",
         "A20 gate not responding", "arch/x86/boot/pm.c go_to_protected_mode", blames=False),
    Rule("-- System halted", r"^ ?-- System halted", Effect.FATAL, "decompressor",
         "decompressor: {before}", "arch/x86/boot/compressed/misc.c error", blames=False),
)  # fmt: skip

_EARLY = (
    Rule("BUG: Int ", r"BUG: Int (\d+): CR2", Effect.FATAL, "early-fault",
         "BUG: early fault, interrupt {0}", "arch/x86/kernel/head_32.S early_fault"),
    Rule("PANIC: early exc", r"PANIC: early exception (?:0x)?([0-9a-f]+) ", Effect.FATAL, "early-fault",
         "PANIC: early exception {0}", "arch/x86/mm/extable.c early_fixup_exception", more=True),
    Rule("Unknown interrupt or", r"^Unknown interrupt or fault at", Effect.OOPS, "early-fault",
         "unknown interrupt or fault", "arch/x86/kernel/head_32.S ignore_int", blames=False),
    Rule("PANIC: double fault", r"PANIC: double fault", Effect.FATAL, "double-fault",
         "PANIC: double fault", "arch/x86/kernel/doublefault_32.c"),
)  # fmt: skip

_OOPSES = (
    Rule("NULL pointer deref", r"(?:unable to handle kernel|Unable to handle kernel|BUG: kernel) NULL pointer dereference",
         Effect.OOPS, "oops", "BUG: unable to handle kernel NULL pointer dereference", "arch/x86/mm/fault.c show_fault_oops"),
    Rule("nable to handle", r"[Uu]nable to handle (?:kernel paging request|page fault for address|kernel access|paging request)",
         Effect.OOPS, "oops", "BUG: unable to handle kernel paging request", "arch/x86/mm/fault.c show_fault_oops"),
    Rule("ernel BUG at", r"^[Kk]ernel BUG at ", Effect.OOPS, "bug", "kernel BUG", "lib/bug.c report_bug"),
    Rule("Internal error: ", r"^Internal error: (.{1,60}?): ", Effect.OOPS, "oops",
         "Internal error: {0}", "arch/arm/kernel/traps.c die", more=True),
    Rule("general protection", r"^(?:Oops: )?(?:segment-related )?general protection fault.{0,80}[:\]]", Effect.OOPS, "oops",
         "general protection fault", "arch/x86/kernel/traps.c do_general_protection", more=True),
    Rule(" [#", r"^(?:Oops: )?divide error" + _DIE, Effect.OOPS, "oops",
         "divide error", "arch/x86/kernel/traps.c do_divide_error", more=True),
    Rule(" [#", r"^(?:Oops: )?invalid opcode" + _DIE, Effect.OOPS, "oops",
         "invalid opcode", "arch/x86/kernel/traps.c do_invalid_op", more=True),
    Rule(" [#", r"^(?:traps: )?double fault" + _DIE, Effect.OOPS, "double-fault",
         "PANIC: double fault", "arch/x86/kernel/traps.c do_double_fault", more=True),
    Rule(" [#", r"^(?:Oops: )?(int3|overflow|bounds|coprocessor segment overrun|invalid TSS|segment not present|stack segment"
         r"|alignment check|iret exception|Bad pagetable|Fatal exception|traps: PANIC)" + _DIE, Effect.OOPS, "oops",
         "{0}", "arch/x86/kernel/traps.c DO_ERROR", more=True),
    Rule("Oops", r"^Oops(?::| - )", Effect.OOPS, "oops", "Oops", "arch/x86/mm/fault.c no_context", more=True),
    Rule("BUG: NMI W", r"BUG: NMI Watchdog detected LOCKUP on CPU", Effect.OOPS, "lockup",
         "BUG: NMI watchdog lockup", "arch/x86/kernel/dumpstack.c die_nmi"),
    Rule("BUG: ", r"^BUG: (?:TASK )?stack guard page was hit", Effect.OOPS, "oops",
         "BUG: stack guard page was hit", "arch/x86/kernel/traps.c handle_stack_overflow"),
    Rule("FATAL: kernel too old", r"FATAL: kernel too old", Effect.OOPS, "kernel-too-old",
         "user space needs a newer kernel", "glibc sysdeps/unix/sysv/linux/dl-osinfo.h", user=True, blames=False),
)  # fmt: skip

_STALLS = (
    Rule("BUG: soft lockup", r"^(?:watchdog: )?BUG: soft lockup", Effect.STALL, "lockup",
         "BUG: soft lockup", "kernel/watchdog.c watchdog_timer_fn; 2.6: kernel/softlockup.c"),
    Rule("hard LOCKUP", r"Watchdog detected hard LOCKUP on cpu", Effect.STALL, "lockup",
         "BUG: hard lockup", "kernel/watchdog_hld.c watchdog_overflow_callback"),
    Rule("INFO: ", r"^(?:rcu: )?INFO: (?:\w+ (?:self-)?detected (?:expedited )?stalls? |RCU detected CPU \d+ stall)", Effect.STALL, "lockup",
         "INFO: rcu detected stall", "kernel/rcu/tree_stall.h; 2.6: kernel/rcuclassic.c"),
    Rule("INFO: ", r"^INFO: task .{1,40} blocked for more than", Effect.STALL, "hung-task",
         "INFO: task hung", "kernel/hung_task.c check_hung_task; 2.6: kernel/softlockup.c"),
    Rule("BUG: workqueue", r"^BUG: workqueue lockup", Effect.STALL, "lockup",
         "BUG: workqueue lockup", "kernel/workqueue.c wq_watchdog_timer_fn"),
)  # fmt: skip

_PANICS = (
    Rule("Kernel panic", _PANIC + r"VFS: Unable to mount root fs", Effect.FATAL, "no-root",
         "kernel panic: VFS: Unable to mount root fs", "init/do_mounts.c mount_block_root", blames=False),
    Rule("Kernel panic", _PANIC + r"(?:No (?:working )?init found|Requested init )", Effect.FATAL, "no-init",
         "kernel panic: No init found", "init/main.c kernel_init; 2.6: init_post", blames=False),
    Rule("Kernel panic", _PANIC + r"Attempted to kill init!", Effect.FATAL, "init-died",
         "kernel panic: Attempted to kill init!", "kernel/exit.c do_exit", blames=False),
    Rule("Kernel panic", _PANIC + r"(?:Out of memory|System is deadlocked on memory)", Effect.FATAL, "oom",
         "kernel panic: System is deadlocked on memory", "mm/oom_kill.c out_of_memory", blames=False),
    Rule("Kernel panic", _PANIC + r"(softlockup: hung tasks|hung_task: blocked tasks|RCU Stall|Hard LOCKUP|panic_on_warn set)",
         Effect.FATAL, "panic", "kernel panic: {0}", "kernel/watchdog.c, kernel/hung_task.c, kernel/panic.c", more=True, blames=False),
    Rule("Kernel panic", _PANIC + r"(.*)", Effect.FATAL, "panic", "kernel panic: {0}", _PANIC_C, blames=False),
)  # fmt: skip

_REPORTS = (
    Rule("WARNING: ", r"^WARNING: (?:CPU: \d+ PID: \d+ )?at \S+ ?(?P<f>[A-Za-z_][\w.]*)?", Effect.WARNING, "warning",
         "WARNING", "kernel/panic.c __warn"),
    Rule("WARNING: ", r"^WARNING: (suspicious RCU usage|inconsistent lock state|bad unlock balance detected"
         r"|possible (?:circular|recursive|irq lock inversion|deadlock).{0,60}|nested lock was not taken"
         r"|held lock freed|lock held when returning to user space|.{1,40} still has locks held)", Effect.WARNING, "warning",
         "WARNING: {0}", "kernel/locking/lockdep.c", blames=False),
    Rule("[ INFO: ", r"^\[ INFO: (.{3,60}?)!? \]$", Effect.WARNING, "warning",
         "INFO: {0}", "kernel/lockdep.c, before 4.11", blames=False),
    Rule("[ BUG: ", r"^\[ BUG: (.{3,60}?)!? \]$", Effect.WARNING, "warning",
         "BUG: {0}", "kernel/lockdep.c, before 4.11", blames=False),
    Rule("UBSAN: ", r"^UBSAN: (\S+)", Effect.WARNING, "warning", "UBSAN: {0}", "lib/ubsan.c", blames=False),
    Rule("Badness at", r"^Badness at ", Effect.WARNING, "warning", "WARNING", "lib/bug.c report_bug"),
    Rule("Bad page state", r"^(?:BUG: )?Bad page state", Effect.OOPS, "bug",
         "BUG: bad page state", "mm/page_alloc.c bad_page"),
    Rule("BUG: MAX_", r"^BUG: MAX_(?:LOCKDEP|STACK_TRACE)", Effect.WARNING, "warning",
         "BUG: lockdep ran out of room", "kernel/locking/lockdep.c", blames=False),
    Rule("BUG: ", r"^(?:[\w-]+: )?BUG: (K[A-Z]+SAN: .{1,60}?|KFENCE: .{1,60}?)(?: in (?P<f>[A-Za-z_][\w.]*).*)?$", Effect.OOPS, "bug",
         "{0}", "mm/kasan/report.c"),
    Rule("BUG: ", r"^BUG: (sleeping function called from invalid context|scheduling while atomic|using \w+\(\) in preemptible"
         r"|spinlock [a-z ]+|rwlock [a-z ]+|workqueue leaked lock|\S+ still has locks held)", Effect.OOPS, "bug",
         "BUG: {0}", "kernel/sched/core.c, kernel/locking/spinlock_debug.c"),
    Rule("BUG: ", r"^BUG: (.{3,})", Effect.OOPS, "bug", "BUG: {0}", "any", blames=False),
    Rule("invoked oom-killer", r"\binvoked oom-killer: ", Effect.WARNING, "oom", "out of memory", "mm/oom_kill.c dump_header", blames=False),
    Rule("page allocation fail", r"page allocation failure", Effect.WARNING, "warning",
         "page allocation failure", "mm/page_alloc.c warn_alloc", blames=False),
)  # fmt: skip

_CONTEXT = (
    Rule("Initramfs unpacking", r"^Initramfs unpacking failed", Effect.SPOILED, "bad-initramfs",
         "Initramfs unpacking failed", "init/initramfs.c populate_rootfs", blames=False),
    Rule("Cannot open root", r"^VFS: Cannot open root device", Effect.CONTEXT, "", "", "init/do_mounts.c mount_block_root"),
    Rule("No filesystem could", r"^No filesystem could mount root", Effect.CONTEXT, "", "", "init/do_mounts.c mount_block_root"),
    Rule("Failed to execute", r"^Failed to execute /", Effect.CONTEXT, "", "", "init/main.c run_init_process"),
    Rule("check access for", r"^check access for rdinit", Effect.CONTEXT, "", "", "init/main.c kernel_init_freeable"),
    Rule("initial console", r"^Warning: unable to open an initial console", Effect.CONTEXT, "", "", "init/main.c"),
    Rule("[1]: segfault", r"\[1\]: segfault at ", Effect.CONTEXT, "", "", "arch/x86/mm/fault.c show_signal_msg"),
    Rule("Power down", r"^(?:reboot: )?Power down", Effect.CONTEXT, "", "", "kernel/reboot.c kernel_power_off"),
    Rule("Restarting system", r"^(?:reboot: )?Restarting system", Effect.CONTEXT, "", "", "kernel/reboot.c kernel_restart"),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*_IMAGE, *_EARLY, *_STALLS, *_OOPSES, *_PANICS, *_REPORTS, *_CONTEXT)

# Read only while no kernel has spoken.
LOADER_RULES: tuple[Rule, ...] = (
    Rule("No configuration meth", r"No configuration methods", Effect.LOADER_ERROR, "dhcp",
         "no DHCP answer", "ipxe src/net/dhcp.c, usr/autoboot.c"),
    Rule("PXE-E", r"PXE-E5[1-5]", Effect.LOADER_ERROR, "dhcp", "no DHCP answer", "Intel PXE 2.1 ROM messages"),
    Rule("PXE-", r"PXE-(?:E|M0F)\d*", Effect.LOADER_ERROR, "loader", "the PXE ROM gave up", "Intel PXE 2.1 ROM messages"),
    Rule("ipxe.org/", r"\(https?://ipxe\.org/[0-9a-f]{8}\)", Effect.LOADER_ERROR, "loader", "iPXE failed", "ipxe src/core/errno"),
    Rule("Could not boot", r"^Could not boot", Effect.LOADER_ERROR, "loader", "iPXE failed", "ipxe src/usr/autoboot.c"),
    Rule("No more network dev", r"^No more network devices", Effect.LOADER_ERROR, "loader", "iPXE gave up", "ipxe src/usr/autoboot.c"),
    Rule("ould not find kernel", r"[Cc]ould not find kernel image", Effect.LOADER_ERROR, "loader",
         "PXELINUX found no kernel", "syslinux core/fs, com32/elflink"),
    Rule("No DEFAULT or UI", r"No DEFAULT or UI configuration", Effect.LOADER_ERROR, "loader",
         "PXELINUX found no configuration", "syslinux com32/elflink/ldlinux/readconfig.c"),
    Rule("bootable device", r"No bootable device", Effect.LOADER_ERROR, "no-boot-device", "no bootable device", "seabios src/boot.c"),
    Rule("perating system", r"(?:Missing o|O)perating system(?: not found)?\.?$", Effect.LOADER_ERROR, "no-boot-device",
         "no bootable device", "BIOS, MBR"),
    Rule("... ok", r"\.\.\. ok$", Effect.LOADER_OK, "", "", "ipxe src/hci/commands, usr/imgmgmt.c"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestone:
    """A line that a boot prints when it gets to `stage`. Absence means nothing: with `quiet` none of them is printed."""

    needle: str
    stage: Stage
    source: str
    pattern: re.Pattern[str] = field(default=re.compile(""))


def _mark(stage: Stage, needle: str, source: str, pattern: str | None = None) -> Milestone:
    return Milestone(needle, stage, source, re.compile(pattern or re.escape(needle)))


MILESTONES: tuple[Milestone, ...] = (
    _mark(Stage.FIRMWARE, "SeaBIOS (version", "seabios src/bootsplash.c"),
    _mark(Stage.LOADER, "Booting from ", "seabios src/boot.c", r"^Booting from "),
    _mark(Stage.LOADER, "iPXE", "ipxe src/usr/prompt.c"),
    _mark(Stage.LOADER, "LINUX ", "syslinux", r"^(?:PXE|SYS|ISO|EXT)LINUX "),
    _mark(Stage.LOADER, "GRUB", "grub"),
    _mark(Stage.DECOMPRESS, "Probing EDD", "arch/x86/boot/edd.c query_edd"),
    _mark(Stage.DECOMPRESS, "early console in", "arch/x86/boot/main.c, compressed/misc.c"),
    _mark(Stage.DECOMPRESS, "Decompressing Linux", "arch/x86/boot/compressed/misc.c"),
    _mark(Stage.DECOMPRESS, "KASLR disabled", "arch/x86/boot/compressed/kaslr.c"),
    _mark(Stage.DECOMPRESS, "kernel requires a", "arch/x86/boot/cpu.c"),
    _mark(Stage.DECOMPRESS, "features not present", "arch/x86/boot/cpu.c"),
    _mark(Stage.DECOMPRESS, "-- System halted", "arch/x86/boot/compressed/misc.c error"),
    _mark(Stage.DECOMPRESS, "Unable to boot - please", "arch/x86/boot/main.c"),
    _mark(Stage.INITCALLS, "NET: Registered ", "net/socket.c sock_register; family 16 is a core_initcall"),
    _mark(Stage.INITCALLS, "devtmpfs: initialized", "drivers/base/devtmpfs.c"),
    _mark(Stage.INITCALLS, "PCI: Using config", "arch/x86/pci/direct.c"),
    _mark(Stage.INITCALLS, "io scheduler ", "block/elevator.c elv_register", r"^io scheduler \S+ registered"),
    _mark(Stage.INITCALLS, "Serial: 8250", "drivers/tty/serial/8250"),
    _mark(
        Stage.INITCALLS,
        " initramfs",
        "init/initramfs.c",
        r"^(?:checking if image is|Trying to unpack rootfs image as) initramfs",
    ),
    _mark(Stage.ROOT, "VFS: ", "init/do_mounts.c", r"VFS: (?:Mounted root|Cannot open root|Unable to mount)"),
    _mark(Stage.ROOT, "No filesystem could", "init/do_mounts.c"),
    _mark(Stage.ROOT, "Waiting for root dev", "init/do_mounts.c", r"^Waiting for root device"),
    _mark(Stage.INIT, "Freeing unused kernel", "init/main.c free_initmem"),
    _mark(Stage.INIT, " as init process", "init/main.c run_init_process", r"^Run \S+ as init process"),
    _mark(Stage.INIT, "No init found", "init/main.c"),
    _mark(Stage.INIT, "No working init", "init/main.c"),
    _mark(Stage.USERSPACE, "INIT: version", "sysvinit src/init.c"),
    _mark(Stage.USERSPACE, "systemd[1]: ", "systemd"),
    _mark(Stage.USERSPACE, "login: ", "agetty", r"\S+ login: ?$"),
)

BANNER = re.compile(r"^Linux version (\S+) \(")  # init/version.c linux_banner
# Printed right after a banner that is not a copy of one: arch/x86/kernel/setup.c, e820.c
AFTER_BANNER = re.compile(r"BIOS-provided physical RAM map|Command line: |KERNEL supported cpus")
# The message before printk's buffer is printed a second time, on a console that has just come up: register_console
CONSOLE_UP = re.compile(r"onsole \[?\w+\]? enabled|Console: \w+ ")
# No running kernel prints these: the machine has started over.
STARTED_OVER = re.compile(r"^(?:SeaBIOS \(version|iPXE initialising devices|Probing EDD|early console in )")
FARM = re.compile(
    r"farm-init: (?:start token=(?P<start>\w+) |check (?P<check>\S+) FAILED"
    r"|end token=(?P<end>\w+) failed=(?P<failed>\d+)(?!\w))"
)
ECHO = re.compile(r"ommand line: |BOOT_IMAGE=")  # a line that only repeats what the kernel was started with

HALTED = b"-- System halted"  # misc.c error() prints no line end after it
ALWAYS = ("Linux version", "farm-init: ", "\x1b", "\0", "BUG", "panic")
IMAGE_RULES = _IMAGE  # set-up code and decompressor: not once the kernel runs
STARTED_OVER_NEEDLES = ("SeaBIOS (version", "iPXE init", "Probing EDD", "early console in")
DOUBLED = ("kkeerrnneell  rreeqquuiirreess", "PPrroobbiinngg  EEDDDD", "UUnnaabbllee  ttoo  bboooott")
