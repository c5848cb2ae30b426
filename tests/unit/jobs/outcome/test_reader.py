"""What the reader makes of a boot: markers, faults, restarts, and every way a console can end."""

import re

import pytest

from farm.core.errors import BadInputError
from farm.core.words import Outcome, Stage
from jobs.outcome import Ending, Expectation, Reader, Reading

TOKEN = "feedc0de"
RELEASE = "2.6.27.6"
BANNER = f"[    0.000000] Linux version {RELEASE} (farm@lab) (gcc version 12.2.0) #1 Sun Nov 22 12:06:48 UTC 2026\n"
EARLY = f"[    0.000000] BIOS-provided physical RAM map:\n[    0.000000] Kernel command line: ro farm.token={TOKEN}\n"
INITCALLS = "[    0.311415] NET: Registered protocol family 16\n"
INIT = "[    0.544886] Freeing unused kernel memory: 196k freed\n"
BOOT = BANNER + EARLY + INITCALLS + INIT
START = f"farm-init: start token={TOKEN} release={RELEASE} machine=i686 init=1\n"
END = f"farm-init: end token={TOKEN} failed=0\n"
KMSG_END = f"[    0.700001] farm-init: end token={TOKEN} failed=0\n"
OOPS = (
    "[    0.600001] BUG: unable to handle kernel NULL pointer dereference at 00000000\n"
    "[    0.600002] IP: [<c01010fc>] foo_init+0x0/0xc5\n"
    "[    0.600003] Oops: 0000 [#1] \n"
    "[    0.600004] EIP is at foo_init+0x0/0xc5\n"
    "[    0.600005] ---[ end trace 5871f91f961cb6c6 ]---\n"
)
PANIC = "[    0.650001] Kernel panic - not syncing: Fatal exception in interrupt\n"
WARN = "[    0.610001] WARNING: at kernel/foo.c:12 bar+0x12/0x30()\n"
SPOILED = "[    0.400001] Initramfs unpacking failed: write error\n"
IPXE = "SeaBIOS (version 1.16.2)\niPXE initialising devices...ok\nhttp://10.0.2.2/boot.ipxe... ok\nvmlinuz... ok\n"


def boot(
    text: str | bytes,
    ending: Ending = Ending.SILENCE,
    *,
    fetched: bool | None = True,
    token: str | None = TOKEN,
    pattern: str | None = None,
    release: str | None = RELEASE,
) -> tuple[Reading, Reader]:
    reader = Reader(Expectation(None if pattern else token, pattern, release))
    reader.feed(text.encode() if isinstance(text, str) else text)
    return reader.conclude(ending, image_fetched=fetched), reader


def verdict(outcome: Reading) -> str:
    return f"{outcome.verdict.value} {outcome.type}" if outcome.type else outcome.verdict.value


