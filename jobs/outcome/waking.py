"""Which lines of a span are worth reading: those with a needle, and those that the state of the boot asks for.

Tells it from one pass over the bytes, so that dull lines cost next to nothing. Whether a line is read depends on the
line and on what was seen before it, never on how the bytes were cut.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from farm.core.words import Stage
from jobs.outcome.formats.table import NOTHING, Needles, Rows
from jobs.outcome.lines import PIECE, Span, clean
from jobs.outcome.lives import AFTER_BANNER, Life
from jobs.outcome.pattern import JobPattern
from jobs.outcome.seen import Seen

_NOWHERE = 1 << 62
_START = itemgetter(1)
_TIME = re.compile(rb"\[ {0,6}\d{1,8}\.\d")  # any printk time: the kernel is talking
_LATE = re.compile(rb"\[ {0,6}\d{1,8}\.\d{1,9}(?<!000)\]")  # one that is not counted in ticks
_AFTER_BANNER = re.compile(AFTER_BANNER.pattern.encode())
_BARE = re.compile(rb"(?m)^[^\[<\s]")  # a line without a printk prefix
_DIRTY = re.compile(rb"[\0\x1b]")  # what hides a needle
# init/main.c do_one_initcall: `calling  f+0x0/0x10 @ 1` (2.6.27: no ` @ 1`) and
# `initcall f+0x0/0x10 returned 0 after 1 ms`, thousands of them with initcall_debug: whole lines of nothing else
_CALL = rb"(calling  |initcall )([\w.]{1,100})\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}(?: [\w@ -]{1,60})?\r?\n"
_CALLS, _TIMED_CALLS, _CALLS_IN_TICKS = (
    re.compile(rb"(?:(?:<\d>)?%b%b){1,1000}" % (stamp, _CALL))
    for stamp in (rb"", rb"\[ {0,6}\d{1,8}\.\d{1,9}\] ", rb"\[ {0,6}\d{1,8}\.\d{1,6}000\] ")
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
        data, seen = span.data, self._seen
        hits = _Hits(self._needles, data)
        position, size = 0, len(data)
        dirty = _Next(_DIRTY if b"\0" in data or b"\x1b" in data else None, data)
        extra = _Next(None, data, inside=span.inside)
        successes = iter(self._pattern.lines(data)) if self._pattern is not None else iter(())
        success = next(successes, _NOWHERE)
        while position < size:
            while success < position:
                success = next(successes, _NOWHERE)
            other = hiding = dirty.from_(position)
            if (pattern := self._extra()) is not None:
                extra.use(pattern)
                other = min(hiding, extra.from_(position))
            hit, passed = hits.next(position, seen.life), position
            while hits.at_call and (passed := self._past_calls(span, passed, hit, hits.beyond(min(other, success)))):
                hit = hits.next(passed, seen.life)
            woken = min(hit, other)
            at = min(woken, success)
            if at == _NOWHERE:
                return
            start = max(data.rfind(b"\n", position, at) + 1, position)
            end = data.find(b"\n", at)
            end = size if end < 0 else end
            numbers = hits.of_line(end)
            if hiding < end:
                numbers |= self._needles.within(clean(data[start:end]))  # those, too, that controls or escapes stand in
            rows = self._needles.rows(numbers) if numbers else NOTHING
            position = min(end + 1, size)
            yield Woken(start, end, position, rows if woken < end else None, success == start)

    def _pieces(self, span: Span, line: Woken) -> Iterator[Woken]:
        """Those of a line's pieces that are to be read, each as if it had come alone."""
        for start in range(line.start, line.end, PIECE):
            end = min(start + PIECE, line.end)
            raw, inside = span.data[start:end], span.inside or start > line.start
            extra = _Next(self._extra(), raw, inside=inside).from_(0) != _NOWHERE
            text = clean(raw)
            numbers = self._needles.within(text)
            succeeds = self._pattern is not None and self._pattern.matches(text)
            after = line.after if end == line.end else end
            if numbers or extra or _DIRTY.search(raw):
                yield Woken(start, end, after, self._needles.rows(numbers), succeeds)
            elif succeeds:
                yield Woken(start, end, after, None, succeeds)

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

    def _past_calls(self, span: Span, position: int, at: int, other: int) -> int:
        """The short way for what initcall_debug prints: the byte after those lines, 0 where more may be in the first.

        Their first needle is `at`, its line begins at `position` or later; what else is worth reading is at `other`.
        """
        data, life = span.data, self._seen.life
        if not life.running or self._seen.lives.doubt is not None or self._seen.decided:
            return 0
        start = max(data.rfind(b"\n", position, at) + 1, position)
        if start == 0 and span.inside:
            return 0
        until = len(data) if other == _NOWHERE else data.rfind(b"\n", start, other) + 1
        calls = _CALLS if not life.timed else _TIMED_CALLS if life.first_time is not None else _CALLS_IN_TICKS
        found = calls.match(data, start, until)
        if found is None:
            return 0
        life.calling = found[2].decode() if found[1] == b"calling  " else None
        return found.end()


class _Hits:
    """The needles in some bytes, from front to back; those that have gone dull in a kernel's life are passed over."""

    def __init__(self, needles: Needles, data: bytes) -> None:
        self._needles = needles
        self._hits = sorted(needles.find(data), key=_START)
        self._place = 0
        self._beyond = 0  # the first that is not initcall_debug's
        self._life: Life | None = None

    def next(self, position: int, life: Life) -> int:
        """The first one's place, at `position` or later; calls come with rising positions."""
        if life is not self._life:
            self._life, self._beyond = life, 0  # another kernel: what was dull may not be
        hits, dull, stage = self._hits, self._needles.dull_from, life.stage.rank
        for place in range(self._place, len(hits)):
            which, at, _ = hits[place]
            if at >= position and dull[which] > stage:
                self._place = place
                return at
        self._place = len(hits)
        return _NOWHERE

    @property
    def at_call(self) -> bool:
        """Whether that one is initcall_debug's."""
        return self._place < len(self._hits) and self._hits[self._place][0] in self._needles.calls

    def beyond(self, other: int) -> int:
        """The place of the first after it that is not initcall_debug's, or `other` if that comes first."""
        hits, dull, calls = self._hits, self._needles.dull_from, self._needles.calls
        stage = self._life.stage.rank if self._life is not None else 0
        place = max(self._beyond, self._place)
        while (
            place < len(hits) and hits[place][1] < other and (hits[place][0] in calls or dull[hits[place][0]] <= stage)
        ):
            place += 1
        self._beyond = place
        return min(hits[place][1], other) if place < len(hits) else other

    def of_line(self, end: int) -> frozenset[int]:
        """The numbers of the needles before `end`, which is the end of their line. They are passed."""
        hits, first = self._hits, self._place
        place, count = first, len(hits)
        while place < count and hits[place][1] < end:
            place += 1
        self._place = place
        return frozenset([which for which, _, _ in hits[first:place]])


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
