"""Read a vmlinux, or the .debug file that was split off it: ELF of i386 (32 bit) and x86-64.

Symbols come from `.symtab`, the release from `linux_banner`; lines, where there is DWARF, from jobs.symbols.dwarf,
which reads them when they are asked for. Headers are pyelftools' work; the symbol table is read here, since 120,000
objects of its take seconds.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section

from farm.core.errors import BadInputError
from jobs.symbols.damage import DAMAGE
from jobs.symbols.dwarf import DwarfLines
from jobs.symbols.table import MARKERS, Symbol, Table, build_table
from jobs.symbols.window import Budget, Data, Window

MAGIC = b"\x7fELF"
MAX_SECTIONS = 4096  # Debian's vmlinux has 69
MAX_SYMBOLS = 4 * 2**20  # Debian's has 119,820
_HEADER_READS = 1_000_000
_WHAT = "This ELF file"
_NO_KERNEL = {
    "ET_REL": "is a module or an object file, not a linked kernel",
    "ET_CORE": "is a memory dump, not a linked kernel",
    "ET_NONE": "has no type, so it is no linked kernel",
}
# name, type and binding (st_info), section, value, size: Elf32_Sym and Elf64_Sym (elf.h), little endian.
_SYMBOL_32 = struct.Struct("<IIIBBH")
_SYMBOL_64 = struct.Struct("<IBBHQQ")
_STT_OBJECT, _STT_FUNC = 1, 2  # and below them 0, STT_NOTYPE: assembler's. Above: sections, files
_STB_WEAK = 2
# What scripts/mksysmap leaves out: local labels, mapping symbols, checksums of exports.
_LEFT_OUT = (b".L", b"$", b"L0", b"__crc_")
_NAME = re.compile(rb"[!-~]{1,511}(?=\0)")
_BANNER = re.compile(rb"Linux version ([!-~]{1,64}) ")


@dataclass(frozen=True, slots=True)
class _Found:
    """What the symbol table has for us."""

    symbols: list[Symbol]
    markers: dict[str, int]
    banner: tuple[int, int] | None  # section, address


def read_elf(data: Data) -> Table:
    """Read a kernel's ELF file; lines are read later, so `data` must stay as it is while the Table is in use.

    BadInputError for another machine's, a module's, a stripped, a cut or a damaged one.
    """
    try:
        return _read(data)
    except DAMAGE as error:
        raise BadInputError(f"{_WHAT} is damaged or cut off: its headers cannot be read.") from error


def _read(data: Data) -> Table:
    budget = Budget(_HEADER_READS)
    elf = ELFFile(Window(data, budget))
    _check_kind(elf)
    count = elf.num_sections()
    if count > MAX_SECTIONS:
        raise BadInputError(f"{_WHAT} says that it has {count} sections; a kernel has fewer than {MAX_SECTIONS}.")
    sections = [elf.get_section(index) for index in range(count)]
    found = _read_symbols(data, elf, sections)
    release = _release(data, sections, found.banner)
    table = build_table(found.symbols, found.markers, _WHAT)
    debug = {section.name: section for section in sections if section.name.startswith(".debug_")}
    lines = DwarfLines(data, debug, elf.elfclass) if {".debug_info", ".debug_line"} <= debug.keys() else None
    return replace(table, release=release, lines=lines)


def _check_kind(elf: ELFFile) -> None:
    machine, kind = elf["e_machine"], elf["e_type"]
    if (machine, elf.elfclass, elf.little_endian) not in {("EM_386", 32, True), ("EM_X86_64", 64, True)}:
        name = machine.removeprefix("EM_") if isinstance(machine, str) else f"machine number {machine}"
        order = "little" if elf.little_endian else "big"
        raise BadInputError(
            f"{_WHAT} is for {name} ({elf.elfclass} bit, {order} endian). Kernels of i386 and x86-64 can be read."
        )
    if kind not in {"ET_EXEC", "ET_DYN"}:
        raise BadInputError(f"{_WHAT} {_NO_KERNEL.get(kind, 'is no linked kernel')}. Hand in the build's vmlinux.")


def _read_symbols(data: Data, elf: ELFFile, sections: list[Section]) -> _Found:
    table = next((section for section in sections if section["sh_type"] == "SHT_SYMTAB"), None)
    if table is None:
        raise BadInputError(f"{_WHAT} has no symbol table: it was stripped. Hand in the vmlinux as linked.")
    layout = _SYMBOL_32 if elf.elfclass == 32 else _SYMBOL_64
    if table["sh_size"] > MAX_SYMBOLS * layout.size:
        raise BadInputError(f"{_WHAT} says that it has more than {MAX_SYMBOLS} symbols; no kernel has.")
    names = _content(data, elf.get_section(table.header["sh_link"]))
    code = {index for index, section in enumerate(sections) if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR}
    found = _Found([], {}, None)
    wanted = {marker.encode(): marker for marker in MARKERS}
    for name_at, info, section, value in _entries(_content(data, table), layout):
        kind, weak = info & 0xF, info >> 4 == _STB_WEAK
        match = _NAME.match(names, name_at) if kind <= _STT_FUNC else None
        if match is None:
            continue
        name = match[0]
        if name in wanted:
            found.markers[wanted[name]] = value
        elif name == b"linux_banner":
            found = replace(found, banner=(section, value))
        # As nm tells text: what lies in a code section, data too, but no weak data (its V).
        if section in code and not (weak and kind == _STT_OBJECT) and not name.startswith(_LEFT_OUT):
            found.symbols.append((value, name, weak))
    return found


def _entries(table: bytes, layout: struct.Struct) -> Iterator[tuple[int, int, int, int]]:
    """Name, info, section and value of each symbol; a rest that is no whole entry is left."""
    whole = memoryview(table)[: len(table) // layout.size * layout.size]
    if layout is _SYMBOL_32:
        return ((name, info, section, value) for name, value, _, info, _, section in layout.iter_unpack(whole))
    return ((name, info, section, value) for name, info, _, section, value, _ in layout.iter_unpack(whole))


def _content(data: Data, section: Section) -> bytes:
    """A section's bytes in the file; none where they were split off (NOBITS)."""
    if section["sh_type"] == "SHT_NOBITS":
        return b""
    return data[section["sh_offset"] : section["sh_offset"] + section["sh_size"]]


def _release(data: Data, sections: list[Section], banner: tuple[int, int] | None) -> str | None:
    """From linux_banner (init/version.c); a .debug file has the symbol, but not its bytes."""
    if banner is None or banner[0] >= len(sections):
        return None
    section = sections[banner[0]]
    start = section["sh_offset"] + banner[1] - section["sh_addr"]
    match = _BANNER.match(data, start) if 0 <= start < len(data) else None
    return match[1].decode("ascii") if match else None
