"""Every word for how a boot ended, each from a small console."""

import pytest

from farm.core.words import Outcome
from jobs.outcome import Ending, Expectation, Reader, Reading
from tests.support.excerpts import BOOT, FAULT, RELEASE, modern_oops, oops, timed, trace

TOKEN = "feedc0de"
LOGIN = "tfguest login: \n"
DONE = f"farm-init: end token={TOKEN} failed=0\n"
IPXE = "SeaBIOS (version 1.16.2)\niPXE initialising devices...ok\nhttp://10.0.2.2/boot.ipxe... ok\nvmlinuz... ok\n"
WARN = "WARNING: at kernel/foo.c:12 foo+0x12/0x30()\n" + trace("warn_slowpath", "foo") + "---[ end trace 0 ]---\n"
STALL = "BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]\nEIP is at foo+0x1/0x2\n" + trace("do_one_initcall")
EARLY = "BUG: Int 14: CR2 fbe00000\n     err 00000000  EIP c026b45a   CS 00000060  flg 00000046\n"
EARLY += " [<c026b45a>] foo+0x1/0x2\n"
DISK = "end_request: I/O error, dev sda, sector 12\n"
SHELL = "ALERT! /dev/sda1 does not exist.  Dropping to a shell!\n"
ROOT = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"
KILLED = "Kernel panic - not syncing: Attempted to kill init!\n"
NO_INIT = "Kernel panic - not syncing: No init found.  Try passing init= option to kernel.\n"
TOO_OLD = "FATAL: kernel too old\n"
HALT = "\n\nXZ-compressed data is corrupt\n\n -- System halted"
CPU = "This kernel requires an i686 CPU, but only detected an i586 CPU.\n"
EDD = "Probing EDD (edd=off to disable)... ok\n"


def boot(
    text: str,
    ending: Ending = Ending.END_OF_FILE,
    *,
    fetched: bool | None = None,
    token: str | None = None,
    release: str | None = None,
) -> Reading:
    reader = Reader(Expectation(token=token, release=release))
    reader.feed(text.encode())
    return reader.conclude(ending, image_fetched=fetched)


