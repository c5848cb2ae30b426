"""Lines and inlined functions: what binutils' addr2line says, for every address, of each way to write them down."""

import pytest
from elftools.dwarf.compileunit import CompileUnit

from jobs.symbols import dwarf as module
from jobs.symbols.elf import read_elf
from jobs.symbols.line_table import LineTable, read_line_table
from jobs.symbols.model import Inlined, Place
from jobs.symbols.table import Table
from tests.unit.jobs.symbols.conftest import BASES, SOURCES, Build, Kernel, run, section_of

DWARF: list[tuple[str, ...]] = [
    ("-gdwarf-2",),
    ("-gdwarf-3",),
    ("-gdwarf-4",),
    ("-gdwarf-5",),
    ("-gdwarf-4", "-ffunction-sections"),
    ("-gdwarf-5", "-ffunction-sections"),
    ("-gdwarf-5", "-gz=zlib"),
]
SPLIT: list[tuple[str, ...]] = [("-gdwarf-4", "-gsplit-dwarf"), ("-gdwarf-5", "-gsplit-dwarf")]
Frames = list[tuple[str, str, int]]


def addresses(symbols: Table) -> list[int]:
    """Every address of code; data in a code section has no lines."""
    stretches = zip(symbols.addresses, symbols.addresses[1:], strict=False)
    every = ((symbols.find(address), address) for start, end in stretches for address in range(start, end))
    return [address for place, address in every if place and place.function != "table_in_text"]


def frames(place: Place | None) -> Frames:
    """Function, file and line, innermost first, as addr2line has them."""
    assert place is not None
    names = [call.function for call in place.inlined] + [place.function]
    spots = [(place.file, place.line)] + [(call.file, call.line) for call in place.inlined]
    return [(name, file or "", line or 0) for name, (file, line) in zip(names, spots, strict=True)]


def addr2line(kernel: Kernel, wanted: list[int]) -> list[Frames]:
    """The same by binutils."""
    said = run(kernel.folder, "addr2line", "-e", "vmlinux", "-a", "-f", "-i", text="\n".join(map(hex, wanted)))
    found: list[Frames] = []
    lines = iter(said.splitlines())
    for line in lines:
        if line.startswith("0x"):
            found.append([])
            continue
        path, _, number = next(lines).split(" (")[0].rpartition(":")
        relative = path.removeprefix(f"{kernel.folder}/")
        found[-1].append((line, relative, int(number)))
    return found


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("options", DWARF, ids=" ".join)
def test_each_address_is_where_addr2line_says(build: Build, bits: int, options: tuple[str, ...]) -> None:
    kernel = build(bits, *options)
    symbols = read_elf(kernel.vmlinux.read_bytes())
    wanted = addresses(symbols)
    assert len(wanted) > 100
    ours, theirs = [frames(symbols.find(address)) for address in wanted], addr2line(kernel, wanted)
    # The outermost function is the symbol, which addr2line names otherwise where symbols share an address.
    for address, our, their in zip(wanted, ours, theirs, strict=True):
        expected = [*their[:-1], (our[-1][0], *their[-1][1:])]
        assert our == expected, hex(address)
    assert any(len(our) == 3 for our in ours)  # innermost in middle in start_kernel


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("options", DWARF + SPLIT, ids=" ".join)
def test_without_aranges_the_units_own_ranges_are_used(build: Build, bits: int, options: tuple[str, ...]) -> None:
    kernel = build(bits, *options)
    without = read_elf(kernel.changed("-R", ".debug_aranges").read_bytes())
    symbols = read_elf(kernel.vmlinux.read_bytes())
    for address in addresses(symbols):
        place = without.find(address)
        assert place
        assert place == symbols.find(address)
        assert place.line


def test_units_hold_what_lies_between_their_ends() -> None:
    units = module.Units([10, 30], [20, 40], [1, 2])
    expected = {9: None, 10: 1, 19: 1, 20: None, 29: None, 30: 2, 39: 2, 40: None}
    assert {address: units.holding(address) for address in expected} == expected


