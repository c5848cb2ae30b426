"""Paths are short and printable, and a line program that is made to take for ever is refused."""

import pytest
from elftools.common.exceptions import DWARFError
from elftools.dwarf.compileunit import CompileUnit

from jobs.symbols import line_table
from jobs.symbols.dwarf import DwarfLines
from jobs.symbols.elf import read_elf
from jobs.symbols.line_table import read_line_table, tidy_path
from jobs.symbols.model import Place
from jobs.symbols.window import Budget
from tests.unit.jobs.symbols.conftest import BASES, Build


@pytest.mark.parametrize(
    ("folder", "name", "build_folder", "path"),
    [
        (b"", b"init/main.c", b"/src/linux", "init/main.c"),
        (b"init", b"main.c", b"/src/linux", "init/main.c"),
        (b"/src/linux/init", b"main.c", b"/src/linux", "init/main.c"),
        (b"/src/linux/init", b"main.c", b"/src/linux/debian/build", "init/main.c"),
        (b"", b"/src/linux/arch/x86/kernel/head_32.S", b"debian/build", "/src/linux/arch/x86/kernel/head_32.S"),
        (b"../../arch/x86", b"../x86/mm/fault.c", b"/src/linux/out", "arch/x86/mm/fault.c"),
        (b"/usr/lib/gcc", b"x.h", b"/src/linux", "usr/lib/gcc/x.h"),
        (b"/src/linux", b"main.c", b"", "/src/linux/main.c"),
        (b"a\x1b[31m", b"\xff\n.c", b"", "a?[31m/\ufffd?.c"),
    ],
)
def test_tidy_path(folder: bytes, name: bytes, build_folder: bytes, path: str) -> None:
    assert tidy_path(folder, name, build_folder) == path


def test_a_program_that_is_too_long_gives_no_lines(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_table, "MAX_PROGRAM", 3)
    assert read_elf(build(32).vmlinux.read_bytes()).find(BASES[32] + 5) == Place("startup", 5, 9)


def test_a_list_of_entries_without_bytes_is_refused(build: Build) -> None:
    """DWARF 5 says how many folders there are, and what each is made of: 2**60 of nothing would be read for ever."""
    data = build(32, "-gdwarf-5").vmlinux.read_bytes()
    # opcode_base 13 and its 12 lengths; then a folder is one field, its path (1) in .debug_line_str (0x1f).
    good = bytes([13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0x1F])
    assert good in data
    bad = data.replace(good, good[:13] + b"\0\xff\x7f")  # a folder is nothing, and there are 16,383
    read_line_table(first_unit(data))
    with pytest.raises(DWARFError, match="a list of entries without bytes"):
        read_line_table(first_unit(bad))


def test_after_the_end_of_a_sequence_there_is_no_line(build: Build) -> None:
    symbols = read_elf(build(32).vmlinux.read_bytes())
    table = read_line_table(first_unit(build(32).vmlinux.read_bytes()))  # init/main.c
    start, end = symbols.addresses[1:3]
    assert table.at(start - 1) == (None, None)
    assert table.at(start)[0] == table.at(end - 1)[0] == "init/main.c"
    assert table.at(end) == (None, None)


def first_unit(data: bytes) -> CompileUnit:
    lines = read_elf(data).lines
    assert isinstance(lines, DwarfLines)
    return lines._open(Budget(100_000)).get_CU_at(0)