class TestPass:
    def test_by_token(self) -> None:
        outcome, reader = boot(BOOT + START + END, Ending.SETTLED)
        assert verdict(outcome) == "pass"
        assert (outcome.stage, outcome.version, outcome.title, outcome.warnings) == (Stage.DONE, RELEASE, None, ())
        assert [item.text for item in outcome.evidence] == [END.strip()]
        assert reader.start_seen
        assert reader.banner_seen
        assert reader.settled is not None
        assert 0 < reader.settled.grace < 0.2  # nothing that comes after it counts

    @pytest.mark.parametrize(
        "end",
        [
            END,
            KMSG_END,
            f"<6>{END}",
            f"some text {END}",  # user space had begun a line
            f"farm-init: end tok[    0.700000] random: crng init done\nen={TOKEN} failed=0\n{KMSG_END}",  # torn
            f"farm-init: end token={TOKEN} failed=0[    0.800000] random: crng init done\n",
            END.replace("\n", "\r\n"),
            END.rstrip("\n"),  # the console ended there
        ],
    )
    def test_one_whole_copy_of_the_end_marker_is_enough(self, end: str) -> None:
        assert verdict(boot(BOOT + START + end)[0]) == "pass"

    @pytest.mark.parametrize(
        "end",
        [
            "farm-init: end token=0ddba11 failed=0\n",  # an old log
            f"[    0.000000] Kernel command line: farm.token={TOKEN} farm-init: end\n",
            f"boot: linux farm.token={TOKEN}\n",  # an echoing loader
            f"farm-init: end tok[    0.700000] random: crng init done\nen={TOKEN} failed=0\n",  # torn, no other copy
            f"farm-init: end token={TOKEN} failed=\n",
            f"farm-init: end token={TOKEN}0 failed=0\n",
            f"farm-init: start token={TOKEN} release={RELEASE} machine=i686 init=1\n",
        ],
    )
    def test_anything_less_is_not(self, end: str) -> None:
        assert verdict(boot(BOOT + end)[0]) == "fail silent"

    def test_a_quiet_kernel_passes_too(self) -> None:
        outcome, reader = boot(START + END)
        assert verdict(outcome) == "pass"
        assert not reader.banner_seen

    def test_warnings_are_told(self) -> None:
        stall = "[   25.000001] INFO: rcu_sched self-detected stall on CPU\n"
        outcome, _ = boot(BOOT + WARN + stall + WARN + START + END)
        assert verdict(outcome) == "pass"
        assert outcome.warnings == ("WARNING in bar", "INFO: rcu detected stall")
        assert outcome.evidence[0].text.startswith("[    0.610001] WARNING")

    def test_a_fault_after_the_end_comes_too_late(self) -> None:
        """How much of it arrives depends on the grace; the verdict must not."""
        assert verdict(boot(BOOT + START + END + OOPS + PANIC)[0]) == "pass"

    def test_the_token_proves_the_kernel_where_the_driver_saw_no_fetch(self) -> None:
        assert verdict(boot(BOOT + START + END, fetched=False)[0]) == "pass"

    def test_with_a_pattern_in_the_job_no_marker_counts(self) -> None:
        assert verdict(boot(BOOT + END, pattern="login: $")[0]) == "fail silent"

    @pytest.mark.parametrize("sign", [END, "tfguest login: ", "[    9.000001] reboot: Power down\n"])
    def test_where_nothing_was_agreed_on_the_signs_that_people_go_by_count(self, sign: str) -> None:
        outcome, _ = boot(BOOT + START + sign, Ending.END_OF_FILE, token=None, release=None)
        assert (verdict(outcome), outcome.outcome) == ("pass", Outcome.BOOTED)

    def test_user_space_alone_is_no_sign(self) -> None:
        outcome, _ = boot(BOOT + START, Ending.END_OF_FILE, token=None, release=None)
        assert outcome.outcome == Outcome.HANG


class TestPattern:
    def test_on_a_line(self) -> None:
        outcome, reader = boot(BOOT + "all is well\n", pattern="is w.ll$")
        assert verdict(outcome) == "pass"
        assert reader.settled is not None

    def test_a_prompt_has_no_line_end(self) -> None:
        reader = Reader(Expectation(pattern="login: $"))
        reader.feed(BOOT.encode())
        assert reader.settled is None
        reader.feed(b"tfguest login: ")
        assert reader.settled is not None
        assert verdict(reader.conclude(Ending.SETTLED, image_fetched=True)) == "pass"

    def test_anchors_see_the_line_with_and_without_its_printk_prefix(self) -> None:
        line = "[    0.700000] init says hello\n"
        assert verdict(boot(BOOT + line, pattern="^init says")[0]) == "pass"
        assert verdict(boot(BOOT + line, pattern=r"^\[ .*hello$")[0]) == "pass"

    def test_case_matters(self) -> None:
        assert verdict(boot(BOOT + "READY\n", pattern="ready")[0]) == "fail silent"

    def test_the_command_line_is_no_sign_of_success(self) -> None:
        assert verdict(boot(BOOT, pattern="farm.token")[0]) == "fail silent"

    def test_a_panic_before_it_decides(self) -> None:
        assert verdict(boot(BOOT + OOPS + PANIC + "ready\n", pattern="ready")[0]) == "fail page-fault"

    def test_a_pattern_that_does_not_compile_is_refused_at_once(self) -> None:
        with pytest.raises(BadInputError, match="not a regular expression"):
            Reader(Expectation(pattern="("))

    def test_a_pattern_that_would_take_for_ever_does_not(self) -> None:
        outcome, _ = boot(BOOT + "a" * 5000 + "!\n", pattern="^(a+)+$")
        assert verdict(outcome) != "pass"


