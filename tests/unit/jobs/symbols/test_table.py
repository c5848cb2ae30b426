"""The table finds what a walk over all symbols finds, and prefers the names that the kernel prefers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.core.errors import BadInputError
from jobs.symbols.model import Inlined, Place
from jobs.symbols.table import Symbol, Table, build_table

MARKERS = {"_text": 0x1000, "_stext": 0x1010, "_etext": 0x1100, "_sinittext": 0x1200, "_einittext": 0x1240}
ADDRESSES = st.integers(0xFF0, 0x1260)


def table(*symbols: Symbol) -> Table:
    return build_table(symbols, MARKERS, "This map")


def name_at(*symbols: Symbol) -> str:
    found = table(*symbols).find(symbols[0][0])
    assert found
    return found.function


def naive(symbols: list[Symbol], address: int) -> tuple[str, int, int] | None:
    """Function, offset and size by looking at every symbol: the nearest at or before, in the same range."""
    for start, end in ((0x1000, 0x1100), (0x1200, 0x1240)):
        inside = [symbol for symbol in symbols if start <= symbol[0] < end]
        before = [symbol for symbol in inside if symbol[0] <= address]
        if start <= address < end and before:
            at = max(symbol[0] for symbol in before)
            after = min([symbol[0] for symbol in inside if symbol[0] > at], default=end)
            strong = [symbol for symbol in before if symbol[0] == at and not symbol[2]]
            names = [symbol[1] for symbol in strong or before if symbol[0] == at]
            return min(names).decode(), address - at, after - at
    return None


@given(st.lists(st.tuples(ADDRESSES, st.from_regex(rb"[a-z]{1,3}", fullmatch=True), st.booleans())), ADDRESSES)
def test_find_agrees_with_a_walk_over_all_symbols(symbols: list[Symbol], address: int) -> None:
    expected = naive(symbols, address)
    if not any(naive(symbols, symbol[0]) for symbol in symbols):
        with pytest.raises(BadInputError, match="no function between"):
            table(*symbols)
        return
    found = table(*symbols).find(address)
    assert (found and (found.function, found.offset, found.size)) == expected


def test_addresses_outside_of_text_find_nothing() -> None:
    symbols = table((0x1020, b"first", False), (0x10F0, b"last", False), (0x1200, b"setup", False))
    assert symbols.find(0x10FF) == Place("last", 15, 16)
    assert symbols.find(0x123F) == Place("setup", 0x3F, 0x40)
    for address in (-1, 0, 0x1000, 0x101F, 0x1100, 0x11FF, 0x1240, 2**32, 2**64, 2**70):
        assert symbols.find(address) is None, hex(address)


def test_text_before_stext_is_text() -> None:
    assert table((0x1000, b"startup_32", False)).find(0x1008) == Place("startup_32", 8, 0x100)


@pytest.mark.parametrize(
    ("wins", "loses"),
    [
        ((b"sys_ni_syscall", False), (b"compat_sys_ipc", True)),  # a weak alias
        ((b"startup_32", False), (b"_stext", False)),  # fewer underscores
        ((b"__do_softirq", False), (b"__softirqentry_text_start", False)),  # a mark of the linker script
        ((b"__do_sys_fork", False), (b"__ia32_sys_fork", False)),  # nm's order; 6.1 prints the first
        ((b"__zone_init", False), (b"__aaa_start", False)),  # the same, where underscores do not decide
        ((b"__zone_init", False), (b"__start_notes", False)),
    ],
)
def test_of_symbols_at_one_address_the_kernels_choice_wins(wins: tuple[bytes, bool], loses: tuple[bytes, bool]) -> None:
    assert name_at((0x1020, *wins), (0x1020, *loses)) == wins[0].decode()
    assert name_at((0x1020, *loses), (0x1020, *wins)) == wins[0].decode()


def test_relocated_looks_up_the_address_as_linked() -> None:
    symbols = table((0x1020, b"first", False), (0x1030, b"second", False))
    moved = symbols.relocated(0x40000)
    assert moved.find(0x41024) == Place("first", 4, 16)
    assert moved.find(0x1024) is None
    assert moved.relocated(-0x40000).find(0x1024) == symbols.find(0x1024) == Place("first", 4, 16)


def test_lines_are_asked_for_the_address_as_linked() -> None:
    asked = []

    class Recorder:
        def at(self, address: int) -> tuple[str | None, int | None, tuple[Inlined, ...]]:
            asked.append(address)
            return "init/main.c", 7, ()

    plain = table((0x1020, b"first", False))
    symbols = Table(plain.addresses, plain.ends, plain.names, lines=Recorder()).relocated(0x100)
    assert symbols.find(0x1124) == Place("first", 4, 0xE0, "init/main.c", 7)
    assert symbols.find(0x10) is None
    assert asked == [0x1024]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"_etext": None}, "it has no _etext"),
        ({"_einittext": None}, "it has no _einittext"),
        ({"_text": None, "_stext": None}, "it has no _stext"),
        ({"_text": 0, "_stext": 0}, "it has no _stext"),  # relative to a CPU's area, or stripped of its addresses
        ({"_etext": 0x1000}, "contradicts itself"),
        ({"_sinittext": 0x10FF}, "contradicts itself"),
        ({"_einittext": 0x1200}, "contradicts itself"),
        ({"_einittext": 2**64}, "contradicts itself"),
    ],
)
def test_markers_that_bound_no_text_are_refused(changes: dict[str, int | None], sentence: str) -> None:
    markers = {name: value for name, value in {**MARKERS, **changes}.items() if value is not None}
    with pytest.raises(BadInputError, match=f"^This map .*{sentence}"):
        build_table([(0x1020, b"first", False)], markers, "This map")
