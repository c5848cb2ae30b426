"""What makes two crashes the same one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.outcome.explain import read
from jobs.outcome.model import Report
from jobs.outcome.signature import bare_function, bare_title, signature, syscall
from tests.support.excerpts import BOOT, modern_oops, oops, timed, trace


@pytest.mark.parametrize(
    ("symbol", "bare"),
    [
        ("setup_arch", "setup_arch"),
        ("do_exit.cold", "do_exit"),
        ("foo.isra.0", "foo"),
        ("foo.part.3.cold", "foo"),
        ("foo.constprop.0.isra.0", "foo"),
        ("foo.llvm.1234567890", "foo"),
        ("foo.42", "foo"),
        ("foo.cold.7", "foo"),
        ("cold_start", "cold_start"),
        ("foo.lto_priv.0.cold", "foo"),
        ("foo.isra.0.part.1.constprop.2", "foo"),
        ("foo.clone.3", "foo"),
        ("isra_probe", "isra_probe"),
        ("foo.bar", "foo.bar"),
    ],
)
def test_function(symbol: str, bare: str) -> None:
    assert bare_function(symbol) == bare


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        (
            "VFS: Unable to mount root fs on unknown-block(254,0)",
            "VFS: Unable to mount root fs on unknown-block(NUM,NUM)",
        ),
        ("bad pointer 0xc0254251 in use", "bad pointer ADDR in use"),
        ("bad pointer c0254251 in use", "bad pointer NUM in use"),
        ("foo+0x3d/0x147 died", "foo died"),
        ("stuck for 22s! [modprobe:77]", "stuck for NUMs! [modprobe:NUM]"),
        ("page pfn:000ca9c of a facade", "page pfn:NUM of a facade"),
        ("line   with \t blanks", "line with blanks"),
        ("x86 and i386 keep their names", "x86 and i386 keep their names"),
        ("at 12ab, 0012 and fbe00000", "at NUM, NUM and NUM"),
        ("facade, deadbeef and cafe are words", "facade, deadbeef and cafe are words"),
        ("e1000: fec0 failed", "e1000: fec0 failed"),
        ("page f000ff5 is bad", "page NUM is bad"),
    ],
)
def test_title(text: str, bare: str) -> None:
    assert bare_title(text) == bare


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("sys_open", "sys_open"),
        ("SyS_open", "open"),
        ("SYSC_open", "open"),
        ("__se_sys_open", "open"),
        ("__do_sys_open", "open"),
        ("__x64_sys_open", "sys_open"),
        ("__ia32_sys_open", "sys_open"),
        ("__ia32_compat_sys_open", "compat_sys_open"),
        ("__arm64_sys_open", "sys_open"),
        ("ksys_read", "read"),
        ("sysfs_create_file", "sysfs_create_file"),
        ("Start", "Start"),
        ("foo", "foo"),
    ],
)
def test_one_system_call_has_few_names(function: str, name: str) -> None:
    assert syscall(function) == name


@given(st.text(max_size=200))
def test_a_bare_title_is_short_and_holds_no_number(text: str) -> None:
    bare = bare_title(text)
    assert len(bare) <= 120
    assert not re.search(r"(?<!\w)\d", bare)


class TestSignature:
    def test_function_and_type_are_the_identity(self) -> None:
        assert signature("oops", "f", "NULL pointer dereference in f") == signature("oops", "f", "paging request in f")
        assert signature("oops", "f", "t") != signature("bug", "f", "t")
        assert signature("oops", "f", "t") != signature("oops", "g", "t")

    @pytest.mark.parametrize("name", ["sys_open", "compat_sys_open"])
    def test_a_system_call_is_one_whatever_its_era_called_it(self, name: str) -> None:
        assert signature("oops", name, "") == signature("oops", "open", "")
        assert signature("oops", "f", "", [name]) == signature("oops", "f", "", ["open"])

    def test_without_a_function_the_title_is(self) -> None:
        assert signature("panic", None, "a 1") == signature("panic", None, "a 2")
        assert signature("panic", None, "a") != signature("panic", None, "b")

    def test_it_never_changes(self) -> None:
        """It is stored: another hash would cut every history in two."""
        assert signature("early-exception", "dmi_scan_machine", "") == "b326c711c41f3600"
        assert signature("reboot-loop", None, "reboot loop") == "6f6fe09417dc272b"


def only(text: str) -> Report:
    reports = read(text.encode()).reports
    assert len(reports) == 1, reports
    return reports[0]


NAMES = ("foo_probe", "foo_init", "do_one_initcall", "kernel_init")
NEAR = (0xC0101000, 0xC0354321, 0xC0999999)  # where three builds put it


class TestOneFaultOnManyKernels:
    def test_addresses_and_offsets_differ(self) -> None:
        assert len({only(BOOT + oops(*NAMES, at=at)).signature for at in NEAR}) == 1
        assert len({only(BOOT + modern_oops(*NAMES, at=at)).signature for at in (0x5, 0x77, 0x1234)}) == 1

    def test_releases_and_pids_differ(self) -> None:
        one, two = (
            modern_oops(*NAMES, release=release, pid=pid) for release, pid in (("6.1.0", 1), ("6.12.3-686", 77))
        )
        assert only(BOOT + one).signature == only(BOOT + two).signature

    def test_with_and_without_times_and_callers(self) -> None:
        plain = BOOT + oops(*NAMES)
        assert len({only(text).signature for text in (plain, timed(plain), timed(plain, caller="T1"))}) == 1

    @pytest.mark.parametrize("suffix", [".isra.0", ".part.3", ".cold", ".constprop.0.isra.1", ".llvm.123456789"])
    def test_compilers_make_other_pieces_of_it(self, suffix: str) -> None:
        plain = only(BOOT + modern_oops(*NAMES))
        assert only(BOOT + modern_oops(NAMES[0] + suffix, *NAMES[1:])).signature == plain.signature
        assert only(BOOT + modern_oops(NAMES[0], NAMES[1] + suffix, *NAMES[2:])).signature == plain.signature

    def test_i386_of_2008_and_x86_64_of_today(self) -> None:
        assert only(BOOT + oops(*NAMES)).signature == only(BOOT + modern_oops(*NAMES)).signature

    def test_what_it_led_to_does_not_matter(self) -> None:
        panic = "Kernel panic - not syncing: Fatal exception in interrupt\n"
        assert only(BOOT + oops(*NAMES)).signature == only(BOOT + oops(*NAMES) + panic).signature

    def test_helpers_on_top_do_not_matter(self) -> None:
        assert only(BOOT + oops("memcpy", *NAMES)).signature == only(BOOT + oops("__memcpy", *NAMES)).signature
        assert only(BOOT + oops("memcpy", *NAMES)).function == "foo_probe"

    def test_a_system_call_by_its_names(self) -> None:
        by_name = {
            only(BOOT + modern_oops(name, "x_fn")).signature for name in ("__se_sys_open", "__do_sys_open", "SyS_open")
        }
        assert len(by_name) == 1

    def test_what_was_inlined_does_not_matter(self) -> None:
        raw = modern_oops(*NAMES)
        symbolized = raw.replace(" foo_init+", " inlined_fn drivers/foo.c:12 [inline]\n foo_init+")
        assert symbolized != raw
        assert only(BOOT + raw).signature == only(BOOT + symbolized).signature


class TestAnotherFault:
    def test_in_another_function(self) -> None:
        assert only(BOOT + oops(*NAMES)).signature != only(BOOT + oops("bar_probe", *NAMES[1:])).signature

    def test_called_by_another(self) -> None:
        assert only(BOOT + modern_oops(*NAMES)).signature != only(BOOT + modern_oops(NAMES[0], "bar_init")).signature

    def test_of_another_type(self) -> None:
        gpf = oops(*NAMES, header="general protection fault: 0000 [#1] SMP")
        assert only(BOOT + gpf).function == "foo_probe"
        assert only(BOOT + gpf).signature != only(BOOT + oops(*NAMES)).signature

    def test_without_a_function_the_words_decide(self) -> None:
        one, two, other = (
            only(f"{BOOT}Kernel panic - not syncing: {text}\n").signature
            for text in ("foo 12 is bad at 0xc0101000", "foo 9 is bad at 0xc0202000", "bar is bad")
        )
        assert one == two != other

    def test_a_warning_in_two_files_is_told_apart_by_its_function(self) -> None:
        text = "WARNING: at {0}:{1} {2}+0x12/0x30()\n" + trace("warn_slowpath", "{2}", "kernel_init")
        one = only(BOOT + text.format("kernel/foo.c", 12, "foo"))
        assert one.signature == only(BOOT + text.format("kernel/foo.c", 99, "foo")).signature
        assert one.signature != only(BOOT + text.format("kernel/foo.c", 12, "bar")).signature
