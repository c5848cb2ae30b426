"""The reader: console bytes in, any split; what they say of the boot out. The room's one door.

One pass over the bytes finds the needles of the table of formats (Aho-Corasick), so that dull lines cost next to
nothing; only lines with a needle, and those that the state of the boot asks for, are decoded and matched. The bytes
after a report's header are kept and read when the report is asked for. Whether a line is read depends on the line and
on what was seen before it, never on how the bytes were cut.
"""

import re
from collections.abc import Iterator
from functools import partial

from farm.core.words import Stage
from jobs.outcome import verdict
from jobs.outcome.formats.table import INITCALLS, NOTHING, Rows, needles
from jobs.outcome.lines import (
    BLANK,
    PIECE,
    WIDTH,
    WRAPS,
    Line,
    Span,
    Splitter,
    clean,
    continues,
    is_wide,
    last_line,
    records,
)
from jobs.outcome.lives import AFTER_BANNER
from jobs.outcome.model import Ending, Expectation, Reading, Settled
from jobs.outcome.pattern import JobPattern
from jobs.outcome.seen import ECHO, END_GRACE, FATAL_GRACE, Seen, Sight
from jobs.symbols.model import Symbols

_NOWHERE = 1 << 62
_DELETE = 0x7F
_HALTED = b"-- System halted"  # arch/x86/boot/compressed/misc.c error() prints no line end after it
_TIME = re.compile(rb"\[ {0,6}\d{1,8}\.\d")  # any printk time: the kernel is talking
_LATE = re.compile(rb"\[ {0,6}\d{1,8}\.\d{1,9}(?<!000)\]")  # one that is not counted in ticks
_AFTER_BANNER = re.compile(AFTER_BANNER.pattern.encode())
# init/main.c do_one_initcall: `calling  f+0x0/0x10 @ 1`, `initcall f+0x0/0x10 returned 0 after 12 usecs`
_INITCALL = re.compile(
    rb"(?:<\d>)?\[ *\d+\.\d+\] (calling  |initcall )([\w.]{1,100})\+0x[0-9a-f]+/0x[0-9a-f]+ [\w@ -]{1,60}\r?$"
)
_BARE = re.compile(rb"(?m)^[^\[<\s]")  # a line without a printk prefix
_DIRTY = re.compile(rb"[\0\x1b]")  # what hides a needle


