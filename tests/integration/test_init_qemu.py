"""farm-init on real Debian kernels, booted by QEMU with `-kernel`: what it says, and that the machine ends as asked.

The kernels are those of the demo (`.demo/kernels/vmlinuz-RELEASE`, fetched by `make demo`).
"""

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.init import Check, End, Marker, Report, Start, cpio_newc, default_initramfs, facts, parse_marker
from jobs.init.build import BINARY, FLAGS
from jobs.init.initramfs import Entry, directory, regular

TREE = Path(__file__).parents[2]
KERNELS = sorted((TREE / ".demo/kernels").glob("vmlinuz-*"))
QEMU = "qemu-system-i386"
MACHINE = ("-accel", "tcg", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot")
SECONDS = 150  # a bound for a busy machine; a boot takes five when it is idle
TOKEN = "c0ffee0123456789"

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(not shutil.which(QEMU), reason=f"{QEMU} is not installed"),
    pytest.mark.skipif(not KERNELS, reason="no kernels in .demo/kernels: `make demo` fetches them"),
]


@dataclass(frozen=True)
class Booted:
    """A guest's console, and whether the guest ended by itself."""

    text: str
    ended: bool

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def markers(self) -> list[Marker]:
        return [marker for line in self.lines if (marker := parse_marker(line))]

    @property
    def checks(self) -> dict[str, str | None]:
        return {marker.name: marker.why for marker in self.markers if isinstance(marker, Check)}

    def copies(self, marker: Marker) -> tuple[int, int]:
        """How often the marker came by the console itself, and how often by the kernel log."""
        dressed = [line.startswith("[") for line in self.lines if parse_marker(line) == marker]
        return dressed.count(False), dressed.count(True)


@dataclass(frozen=True)
class Guest:
    folder: Path
    kernel: Path

    def boot(
        self, cmdline: str, *, initramfs: bytes | None = None, more: tuple[str, ...] = (), until: str | None = None
    ) -> Booted:
        """Boots with 64 MB until the guest ends, or a line that matches `until` was seen and a second has passed."""
        initrd, log = self.folder / "initrd", self.folder / "console"
        initrd.write_bytes(default_initramfs() if initramfs is None else initramfs)
        command = [QEMU, *MACHINE, "-m", "64", *more, "-serial", f"file:{log}", "-kernel", str(self.kernel)]
        command += ["-initrd", str(initrd), "-append", f"console=ttyS0,115200 {cmdline}"]
        deadline = time.monotonic() + SECONDS
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                while process.poll() is None and time.monotonic() < deadline:
                    if until and log.exists() and re.search(until, log.read_bytes().decode("latin-1"), re.MULTILINE):
                        time.sleep(1)
                        break
                    time.sleep(0.1)
                ended = process.poll() is not None
            finally:
                process.kill()
        return Booted(log.read_bytes().decode("latin-1"), ended)


@pytest.fixture
def newest(tmp_path: Path) -> Guest:
    return Guest(tmp_path, KERNELS[-1])


def release(kernel: Path) -> str:
    return kernel.name.removeprefix("vmlinuz-")


# One kernel a branch in every run, the others with the slow ones.
NEWEST = {release(kernel).rpartition("-")[0].partition("-")[0]: kernel for kernel in KERNELS}.values()
ALL = [
    pytest.param(kernel, marks=[] if kernel in NEWEST else pytest.mark.slow, id=release(kernel)) for kernel in KERNELS
]