@pytest.mark.parametrize("options", SPLIT, ids=" ".join)
def test_split_dwarf_has_lines_but_no_inlined_functions(build: Build, options: tuple[str, ...]) -> None:
    symbols = read_elf(build(32, *options).vmlinux.read_bytes())
    places = [symbols.find(address) for address in addresses(symbols)]
    assert {place.file for place in places if place} == {"head.S", "init/main.c", "mm/probe.c"}
    assert not any(place.inlined for place in places if place)


def test_calls_of_inlined_functions_lead_back_to_the_function(build: Build) -> None:
    def line_of(text: str) -> int:
        return SOURCES["init/main.c"].splitlines().index(text) + 1

    symbols = read_elf(build(32).vmlinux.read_bytes())
    places = [place for address in addresses(symbols) if (place := symbols.find(address))]
    deepest = next(place for place in places if len(place.inlined) == 2)
    assert (deepest.function, deepest.file) == ("start_kernel", "init/main.c")
    assert deepest.line in {line_of("\t*at = 7;"), line_of("\treturn *at;")}
    assert deepest.inlined == (
        Inlined("innermost", "init/main.c", line_of("\tsum += innermost(at);")),
        Inlined("middle", "init/main.c", line_of("\tlocal += middle(&local);")),
    )


def test_a_mapped_address_is_looked_up_as_linked(build: Build) -> None:
    symbols = read_elf(build(32).vmlinux.read_bytes())
    assert symbols.relocated(0x1E000000).find(BASES[32] + 0x1E000005) == symbols.find(BASES[32] + 5)


def test_units_are_kept_up_to_a_number(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_UNITS", 1)
    read = []

    def recording(unit: CompileUnit) -> LineTable:
        read.append(unit.cu_offset)
        return read_line_table(unit)

    monkeypatch.setattr(module, "read_line_table", recording)
    symbols = read_elf(build(32).vmlinux.read_bytes())
    main, head = symbols.addresses[1], symbols.addresses[0]
    for address in (head, head, main, main, head + 1):
        assert symbols.find(address)
    assert len(read) == 3
    assert read[0] == read[2] != read[1]


def test_an_address_is_looked_up_once(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = read_elf(build(32).vmlinux.read_bytes())
    head = symbols.addresses[0]
    first = symbols.find(head)
    assert first is not None
    assert first.line
    monkeypatch.setattr(module, "read_line_table", None)
    monkeypatch.setattr(module, "inlined_at", None)
    assert symbols.find(head) == first


def test_who_asks_for_no_source_line_gets_none(build: Build) -> None:
    symbols = read_elf(build(32).vmlinux.read_bytes())
    place = symbols.find(symbols.addresses[0], source=False)
    assert place is not None
    assert (place.file, place.line, place.inlined) == (None, None, ())


@pytest.mark.parametrize("name", ["_LOOKUP_READS", "_INDEX_READS"])
def test_too_much_work_gives_a_place_without_a_line(build: Build, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(module, name, 5)
    symbols = read_elf(build(32).vmlinux.read_bytes())
    assert symbols.find(BASES[32] + 5) == Place("startup", 5, 9)


def test_a_section_that_unpacks_to_too_much_gives_no_lines(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 10)
    symbols = read_elf(build(32, "-gdwarf-5", "-gz=zlib").vmlinux.read_bytes())
    assert symbols.find(BASES[32] + 5) == Place("startup", 5, 9)


def test_damaged_entries_still_leave_the_line(build: Build) -> None:
    """Inlined functions need all of a unit's entries; the line needs the first."""
    whole = build(32, "-gdwarf-4").vmlinux.read_bytes()
    broken = bytearray(whole)
    start, end = section_of(whole, ".debug_info")
    while start < end:
        after = start + 4 + int.from_bytes(whole[start : start + 4], "little")
        half = (start + after) // 2
        broken[half:after] = b"\x7f" * (after - half)  # no abbreviation has this number
        start = after
    good, symbols = read_elf(whole), read_elf(bytes(broken))
    deepest = next(address for address in addresses(good) if len(frames(good.find(address))) == 3)
    assert frames(symbols.find(deepest)) == [("start_kernel", *frames(good.find(deepest))[0][1:])]