class Reader:
    """Reads one boot's console. Not to be shared between boots; memory is bounded whatever is fed."""

    def __init__(self, expect: Expectation, symbols: Symbols | None = None) -> None:
        """BadInputError where `expect.pattern` cannot be used. `symbols`: of the build that should boot."""
        self._seen = Seen(expect, symbols=symbols)
        self._needles = needles()
        self._pattern = JobPattern(expect.pattern) if expect.pattern is not None else None
        self._splitter = Splitter()
        self._tail: Span | None = None  # the last span with anything to read on it
        self._last_at: float | None = None

    def feed(self, data: bytes, t: float | None = None) -> None:
        """The next bytes of the console; `t`: when they came, in seconds since power-on."""
        self._seen.now = self._last_at = t
        for span in self._splitter.push(data):
            self._scan(span)

    @property
    def settled(self) -> Settled | None:
        """Enough was seen to end the boot, or None. The begun line counts where no line end may come."""
        rest = self._splitter.rest
        if self._seen.settled is not None or not rest:
            return self._seen.settled
        if self._pattern is not None and any(map(self._succeeds, map(clean, rest.split(b"\n")))):
            return Settled(END_GRACE)
        if rest.rstrip().endswith(_HALTED) or any(map(self._would_end, rest.split(b"\n")[:-1])):
            return Settled(FATAL_GRACE)
        return None

    def _would_end(self, raw: bytes) -> bool:
        """Whether a whole line that may go on in the next one ends the boot where nothing comes: a panic 80 wide."""
        text = clean(raw)
        rows = self._needles.rows(frozenset(number for number, _, _ in self._needles.find(text.encode())))
        return any(self._seen.would_end(record, rows) for record in records(text))

    @property
    def waits_for(self) -> str:
        """What the reader would have to see to end the boot, for a person."""
        seen = self._seen
        if seen.settled is not None:
            return "the rest of the block" if seen.settled.grace > END_GRACE else "nothing"
        if not seen.first.running:
            return "the kernel's first line"
        if seen.expect.pattern is not None:
            return "the job's success pattern"
        return "farm-init's end marker" if seen.first.started else "farm-init's start marker"

    @property
    def stage(self) -> Stage:
        return self._seen.first.stage

    @property
    def banner_seen(self) -> bool:
        return self._seen.first.banner is not None

    @property
    def start_seen(self) -> bool:
        """farm-init's start marker with the expected token was seen."""
        return self._seen.first.started

    @property
    def version(self) -> str | None:
        """The release string in the last banner."""
        return self._seen.version

    def conclude(self, ending: Ending, *, image_fetched: bool | None = None) -> Reading:
        """The verdict. `image_fetched` is what the boot driver knows: whether the machine took kernel and initramfs
        whole, None where it cannot tell. Nothing may be fed afterwards.
        """
        for span in self._splitter.flush():
            self._scan(span)
        return verdict.decide(self._seen, self._last(), ending, image_fetched=image_fetched)

    # Spans and lines

    def _scan(self, span: Span) -> None:
        seen, data = self._seen, span.data
        position, number = 0, span.number
        done = 0  # bytes before this were handed to the open reports
        for start, end, rows in self._worth_reading(span):
            if seen.decided:
                break
            number += data.count(b"\n", position, start)
            position = start
            seen.reports.take(data[done:start])
            done = self._line(span, start, end, number, rows)
        seen.reports.take(data[done:])
        if body := data.rstrip(BLANK):
            seen.reach(Stage.FIRMWARE)
            if (b"\x1b" not in body and ord(" ") < body[-1] < _DELETE) or _last_of(span) is not None:
                self._tail = span

    def _hand_over(self, data: bytes) -> None:
        """A line that was read, to the reports that were open before it."""
        for block in self._seen.reports.open:
            if block.takes_line:
                block.take(data)
            block.takes_line = True

    def _worth_reading(self, span: Span) -> Iterator[tuple[int, int, Rows | None]]:
        """The lines of a span that are to be read, in order: first byte, byte after, and the rows that may match.

        None for the rows of a line on which only the job's own pattern was found.
        """
        data = span.data
        hits = self._needles.find(data)
        hits.sort(key=_by_start)
        dull, seen = self._needles.dull_from, self._seen
        place, count, position, size = 0, len(hits), 0, len(data)
        dirty = _Next(_DIRTY if b"\0" in data or b"\x1b" in data else None, data)
        extra = _Next(None, data, inside=span.inside)
        successes = iter(self._pattern.lines(data)) if self._pattern is not None else iter(())
        success = next(successes, _NOWHERE)
        while position < size:
            stage = seen.life.stage.rank
            while place < count and (hits[place][1] < position or dull[hits[place][0]] <= stage):
                place += 1
            while success < position:
                success = next(successes, _NOWHERE)
            extra.use(self._extra())
            needle = hits[place][1] if place < count else _NOWHERE
            woken = min(needle, dirty.from_(position), extra.from_(position))
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
                numbers |= {number for number, _, _ in self._needles.find(clean(data[start:end]).encode())}
            rows = self._needles.rows(frozenset(numbers)) if numbers else NOTHING
            yield start, end, rows if woken < end else None
            position = end + 1

    def _extra(self) -> re.Pattern[bytes] | None:
        """What makes a line worth reading just now, beside the needles."""
        seen, life = self._seen, self._seen.life
        if not life.running:
            return _TIME
        if seen.lives.doubt is not None and not life.timed:
            return _AFTER_BANNER
        if life.timed and (seen.lives.doubt is not None or life.first_time is None):
            return _LATE
        return _BARE if life.stage is Stage.INIT and life.timed else None

    def _line(self, span: Span, start: int, end: int, number: int, rows: Rows | None) -> int:
        """One line of a span; the first byte after it. A long one is read in pieces, each as if it had come alone."""
        data = span.data
        after = min(end + 1, len(data))
        if end - start <= PIECE:
            self._piece(span, (start, end, after), number, rows)
            return after
        for piece in range(start, end, PIECE):
            stop = min(piece + PIECE, end)
            raw, inside = data[piece:stop], span.inside or piece > start
            extra = _Next(self._extra(), raw, inside=inside).from_(0) != _NOWHERE
            numbers = frozenset(one for one, _, _ in self._needles.find(clean(raw).encode()))
            until = after if stop == end else stop
            if numbers or extra or _DIRTY.search(raw):
                self._piece(span, (piece, stop, until), number, self._needles.rows(numbers))
            elif self._succeeds(clean(raw)):
                self._piece(span, (piece, stop, until), number, None)
            else:
                self._seen.reports.take(data[piece:until])
        return after

    def _piece(self, span: Span, where: tuple[int, int, int], number: int, rows: Rows | None) -> None:
        """A line, or a piece of one: first byte, byte after its text, byte after its end."""
        start, end, after = where
        raw = span.data[start:end]
        if rows is None or not (rows.own and rows.own <= INITCALLS and self._only_an_initcall(raw)):
            line = Line(clean(raw), number, span.offset + start)
            if rows is not None:
                following = (span.offset + after, number + (after > end))
                sight = Sight(line, rows, partial(self._before, span, start, number), following)
                for record in records(self._unwrapped(span, end, raw, line.text)):
                    self._seen.record(record, sight)
            if self._succeeds(line.text):
                self._seen.success(line)
        self._hand_over(span.data[start:after])

    def _unwrapped(self, span: Span, end: int, raw: bytes, text: str) -> str:
        """A line's text with what stands on the next lines, where a console of 80 columns broke it."""
        if not is_wide(raw):
            return text
        room = WRAPS * (WIDTH + 2)
        ahead = (span.data[end + 1 : end + 1 + room] + span.ahead)[:room]
        for following in ahead.split(b"\n")[:WRAPS]:
            if not is_wide(raw) or not continues(following):
                break
            raw, text = following, text.rstrip("\r") + clean(following)
        return text

    def _only_an_initcall(self, raw: bytes) -> bool:
        """The short way for what initcall_debug prints by the thousand. False where more may be in the line."""
        found = _INITCALL.match(raw)
        life, lives = self._seen.life, self._seen.lives
        if found is None or life.first_time is None or lives.doubt is not None or self._pattern is not None:
            return False
        life.calling = found[2].decode() if found[1] == b"calling  " else None
        return True

    def _before(self, span: Span, start: int, number: int) -> Line | None:
        return last_line(span, start, number) or self._last()

    def _last(self) -> Line | None:
        """The last line with anything on it, of the spans before the one being read."""
        return _last_of(self._tail) if self._tail is not None else None

    def _succeeds(self, text: str) -> bool:
        """Whether a cleaned line is the job's own sign of success."""
        return self._pattern is not None and self._pattern.matches(text) and not ECHO.search(text)


def _last_of(span: Span) -> Line | None:
    return last_line(span, len(span.data), span.number + span.data.count(b"\n"))


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
