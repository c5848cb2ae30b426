"""A System.map is read as nm wrote it, and a part of one is refused."""

import re

import pytest

from farm.core.errors import BadInputError
from jobs.symbols.model import Place
from jobs.symbols.system_map import MAX_SIZE, is_system_map, read_system_map

# As 2.6.27 on i386: `_etext` absolute, data between text and init text, a CPU's area at the end.
OLD_I386 = b"""\
00000000 A VDSO32_PRELINK
00000400 A __kernel_vsyscall
c0100000 T _text
c0100000 T startup_32
c0100078 t default_entry
c0101000 T _stext
c0101000 t run_init_process
c0101020 W arch_hook
c0101020 t do_hook
c0101030 r constant_in_text
c0101040 T name_to_dev_t
c034d000 A _etext
c034d080 d data_item
c0350000 D init_task
c0400000 T __init_begin
c0400000 T _sinittext
c0400000 t nosmp
c0400010 T start_kernel
c0400300 T _einittext
c0420000 t exit_thing
c0430000 D per_cpu__current_task
c0440000 A _end
"""


def test_only_text_is_found_and_sizes_reach_to_the_next_symbol() -> None:
    symbols = read_system_map(OLD_I386)
    assert symbols.release is None
    for address, expected in {
        0xC0100000: Place("startup_32", 0, 0x78),
        0xC0100079: Place("default_entry", 1, 0xF88),
        0xC0101021: Place("do_hook", 1, 0x20),  # not the weak alias
        0xC0101034: Place("do_hook", 0x14, 0x20),
        0xC034CFFF: Place("name_to_dev_t", 0x24BFBF, 0x24BFC0),
        0xC0400012: Place("start_kernel", 2, 0x2F0),
    }.items():
        assert symbols.find(address) == expected, hex(address)
    for address in (0, 0x400, 0xC00FFFFF, 0xC034D000, 0xC0350000, 0xC0400300, 0xC0420000, 0xD0801234):
        assert symbols.find(address) is None, hex(address)


def test_64_bit_addresses() -> None:
    wide = re.sub(rb"^c", b"ffffffffc", OLD_I386, flags=re.MULTILINE)
    assert read_system_map(wide).find(0xFFFFFFFFC0400012) == Place("start_kernel", 2, 0x2F0)


def test_the_order_of_lines_does_not_matter() -> None:
    lines = OLD_I386.splitlines(keepends=True)
    assert read_system_map(b"".join(reversed(lines))) == read_system_map(OLD_I386)


def test_modules_of_proc_kallsyms_are_left_out() -> None:
    symbols = read_system_map(OLD_I386 + b"c0101030 t in_a_module\t[ext3]\n")
    assert symbols.find(0xC0101031) == Place("do_hook", 0x11, 0x20)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.75])
def test_a_cut_map_is_refused(share: float) -> None:
    with pytest.raises(BadInputError, match="not a whole kernel's"):
        read_system_map(OLD_I386[: int(len(OLD_I386) * share)])


def test_debians_stand_in_says_where_the_real_one_is() -> None:
    stub = b"ffffffffffffffff B The real System.map is in the linux-image-6.1.0-47-686-dbg package\n"
    assert is_system_map(stub)
    with pytest.raises(
        BadInputError, match=r"Debian's stand-in .* in the package linux-image-6\.1\.0-47-686-dbg, below"
    ):
        read_system_map(stub)


def test_a_map_that_is_far_too_large_is_refused() -> None:
    with pytest.raises(BadInputError, match="more than any kernel's"):
        read_system_map(OLD_I386.ljust(MAX_SIZE + 1))


@pytest.mark.parametrize("text", [b"", b"c0100000 T\n", b"hello\n", b"c010000 T _text\n", b"c0100000 T a b\n"])
def test_what_is_no_system_map(text: bytes) -> None:
    assert is_system_map(OLD_I386)
    assert not is_system_map(text)
