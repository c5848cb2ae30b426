"""Source lines and inlined functions from DWARF 2 to 5, for one address at a time.

Only the unit (a source file's contribution) that holds the address is read: found in .debug_aranges, or, where the
compiler writes none (clang), in the units' own ranges, which takes ten seconds or more, once. Decoding is pyelftools'
work; what it keeps while it works is thrown away after each look-up, and a unit's lines are kept as flat arrays.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from elftools.common.exceptions import DWARFError
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo
from elftools.elf.sections import Section

from jobs.symbols.damage import DAMAGE
from jobs.symbols.inlined import inlined_at
from jobs.symbols.line_table import LineTable, read_line_table
from jobs.symbols.model import Inlined
from jobs.symbols.ranges import ranges_of
from jobs.symbols.window import Budget, Data, Window

MAX_UNPACKED = 512 * 2**20  # bytes of one section; Debian's .debug_info has 151 MB
_LOOKUP_READS = 1_000_000  # in Debian's vmlinux a look-up takes 500 to 160,000
_INDEX_READS = 20_000_000  # the ranges of its 2,203 units take 6,000,000
_KEPT_UNITS = 64
_KEPT_ANSWERS = 4096
Answer: TypeAlias = tuple[str | None, int | None, tuple[Inlined, ...]]
_NOTHING: Answer = (None, None, ())
_SECTIONS = (
    "debug_info", "debug_aranges", "debug_abbrev", "debug_str", "debug_line", "debug_ranges", "debug_addr",
    "debug_str_offsets", "debug_line_str", "debug_rnglists",
)  # fmt: skip
# Those that DWARFInfo asks for as well, and that say nothing of lines.
_UNUSED = (
    "debug_frame", "eh_frame", "debug_loc", "debug_pubtypes", "debug_pubnames", "debug_loclists", "debug_sup",
    "gnu_debugaltlink", "debug_types",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Units:
    """Which unit holds an address: rising starts, ends, and the units' offsets in .debug_info."""

    starts: list[int]
    ends: list[int]
    offsets: list[int]

    def holding(self, address: int) -> int | None:
        """The offset of the unit that holds an address."""
        index = bisect_right(self.starts, address) - 1
        return self.offsets[index] if index >= 0 and address < self.ends[index] else None


class DwarfLines:
    """Lines by address, as linked; `jobs.symbols.model.Lines`."""

    def __init__(self, data: Data, sections: Mapping[str, Section], address_bits: int) -> None:
        self._data = data
        self._sections = sections
        self._address_bits = address_bits
        self._units: Units | None = None
        self._unpacked: dict[str, bytes] = {}
        self._said: dict[int, Answer] = {}
        self._kept: dict[int, LineTable] = {}  # by the unit's offset; the least recently read goes first

    def at(self, address: int) -> Answer:
        """See `Lines.at`. Debug information that is damaged says nothing; the function's name does not depend on it."""
        if address not in self._said:
            if len(self._said) >= _KEPT_ANSWERS:
                self._said.clear()
            self._said[address] = self._look_up(address)
        return self._said[address]

    def _look_up(self, address: int) -> Answer:
        try:
            offset = self._holding(address)
            if offset is None:
                return _NOTHING
            unit = self._open(Budget(_LOOKUP_READS)).get_CU_at(offset)
            table = self._table(unit)
            file, line = table.at(address)
        except DAMAGE:
            return _NOTHING
        try:
            return file, line, tuple(inlined_at(unit, address, table))
        except DAMAGE:
            return file, line, ()

    def _holding(self, address: int) -> int | None:
        if self._units is None:
            self._units = Units([], [], [])  # stays, if what follows fails: it would fail again
            self._units = self._read_units()
        return self._units.holding(address)

    def _table(self, unit: CompileUnit) -> LineTable:
        table = self._kept.pop(unit.cu_offset, None) or read_line_table(unit)
        self._kept[unit.cu_offset] = table
        if len(self._kept) > _KEPT_UNITS:
            del self._kept[next(iter(self._kept))]
        return table

    def _open(self, budget: Budget) -> DWARFInfo:
        """A fresh reader over the sections.

        No relocations are applied, since a linked file's are worked in. Debian's vmlinux still carries them
        (--emit-relocs); to apply them again would be wrong.
        """
        return DWARFInfo(
            config=DwarfConfig(little_endian=True, machine_arch="x86", default_address_size=self._address_bits // 8),
            **{f"{name}_sec": self._section(f".{name}", budget) for name in _SECTIONS},
            **{f"{name}_sec": None for name in _UNUSED},
        )

    def _section(self, name: str, budget: Budget) -> DebugSectionDescriptor | None:
        section = self._sections.get(name)
        if section is None or section["sh_type"] == "SHT_NOBITS":
            return None
        if section.compressed:
            data = self._unpack(section)
            return DebugSectionDescriptor(Window(data, budget), name, None, len(data), 0)
        start, size = section["sh_offset"], section["sh_size"]
        return DebugSectionDescriptor(Window(self._data, budget, start, size), name, start, size, 0)

    def _unpack(self, section: Section) -> bytes:
        """A section's bytes (CONFIG_DEBUG_INFO_COMPRESSED, zlib); whole, and kept, since a stream of it cannot seek."""
        if section.name not in self._unpacked:
            if section.data_size > MAX_UNPACKED:
                raise DWARFError(f"{section.name} unpacks to more than {MAX_UNPACKED} bytes")
            self._unpacked[section.name] = section.data()
        return self._unpacked[section.name]

    def _read_units(self) -> Units:
        budget = Budget(_INDEX_READS)
        dwarf = self._open(budget)
        aranges = dwarf.get_aranges()
        if aranges is not None and aranges.entries:
            found = [(area.begin_addr, area.begin_addr + area.length, area.info_offset) for area in aranges.entries]
        else:
            found = list(self._unit_ranges(budget))
        found = sorted(area for area in found if area[0] < area[1])
        return Units([start for start, _, _ in found], [end for _, end, _ in found], [unit for _, _, unit in found])

    def _unit_ranges(self, budget: Budget) -> Iterator[tuple[int, int, int]]:
        for unit in self._open(budget).iter_CUs():
            alone = self._open(budget).get_CU_at(unit.cu_offset)  # a reader of all would hold 2,203 abbreviation tables
            for start, end in ranges_of(alone.get_top_DIE(), alone):
                yield start, end, unit.cu_offset
