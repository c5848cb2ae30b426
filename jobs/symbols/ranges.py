"""The addresses that a DWARF entry covers: low and high, or a list of ranges (DWARF 5, 2.17)."""

from collections.abc import Iterator

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.descriptions import describe_form_class
from elftools.dwarf.die import DIE
from elftools.dwarf.ranges import BaseAddressEntry


def ranges_of(die: DIE, unit: CompileUnit) -> Iterator[tuple[int, int]]:
    """First address and the one after the last, of each range; nothing for an entry that is no code."""
    low, high, ranges = (die.attributes.get(f"DW_AT_{name}") for name in ("low_pc", "high_pc", "ranges"))
    if ranges is not None:
        yield from _listed(ranges.value, unit)
    elif low is not None and high is not None:
        is_length = describe_form_class(high.form) == "constant"  # since DWARF 4
        yield low.value, low.value + high.value if is_length else high.value


def _listed(offset: int, unit: CompileUnit) -> Iterator[tuple[int, int]]:
    lists = unit.dwarfinfo.range_lists()
    if lists is None:
        return
    low = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
    base = low.value if low is not None else 0
    for entry in lists.get_range_list_at_offset(offset, unit):
        if isinstance(entry, BaseAddressEntry):
            base = entry.base_address
        else:
            by = 0 if entry.is_absolute else base
            yield entry.begin_offset + by, entry.end_offset + by
