"""The real farm-init as process 1 of a name space on the kernel at hand: any command line and /proc, in milliseconds.

No root: a user name space, in which it can neither make device nodes nor reach the kernel log, and in which reboot()
ends that name space only (kernel/pid_namespace.c reboot_pid_ns): with SIGINT for off and halt, SIGHUP for a restart.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.init import Check, End, Marker, Report, Start, facts, parse_marker
from jobs.init.build import BINARY, FLAGS

UNSHARE = ("unshare", "--user", "--map-root-user", "--pid", "--mount", "--fork", "--kill-child")
SECONDS = 60
CPU = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: A CPU\nflags\t\t: fpu vme sse\n\n"
MEMINFO = "MemTotal:         51480 kB\nMemFree:          30000 kB\n"


@dataclass(frozen=True)
class Said:
    """What one run said, and how it left."""

    text: str
    left: int

    @property
    def markers(self) -> list[Marker]:
        return [marker for line in self.text.splitlines() if (marker := parse_marker(line))]

    @property
    def notes(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("farm-init: note ")]

    def check(self, name: str) -> Check:
        (found,) = [marker for marker in self.markers if isinstance(marker, Check) and marker.name == name]
        return found


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("user and pid name spaces are not allowed here")
    try:
        subprocess.run([BINARY], capture_output=True, timeout=SECONDS, check=False)
    except OSError as error:
        pytest.skip(f"this kernel starts no i386 program: {error.strerror}")
    top = tmp_path_factory.mktemp("root")
    for name in ("proc", "dev", "sys/hypervisor", "tmp"):
        (top / name).mkdir(parents=True)
    shutil.copy(BINARY, top / "init")
    return top


def place(root: Path, cmdline: bytes, cpuinfo: str | None, meminfo: str | None, hypervisor: str | None) -> None:
    (root / "proc/cmdline").write_bytes(cmdline)
    for name, text in (("proc/cpuinfo", cpuinfo), ("proc/meminfo", meminfo), ("sys/hypervisor/type", hypervisor)):
        if text is None:
            (root / name).unlink(missing_ok=True)
        else:
            (root / name).write_text(text)


@pytest.fixture
def run(root: Path) -> Run:
    def start(
        cmdline: str | bytes,
        cpuinfo: str | None = CPU,
        meminfo: str | None = MEMINFO,
        hypervisor: str | None = None,
    ) -> Said:
        raw = cmdline.encode() if isinstance(cmdline, str) else cmdline
        place(root, raw, cpuinfo, meminfo, hypervisor)
        command = [*UNSHARE, f"--root={root}", "/init"]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        return Said(done.stdout.decode("ascii"), done.returncode)

    return start


def test_start_reports_and_end_in_this_order(run: Run) -> None:
    said = run("console=ttyS0 farm.token=c0ffee01\n")
    first, *reports, last = said.markers
    assert first == Start("c0ffee01", os.uname().release, os.uname().machine, 1)
    assert last == End("c0ffee01", 0)
    assert all(isinstance(report, Report) for report in reports)
    assert list(facts(reports)) == [
        *("cpu.vendor", "cpu.model", "cpu.flags", "cpu.count", "hypervisor", "paravirt", "mem.total_kb", "cmdline"),
    ]
    assert said.left == -signal.SIGINT


def test_every_line_starts_afresh_and_is_ascii(run: Run) -> None:
    said = run("farm.token=c0ffee01 " + "x" * 3000 + " \x01\x1b[2J é")
    for part in said.text.split("\n\n"):
        assert part.strip("\n").startswith("farm-init: ")
        assert len(part) < 900
        assert part.strip("\n").isprintable()


def test_what_the_kernel_says_of_the_machine(run: Run) -> None:
    flags = " ".join(f"flag{i}" for i in range(300)) + " hypervisor"
    cpuinfo = CPU.replace("fpu vme sse", flags) * 3
    said = run("quiet", cpuinfo=cpuinfo, hypervisor="xen\n")
    found = facts(said.markers)
    assert found["cpu.vendor"] == "GenuineIntel"
    assert found["cpu.model"] == "A CPU"
    assert found["cpu.flags"] == flags
    assert found["cpu.count"] == "3"
    assert found["mem.total_kb"] == "51480"
    assert found["hypervisor"].startswith("cpuflag=yes sysfs=xen dmesg=")
    assert found["cmdline"] == "quiet"


def test_what_is_not_there_is_unknown(run: Run) -> None:
    found = facts(run("", cpuinfo=None, meminfo=None).markers)
    assert found["cpu.vendor"] == found["cpu.model"] == found["cpu.flags"] == found["cmdline"] == "unknown"
    assert found["cpu.count"] == found["mem.total_kb"] == "unknown"
    assert found["hypervisor"].startswith("cpuflag=no sysfs=none dmesg=")


@pytest.mark.parametrize(
    "cmdline", ["", "quiet", "xfarm.token=aa", "farm.tokens=aa", 'x="farm.token=aa farm.token=bb"']
)
def test_without_a_token_it_runs_and_says_none(run: Run, cmdline: str) -> None:
    said = run(cmdline)
    assert isinstance(said.markers[0], Start)
    assert said.markers[0].token is None
    assert said.markers[-1] == End(None, 0)
    assert not said.notes


@pytest.mark.parametrize("token", ["", "xyz", "c0ffee-", "a" * 65, "é"])
def test_a_token_that_is_none_is_named(run: Run, token: str) -> None:
    said = run(f"farm.token={token}")
    assert said.markers[-1] == End(None, 0)
    (note,) = said.notes
    assert note.startswith("farm-init: note farm.token is not 1 to 64 hexadecimal digits: ")


def test_the_last_token_counts_and_may_be_long(run: Run) -> None:
    assert run(f"farm.token=aa farm.token={'Ab' * 32}").markers[-1] == End("Ab" * 32, 0)


def test_checks_run_in_the_order_asked_for(run: Run) -> None:
    said = run("farm.token=aa farm.check=timer,fork,mem,meminfo farm.mem=1")
    names = [marker.name for marker in said.markers if isinstance(marker, Check)]
    assert names == ["timer", "fork", "mem", "meminfo"]
    assert said.markers[-1] == End("aa", 0)


def test_the_timer_check_works_where_the_kernel_has_only_the_64_bit_time_calls(root: Path, run: Run) -> None:
    """As on a kernel without CONFIG_COMPAT_32BIT_TIME: the old numbers are made ones that no kernel knows."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    source = root / "tmp/source"
    shutil.copytree(BINARY.parent, source, dirs_exist_ok=True)
    calls = (source / "syscalls.h").read_text()
    for known, unknown in (("NR_nanosleep = 162", "NR_nanosleep = 9162"), ("_gettime = 265", "_gettime = 9265")):
        assert known in calls
        calls = calls.replace(known, unknown)
    (source / "syscalls.h").write_text(calls)
    subprocess.run(["gcc", *FLAGS, "-o", root / "init", source / "farm-init.c"], check=True)
    try:
        assert run("farm.check=timer").check("timer").why is None
    finally:
        shutil.copy(BINARY, root / "init")


