"""The reader: console bytes in, any split; what they say of the boot out. The room's one door.

Only lines that are worth it (waking.py) are decoded and matched. The bytes after a report's header are kept, and read
when the report is asked for.
"""

from functools import partial

from farm.core.words import Stage
from jobs.outcome import verdict
from jobs.outcome.formats.table import needles
from jobs.outcome.lines import (
    BLANK,
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
from jobs.outcome.model import Ending, Expectation, Reading, Settled
from jobs.outcome.pattern import JobPattern
from jobs.outcome.seen import ECHO, END_GRACE, FATAL_GRACE, Seen, Sight
from jobs.outcome.waking import Waking, Woken
from jobs.symbols.model import Symbols

_DELETE = 0x7F
_HALTED = b"-- System halted"  # arch/x86/boot/compressed/misc.c error() prints no line end after it


class Reader:
    """Reads one boot's console. Not to be shared between boots; memory is bounded whatever is fed."""

    def __init__(self, expect: Expectation, symbols: Symbols | None = None) -> None:
        """BadInputError where `expect.pattern` cannot be used. `symbols`: of the build that should boot."""
        self._seen = Seen(expect, symbols=symbols)
        self._needles = needles()
        self._pattern = JobPattern(expect.pattern) if expect.pattern is not None else None
        self._waking = Waking(self._seen, self._needles, self._pattern)
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
        rows = self._needles.rows(self._needles.within(text))
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
        seen, data, reports = self._seen, span.data, self._seen.reports
        position, number = 0, span.number
        done = 0  # bytes before this were handed to the open reports
        for line in self._waking.lines(span):
            if seen.decided:
                break
            number += data.count(b"\n", position, line.start)
            position = line.start
            if reports.open:
                reports.take(data[done : line.start])
            self._read(span, line, number)
            done = line.after
        if reports.open:
            reports.take(data[done:])
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

    def _read(self, span: Span, woken: Woken, number: int) -> None:
        """A line, or a piece of one."""
        raw = span.data[woken.start : woken.end]
        line = Line(clean(raw), number, span.offset + woken.start)
        if woken.rows is not None:
            following = (span.offset + woken.after, number + (woken.after > woken.end))
            text, rest = self._unwrapped(span, woken.end, raw, line.text) if is_wide(raw) else (line.text, 0)
            sight = Sight(line, woken.rows, partial(self._before, span, woken.start, number), following, rest)
            parts = records(text)
            if len(parts) == 1 and not rest:
                self._seen.record(parts[0], sight)
            else:  # each is tried for what is on itself: hostile lines have a thousand
                for record in parts:
                    rows = self._needles.rows(self._needles.within(record.message))
                    self._seen.record(record, sight._replace(rows=rows))
        if woken.succeeds and not ECHO.search(line.text):
            self._seen.success(line)
        if self._seen.reports.open:
            self._hand_over(span.data[woken.start : woken.after])

    def _unwrapped(self, span: Span, end: int, raw: bytes, text: str) -> tuple[str, int]:
        """A wide line's text, with that of the next ones where a console of 80 columns broke it; how many those are."""
        rest = 0
        room = WRAPS * (WIDTH + 2)
        ahead = (span.data[end + 1 : end + 1 + room] + span.ahead)[:room]
        for following in ahead.split(b"\n")[:WRAPS]:
            if not is_wide(raw) or not continues(more := clean(following).rstrip("\r")):
                break
            raw, text = following, text.rstrip("\r") + more
            rest += 1
        return text, rest

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
