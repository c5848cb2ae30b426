"""Kernels one after the other: what is a restart, what only looks like one, and when there is a doubt."""

import pytest

from farm.core.words import Outcome, Stage
from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.explain import read
from jobs.outcome.lines import Line, Record
from jobs.outcome.lives import STARTED_OVER, Life, Lives, Restart
from tests.support.excerpts import BOOT, RELEASE, oops, timed

FIRMWARE = "SeaBIOS (version 1.16.2)\niPXE initialising devices...ok\n"
LOGIN = "tfguest login: \n"
BANNER = BOOT.split("\n", 1)[0]


def line(text: str, number: int = 1) -> Line:
    return Line(text, number, 0)


def record(message: str, stamp: str | None = None) -> Record:
    return Record(message, stamp is not None, stamp)


def nothing() -> Line | None:
    return None


class TestBanner:
    """Lives by itself."""

    def banners(self, *stamps: str | None, release: str = "2.6.27", before: str | None = None) -> Lives:
        """`release`: of the banners after the first."""
        lives = Lives()
        last = line(before) if before else None
        for number, stamp in enumerate(stamps, 1):
            lives.banner(release if number > 1 else "2.6.27", record(BANNER, stamp), line(BANNER, number), lambda: last)
            lives.now.stage = max(lives.now.stage, Stage.BANNER, key=lambda stage: stage.rank)
        return lives

    def test_the_first_is_the_kernels_own(self) -> None:
        lives = Lives()
        assert lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER), nothing)
        assert (lives.first.release, lives.first.timed, lives.count) == ("2.6.27", True, 1)
        assert lives.first.banner == line(BANNER)

    def test_a_second_without_times_is_another_kernel(self) -> None:
        lives = self.banners(None, None)
        assert lives.count == 2
        assert lives.restart == Restart(line(BANNER, 2), None, "2.6.27")
        assert lives.now is not lives.first
        assert (lives.now.stage, lives.now.banner) == (Stage.BANNER, line(BANNER, 2))

    def test_a_second_with_times_is_a_doubt(self) -> None:
        lives = self.banners("0.000000", "0.000000")
        assert (lives.count, lives.restart) == (1, None)
        assert lives.doubt == Restart(line(BANNER, 2), None, "2.6.27")

    def test_a_third_is_a_certainty(self) -> None:
        lives = self.banners("0.000000", "0.000000", "0.000000")
        assert (lives.count, lives.doubt) == (2, None)

    def test_of_another_release_it_is_a_certainty(self) -> None:
        assert self.banners("0.000000", "0.000000", release="2.6.28").count == 2

    def test_without_a_time_where_there_were_times_it_is_user_spaces(self) -> None:
        """`cat /proc/version`."""
        lives = self.banners("0.000000", None)
        assert (lives.count, lives.doubt) == (1, None)

    @pytest.mark.parametrize(
        "before",
        [
            "console [ttyS0] enabled",
            "printk: console [ttyS0] enabled",
            "Console: colour VGA+ 80x25",
            "onsole ttyS0 enabled",
        ],
    )
    def test_after_a_console_came_up_it_is_the_buffer_once_more(self, before: str) -> None:
        lives = self.banners("0.000000", "0.000000", before=before)
        assert (lives.count, lives.doubt) == (1, None)
        assert self.banners(None, None, before=before).count == 1

    def test_two_consoles_on_one_line_print_it_twice(self) -> None:
        lives = self.banners(None, None, before=BANNER)
        assert (lives.count, lives.doubt) == (1, None)

    @pytest.mark.parametrize(
        ("stamp", "before"), [(None, None), ("0.000000", BANNER), ("0.000000", "console [tty0] enabled")]
    )
    def test_a_copy_is_not_the_kernels_own_word(self, stamp: str | None, before: str | None) -> None:
        lives = self.banners("0.000000")
        assert (
            lives.banner("9.9", record(BANNER, stamp), line(BANNER, 2), lambda: line(before) if before else None)
            is False
        )
        assert lives.first.release == "2.6.27"

    def test_of_a_quiet_kernel_only_its_own_counts(self) -> None:
        """Its times were seen, its banner was not; `cat /proc/version` has no time."""
        lives = Lives(Life(Stage.USERSPACE, timed=True))
        assert not lives.banner("2.6.27", record(BANNER), line(BANNER), nothing)
        assert (lives.first.release, lives.count) == (None, 1)
        assert lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER), nothing)

    @pytest.mark.parametrize("flag", ["orderly", "fatal"])
    def test_after_an_end_it_is_another_kernel(self, flag: str) -> None:
        lives = self.banners("0.000000")
        setattr(lives.first, flag, True)
        assert not lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER, 9), nothing)
        assert lives.count == 2

    def test_the_first_restart_is_kept(self) -> None:
        lives = self.banners(None, None, None)
        assert lives.count == 3
        assert lives.restart is not None
        assert lives.restart.line.number == 2

    def test_firmware_begins_a_life_without_a_banner(self) -> None:
        lives = self.banners("0.000000")
        lives.start_over(Restart(line("SeaBIOS"), None, None))
        assert (lives.now.stage, lives.now.banner, lives.count) == (Stage.FIRMWARE, None, 2)
        assert lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER, 3), nothing)
        assert lives.count == 2


