# ruff: noqa: E501 - a row of the table reads best on one or two lines
"""What user space says when it cannot go on, and when it has arrived; and kernel lines that explain why it did not.

USERSPACE: an initramfs without its root, a failed fsck, a libc that wants a newer kernel (untrusted: no printk prefix);
then rows of the kernel that are no event of their own: a disk that fails, power-off. What the kernel says of a root or
an init that it cannot find is `panics.py`'s. BOOTED: signs that a boot came to its end, where no token was agreed on.
Prompts have no line end: they are looked for in the line that was begun, too. A shell's prompt after one of the
GIVEN_UP rows is that shell's, and no sign of arrival.
"""

from farm.core.words import Outcome, Stage

from .row import Blame, Format, Milestone, Severity, Type


def _gives_up(  # noqa: PLR0917  the columns of a row
    kind: str,
    outcome: Outcome,
    needle: str,
    pattern: str,
    title: str,
    source: str,
    severity: Severity = Severity.GIVEN_UP,
) -> Format:
    return Format(kind, Type.USERSPACE, severity, needle, pattern, title, Blame.NOTHING, source,
                  untrusted=True, outcome=outcome, traced=False)  # fmt: skip


def _shell(needle: str, pattern: str, title: str, source: str) -> Format:
    return _gives_up("initramfs-shell", Outcome.INITRAMFS_SHELL, needle, pattern, title, source)


def _fsck(needle: str, pattern: str, title: str, source: str) -> Format:
    return _gives_up("fsck-shell", Outcome.FSCK_SHELL, needle, pattern, title, source)


def _halts(needle: str, pattern: str, title: str, source: str, severity: Severity = Severity.GIVEN_UP) -> Format:
    return _gives_up("halted", Outcome.HALTED, needle, pattern, title, source, severity)


def _context(  # noqa: PLR0917  the columns of a row
    kind: str, needle: str, pattern: str, title: str, source: str, outcome: Outcome | None = None
) -> Format:
    return Format(kind, Type.OTHER, Severity.CONTEXT, needle, pattern, title, Blame.NOTHING, source,
                  outcome=outcome, traced=False)  # fmt: skip


def _io_error(needle: str, pattern: str, title: str, source: str) -> Format:
    return _context("io-error", needle, pattern, title, source, Outcome.IO_ERROR)


_INIT = (
    _gives_up("kernel-too-old", Outcome.KERNEL_TOO_OLD, "FATAL: kernel too old", r"^(?:\S{1,60}: )?FATAL: kernel too old", "user space needs a newer kernel", "glibc sysdeps/unix/sysv/linux/dl-osinfo.h, dl-sysdep.c; it kills init", Severity.FATAL),
    _halts("oad SELinux Policy", r"^(?:\S{1,40}: )?Unable to load SELinux Policy\. Machine is in enforcing mode\. Halting now", "init: unable to load the SELinux policy", "sysvinit src/init.c, upstart (Fedora, RHEL); init ends, and the kernel panics", Severity.FATAL),
    _halts("oad SELinux policy", r"^(?:\S{1,40}: )?Failed to load SELinux policy[.,:] ?(?:Freezing|refusing)", "init: unable to load the SELinux policy", "systemd src/core/selinux-setup.c"),
    _halts("reezing", r"^systemd\[1\]: Freezing execution|^\[!!!!!!\] .{1,120}, freezing\.", "systemd froze", "systemd src/core/main.c freeze_or_exit_or_reboot"),
    _halts("o more processes left", r"^INIT: no more processes left in this runlevel", "init has nothing to run", "sysvinit src/init.c"),
    _gives_up("no-init-on-root", Outcome.NO_INIT, "equested /sbin/init", r"^Target filesystem doesn't have requested /sbin/init", "no init on the root file system", "initramfs-tools init"),
    _gives_up("no-init-on-root", Outcome.NO_INIT, "init= bootarg", r"^No init found\. Try passing init= bootarg", "no init on the root file system", "initramfs-tools init"),
)  # fmt: skip

