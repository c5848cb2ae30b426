"""The reader: console bytes in, any split; what they say of the boot out. The room's one door.

Dull bytes are skipped by plain substring search (the rules' needles), so that a flood costs little; only lines with a
needle, lines of an open report and lines that the current stage asks for are decoded and matched. Whether a line is
read depends on the line and on what was seen before it, never on how the bytes were cut.
"""

import re
from functools import cache, partial

from farm.core.words import Stage
from jobs.outcome import rules, verdict
from jobs.outcome.lines import PIECE, Line, Span, Splitter, clean, last_line, segments
from jobs.outcome.model import Ending, Expectation, Outcome, Settled
from jobs.outcome.pattern import compile_pattern
from jobs.outcome.seen import END_GRACE, FATAL_GRACE, Seen

_NOWHERE = 1 << 62
_TIME = re.compile(rb"\[ {0,6}\d{1,8}\.\d")  # any printk time: the kernel is talking
_LATE = re.compile(rb"\[ {0,6}\d{1,8}\.\d{1,9}(?<!000)\]")  # one that is not counted in ticks
_AFTER_BANNER = re.compile(rules.AFTER_BANNER.pattern.encode())
_BARE = re.compile(rb"(?m)^[^\[<\s]")  # a line without a printk prefix


@cache
def _needles(stage: Stage) -> tuple[bytes, ...]:
    """The substrings worth reading a line for, at a stage of the boot; of two, one inside the other, the inner one."""
    running = stage.rank >= Stage.KERNEL.rank
    table = set(rules.RULES)
    marks = {mark for mark in rules.MILESTONES if mark.stage.rank > stage.rank}
    if running:
        table -= set(rules.IMAGE_RULES)
        found = {*rules.STARTED_OVER_NEEDLES}
    else:
        table |= set(rules.LOADER_RULES)
        marks = {
            mark for mark in rules.MILESTONES if mark.stage.rank < Stage.KERNEL.rank or mark.stage is Stage.USERSPACE
        }
        found = {*rules.DOUBLED}
    found |= {*rules.ALWAYS, *(row.needle for row in table), *(mark.needle for mark in marks)}
    return tuple(sorted(one.encode() for one in found if not any(other in one for other in found - {one})))


class _Search:
    """The next byte of a span that makes its line worth reading. Each needle is looked for once over the span."""

    def __init__(self, data: bytes, needles: tuple[bytes, ...], extra: re.Pattern[bytes] | None) -> None:
        self.key = (needles, extra)
        self._data = data
        self._needles = needles
        self._next = [-1] * len(needles)
        self._extra = -1
        self._nearest = -1

    def from_(self, start: int) -> int:
        """The first such byte at or after `start`; calls come with rising `start`."""
        if self._nearest >= start:
            return self._nearest
        for number, known in enumerate(self._next):
            if known < start:
                at = self._data.find(self._needles[number], start)
                self._next[number] = at if at >= 0 else _NOWHERE
        extra = self.key[1]
        if extra is not None and self._extra < start:
            found = extra.search(self._data, start)
            self._extra = found.start() if found else _NOWHERE
        self._nearest = min(*self._next, self._extra if extra is not None else _NOWHERE)
        return self._nearest


class Reader:
    """Reads one boot's console. Not to be shared between boots; memory is bounded whatever is fed."""

    def __init__(self, expect: Expectation) -> None:
        """BadInputError where `expect.pattern` cannot be used."""
        self._seen = Seen(expect)
        self._pattern = compile_pattern(expect.pattern) if expect.pattern is not None else None
        self._splitter = Splitter()
        self._last: Line | None = None

    def feed(self, data: bytes) -> None:
        """The next bytes of the console."""
        for span in self._splitter.push(data):
            self._scan(span)

    @property
    def settled(self) -> Settled | None:
        """Enough was seen to end the boot, or None. The begun line counts where no line end may come."""
        rest = self._splitter.rest
        if self._seen.settled is not None or not rest:
            return self._seen.settled
        if self._pattern is not None and self._matches(rest):
            return Settled(END_GRACE)
        return Settled(FATAL_GRACE) if rest.rstrip().endswith(rules.HALTED) else None

    @property
    def stage(self) -> Stage:
        return self._seen.stage

    @property
    def banner_seen(self) -> bool:
        return self._seen.banner is not None

    @property
    def start_seen(self) -> bool:
        """farm-init's start marker with the expected token was seen."""
        return self._seen.started

    @property
    def version(self) -> str | None:
        """The release string in the last banner."""
        return self._seen.version

    def conclude(self, ending: Ending, *, image_fetched: bool | None) -> Outcome:
        """The verdict. `image_fetched` is what the boot driver knows: whether the machine took kernel and initramfs
        whole, None where it cannot tell. Nothing may be fed afterwards.
        """
        for span in self._splitter.flush():
            self._scan(span)
        return verdict.decide(self._seen, self._last, ending, image_fetched=image_fetched)

    def _scan(self, span: Span) -> None:
        data, position, number = span.data, 0, span.number
        search = _Search(data, (), None)
        while position < len(data):
            if self._seen.decided:
                break
            if search.key != (key := (_needles(self._seen.stage), self._extra())):
                search = _Search(data, *key)
            hit = search.from_(position)
            if not self._reads_all:
                if hit == _NOWHERE:
                    break
                start = max(data.rfind(b"\n", position, hit) + 1, position)
                number += data.count(b"\n", position, start)
                position = start
            end = data.find(b"\n", position)
            end = len(data) if end < 0 else end
            self._line(span, position, end, number, hit=hit < end)
            position, number = end + 1, number + 1
        self._last = last_line(span, len(data), span.number + data.count(b"\n")) or self._last
        if self._last is not None:
            self._seen.reach(Stage.FIRMWARE)

    @property
    def _reads_all(self) -> bool:
        return self._seen.open is not None or self._pattern is not None

    def _extra(self) -> re.Pattern[bytes] | None:
        """What makes a line worth reading just now, beside the needles."""
        seen = self._seen
        if not seen.running:
            return _TIME
        if seen.doubt is not None and not seen.timed:
            return _AFTER_BANNER
        if seen.timed and (seen.doubt is not None or seen.first_time is None):
            return _LATE
        return _BARE if seen.stage is Stage.INIT and seen.timed else None

    def _line(self, span: Span, start: int, end: int, number: int, *, hit: bool) -> None:
        """One line of a span, in pieces if it is long; `hit`: it holds a needle."""
        for piece in range(start, end, PIECE):
            raw = span.data[piece : min(piece + PIECE, end)]
            if end - start > PIECE:  # a needle across two pieces is none: it may come in two spans, too
                extra = self._extra()
                hit = any(needle in raw for needle in _needles(self._seen.stage)) or bool(extra and extra.search(raw))
            read = hit or self._seen.open is not None
            if not read and self._pattern is None:
                continue
            line = Line(clean(raw), number, span.offset + piece)
            if read:
                before = partial(self._before, span, piece, number)
                for segment in segments(line.text):
                    self._seen.segment(segment, line, before)
            if self._pattern is not None and self._matches(raw, line.text):
                self._seen.success(line)

    def _before(self, span: Span, start: int, number: int) -> Line | None:
        return last_line(span, start, number) or self._last

    def _matches(self, raw: bytes, text: str | None = None) -> bool:
        text = clean(raw) if text is None else text
        text = text.strip("\r")
        if self._pattern is None:
            return False
        found = self._pattern.search(text) is not None or (
            text[:1] in {"[", "<"} and any(self._pattern.search(part.message) is not None for part in segments(text))
        )
        return found and not rules.ECHO.search(text)
