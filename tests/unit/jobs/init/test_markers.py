"""Markers: what is one, what is not, and that no tear of a line makes one that says something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.init import Check, End, Marker, Report, Start, facts, parse_marker

START = "farm-init: start token=c0ffee01 release=6.1.0-50-686 machine=i686 init=1"
END = "farm-init: end token=c0ffee01 failed=0"
DRESSES = ["", "<5>", "[    4.702413] ", "[    4.702413][    T1] ", "<5>[    4.702413] ", "[12345.000001][T12345] "]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\r\r\n"])
def test_a_marker_is_read_however_the_kernel_dresses_it(dress: str, ending: str) -> None:
    assert parse_marker(dress + START + ending) == Start("c0ffee01", "6.1.0-50-686", "i686", 1)
    assert parse_marker(dress + END + ending) == End("c0ffee01", 0)
    assert parse_marker(dress + "farm-init: check timer ok" + ending) == Check("timer", None)


@pytest.mark.parametrize(
    ("line", "marker"),
    [
        ("farm-init: start token=none release=2.6.24 machine=i586 init=1", Start(None, "2.6.24", "i586", 1)),
        ("farm-init: end token=none failed=12", End(None, 12)),
        ("farm-init: check mem FAILED: no memory: 12 MB", Check("mem", "no memory: 12 MB")),
        ("farm-init: check nosuch FAILED: no such check", Check("nosuch", "no such check")),
        ("farm-init: report cpu.count 2", Report("cpu.count", "2", logged=False)),
        ("[    1.000000] farm-init: report paravirt bare hardware", Report("paravirt", "bare hardware", logged=True)),
        (
            "farm-init: report cmdline console=ttyS0 farm-init: end token=aa failed=0",
            Report("cmdline", "console=ttyS0 farm-init: end token=aa failed=0", logged=False),
        ),
    ],
)
def test_each_kind(line: str, marker: object) -> None:
    assert parse_marker(line) == marker


@pytest.mark.parametrize(
    "line",
    [
        "",
        "farm-init: ",
        "farm-init: not process 1",
        "farm-init: note farm.poweroff is not off, reboot, halt or hold, so off: x",
        "[    0.000000] Kernel command line: console=ttyS0 farm.token=c0ffee01",
        "[    0.000000] Kernel command line: farm-init: end token=c0ffee01 failed=0",
        "boot: farm-init: end token=c0ffee01 failed=0",
        "[root@lab ~] farm-init: end token=c0ffee01 failed=0",
        "farm-init: end token=c0ffee01 failed=0 and more",
        "farm-init: end token=c0ffee0x failed=0",
        "farm-init: end token= failed=0",
        "farm-init: end token=c0ffee01 failed=-1",
        "farm-init: end token=c0ffee01",
        f"farm-init: end token={'a' * 65} failed=0",
        "farm-init: start token=c0ffee01 release=6.1 machine=i686",
        "farm-init: start token=c0ffee01 release=6.1 0 machine=i686 init=1",
        "farm-init: sta[    8.614485] random: crng init done",
        "farm-init: check timer",
        "farm-init: check timer okay",
        "farm-init: check timer FAILED: ",
        "farm-init: report cpu.count",
        "farm-init: end token=c0ffee01 failed=٣",
    ],
)
def test_every_other_line_is_none(line: str) -> None:
    assert parse_marker(line) is None


@given(
    st.integers(0, len(START) + 1),
    st.sampled_from(["[    8.614485] random: crng init done", "\x00", " ", "�", "<6>", "usb 1-1: new"]),
)
def test_a_start_line_torn_by_the_kernel_is_never_another_boots(at: int, landed: str) -> None:
    torn = START[:at] + landed + START[at:]
    marker = parse_marker(torn)
    assert marker is None or (isinstance(marker, Start) and marker.token == "c0ffee01")


@given(st.integers(0, len(END) - 1))
def test_an_end_line_cut_short_is_no_end(at: int) -> None:
    assert parse_marker(END[:at]) is None


@given(st.text())
def test_any_text_is_read_without_a_fault(text: str) -> None:
    for line in (text, "farm-init: " + text, "farm-init: report " + text):
        parse_marker(line)


def test_facts_join_the_parts_of_a_long_value_and_count_each_copy_once() -> None:
    reports: list[Marker] = [
        Report("cpu.flags", "fpu vme", logged=False),
        Report("cpu.flags", "fpu vme", logged=True),
        Report("cpu.flags", "sse sse2", logged=False),
        Report("cpu.flags", "sse sse2", logged=True),
        Report("cpu.count", "2", logged=False),
        Check("fork", None),
    ]
    assert facts(reports) == {"cpu.flags": "fpu vme sse sse2", "cpu.count": "2"}


def test_facts_prefer_the_copy_nothing_can_land_in() -> None:
    console = parse_marker("farm-init: report cpu.model QEMU Virt[    8.614485] random: crng init done")
    logged = parse_marker("[    8.700000] farm-init: report cpu.model QEMU Virtual CPU")
    assert console is not None
    assert logged is not None
    assert facts([console, logged]) == {"cpu.model": "QEMU Virtual CPU"}
    assert facts([console]) == {"cpu.model": "QEMU Virt[    8.614485] random: crng init done"}


def test_a_check_is_ok_or_says_why() -> None:
    assert Check("fork", None).ok
    assert not Check("fork", "fork: error 12").ok