class TestChecks:
    FAILED = "farm-init: check smp FAILED: 1 of 2 processors\n"

    def test_a_failed_check_is_a_failure_with_its_line(self) -> None:
        text = BOOT + START + "farm-init: check disk ok\n" + self.FAILED + END.replace("failed=0", "failed=1")
        outcome, _ = boot(text)
        assert verdict(outcome) == "fail check"
        assert outcome.title == "check failed: smp"
        assert [item.text for item in outcome.evidence] == [self.FAILED.strip(), END.strip().replace("=0", "=1")]

    def test_both_copies_of_a_check_are_one(self) -> None:
        text = BOOT + START + "[    0.6] " + self.FAILED + self.FAILED + END.replace("failed=0", "failed=1")
        assert boot(text)[0].title == "check failed: smp"

    def test_the_count_decides_when_the_lines_are_torn(self) -> None:
        outcome, _ = boot(BOOT + START + END.replace("failed=0", "failed=2"))
        assert verdict(outcome) == "fail check"
        assert "2" in outcome.reason


class TestFault:
    def test_an_oops_and_then_the_end_is_no_pass(self) -> None:
        outcome, reader = boot(BOOT + OOPS + START + END)
        assert verdict(outcome) == "fail page-fault"
        assert (outcome.function, outcome.stage) == ("foo_init", Stage.DONE)
        assert reader.settled is not None

    def test_a_lone_oops_does_not_end_the_boot(self) -> None:
        outcome, reader = boot(BOOT + OOPS)
        assert reader.settled is None
        assert verdict(outcome) == "fail page-fault"

    def test_the_first_report_is_to_blame_and_the_panic_follows(self) -> None:
        outcome, reader = boot(BOOT + OOPS + OOPS.replace("foo_init", "other") + PANIC)
        assert (outcome.type, outcome.function) == ("page-fault", "foo_init")
        assert "then kernel panic: Fatal exception in interrupt" in outcome.reason
        assert outcome.evidence[-1].text == PANIC.strip()
        assert reader.settled is not None
        assert reader.settled.grace == pytest.approx(1.5)

    def test_a_panic_then_a_good_boot_is_a_panic(self) -> None:
        outcome, reader = boot(BOOT + PANIC + BOOT + START + END)
        assert verdict(outcome) == "fail panic"
        assert outcome.stage == Stage.INIT
        assert reader.settled is not None
        assert reader.settled.grace == 0

    def test_a_panic_asked_for_by_a_warning_blames_the_warning(self) -> None:
        outcome, _ = boot(BOOT + WARN + "[    0.7] Kernel panic - not syncing: panic_on_warn set ...\n")
        assert verdict(outcome) == "fail warning"
        assert (outcome.title, outcome.function) == ("WARNING in bar", "bar")
        assert outcome.warnings == ()

    def test_a_stall_is_to_blame_when_the_end_is_not_reached(self) -> None:
        stall = (
            "[   48.000001] BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]\n[   48.000002] EIP is at foo+0x1/0x2\n"
        )
        outcome, reader = boot(BOOT + stall)
        assert reader.settled is None
        assert (verdict(outcome), outcome.function) == ("fail hang", "foo")
        assert outcome.warnings == ()

    def test_no_root_shows_what_the_kernel_said_before(self) -> None:
        text = (
            BANNER + EARLY + '[    2.8] VFS: Cannot open root device "<NULL>" or unknown-block(254,0)\n'
            "[    2.8] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)\n"
        )
        outcome, _ = boot(text)
        assert verdict(outcome) == "fail no-root"
        assert [item.line for item in outcome.evidence] == [4, 5]
        assert outcome.stage == Stage.ROOT

    def test_user_space_too_new_for_the_kernel(self) -> None:
        text = BOOT + "FATAL: kernel too old\n[    3.1] Kernel panic - not syncing: Attempted to kill init!\n"
        assert verdict(boot(text)[0]) == "fail kernel-too-old"

    def test_text_glued_before_a_report_does_not_hide_it(self) -> None:
        text = (
            BANNER
            + "[    0.004000] Checking the WP bit...<0>------------[ cut here ]------------\nfoo<4>BUG: Int 14: CR2 1\n"
        )
        assert verdict(boot(text)[0]) == "fail early-exception"

    @pytest.mark.parametrize(
        "line", ["Kernel panic - not syncing: just a test\n", "BUG: in my program\n", "WARNING: at a.c:1\n"]
    )
    def test_user_space_cannot_speak_for_a_kernel_that_shows_times(self, line: str) -> None:
        outcome, _ = boot(BOOT + START + line + END)
        assert verdict(outcome) == "pass"
        assert outcome.warnings == ()

    def test_a_kernel_without_times_is_believed(self) -> None:
        text = re.sub(r"(?m)^\[ +[\d.]+\] ", "", BOOT + PANIC)
        assert verdict(boot(text)[0]) == "fail panic"