TALKED = [
    (LOGIN, Outcome.BOOTED),
    ("Power down.\n", Outcome.BOOTED),
    ("reboot: System halted\n", Outcome.BOOTED),
    ("Restarting system.\n", Outcome.HANG),  # who restarts may do so for ever
    ("reboot: Restarting system\n" + BOOT, Outcome.REBOOT_LOOP),
    (WARN + LOGIN, Outcome.BOOTED_WITH_WARNINGS),
    (STALL + LOGIN, Outcome.BOOTED_WITH_WARNINGS),
    (oops("foo_init") + LOGIN, Outcome.BOOTED_WITH_OOPS),
    (modern_oops("foo_init") + LOGIN, Outcome.BOOTED_WITH_OOPS),
    ("Kernel panic - not syncing: foo\n", Outcome.PANIC),
    ("Kernel panic - not syncing: Machine halted.\n", Outcome.PANIC),  # whatever came before it was lost
    ("Kernel panic - not syncing: kernel stack overflow\n", Outcome.PANIC),
    (WARN + "Kernel panic - not syncing: panic_on_warn set ...\n", Outcome.PANIC),
    (oops("foo_init"), Outcome.OOPS),
    (oops("foo_init") + "Kernel panic - not syncing: Fatal exception in interrupt\n", Outcome.OOPS),
    ("kernel BUG at fs/foo.c:12!\n" + trace("foo"), Outcome.OOPS),
    (EARLY, Outcome.EARLY_EXCEPTION),
    ("kernel BUG at fs/foo.c:12!\n" + EARLY.replace("Int 14", "Int 6"), Outcome.EARLY_EXCEPTION),
    ("", Outcome.HANG),
    (WARN, Outcome.HANG),
    (STALL, Outcome.HANG),
    (STALL + "Kernel panic - not syncing: softlockup: hung tasks\n", Outcome.PANIC),
    (ROOT, Outcome.NO_ROOT),
    (NO_INIT, Outcome.NO_INIT),
    (KILLED, Outcome.INIT_DIED),
    (TOO_OLD + KILLED, Outcome.KERNEL_TOO_OLD),
    ("Kernel panic - not syncing: Kernel requires i486+ for 'invlpg' and other features\n", Outcome.WRONG_CPU),
    ("Kernel panic - not syncing: Out of memory and no killable processes...\n", Outcome.PANIC),
    (SHELL, Outcome.INITRAMFS_SHELL),
    ("You are in emergency mode. After logging in, type journalctl\n", Outcome.FSCK_SHELL),
    (DISK, Outcome.IO_ERROR),
    ("systemd[1]: Freezing execution.\n", Outcome.HALTED),
    (BOOT, Outcome.REBOOT_LOOP),
    (BOOT + LOGIN, Outcome.BOOTED_AFTER_RESET),
    (BOOT.replace(RELEASE, "2.6.26"), Outcome.WRONG_KERNEL),
]
SILENT = [
    ("", Ending.END_OF_FILE, None, Outcome.NO_OUTPUT),
    ("", Ending.FIRST_BYTE, False, Outcome.NO_OUTPUT),
    ("\r\n\0", Ending.SILENCE, None, Outcome.NO_OUTPUT),
    ("", Ending.FIRST_BYTE, True, Outcome.SILENT),
    (IPXE, Ending.SILENCE, True, Outcome.SILENT),
    (IPXE + EDD, Ending.SILENCE, True, Outcome.SILENT),
    (IPXE * 3, Ending.SILENCE, True, Outcome.REBOOT_LOOP),
    (IPXE * 3, Ending.SILENCE, None, Outcome.SILENT),
    (IPXE + EDD * 3, Ending.SILENCE, None, Outcome.REBOOT_LOOP),
    ("vmlinuz... No such file (http://ipxe.org/2d12603b)\n", Ending.SILENCE, None, Outcome.LOADER_FAILED),
    ("No bootable device.\n", Ending.SILENCE, None, Outcome.LOADER_FAILED),
    (IPXE + CPU, Ending.SILENCE, None, Outcome.WRONG_CPU),
    ("Decompressing Linux..." + HALT, Ending.SILENCE, None, Outcome.DECOMPRESSOR),
    ("", Ending.CONSOLE_LOST, True, Outcome.CONSOLE_LOST),
    (IPXE, Ending.CONSOLE_LOST, None, Outcome.CONSOLE_LOST),
    (IPXE, Ending.POWER_LOST, None, Outcome.POWER_LOST),
    (SHELL, Ending.END_OF_FILE, None, Outcome.INITRAMFS_SHELL),
]
CAPTURED = [
    ("", Ending.CONSOLE_LOST, Outcome.CONSOLE_LOST),
    ("", Ending.POWER_LOST, Outcome.POWER_LOST),
    ("Power down.\n", Ending.POWER_LOST, Outcome.UNFINISHED),
    ("", Ending.TOTAL, Outcome.UNFINISHED),
    ("", Ending.FLOOD, Outcome.UNFINISHED),
    ("", Ending.SILENCE, Outcome.HANG),
    ("System halted.\n", Ending.SILENCE, Outcome.HALTED),
    ("reboot: System halted\n", Ending.TOTAL, Outcome.HALTED),
    ("reboot: Power down\n", Ending.SILENCE, Outcome.HANG),
    (STALL, Ending.TOTAL, Outcome.HANG),
    (STALL, Ending.CONSOLE_LOST, Outcome.CONSOLE_LOST),
    (SHELL, Ending.TOTAL, Outcome.INITRAMFS_SHELL),
    (DISK, Ending.TOTAL, Outcome.UNFINISHED),
    (DISK, Ending.SILENCE, Outcome.IO_ERROR),
    (ROOT, Ending.POWER_LOST, Outcome.NO_ROOT),
    (DONE, Ending.CONSOLE_LOST, Outcome.BOOTED),
    (DONE, Ending.SETTLED, Outcome.BOOTED),
    (LOGIN, Ending.SILENCE, Outcome.HANG),  # a token was agreed on
]


@pytest.mark.parametrize("times", [False, True])
@pytest.mark.parametrize(("text", "outcome"), TALKED)
def test_after_a_kernel_began_to_talk(text: str, outcome: Outcome, *, times: bool) -> None:
    console = BOOT + text
    if times:
        text = text.replace(LOGIN, "")
        console = timed(BOOT, 0.01) + (timed(text, 0.7) if text else "") + (LOGIN if LOGIN in console else "")
    assert boot(console).outcome == outcome


@pytest.mark.parametrize(("text", "ending", "fetched", "outcome"), SILENT)
def test_before_a_kernel_spoke(text: str, ending: Ending, *, fetched: bool | None, outcome: Outcome) -> None:
    assert boot(text, ending, fetched=fetched).outcome == outcome


@pytest.mark.parametrize(("text", "ending", "outcome"), CAPTURED)
def test_why_the_capture_ended(text: str, ending: Ending, outcome: Outcome) -> None:
    assert boot(BOOT + text, ending, token=TOKEN).outcome == outcome


