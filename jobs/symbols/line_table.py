"""A unit's line table, from pyelftools' objects into flat arrays (DWARF 5, 6.2)."""

import io
import posixpath
from array import array
from bisect import bisect_right
from dataclasses import dataclass

from elftools.common.exceptions import DWARFError
from elftools.common.utils import struct_parse
from elftools.construct.core import Construct
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.enums import ENUM_DW_FORM
from elftools.dwarf.lineprogram import LineProgram, LineState

MAX_PROGRAM = 512 * 2**10  # bytes; Debian's largest has a quarter of it. Each is a row, at worst
_FORMS = {number: name for name, number in ENUM_DW_FORM.items() if name != "_default_"}


@dataclass(frozen=True, slots=True)
class LineTable:
    """Row n holds from `addresses[n]` up to the next row. `files` are paths by their number in this unit."""

    addresses: "array[int]"
    file_numbers: "array[int]"
    lines: "array[int]"
    files: dict[int, str]

    def at(self, address: int) -> tuple[str | None, int | None]:
        """File and line of an address of this unit; None, None where it has none (line 0 is code of no line)."""
        index = bisect_right(self.addresses, address) - 1
        if index < 0 or not self.lines[index]:
            return None, None
        return self.files.get(self.file_numbers[index]), self.lines[index]


def read_line_table(unit: CompileUnit) -> LineTable:
    """Run a unit's line program. A unit without one gives an empty table."""
    attribute = unit.get_top_DIE().attributes.get("DW_AT_stmt_list")
    if attribute is not None:
        _check_header(unit, attribute.value)
    program = unit.dwarfinfo.line_program_for_CU(unit)
    if program is None:
        return LineTable(array("Q"), array("I"), array("I"), {})
    if program.program_end_offset - program.program_start_offset > MAX_PROGRAM:
        raise DWARFError(f"a line program of more than {MAX_PROGRAM} bytes")
    rows = [entry.state for entry in program.get_entries() if entry.state is not None]
    rows.sort(key=_order)
    return LineTable(
        addresses=array("Q", [row.address for row in rows]),
        file_numbers=array("I", [row.file for row in rows]),
        lines=array("I", [0 if row.end_sequence else row.line for row in rows]),
        files=_files(program, unit),
    )


def _check_header(unit: CompileUnit, offset: int) -> None:
    """Refuse a line program whose header lists folders or files that take no bytes (DWARF 5, 6.2.4).

    pyelftools makes as many of them as the header says, 2**60 for instance, and never reads while it does: no budget of
    reads would stop it. Raises DWARFError.
    """
    section, structs = unit.dwarfinfo.debug_line_sec, unit.structs
    if section is None:
        return
    stream = section.stream
    stream.seek(offset + structs.initial_length_field_size())
    if struct_parse(structs.the_Dwarf_uint16, stream) < 5:
        return
    stream.seek(2 + structs.dwarf_format // 8 + 5, io.SEEK_CUR)  # sizes, the header's length, and five small fields
    opcodes = struct_parse(structs.the_Dwarf_uint8, stream)
    stream.seek(max(opcodes - 1, 0), io.SEEK_CUR)
    for _ in ("folders", "files"):
        width = struct_parse(structs.the_Dwarf_uint8, stream)
        pairs: list[int] = [struct_parse(structs.the_Dwarf_uleb128, stream) for _ in range(2 * width)]
        forms: list[Construct] = [structs.Dwarf_dw_form[_FORMS[form]] for form in pairs[1::2]]  # type: ignore[misc]  # pyelftools is typed so far only
        for _ in range(struct_parse(structs.the_Dwarf_uleb128, stream)):
            before = stream.tell()
            for form in forms:
                struct_parse(form, stream)
            if stream.tell() == before:
                raise DWARFError("a list of entries without bytes")


def _order(row: LineState) -> tuple[int, bool]:
    """By address. The end of one sequence comes before the start of the next; of several rows the last one holds."""
    return row.address, not row.end_sequence


def _files(program: LineProgram, unit: CompileUnit) -> dict[int, str]:
    """Paths by number: from 0 since DWARF 5, and from 1 before; folder 0 is the one that the compiler ran in."""
    build = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    top = build.value if build is not None else b""
    first = 0 if program["version"] >= 5 else 1
    folders = ([] if first == 0 else [b""]) + list(program["include_directory"])
    files = {}
    for number, entry in enumerate(program["file_entry"], first):
        folder = folders[entry.dir_index] if 0 < entry.dir_index < len(folders) else b""
        files[number] = tidy_path(folder, entry.name, top)
    return files


def tidy_path(folder: bytes, name: bytes, build: bytes) -> str:
    """One path, relative to the source tree where that can be told, in printable characters.

    A relative one is so to the tree, or to a build folder inside of it. An absolute one loses what it has in common
    with the build folder: all of the tree's own path, in a build inside of the tree.
    """
    path = posixpath.normpath(posixpath.join(_text(folder), _text(name)))
    top = posixpath.normpath(_text(build)) if build else ""
    if path.startswith("/") and top.startswith("/"):
        path = path.removeprefix(posixpath.commonpath([path, top]).rstrip("/") + "/")
    while path.startswith("../"):
        path = path.removeprefix("../")
    return path


def _text(raw: bytes) -> str:
    return "".join(char if char.isprintable() else "?" for char in raw.decode("utf-8", "replace"))