@pytest.mark.parametrize("kernel", ALL)
def test_every_kernel_reaches_the_end_and_powers_off(kernel: Path, tmp_path: Path) -> None:
    booted = Guest(tmp_path, kernel).boot(f"farm.token={TOKEN} farm.check=fork,timer,mem,meminfo,dmesg-clean")
    assert booted.ended, booted.text[-2000:]
    assert "reboot: Power down" in booted.text
    markers = booted.markers
    assert markers[0] == Start(TOKEN, release(kernel), "i686", 1)
    assert markers[-1] == End(TOKEN, 0)
    assert booted.checks == dict.fromkeys(["fork", "timer", "mem", "meminfo", "dmesg-clean"])
    for marker in (markers[0], Check("fork", None), End(TOKEN, 0)):
        by_console, by_log = booted.copies(marker)
        assert by_log == 1, "nothing can land inside the kernel log's copy"
        assert by_console <= 1, "a kernel message may have landed inside the console's"
    found = facts(markers)
    assert found["cpu.vendor"] == "GenuineIntel"
    assert {"fpu", "tsc", "cmov"} <= set(found["cpu.flags"].split())
    assert found["cpu.count"] == "1"
    assert found["paravirt"] == "bare hardware"
    assert found["hypervisor"] == "cpuflag=yes sysfs=none dmesg=none"
    assert 30_000 < int(found["mem.total_kb"]) < 65_536
    assert found["cmdline"].startswith("console=ttyS0,115200 farm.token=")


def test_no_token_and_more_lines_than_the_kernel_lets_through_at_once(newest: Guest) -> None:
    """The kernel drops what one opening of /dev/kmsg writes beyond ten lines in five seconds."""
    padding = f"farm.check={','.join(f'no{i}' for i in range(30))} " + " ".join(f"pad{i}={'x' * 40}" for i in range(30))
    booted = newest.boot(padding)
    assert booted.ended
    assert isinstance(booted.markers[0], Start)
    assert booted.markers[0].token is None
    assert booted.markers[-1] == End(None, 30)
    refused = [line for line in booted.lines if re.match(r"\[.*farm-init: check no\d+ FAILED: no such check", line)]
    assert len(refused) == 30
    logged = [marker for marker in booted.markers if isinstance(marker, Report) and marker.logged]
    assert len([report for report in logged if report.key == "cmdline"]) > 1
    assert facts(logged)["cmdline"] == f"console=ttyS0,115200 {padding}"


def test_quiet_leaves_the_consoles_own_copy(newest: Guest) -> None:
    booted = newest.boot(f"quiet farm.token={TOKEN}")
    assert booted.ended
    assert booted.copies(Start(TOKEN, release(newest.kernel), "i686", 1)) == (1, 0)
    assert booted.copies(End(TOKEN, 0)) == (1, 0)
    assert "Linux version" not in booted.text


def test_a_console_elsewhere_leaves_the_kernel_logs_copy(newest: Guest) -> None:
    """/dev/console is the last console named; the kernel log goes to all of them."""
    booted = newest.boot(f"console=tty0 farm.token={TOKEN}")
    assert booted.ended
    assert booted.copies(End(TOKEN, 0)) == (0, 1)


def test_hold_does_not_power_off(newest: Guest) -> None:
    booted = newest.boot(f"farm.hold farm.token={TOKEN}", until=r"^farm-init: end ")
    assert booted.markers[-1] == End(TOKEN, 0)
    assert not booted.ended
    assert "reboot:" not in booted.text


def test_reboot_restarts_the_machine(newest: Guest) -> None:
    booted = newest.boot(f"farm.poweroff=reboot farm.token={TOKEN}")
    assert booted.ended, "-no-reboot makes QEMU end at a reset"
    assert booted.markers[-1] == End(TOKEN, 0)
    assert "reboot: Restarting system" in booted.text


def test_a_kernel_that_cannot_power_off_halts_and_does_not_panic(newest: Guest) -> None:
    booted = newest.boot(f"acpi=off farm.token={TOKEN}", until="reboot: System halted|Kernel panic")
    assert booted.markers[-1] == End(TOKEN, 0)
    assert "reboot: System halted" in booted.text
    assert "Kernel panic" not in booted.text


def test_two_processors_are_counted(newest: Guest) -> None:
    booted = newest.boot(f"farm.token={TOKEN} farm.check=fork,timer", more=("-smp", "2"))
    assert booted.ended
    assert facts(booted.markers)["cpu.count"] == "2"
    assert booted.markers[-1] == End(TOKEN, 0)