class TestTime:
    """What comes after a second banner tells a copy of the log from another boot."""

    def doubtful(self, first: str = "0.123456") -> Lives:
        lives = Lives()
        lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER), nothing)
        lives.first.stage = Stage.INIT
        lives.time(record("one", first), line(f"[    {first}] one"))
        lives.banner("2.6.27", record(BANNER, "0.000000"), line(BANNER, 5), nothing)
        assert lives.doubt is not None
        return lives

    def test_the_same_time_and_text_is_a_copy(self) -> None:
        lives = self.doubtful()
        lives.time(record("one", "0.123456"), line("[    0.123456] one", 6))
        assert (lives.doubt, lives.count) == (None, 1)

    def test_another_time_is_another_boot(self) -> None:
        lives = self.doubtful()
        lives.time(record("one", "0.123999"), line("[    0.123999] one", 6))
        assert (lives.doubt, lives.count) == (None, 2)

    @pytest.mark.parametrize("stamp", ["0.000000", "0.004000", "1.250000", None])
    def test_times_in_ticks_and_lines_without_say_nothing(self, stamp: str | None) -> None:
        lives = self.doubtful()
        lives.time(record("one", stamp), line("one", 6))
        assert lives.doubt is not None
        assert lives.count == 1

    def test_without_times_what_only_a_boot_prints_after_its_banner(self) -> None:
        lives = Lives()
        lives.banner("2.6.27", record(BANNER), line(BANNER), nothing)
        lives.first.stage = Stage.USERSPACE
        lives.banner("2.6.27", record(BANNER), line(BANNER, 5), nothing)
        assert (lives.doubt is not None, lives.count) == (True, 1)
        lives.time(record("hello"), line("hello", 6))
        assert lives.count == 1
        lives.time(record("BIOS-provided physical RAM map:"), line("BIOS-provided physical RAM map:", 6))
        assert lives.count == 2


class TestLife:
    @pytest.mark.parametrize(
        ("stage", "running", "in_userspace"),
        [
            (Stage.NOTHING, False, False),
            (Stage.DECOMPRESS, False, False),
            (Stage.BANNER, True, False),
            (Stage.ROOT, True, False),
            (Stage.INIT, True, True),
            (Stage.DONE, True, True),
        ],
    )
    def test_what_a_stage_says(self, stage: Stage, *, running: bool, in_userspace: bool) -> None:
        life = Life(stage)
        assert (life.running, life.in_userspace) == (running, in_userspace)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("SeaBIOS (version 1.16.2)", True),
        ("Booting from ROM..SeaBIOS (version 1.16.2)", True),
        ("iPXE initialising devices...ok", True),
        ("Probing EDD (edd=off to disable)... ok", True),
        ("early console in setup code", True),
        ("DMI: QEMU Standard PC, BIOS 1.16.2", False),
        ("iPXE (http://ipxe.org)", False),
        ("no early console in sight", False),
    ],
)
def test_what_no_running_kernel_prints(text: str, *, is_it: bool) -> None:
    assert (STARTED_OVER.search(text) is not None) == is_it


def boot(text: str, **expect: str) -> Reading:
    reader = Reader(Expectation(**expect))
    reader.feed(text.encode())
    return reader.conclude(Ending.END_OF_FILE)


TIMED = timed(BOOT, 0.01)
AGAIN = timed(BOOT, 0.0123)