def test_the_log_check_reads_the_log_or_says_that_it_cannot(run: Run) -> None:
    said = run("farm.check=dmesg-clean")
    why = said.check("dmesg-clean").why
    restricted = Path("/proc/sys/kernel/dmesg_restrict").read_text().strip() == "1"
    assert (why == "the kernel log cannot be read") == restricted


@pytest.mark.parametrize(
    ("cmdline", "name", "why"),
    [
        ("farm.check=nosuch", "nosuch", "no such check"),
        ("farm.check=forks", "forks", "no such check"),
        ('farm.check="a b"', "a?b", "no such check"),
        ("farm.check=mem farm.mem=0", "mem", "farm.mem is not a number of megabytes from 1 to 3072"),
        ("farm.check=mem farm.mem=lots", "mem", "farm.mem is not a number of megabytes from 1 to 3072"),
        ("farm.check=mem farm.mem=4096", "mem", "farm.mem is not a number of megabytes from 1 to 3072"),
    ],
)
def test_a_check_that_cannot_be_done_has_failed(run: Run, cmdline: str, name: str, why: str) -> None:
    said = run(cmdline)
    assert said.check(name).why == why
    assert said.markers[-1] == End(None, 1)


@pytest.mark.parametrize(
    ("meminfo", "why"),
    [
        (None, "no MemTotal in /proc/meminfo"),
        ("MemTotal: 10 kB\n", "MemFree in /proc/meminfo is not between 1 and MemTotal, but 0"),
        ("MemTotal: 10 kB\nMemFree: 11 kB\n", "MemFree in /proc/meminfo is not between 1 and MemTotal, but 11"),
    ],
)
def test_a_meminfo_that_makes_no_sense_fails(run: Run, meminfo: str | None, why: str) -> None:
    assert run("farm.check=meminfo", meminfo=meminfo).check("meminfo").why == why