def test_too_little_memory_fails_the_check_and_not_the_boot(newest: Guest) -> None:
    booted = newest.boot(f"farm.token={TOKEN} farm.check=mem,fork farm.mem=48")
    assert booted.ended, booted.text[-2000:]
    assert booted.checks["mem"] in {
        "killed while it touched the memory, by signal 9",
        "the kernel refused this many megabytes: 48",
    }
    assert booted.checks["fork"] is None
    assert booted.markers[-1] == End(TOKEN, 1)


def test_ten_megabytes_are_enough(tmp_path: Path) -> None:
    """Debian's 5.10 comes up with mem=10M, its 6.1 panics before any init: farm-init must not be what is in the way."""
    older = [kernel for kernel in KERNELS if release(kernel).startswith("5.10.")]
    if not older:
        pytest.skip("no 5.10 kernel in .demo/kernels")
    booted = Guest(tmp_path, older[-1]).boot(f"mem=10M farm.token={TOKEN} farm.check=fork,timer")
    assert booted.ended, booted.text[-2000:]
    assert booted.markers[-1] == End(TOKEN, 0)
    assert int(facts(booted.markers)["mem.total_kb"]) < 16 * 1024  # the kernel counts a little of its own text in


def test_an_initramfs_with_nothing_but_init_has_a_console_too(newest: Guest) -> None:
    alone = cpio_newc([regular("init", BINARY.read_bytes(), 0o755)])
    booted = newest.boot(f"quiet farm.token={TOKEN} farm.check=meminfo", initramfs=alone)
    assert booted.ended
    assert booted.copies(End(TOKEN, 0)) == (1, 0)
    assert booted.checks == {"meminfo": None}


def test_where_proc_cannot_be_mounted_the_token_comes_from_the_log(newest: Guest) -> None:
    entries = [directory("dev"), regular("proc", b""), regular("init", BINARY.read_bytes(), 0o755)]
    booted = newest.boot(f"farm.token={TOKEN} farm.check=meminfo", initramfs=cpio_newc(entries))
    assert booted.ended
    assert booted.markers[-1] == End(TOKEN, 1)
    assert booted.checks == {"meminfo": "no MemTotal in /proc/meminfo"}
    assert facts(booted.markers)["cpu.count"] == "unknown"


def test_a_warning_in_the_kernel_log_fails_the_log_check(newest: Guest) -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed: it builds the program that puts a warning into the kernel log")
    entries: list[Entry] = [directory("dev"), directory("proc")]
    entries += [regular("init", warner(newest.folder), 0o755), regular("farm-init", BINARY.read_bytes(), 0o755)]
    booted = newest.boot(f"farm.token={TOKEN} farm.check=dmesg-clean", initramfs=cpio_newc(entries))
    assert booted.checks == {"dmesg-clean": "WARNING: CPU: 0 PID: 1 at kernel/test.c:1"}
    assert booted.markers[-1] == End(TOKEN, 1)


def warner(folder: Path) -> bytes:
    """A process 1 that writes a warning to the kernel log and becomes farm-init."""
    source = folder / "warner.c"
    source.write_text(
        f"""
#include "{BINARY.parent}/syscalls.h"
void _start(void)
{{
	static const char text[] = "<4>WARNING: CPU: 0 PID: 1 at kernel/test.c:1\\n", path[] = "/farm-init";
	static const char *argv[] = {{ path, 0 }};

	call3(NR_mknod, P("/dev/kmsg"), S_IFCHR | 0600, 1 << 8 | 11);
	call3(NR_write, (unsigned)call3(NR_open, P("/dev/kmsg"), O_WRONLY, 0), P(text), sizeof(text) - 1);
	call3(11, P(path), P(argv), 0); /* execve */
	call0(NR_pause);
	(void)call5;
}}
"""
    )
    subprocess.run(["gcc", *FLAGS, "-o", folder / "warner", source], check=True)
    return (folder / "warner").read_bytes()
