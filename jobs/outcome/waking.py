"""Which lines of a span are worth reading: those with a needle, and those that the state of the boot asks for.

Tells it from one pass over the bytes, so that dull lines cost next to nothing. Whether a line is read depends on the
line and on what was seen before it, never on how the bytes were cut.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from farm.core.words import Stage
from jobs.outcome.formats.table import NOTHING, Needles, Rows
from jobs.outcome.lines import PIECE, Span, clean
from jobs.outcome.lives import AFTER_BANNER
from jobs.outcome.pattern import JobPattern
from jobs.outcome.seen import Seen

_NOWHERE = 1 << 62
_TIME = re.compile(rb"\[ {0,6}\d{1,8}\.\d")  # any printk time: the kernel is talking
_LATE = re.compile(rb"\[ {0,6}\d{1,8}\.\d{1,9}(?<!000)\]")  # one that is not counted in ticks
_TICKS = b"000] "  # the end of one that is
_AFTER_BANNER = re.compile(AFTER_BANNER.pattern.encode())
_BARE = re.compile(rb"(?m)^[^\[<\s]")  # a line without a printk prefix
_DIRTY = re.compile(rb"[\0\x1b]")  # what hides a needle
# init/main.c do_one_initcall: `calling  f+0x0/0x10 @ 1` (2.6.27: no ` @ 1`) and
# `initcall f+0x0/0x10 returned 0 after 1 ms`
_INITCALL = re.compile(
    rb"(?:<\d>)?(\[ {0,6}\d{1,8}\.\d{1,9}\] )?(calling  |initcall )([\w.]{1,100})\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}"
    rb"(?: [\w@ -]{1,60})?(?=\r?\n)"
)


class Woken(NamedTuple):
    """A line to be read: first byte, byte after its text, byte after its end."""

    start: int
    end: int
    after: int
    rows: Rows | None  # that it may match; None: there is only the job's own pattern on it
    succeeds: bool  # it matches that


class Waking:
    """Looks at one boot's spans, in order."""

    def __init__(self, seen: Seen, needles: Needles, pattern: JobPattern | None) -> None:
        self._seen = seen
        self._needles = needles
        self._pattern = pattern

    def lines(self, span: Span) -> Iterator[Woken]:
        """In order; each is to be read before the next is asked for. A very long line comes in pieces."""
        for line in self._lines(span):
            if line.end - line.start <= PIECE:
                yield line
            else:
                yield from self._pieces(span, line)

    def _lines(self, span: Span) -> Iterator[Woken]:
        data = span.data
        hits = self._needles.find(data)
        hits.sort(key=_by_start)
        dull, calls, lives = self._needles.dull_from, self._needles.calls, self._seen.lives
        place, count, position, size = 0, len(hits), 0, len(data)
        dirty = _Next(_DIRTY if b"\0" in data or b"\x1b" in data else None, data)
        extra = _Next(None, data, inside=span.inside)
        successes = iter(self._pattern.lines(data)) if self._pattern is not None else iter(())
        success = next(successes, _NOWHERE)
        while position < size:
            while success < position:
                success = next(successes, _NOWHERE)
            extra.use(self._extra())
            other = min(dirty.from_(position), extra.from_(position))
            stage = lives.now.stage.rank
            passed = position  # lines before this say nothing, or only which initcall runs
            while place < count:
                which, at, _ = hits[place]
                if at < passed or dull[which] <= stage:
                    place += 1
                    continue
                if which not in calls:
                    break
                following = hits[place + 1][1] if place + 1 < count else size
                whole = passed or not span.inside  # not a piece of a longer one
                after = self._only_an_initcall(data, passed, at, min(other, success, following)) if whole else 0
                if not after:
                    break
                passed = after
            woken = min(hits[place][1] if place < count else _NOWHERE, other)
            at = min(woken, success)
            if at == _NOWHERE:
                return
            start = max(data.rfind(b"\n", position, at) + 1, position)
            end = data.find(b"\n", at)
            end = size if end < 0 else end
            numbers = set()
            while place < count and hits[place][1] < end:
                numbers.add(hits[place][0])
                place += 1
            if dirty.from_(position) < end:
                numbers |= self._hidden(data[start:end])
            rows = self._needles.rows(frozenset(numbers)) if numbers else NOTHING
            position = min(end + 1, size)
            yield Woken(start, end, position, rows if woken < end else None, success == start)

    def _pieces(self, span: Span, line: Woken) -> Iterator[Woken]:
        """Those of a line's pieces that are to be read, each as if it had come alone."""
        for start in range(line.start, line.end, PIECE):
            end = min(start + PIECE, line.end)
            raw, inside = span.data[start:end], span.inside or start > line.start
            extra = _Next(self._extra(), raw, inside=inside).from_(0) != _NOWHERE
            numbers = self._hidden(raw)
            succeeds = self._pattern is not None and self._pattern.matches(clean(raw))
            after = line.after if end == line.end else end
            if numbers or extra or _DIRTY.search(raw):
                yield Woken(start, end, after, self._needles.rows(numbers), succeeds)
            elif succeeds:
                yield Woken(start, end, after, None, succeeds)

    def _hidden(self, raw: bytes) -> frozenset[int]:
        """The needles of a line, those too that controls or escapes stand in."""
        return frozenset(number for number, _, _ in self._needles.find(clean(raw).encode()))

    def _extra(self) -> re.Pattern[bytes] | None:
        """What makes a line worth reading just now, beside the needles."""
        lives = self._seen.lives
        life = lives.now
        if not life.running:
            return _TIME
        if not life.timed:
            return _AFTER_BANNER if lives.doubt is not None else None
        if lives.doubt is not None or life.first_time is None:
            return _LATE
        return _BARE if life.stage is Stage.INIT else None

    def _only_an_initcall(self, data: bytes, position: int, at: int, other: int) -> int:
        """The short way for what initcall_debug prints by the thousand; the byte after it, 0 where more may be in it.

        Its needle is `at`, its line begins at `position` or later, and what else is worth reading is at `other`.
        """
        found = _INITCALL.match(data, max(data.rfind(b"\n", position, at) + 1, position))
        if found is None or found.start(2) != at or found.end() > other:
            return 0
        life, stamp = self._seen.life, found[1]
        plain = life.first_time is not None or stamp.endswith(_TICKS) if stamp else not life.timed
        if not (plain and life.running) or self._seen.lives.doubt is not None or self._seen.decided:
            return 0
        life.calling = found[3].decode() if found[2] == b"calling  " else None
        return data.find(b"\n", found.end()) + 1


class _Next:
    """Where a pattern matches next; searched once over the data. `inside`: the data begin in the middle of a line."""

    def __init__(self, pattern: re.Pattern[bytes] | None, data: bytes, *, inside: bool = False) -> None:
        self._pattern = pattern
        self._data = data
        self._inside = inside
        self._at = -1

    def use(self, pattern: re.Pattern[bytes] | None) -> None:
        if pattern is not self._pattern:
            self._pattern, self._at = pattern, -1

    def from_(self, position: int) -> int:
        """The first match at or after `position`; calls come with rising positions."""
        if self._pattern is None:
            return _NOWHERE
        if self._at < position:
            if self._inside and self._pattern is _BARE and position == 0:
                position = self._data.find(b"\n") + 1 or len(self._data)
            found = self._pattern.search(self._data, position)
            self._at = found.start() if found else _NOWHERE
        return self._at


def _by_start(hit: tuple[int, int, int]) -> int:
    return hit[1]
