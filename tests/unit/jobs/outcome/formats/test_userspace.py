"""User space giving up or arriving, and the kernel's lines around it, each written from the program's own words."""

import pytest

from farm.core.words import Outcome, Stage
from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.formats.row import Severity
from jobs.outcome.formats.userspace import BOOTED, USERSPACE
from tests.support.excerpts import first, needles_are_plain

SHELL, FSCK, HALTED = Outcome.INITRAMFS_SHELL, Outcome.FSCK_SHELL, Outcome.HALTED

GIVEN_UP = [
    ("ALERT! /dev/sda1 does not exist. Dropping to a shell!", SHELL),
    ("ALERT!  UUID=1b2c-3d does not exist.  Dropping to a shell!", SHELL),
    ("Gave up waiting for root device.  Common problems:", SHELL),
    ("Gave up waiting for root file system device.  Common problems:", SHELL),
    ("ERROR: Unable to determine major/minor number of root device '/dev/xvda1'.", SHELL),
    ("ERROR: Failed to mount 'UUID=1b2c' on real root", SHELL),
    ("You are being dropped to a recovery shell", SHELL),
    ("You are now being dropped into an emergency shell.", SHELL),
    ("dracut-initqueue[310]: Warning: dracut-initqueue timeout - starting timeout scripts", SHELL),
    ("dracut Warning: dracut-initqueue timeout - starting timeout scripts", SHELL),
    ("dracut-initqueue[310]: Warning: Could not boot.", SHELL),
    ("dracut: FATAL: Don't know how to handle 'root=live:/dev/x'", SHELL),
    ("dracut: Refusing to continue", SHELL),
    ("Entering emergency mode. Exit the shell to continue.", SHELL),
    ("(initramfs) ", SHELL),
    ("(initramfs)", SHELL),
    ("dracut:/# ", SHELL),
    ("initramfs emergency recovery shell launched. Type 'exit' to continue boot", SHELL),
    ("!! Could not find the root block device in .", SHELL),
    ("fsck died with exit status 8", FSCK),
    ("/dev/sda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.", FSCK),
    ("fsck.ext3: No such file or directory while trying to open /dev/sdh", FSCK),
    ("*** An error occurred during the file system check.", FSCK),
    ("An automatic file system check (fsck) of the root filesystem failed.", FSCK),
    ("You are in emergency mode. After logging in, type \"journalctl -xb\" to view", FSCK),
    ("Welcome to emergency mode! After logging in, type \"journalctl -xb\" to view", FSCK),
    ("Give root password for maintenance", FSCK),
    ("Press Enter for maintenance", FSCK),
    ("Give root password for system maintenance", FSCK),
    ("Press S to skip mounting or M for manual recovery", FSCK),
    ("systemd[1]: Failed to load SELinux policy. Freezing.", HALTED),
    ("systemd[1]: Freezing execution.", HALTED),
    ("[!!!!!!] Failed to allocate manager object, freezing.", HALTED),
    ("INIT: no more processes left in this runlevel", HALTED),
    ("Target filesystem doesn't have requested /sbin/init.", Outcome.NO_INIT),
    ("No init found. Try passing init= bootarg.", Outcome.NO_INIT),
]  # fmt: skip

ENDS_INIT = [
    ("FATAL: kernel too old", Outcome.KERNEL_TOO_OLD),
    ("/sbin/init: FATAL: kernel too old", Outcome.KERNEL_TOO_OLD),
    ("Unable to load SELinux Policy. Machine is in enforcing mode. Halting now.", HALTED),
]

IO_ERRORS = [
    "end_request: I/O error, dev sda, sector 52428288",
    "blk_update_request: I/O error, dev sda, sector 0",
    "blk_update_request: critical medium error, dev sdb, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
    "print_req_error: I/O error, dev vda, sector 2048",
    "I/O error, dev nvme0n1, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2",
    "Buffer I/O error on device sda1, logical block 0",
    "Buffer I/O error on dev sda1, logical block 0, async page read",
    "EXT3-fs error (device sda1): ext3_find_entry: reading directory #2 offset 0",
    "EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm swapper/0: reading directory lblock 0",
    "EXT2-fs error (device ram0): ext2_get_inode: unable to read inode block",
    'XFS (sda1): metadata I/O error: block 0x2 ("xfs_trans_read_buf_map") error 5 numblks 1',
    "Aborting journal on device sda1.",
]

EVIDENCE = [
    ("init[1]: unhandled signal 11 at 00000000 nip 10000100 lr 10000080 code 30001", "init-fault"),
    ("reboot: Power down", "power-down"),
    ("Power down.", "power-down"),
    ("Restarting system.", "restart"),
    ("reboot: Restarting system", "restart"),
    ("System halted.", "halt"),
]

