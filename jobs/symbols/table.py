"""The symbols of a kernel's text as three flat arrays, and the search in them. Knows nothing of file formats.

Names and sizes follow the kernel's own (kernel/kallsyms.c get_symbol_pos, scripts/kallsyms.c), so that an address that
was looked up here reads like one that the kernel has looked up itself.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeAlias

from farm.core.errors import BadInputError
from jobs.symbols.model import Lines, Place

# Start and end of text, and of text that is freed after boot (include/asm-generic/sections.h). `_text` comes before
# `_stext` where the kernel's entry is a section of its own (.text.head, i386 of 2.6).
MARKERS = ("_text", "_stext", "_etext", "_sinittext", "_einittext")
# No kernel has text in the first page: what is at 0 is relative to a CPU's area, or to nothing.
_LOWEST = 4096
_HIGHEST = 2**64


# One symbol of a code section: address, name (printable ASCII), whether it is weak. A bare tuple: there are 100,000.
Symbol: TypeAlias = tuple[int, bytes, bool]


@dataclass(frozen=True, slots=True)
class Table:
    """Places by address; `jobs.symbols.model.Symbols`.

    `addresses` rises strictly. Symbol n reaches to `addresses[n + 1]`, and its name is `names[ends[n - 1]:ends[n]]`.
    A stretch that is no text has the empty name, and so has the last.
    """

    addresses: "array[int]"
    ends: "array[int]"
    names: bytes
    release: str | None = None
    lines: Lines | None = None
    delta: int = 0

    def find(self, address: int, *, source: bool = True) -> Place | None:
        """See `Symbols.find`. One binary search; then, with DWARF, the unit's lines (kept for the next time)."""
        linked = address - self.delta
        index = bisect_right(self.addresses, linked) - 1
        name = self._name(index) if index >= 0 else ""
        if not name:
            return None
        start = self.addresses[index]
        file, line, inlined = self.lines.at(linked) if self.lines and source else (None, None, ())
        return Place(name, linked - start, self.addresses[index + 1] - start, file, line, inlined)

    def _name(self, index: int) -> str:
        start = self.ends[index - 1] if index else 0
        return self.names[start : self.ends[index]].decode("ascii")

    def start(self, function: str, size: int | None = None) -> int | None:
        """See `Symbols.start`. A search through the names' bytes: some 2 MB."""
        name = function.encode()
        found = [index for index in self._named(name) if size is None or self._size(index) == size]
        return self.addresses[found[0]] + self.delta if len(found) == 1 else None

    def _named(self, name: bytes) -> Iterator[int]:
        at = self.names.find(name) if name else -1
        while at >= 0:
            index = bisect_right(self.ends, at)
            begin = self.ends[index - 1] if index else 0
            if begin == at and self.ends[index] - at == len(name):
                yield index
            at = self.names.find(name, at + 1)

    def _size(self, index: int) -> int:
        return self.addresses[index + 1] - self.addresses[index]

    def relocated(self, delta: int) -> "Table":
        """See `Symbols.relocated`; nothing is copied."""
        return replace(self, delta=self.delta + delta)


def build_table(symbols: Iterable[Symbol], markers: Mapping[str, int], what: str) -> Table:
    """Make a table of a file's symbols, in any order, and of its MARKERS.

    `what` names the file in the sentence of a BadInputError: markers that are missing or contradict each other, or no
    symbol between them.
    """
    ranges = (start, end), (init_start, init_end) = text_ranges(markers, what)
    inside = [symbol for symbol in symbols if start <= symbol[0] < end or init_start <= symbol[0] < init_end]
    if not inside:
        raise BadInputError(f"{what} has no function between its _stext and _etext, so no address can be looked up.")
    inside += [(after, b"", True) for _, after in ranges]  # what comes after a range is no text
    inside.sort(key=itemgetter(0))
    addresses, ends, names, length = array("Q"), array("I"), [], 0
    best = inside[0]
    for symbol in [*inside[1:], None]:
        if symbol is not None and symbol[0] == best[0]:
            best = min(best, symbol, key=_rank)
            continue
        length += len(best[1])
        addresses.append(best[0])
        ends.append(length)
        names.append(best[1])
        best = symbol or best
    return Table(addresses, ends, b"".join(names))


def text_ranges(markers: Mapping[str, int], what: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Text, and init text: first address and the one after the last. BadInputError where MARKERS do not give them."""
    starts = [markers[name] for name in ("_text", "_stext") if markers.get(name, 0) >= _LOWEST]
    missing = [name for name in ("_etext", "_sinittext", "_einittext") if name not in markers]
    if missing or not starts:
        name = missing[0] if missing else "_stext"
        raise BadInputError(f"{what} is not a whole kernel's: it has no {name}. Hand in the file as the build made it.")
    text = min(starts), markers["_etext"]
    init = markers["_sinittext"], markers["_einittext"]
    if not text[0] < text[1] <= init[0] < init[1] < _HIGHEST:
        raise BadInputError(
            f"{what} contradicts itself: text from {text[0]:x} to {text[1]:x}, init text from {init[0]:x} to "
            f"{init[1]:x}. Hand in the file as the build made it."
        )
    return text, init


def _rank(symbol: Symbol) -> tuple[bool, bool, bool, int, bytes]:
    """The kernel's order of symbols at one address, the one it prints first (scripts/kallsyms.c compare_symbols).

    Weak ones come last; so do marks that a linker script sets; then fewer underscores win. What is left is nm's order.
    """
    _, name, weak = symbol
    mark = name.startswith((b"__start_", b"__stop_", b"__end_")) or (
        name.startswith(b"__") and name.endswith((b"_start", b"_end"))
    )
    return not name, weak, mark, len(name) - len(name.lstrip(b"_")), name