class TestInitramfs:
    def test_success_of_something_else_says_nothing(self) -> None:
        outcome, _ = boot(BOOT + SPOILED + START + END)
        assert verdict(outcome) == "inconclusive bad-initramfs"
        assert [item.text for item in outcome.evidence] == [SPOILED.strip(), END.strip()]
        assert outcome.signature is None

    def test_a_failure_after_it_mentions_it(self) -> None:
        outcome, _ = boot(BOOT + SPOILED + "[    3.1] Kernel panic - not syncing: No init found.\n")
        assert verdict(outcome) == "fail init-died"
        assert "initramfs" in outcome.reason


class TestRestart:
    def test_the_same_banner_again(self) -> None:
        outcome, reader = boot(BOOT + BOOT.replace("0.311415", "0.311499"))
        assert verdict(outcome) == "fail reboot-loop"
        assert reader.settled is not None
        assert reader.settled.grace == 0
        assert len(outcome.evidence) == 3

    def test_a_good_boot_afterwards_changes_nothing(self) -> None:
        assert verdict(boot(BOOT + BOOT.replace("0.311415", "0.311499") + START + END)[0]) == "fail reboot-loop"

    def test_three_banners_that_never_get_to_a_time(self) -> None:
        outcome, reader = boot((BANNER + EARLY) * 3)
        assert verdict(outcome) == "fail reboot-loop"
        assert reader.settled is not None

    def test_two_of_them_and_silence(self) -> None:
        assert verdict(boot((BANNER + EARLY) * 2)[0]) == "fail reboot-loop"

    def test_firmware_again_then_the_kernel(self) -> None:
        outcome, reader = boot(IPXE + BOOT + IPXE + BANNER)
        assert verdict(outcome) == "fail reboot-loop"
        assert outcome.stage == Stage.INIT
        assert reader.settled is not None

    def test_firmware_again_and_no_kernel(self) -> None:
        assert verdict(boot(IPXE + BOOT + IPXE)[0]) == "fail reset"

    def test_then_another_kernel(self) -> None:
        outcome, _ = boot(BOOT + BOOT.replace(RELEASE, "2.6.26"))
        assert verdict(outcome) == "fail reset"
        assert "2.6.26" in outcome.reason
        assert outcome.version == "2.6.26"

    def test_a_kernel_without_times(self) -> None:
        text = re.sub(r"(?m)^\[ +[\d.]+\] ", "", BANNER + EARLY)
        assert verdict(boot(text + text)[0]) == "fail reboot-loop"

    def test_firmware_that_starts_over_before_a_fetched_kernel_speaks(self) -> None:
        outcome, reader = boot(IPXE * 4)
        assert verdict(outcome) == "fail reboot-loop"
        assert reader.settled is not None

    @pytest.mark.parametrize(
        "copy",
        [
            BOOT,  # dmesg: times and all
            BANNER.replace("[    0.000000] ", ""),  # cat /proc/version
        ],
    )
    def test_a_copy_of_the_log_is_no_restart(self, copy: str) -> None:
        assert verdict(boot(BOOT + START + copy + "[    0.711111] more\n" + END)[0]) == "pass"

    def test_a_console_that_comes_up_prints_the_log_again(self) -> None:
        early = BANNER + EARLY + "[    0.004000] console [tty0] enabled\n"
        assert verdict(boot(early + early + INITCALLS + INIT + START + END)[0]) == "pass"