NEITHER = [
    "Gave up waiting for suspend/resume device",  # and the boot goes on
    "end_request: I/O error, dev fd0, sector 0",  # a drive without a medium
    "blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0",
    "blk_update_request: I/O error, dev mmcblk0rpmb, sector 0",
    "Buffer I/O error on dev sr0, logical block 0, async page read",
    "FATAL: Could not load /lib/modules/2.6.34-4-virtual/modules.dep: No such file or directory",
    "modprobe: FATAL: Module zram not found in directory /lib/modules/6.1.0",
    "Unpacking initramfs...",
    "/dev/sda1: clean, 82081/1310720 files, 2141116/2621440 blocks",
    "systemd[1]: Started Emergency Shell.",
    "sh[100]: segfault at 0 ip 08048080 sp bf8e2f40 error 6",
    "ACPI: PM: Preparing to enter system sleep state S5",
    "Kernel panic - not syncing: Attempted to kill init!",
    "dracut: dracut-011-15.fc16",
    "SELinux:  policy loaded with handle_unknown=allow",
]

ARRIVED = [
    "farm-init: end token=1f failed=0",
    "debian login: ",
    "debian login:  ",
    "(none) login:",
    "buildroot login: root (automatic login)",
    "[  OK  ] Reached target Multi-User System.",
    "[  OK  ] Reached target graphical.target - Graphical Interface.",
    "systemd[1]: Reached target Login Prompts.",
    "Please press Enter to activate this console. ",
    "SurfaceFlinger: Boot is finished (23456 ms)",
    "/ # ",
    "/ # uname -a",
    "~ # ",
    "bash-4.2# ",
    "root@debian:~# ",
    "[root@localhost ~]# ",
]

NOT_ARRIVED = [
    "Last login: Mon Jan  1 00:00:00 on ttyS0",
    "Reached target Local File Systems.",
    "[  OK  ] Reached target Basic System.",
    "systemd[1]: Starting Multi-User System...",
    "/bin/sh: can't access tty; job control turned off",
    "/ #include",
    "GNU bash-compatible shell",
    "(initramfs) ",
    "[ramfs /]# ",
    "password for login: guest",
]


@pytest.mark.parametrize(("record", "outcome"), GIVEN_UP)
def test_user_space_that_cannot_go_on(record: str, outcome: Outcome) -> None:
    row = first(USERSPACE, record)
    assert row is not None
    assert (row.severity, row.outcome, row.untrusted) == (Severity.GIVEN_UP, outcome, True)


@pytest.mark.parametrize(("record", "outcome"), ENDS_INIT)
def test_what_ends_init_ends_the_boot(record: str, outcome: Outcome) -> None:
    row = first(USERSPACE, record)
    assert row is not None
    assert (row.severity, row.outcome, row.untrusted) == (Severity.FATAL, outcome, True)


@pytest.mark.parametrize("record", IO_ERRORS)
def test_a_failing_disk(record: str) -> None:
    row = first(USERSPACE, record)
    assert row is not None
    assert (row.severity, row.outcome, row.untrusted) == (Severity.CONTEXT, Outcome.IO_ERROR, False)


@pytest.mark.parametrize(("record", "kind"), EVIDENCE)
def test_kernel_lines_that_explain_a_failure(record: str, kind: str) -> None:
    row = first(USERSPACE, record)
    assert row is not None
    assert (row.kind, row.severity, row.outcome) == (kind, Severity.CONTEXT, None)


@pytest.mark.parametrize("record", NEITHER)
def test_what_says_nothing(record: str) -> None:
    assert first(USERSPACE, record) is None


@pytest.mark.parametrize("record", ARRIVED)
def test_signs_of_arrival(record: str) -> None:
    mark = first(BOOTED, record)
    assert mark is not None
    assert mark.stage is Stage.USERSPACE


@pytest.mark.parametrize("record", NOT_ARRIVED)
def test_no_signs_of_arrival(record: str) -> None:
    assert first(BOOTED, record) is None


def test_every_row_is_tried() -> None:
    records = [record for record, _ in [*GIVEN_UP, *ENDS_INIT, *EVIDENCE]] + IO_ERRORS
    hit = {id(first(USERSPACE, record)) for record in records} | {id(first(BOOTED, record)) for record in ARRIVED}
    assert [row.pattern for row in USERSPACE if id(row) not in hit] == []
    assert [mark.pattern for mark in BOOTED if id(mark) not in hit] == []
    assert needles_are_plain(USERSPACE)
    assert needles_are_plain(BOOTED)


BANNER = "[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\n"
INIT = "[    1.000000] Run /init as init process\n"
DIED = "[    2.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00\n"


def read(text: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(text.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Gave up waiting for root device.  Common problems:\n(initramfs) ", SHELL),
        ("(initramfs) ", SHELL),  # a prompt, in the line that was begun
        ("fsck died with exit status 8\n", FSCK),
        ("FATAL: kernel too old\n" + DIED, Outcome.KERNEL_TOO_OLD),
        ("Unable to load SELinux Policy. Machine is in enforcing mode. Halting now.\n" + DIED, HALTED),
        ("[    2.000000] end_request: I/O error, dev sda, sector 5\n", Outcome.IO_ERROR),
        ("[    2.000000] end_request: I/O error, dev fd0, sector 5\n", Outcome.HANG),
        ("debian login: ", Outcome.BOOTED),
        ("[    2.000000] end_request: I/O error, dev sda, sector 5\ndebian login: ", Outcome.BOOTED),
        ("/ # ", Outcome.BOOTED),
    ],
)
def test_how_a_boot_ended(said: str, outcome: Outcome) -> None:
    assert read(BANNER + INIT + said).outcome is outcome
