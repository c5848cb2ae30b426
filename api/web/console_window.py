"""A stretch of a console's lines, found without holding the console in memory. Knows a function that reads bytes.

A console may have 100 MB and lines of 1 MiB. It is gone through in blocks; of each line only its first bytes are kept.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from api.web.console_text import MAX_BYTES, Line, line

Reader = Callable[[int, int], bytes]  # read(start, end): bytes [start, end); fewer at the console's end

SHOWN = 2000  # lines on one page
_BLOCK = 256 << 10


@dataclass(frozen=True, slots=True)
class Raw:
    """One line as it lies there: its first bytes, its whole length, and whether its LF has come."""

    number: int
    offset: int
    head: bytes
    length: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Lines `first` to `last` of a console of `total` lines and `size` bytes.

    (`next_line`, `next_offset`) is where reading goes on when more bytes have come: the first line whose end has not
    been seen.
    """

    lines: list[Line]
    total: int
    size: int
    next_line: int
    next_offset: int

    @property
    def first(self) -> int:
        return self.lines[0].number if self.lines else 1

    @property
    def last(self) -> int:
        return self.lines[-1].number if self.lines else 0

    @property
    def at_end(self) -> bool:
        return not self.lines or self.last == self.total


def window(read: Reader, size: int, *, around: int | None = None, limit: int = SHOWN) -> Window:
    """`limit` lines of a console of `size` bytes around line `around`; its last ones where that is None."""
    marks, total = _index(read, size)
    last_first = max(1, total - limit + 1)
    first = last_first if around is None else min(max(1, around - limit // 2), last_first)
    number, offset = marks[bisect_right(marks, first, key=lambda mark: mark[0]) - 1]
    found = (raw for raw in _raw_lines(read, offset, number, size) if raw.number >= first)
    return _window(list(islice(found, limit)), total, size)


def tail(read: Reader, size: int, *, number: int, offset: int, limit: int = SHOWN) -> Window:
    """The lines from line `number`, which begins at `offset`, to the end; of more than `limit` the last ones."""
    kept: list[Raw] = []
    total = number - 1
    for raw in _raw_lines(read, offset, number, size):
        kept.append(raw)
        total = raw.number
        if len(kept) >= 2 * limit:
            del kept[:limit]
    if not kept:
        return Window([], total, size, number, offset)
    return _window(kept[-limit:], total, size)


def _window(raws: list[Raw], total: int, size: int) -> Window:
    lines = [line(raw.number, raw.head, raw.length) for raw in raws]
    if not raws:
        return Window([], total, size, 1, 0)
    last = raws[-1]
    if last.ended:
        return Window(lines, total, size, last.number + 1, last.offset + last.length + 1)
    return Window(lines, total, size, last.number, last.offset)


def _index(read: Reader, size: int) -> tuple[list[tuple[int, int]], int]:
    """[(line, offset)] of the first line that begins in each block, and how many lines there are."""
    marks = [(1, 0)]
    feeds = 0
    last = b""
    for start in range(0, size, _BLOCK):
        block = read(start, min(start + _BLOCK, size))
        if not block:
            break
        first_feed = block.find(b"\n")
        if first_feed >= 0:
            marks.append((feeds + 2, start + first_feed + 1))
        feeds += block.count(b"\n")
        last = block[-1:]
    return marks, feeds + (last not in (b"", b"\n"))


def _raw_lines(read: Reader, offset: int, number: int, size: int) -> Iterator[Raw]:
    """Lines from line `number` on, which begins at `offset`; a last one without LF too."""
    head, begin, at = b"", offset, offset
    while at < size and (block := read(at, min(at + _BLOCK, size))):
        *ended, rest = block.split(b"\n")
        for part in ended:
            head += part[: MAX_BYTES + 1 - len(head)]
            end = at + len(part)
            yield Raw(number, begin, head, end - begin, ended=True)
            head, begin, at, number = b"", end + 1, end + 1, number + 1
        head += rest[: max(0, MAX_BYTES + 1 - len(head))]
        at += len(rest)
    if at > begin:
        yield Raw(number, begin, head, at - begin, ended=False)