def test_every_word_is_tried() -> None:
    """A new word needs a console here."""
    tried = {case[-1] for case in (*TALKED, *SILENT, *CAPTURED)}
    assert tried == set(Outcome)


class TestWrongKernel:
    def test_of_which_another_release_was_wanted(self) -> None:
        assert boot(BOOT + LOGIN, release="2.6.28").outcome == Outcome.WRONG_KERNEL
        assert boot(BOOT + LOGIN, release=RELEASE).outcome == Outcome.BOOTED

    def test_even_if_it_panics(self) -> None:
        assert boot(BOOT + ROOT, release="2.6.28").outcome == Outcome.WRONG_KERNEL


class TestReset:
    def test_before_the_kernels_first_line(self) -> None:
        """The image was started, the machine started over, and the second time it booted."""
        reading = boot(IPXE + "Booting from ROM...\n" + IPXE + BOOT + LOGIN)
        assert reading.outcome == Outcome.BOOTED_AFTER_RESET

    def test_a_good_first_boot_is_not_undone(self) -> None:
        reading = boot(BOOT + DONE + BOOT, token=TOKEN)
        assert reading.outcome == Outcome.BOOTED

    def test_a_fault_and_two_restarts_is_a_loop_for_that_reason(self) -> None:
        reading = boot(BOOT + oops("foo_init") + BOOT + BOOT)
        assert (reading.outcome, reading.title) == (Outcome.REBOOT_LOOP, f"{FAULT[:-12]} in foo_init")

    def test_a_fault_and_one_restart_is_the_fault(self) -> None:
        assert boot(BOOT + oops("foo_init") + BOOT).outcome == Outcome.OOPS


class TestHeadline:
    def test_the_gravest_counts_and_not_the_first(self) -> None:
        gap = "nothing of note\n" * 4000
        reading = boot(BOOT + WARN + gap + oops("bar_init"))
        assert reading.report is not None
        assert reading.report.function == "bar_init"

    def test_a_warning_that_led_to_it_is_what_it_is_known_by(self) -> None:
        reading = boot(BOOT + WARN + oops("foo"))
        assert reading.report is not None
        assert reading.report.title == "WARNING in foo"

    def test_a_warning_led_to_a_torn_report_right_behind_it(self) -> None:
        reading = boot(BOOT + WARN + FAULT + "\n")
        assert (reading.outcome, reading.title) == (Outcome.OOPS, FAULT[:-12])
        assert reading.report is not None
        assert reading.report.title == "WARNING in foo"

    def test_a_warning_elsewhere_did_not_lead_to_it(self) -> None:
        reading = boot(BOOT + WARN + oops("bar_init"))
        assert reading.report is not None
        assert reading.report.function == "bar_init"

    def test_the_first_of_the_warnings_where_there_is_nothing_else(self) -> None:
        reading = boot(BOOT + WARN + WARN.replace("foo", "bar") + LOGIN)
        assert reading.report is not None
        assert reading.report.title == "WARNING in foo"

    def test_what_a_loader_or_user_space_says_is_no_kernels_report(self) -> None:
        assert boot(BOOT + SHELL).report is None
        assert boot("No bootable device.\n").report is None

    def test_a_later_kernels_fault_is_not_the_first_ones(self) -> None:
        reading = boot(BOOT + BOOT + oops("foo_init"))
        assert (reading.outcome, reading.report) == (Outcome.REBOOT_LOOP, None)


class TestCulprit:
    CALL = "calling  foo_init+0x0/0x10 @ 1\n"

    def test_the_initcall_that_did_not_return(self) -> None:
        reading = boot(timed(BOOT, 0.1) + timed(self.CALL, 1.0), Ending.SILENCE, token=TOKEN)
        assert (reading.outcome, reading.culprit, reading.function) == (Outcome.HANG, "foo_init", "foo_init")
        assert "initcall foo_init" in reading.reason

    def test_one_that_returned_is_not(self) -> None:
        back = "initcall foo_init+0x0/0x10 returned 0 after 12 usecs\n"
        assert boot(timed(BOOT, 0.1) + timed(self.CALL + back, 1.0), Ending.SILENCE).culprit is None

    def test_without_initcall_debug_nobody_knows(self) -> None:
        assert boot(BOOT, Ending.SILENCE).culprit is None


def test_a_fault_in_an_interrupt_is_no_clean_pass() -> None:
    reading = boot(BOOT + FAULT + "\n" + LOGIN)
    assert (reading.outcome, reading.verdict) == (Outcome.BOOTED_WITH_OOPS, "fail")