class TestConsoles:
    def test_one_boot(self) -> None:
        reading = boot(TIMED + LOGIN)
        assert (reading.outcome, reading.starts) == (Outcome.BOOTED, 1)

    def test_the_same_kernel_again(self) -> None:
        reading = boot(TIMED + AGAIN)
        assert (reading.outcome, reading.starts, reading.type) == (Outcome.REBOOT_LOOP, 2, "reboot-loop")
        assert "booted the same kernel again" in reading.reason

    def test_and_then_it_boots(self) -> None:
        reading = boot(TIMED + AGAIN + LOGIN)
        assert (reading.outcome, reading.starts) == (Outcome.BOOTED_AFTER_RESET, 2)
        assert reading.verdict == "fail"

    def test_three_times(self) -> None:
        assert boot(TIMED + AGAIN + timed(BOOT, 0.0145)).starts == 3

    def test_after_a_panic_the_panic_decides(self) -> None:
        reading = boot(TIMED + timed(oops("foo_init") + "Kernel panic - not syncing: Fatal exception\n", 1.0) + AGAIN)
        assert (reading.outcome, reading.type, reading.starts) == (Outcome.OOPS, "page-fault", 2)

    def test_a_panic_and_a_good_second_boot_is_no_pass(self) -> None:
        panic = timed("Kernel panic - not syncing: foo\n", 1.0)
        reading = boot(TIMED + panic + AGAIN + LOGIN)
        assert (reading.outcome, reading.verdict) == (Outcome.BOOTED_AFTER_RESET, "fail")

    def test_another_kernel(self) -> None:
        reading = boot(TIMED + AGAIN.replace(RELEASE, "2.6.26"))
        assert (reading.outcome, reading.version, reading.starts) == (Outcome.WRONG_KERNEL, "2.6.26", 2)

    def test_another_kernel_after_a_panic_says_nothing_of_it(self) -> None:
        fault = timed(oops("foo_init") + "Kernel panic - not syncing: Fatal exception\n", 1.0)
        reading = boot(TIMED + fault + AGAIN.replace(RELEASE, "2.6.26") + LOGIN)
        assert (reading.outcome, reading.function, reading.starts) == (Outcome.OOPS, "foo_init", 2)
        assert "2.6.26" in reading.reason

    def test_another_kernel_after_the_end_says_nothing_of_it(self) -> None:
        first = TIMED + "tfguest login: \nRestarting system.\n"
        assert boot(first + AGAIN.replace(RELEASE, "2.6.26")).outcome == Outcome.BOOTED

    def test_the_log_shown_by_dmesg_is_no_restart(self) -> None:
        reading = boot(TIMED + "$ dmesg\n" + TIMED + LOGIN)
        assert (reading.outcome, reading.starts) == (Outcome.BOOTED, 1)

    def test_a_console_that_comes_up_shows_the_log_again(self) -> None:
        early = timed("\n".join(BOOT.split("\n")[:3]) + "\nconsole [ttyS0] enabled\n", 0.01)
        assert boot(early + early + TIMED.split("\n", 3)[3] + LOGIN).starts == 1

    def test_early_consoles_handover(self) -> None:
        early = timed("\n".join(BOOT.split("\n")[:3]) + "\nconsole handover: boot [earlyser0] -> real [ttyS0]\n", 0.01)
        assert boot(early + TIMED.split("\n", 3)[3] + LOGIN).outcome == Outcome.BOOTED

    def test_the_version_file_is_no_restart(self) -> None:
        assert boot(TIMED + BANNER + "\n" + LOGIN).starts == 1

    def test_firmware_in_the_middle_of_a_boot(self) -> None:
        reading = boot(TIMED + FIRMWARE)
        assert (reading.outcome, reading.starts) == (Outcome.REBOOT_LOOP, 2)
        assert "reset by itself" in reading.reason

    def test_firmware_behind_a_line_without_an_end(self) -> None:
        assert boot(TIMED + "Rebooting in 1 seconds..SeaBIOS (version 1.16.2)\n").starts == 2

    def test_a_kernel_that_quotes_firmware_does_not_restart(self) -> None:
        assert boot(TIMED + timed("DMI: QEMU, BIOS SeaBIOS (version 1.16.2)\n", 1.0) + LOGIN).starts == 1

    def test_a_boot_without_times_that_starts_over(self) -> None:
        short = "\n".join(BOOT.split("\n")[:3]) + "\n"
        reading = boot(short + short)
        assert (reading.outcome, reading.starts) == (Outcome.REBOOT_LOOP, 2)

    def test_the_stage_is_the_first_kernels(self) -> None:
        reading = read((TIMED + timed("\n".join(BOOT.split("\n")[:2]) + "\n", 0.0123)).encode())
        assert reading.stage == Stage.INIT