_INITRAMFS = (
    _shell("ropping to a shell!", r"^ALERT! {1,2}\S.{0,160} does not exist\. {1,2}Dropping to a shell!", "initramfs: root device does not exist", "initramfs-tools scripts/local"),
    _shell("Gave up waiting for root", r"^Gave up waiting for root(?: file system)? device", "initramfs: root device did not appear", "initramfs-tools scripts/local"),
    _shell("number of root device", r"^ERROR: Unable to determine major/minor number of root device", "initramfs: root device does not exist", "mkinitcpio init_functions"),
    _shell("on real root", r"^ERROR: Failed to mount '.{1,120}' on real root", "initramfs: root file system could not be mounted", "mkinitcpio init_functions default_mount_handler"),
    _shell("dropped to a recovery", r"^You are (?:now )?being dropped to a recovery shell", "initramfs: recovery shell", "mkinitcpio init"),
    _shell("into an emergency shell", r"^You are now being dropped into an emergency shell", "initramfs: emergency shell", "mkinitcpio init_functions launch_interactive_shell"),
    _shell("dracut-initqueue timeout", r"^(?:dracut-initqueue\[\d+\]: )?(?:dracut )?[Ww]arning: dracut-initqueue timeout", "initramfs: root device did not appear", "dracut modules.d/98dracut-systemd, 99base"),
    _shell("Could not boot.", r"^(?:dracut[\w-]*(?:\[\d+\])?: )?Warning: Could not boot\.", "initramfs: root device did not appear", "dracut emergency_shell"),
    _shell("dracut: ", r"^dracut: (?:FATAL: |Refusing to continue)", "initramfs: dracut gave up", "dracut-lib.sh die"),
    _shell("Entering emergency mode", r"^(?:\S{1,40}: )?Entering emergency mode\b", "initramfs: emergency mode", "dracut modules.d/98dracut-systemd/dracut-emergency.sh"),
    _shell("(initramfs)", r"^\(initramfs\)(?: |$)", "initramfs: shell", "initramfs-tools scripts/functions panic"),
    _shell("dracut:/#", r"^dracut:/# ?$", "initramfs: shell", "dracut-lib.sh emergency_shell"),
    _shell("emergency recovery", r"^initramfs emergency recovery shell launched", "initramfs: recovery shell", "Alpine mkinitfs initramfs-init"),
    _shell("root block device", r"^(?:!! |\* )?Could not find the root block device", "initramfs: root device does not exist", "genkernel linuxrc"),
)  # fmt: skip

_FSCK = (
    _fsck("fsck died with exit", r"^(?:\S{1,40}: )?fsck died with exit status \d", "fsck failed", "Debian initscripts checkroot.sh, checkfs.sh"),
    _fsck("UNEXPECTED INCONS", r"UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY", "file system needs a manual fsck", "e2fsprogs e2fsck/problem.c"),
    _fsck("while trying to open", r"^fsck\.\w{2,8}: No such (?:file or directory|device) while trying to open", "fsck: no such device", "e2fsprogs e2fsck/unix.c"),
    _fsck("file system check", r"^\*{3} An error occurred during the file system check", "fsck failed", "rc.sysinit of Fedora and RHEL"),
    _fsck("check (fsck) of the root", r"^.{0,8}(?:An automatic )?file system check \(fsck\) of the root filesystem failed", "fsck failed", "Debian initscripts checkroot.sh"),
    _fsck("ou are in emergency mode", r"^(?:Welcome to emergency mode! {0,2})?You are in emergency mode\b", "systemd: emergency mode", "systemd units/emergency.service.in, src/sulogin-shell"),
    _fsck("elcome to emergency mode", r"^Welcome to emergency mode!", "systemd: emergency mode", "systemd units/emergency.service.in"),
    _fsck("for maintenance", r"^(?:Give root password|Press Enter) for maintenance", "a shell for maintenance", "util-linux login-utils/sulogin.c"),
    _fsck("for system maintenance", r"^Give root password for system maintenance", "a shell for maintenance", "sysvinit src/sulogin.c"),
    _fsck("for manual recovery", r"or M for manual recovery", "file system did not become ready", "Ubuntu mountall, plymouth"),
)  # fmt: skip

