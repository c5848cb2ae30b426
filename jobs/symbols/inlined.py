"""Which functions the compiler copied to where an address is: the DW_TAG_inlined_subroutine entries around it."""

from collections.abc import Iterator

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE

from jobs.symbols.line_table import LineTable
from jobs.symbols.model import Inlined
from jobs.symbols.ranges import ranges_of

_CODE = {"DW_TAG_subprogram", "DW_TAG_inlined_subroutine", "DW_TAG_lexical_block"}
_MAX_DEPTH = 4  # of origin -> specification -> ... -> name; compilers use two


def inlined_at(unit: CompileUnit, address: int, table: LineTable) -> list[Inlined]:
    """The inlined functions around an address, innermost first."""
    found = []
    for die in _around(unit, address):
        if die.tag == "DW_TAG_inlined_subroutine":
            call_file, call_line = (die.attributes.get(f"DW_AT_call_{name}") for name in ("file", "line"))
            found.append(
                Inlined(
                    _name(die),
                    table.files.get(call_file.value) if call_file is not None else None,
                    call_line.value if call_line is not None else None,
                )
            )
    return found[::-1]


def _around(unit: CompileUnit, address: int) -> Iterator[DIE]:
    """The functions, blocks and inlined functions that cover an address, outermost first.

    The unit is read once, forward only; what does not cover the address is jumped over, where the compiler says how far
    (DW_AT_sibling). So no file can make this go round in circles.
    """
    top = unit.get_top_DIE()
    at, end = top.offset + top.size, unit.cu_offset + unit.size
    while at < end:
        die = DIE(cu=unit, stream=top.stream, offset=at)
        at += die.size
        ranges = list(ranges_of(die, unit)) if die.tag in _CODE else []
        sibling = die.attributes.get("DW_AT_sibling")
        after = sibling.value + unit.cu_offset if sibling is not None else 0
        if any(low <= address < high for low, high in ranges):
            yield die
            end = min(end, after) if after > at else end
        elif ranges or die.tag != "DW_TAG_lexical_block":
            at = max(at, after)


def _name(die: DIE) -> str:
    for _ in range(_MAX_DEPTH):
        if "DW_AT_name" in die.attributes:
            raw: bytes = die.attributes["DW_AT_name"].value
            return raw.decode("ascii", "backslashreplace")
        link = next((name for name in ("DW_AT_abstract_origin", "DW_AT_specification") if name in die.attributes), None)
        if link is None:
            break
        die = die.get_DIE_from_attribute(link)
    return "?"
