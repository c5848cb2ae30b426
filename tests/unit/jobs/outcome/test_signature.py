"""What makes two crashes the same one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.outcome.signature import bare_function, bare_title, signature


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
    ],
)
def test_title(text: str, bare: str) -> None:
    assert bare_title(text) == bare


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

    def test_without_a_function_the_title_is(self) -> None:
        assert signature("panic", None, "a 1") == signature("panic", None, "a 2")
        assert signature("panic", None, "a") != signature("panic", None, "b")

    def test_it_never_changes(self) -> None:
        """It is stored: another hash would cut every history in two."""
        assert signature("early-exception", "dmi_scan_machine", "") == "b326c711c41f3600"
        assert signature("reboot-loop", None, "reboot loop") == "6f6fe09417dc272b"