# Floppies, optical drives and eMMC's boot and replay-protected parts fail in good boots as well.
_DISK = r"(?!fd\d|sr\d|scd\d|mmcblk\d+(?:rpmb|boot\d))\w"
_IO = (
    _io_error(" error, dev ", r"^(?:end_request: |blk_update_request: |print_req_error: |blk_print_req_error: )?(?:I/O|critical medium) error, dev " + _DISK, "I/O error on a disk", "block/blk-core.c, blk-mq.c: end_request -3.19, blk_update_request 4.0-, print_req_error 4.15-5.0, no prefix 5.16-"),
    _io_error("Buffer I/O error on dev", r"^Buffer I/O error on dev(?:ice)? " + _DISK, "I/O error on a disk", "fs/buffer.c buffer_io_error"),
    *(_io_error(f"EXT{n}-fs error (dev", rf"^EXT{n}-fs error \(device ", f"EXT{n}-fs error", f"fs/ext{n}/super.c ext{n}_error") for n in (2, 3, 4)),
    _io_error(" I/O error", r"^XFS(?: \(\S{1,32}\))?: (?:metadata|log) I/O error", "XFS I/O error", "fs/xfs/xfs_buf.c, xfs_log.c"),
    _io_error("Aborting journal on dev", r"^(?:journal commit I/O error|Aborting journal on device )", "journal aborted", "fs/jbd/journal.c, fs/jbd2/journal.c"),
)  # fmt: skip

_CONTEXT = (
    _context("init-fault", "[1]: unhandled ", r"^[\w./() -]{1,16}\[1\]: unhandled (?:signal|exception)", "init faulted", "arch/powerpc/kernel/traps.c, arch/{arm64,riscv}/kernel/traps.c"),
    _context("power-down", "Power down", r"^(?:reboot: )?Power down", "powered down", "kernel/reboot.c kernel_power_off (kernel/sys.c)"),
    _context("restart", "Restarting system", r"^(?:reboot: )?Restarting system", "restarted", "kernel/reboot.c kernel_restart (kernel/sys.c)"),
    _context("halt", "System halted", r"^(?:reboot: )?System halted", "halted", "kernel/reboot.c kernel_halt (kernel/sys.c)"),
)  # fmt: skip

USERSPACE: tuple[Format, ...] = (*_INIT, *_INITRAMFS, *_FSCK, *_IO, *_CONTEXT)


def _arrived(needle: str, pattern: str, source: str) -> Milestone:
    return Milestone(Stage.USERSPACE, needle, pattern, source, untrusted=True)


BOOTED: tuple[Milestone, ...] = (
    _arrived("farm-init: end ", r"^farm-init: end ", "farm-init"),
    _arrived(" login:", r"^[\w.()-]{1,64} login: {0,2}(?:\w{1,32} \(automatic login\))?$", "agetty, BusyBox getty: waits for a person"),
    _arrived("Reached target ", r"^(?:systemd\[1\]: |\[ {2}OK {2}\] )Reached target (?:[\w.@-]{1,40} - )?(?:Multi-User System|Graphical Interface|Login Prompts)", "systemd units/*.target"),
    _arrived("to activate this cons", r"^ ?Please press Enter to activate this console", "busybox init/init.c"),
    _arrived("Boot is finished", r"Boot is finished\b", "Android SurfaceFlinger.cpp bootFinished"),
    _arrived("/ # ", r"^/ #(?: |$)", "busybox shell/ash.c: root's prompt in /"),
    _arrived("~ # ", r"^~ #(?: |$)", "busybox shell/ash.c: root's prompt at home"),
    _arrived("bash-", r"^bash-\d\.\d+[#$](?: |$)", "bash's own prompt"),
    _arrived(":~# ", r"^[\w@.()-]{1,80}:~#(?: |$)", "Debian's prompt for root"),
    _arrived(" ~]# ", r"^\[[\w@.()-]{1,80} ~\]#(?: |$)", "Fedora's prompt for root"),
)  # fmt: skip