class TestWrongKernel:
    def test_first_of_all(self) -> None:
        outcome, reader = boot(BOOT.replace(RELEASE, "2.6.26"))
        assert verdict(outcome) == "infra another-kernel"
        assert outcome.reason == "another kernel booted: 2.6.26 instead of 2.6.27.6"
        assert reader.settled is not None

    def test_even_if_it_panics(self) -> None:
        assert verdict(boot(BOOT.replace(RELEASE, "2.6.26") + PANIC)[0]) == "infra another-kernel"

    def test_the_release_may_be_the_whole_string_of_the_image(self) -> None:
        assert verdict(boot(BOOT + START + END, release=f"{RELEASE} (farm@lab) #1")[0]) == "pass"

    def test_unknown_release_but_nothing_was_fetched(self) -> None:
        assert verdict(boot(BOOT, release=None, fetched=False)[0]) == "infra another-kernel"

    def test_our_banner_outweighs_the_driver(self) -> None:
        assert verdict(boot(BOOT + PANIC, fetched=False)[0]) == "fail panic"


class TestEnding:
    @pytest.mark.parametrize(
        ("text", "ending", "fetched", "expected"),
        [
            ("", Ending.FIRST_BYTE, None, "infra no-output"),
            ("", Ending.FIRST_BYTE, False, "infra not-fetched"),
            ("", Ending.FIRST_BYTE, True, "fail silent"),
            ("", Ending.CONSOLE_LOST, True, "infra console-lost"),
            ("", Ending.POWER_LOST, None, "infra power-lost"),
            ("\0\0\r\n \r\n", Ending.SILENCE, None, "infra no-output"),
            (IPXE, Ending.SILENCE, True, "fail silent"),
            (IPXE, Ending.SILENCE, None, "infra no-kernel"),
            (IPXE, Ending.SILENCE, False, "infra not-fetched"),
            (IPXE, Ending.TOTAL, True, "infra no-kernel"),
            (IPXE, Ending.FLOOD, None, "infra no-kernel"),
            (IPXE, Ending.CONSOLE_LOST, True, "infra console-lost"),
            (IPXE + "Probing EDD (edd=off to disable)... ok\n", Ending.SILENCE, None, "fail silent"),
            (BOOT, Ending.SILENCE, None, "fail silent"),
            (BOOT, Ending.TOTAL, True, "fail unfinished"),
            (BOOT, Ending.FLOOD, True, "fail unfinished"),
            (BOOT, Ending.CONSOLE_LOST, True, "infra console-lost"),
            (BOOT, Ending.POWER_LOST, True, "infra power-lost"),
            (BOOT + "[    5.6] Power down.\n", Ending.POWER_LOST, True, "fail unfinished"),
            (BOOT + OOPS, Ending.POWER_LOST, True, "fail page-fault"),
            (BOOT + PANIC, Ending.CONSOLE_LOST, True, "fail panic"),
        ],
    )
    def test_verdict(self, text: str, ending: Ending, fetched: bool | None, expected: str) -> None:
        outcome, _ = boot(text, ending, fetched=fetched, release=None)
        assert verdict(outcome) == expected
        assert outcome.reason
        assert (outcome.signature is None) == (outcome.verdict != "fail")

    def test_silence_names_the_last_line(self) -> None:
        outcome, _ = boot(BOOT + "\n\r\n")
        assert outcome.reason == "silent after 'Freeing unused kernel memory: 196k freed'"
        assert outcome.evidence[0].line == 5
        assert outcome.title == "silent, stage init"

    def test_a_loader_error_is_ours(self) -> None:
        outcome, _ = boot("iPXE\nvmlinuz... No such file or directory (http://ipxe.org/2d12603b)\n", fetched=None)
        assert verdict(outcome) == "infra tftp"
        assert "vmlinuz... No such file" in outcome.reason

    def test_a_loader_error_that_went_away_is_not(self) -> None:
        text = "net0: Connection timed out (http://ipxe.org/4c0a6092)\n" + IPXE
        assert verdict(boot(text)[0]) == "fail silent"

    def test_a_running_kernel_does_not_speak_ipxe(self) -> None:
        outcome, _ = boot(BOOT + START + "see (http://ipxe.org/2d12603b)\nNo bootable device\n" + END)
        assert verdict(outcome) == "pass"

    def test_a_decompressor_error_has_no_line_end(self) -> None:
        reader = Reader(Expectation(TOKEN))
        reader.feed(b"Decompressing Linux...\n\nXZ-compressed data is corrupt\n\n -- System halted")
        assert reader.settled is not None
        outcome = reader.conclude(Ending.SETTLED, image_fetched=True)
        assert outcome.title == "decompressor: XZ-compressed data is corrupt"
        assert outcome.stage == Stage.DECOMPRESS


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("", Stage.NOTHING),
        ("\r\n\0", Stage.NOTHING),
        ("Award Modular BIOS v6.00PG\n", Stage.FIRMWARE),
        ("SeaBIOS (version 1.16.2)\n", Stage.FIRMWARE),
        ("SeaBIOS (version 1.16.2)\nBooting from ROM...\n", Stage.LOADER),
        ("PXELINUX 6.04 2019\n", Stage.NETBOOT),
        ("Probing EDD (edd=off to disable)... ok\n", Stage.DECOMPRESS),
        ("PPrroobbiinngg  EEDDDD  ((eedddd==ooffff  ttoo  ddiissaabbllee))......  ook\n", Stage.DECOMPRESS),
        (BANNER, Stage.BANNER),
        ("[    1.103952] pci 0000:00:01.0: PIIX3: Enabling Passive Release\n", Stage.BANNER),
        ("BUG: unable to handle kernel paging request at fbe00000\n", Stage.BANNER),
        (BANNER + EARLY + INITCALLS, Stage.INITCALLS),
        (BANNER + "[    2.1] VFS: Mounted root (ext3 filesystem) readonly.\n", Stage.ROOT),
        (BOOT, Stage.INIT),
        (BANNER + "[    3.9] Run /init as init process\n", Stage.INIT),
        (BOOT + "Starting services: [ ok ]\n", Stage.USERSPACE),
        (BOOT + START, Stage.USERSPACE),
        (BOOT + START + END, Stage.DONE),
        (BOOT + "[    0.6] io scheduler cfq registered\n", Stage.INIT),  # never back
    ],
)
def test_stage(text: str, stage: Stage) -> None:
    outcome, reader = boot(text)
    assert outcome.stage == stage
    assert reader.stage == stage


def test_stage_is_live() -> None:
    reader = Reader(Expectation(TOKEN))
    stages = []
    for line in (IPXE + BOOT + START + END).splitlines(keepends=True):
        reader.feed(line.encode())
        stages.append(reader.stage)
    assert stages == sorted(stages, key=lambda stage: stage.rank)
    assert stages[-1] == Stage.DONE
    assert reader.version == RELEASE