def test_every_failed_check_is_counted(run: Run) -> None:
    said = run("farm.check=a,b,,fork,c,")
    assert [marker.name for marker in said.markers if isinstance(marker, Check)] == ["a", "b", "fork", "c"]
    assert said.markers[-1] == End(None, 3)


@pytest.mark.parametrize(
    ("cmdline", "left"),
    [
        ("farm.poweroff=off", signal.SIGINT),
        ("farm.poweroff=halt", signal.SIGINT),
        ("farm.poweroff=reboot", signal.SIGHUP),
    ],
)
def test_it_leaves_as_asked(run: Run, cmdline: str, left: signal.Signals) -> None:
    said = run(cmdline)
    assert said.left == -left
    assert not said.notes


def test_another_way_to_leave_is_named_and_it_powers_off(run: Run) -> None:
    said = run("farm.poweroff=never")
    assert said.notes == ["farm-init: note farm.poweroff is not off, reboot, halt or hold, so off: never"]
    assert said.left == -signal.SIGINT


@pytest.mark.parametrize("cmdline", [b"farm.hold", b"farm.poweroff=hold", b"farm.hold farm.poweroff=reboot"])
def test_hold_stays_after_the_end(root: Path, cmdline: bytes) -> None:
    place(root, cmdline, CPU, MEMINFO, None)
    with subprocess.Popen([*UNSHARE, f"--root={root}", "/init"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if isinstance(parse_marker(line.decode()), End):
                break
        time.sleep(0.5)
        still_there = process.poll() is None
        process.kill()  # --kill-child takes farm-init along
    assert still_there


fuzz = st.lists(
    st.sampled_from(
        ["farm.token=", "farm.check=", "farm.mem=", "aa", "fork", "meminfo", ",", " ", '"', "=", "\n", "\xff", "\x01"]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fuzz)
def test_any_command_line_ends_with_an_honest_end(run: Run, cmdline: str) -> None:
    said = run(cmdline.encode("latin-1"))
    assert said.left == -signal.SIGINT
    failed = [marker for marker in said.markers if isinstance(marker, Check) and not marker.ok]
    first, last = said.markers[0], said.markers[-1]
    assert isinstance(first, Start)
    assert isinstance(last, End)
    assert (last.token, last.failed) == (first.token, len(failed))


def test_a_command_line_longer_than_any_kernels_is_cut_not_overrun(run: Run) -> None:
    said = run("farm.token=aa farm.check=" + ",".join("x" * 60 for _ in range(60)) + " y" * 3000)
    assert isinstance(said.markers[0], Start)
    assert said.markers[-1] == End("aa", 60)
