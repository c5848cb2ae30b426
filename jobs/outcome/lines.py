"""Console bytes to lines to segments: what stands on a serial line, whoever printed it. Knows nothing of verdicts.

A console is not text: it holds NUL, ESC sequences, invalid UTF-8, `\\r` used as a line end, lines without an end, and
printk records that land in the middle of somebody else's line. Memory is bounded: a line is read in pieces of
at most `PIECE` bytes, cut at multiples of `PIECE` from the line's start: the cuts do not depend on how bytes arrived.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jobs.outcome.model import Evidence

PIECE = 8192  # bytes; kernel lines are below 1024 (LOG_LINE_MAX, kernel/printk/printk.c)
SHOWN = 500  # characters of a line that is shown as evidence

# ECMA-48 control sequences, and the two-character escapes. The three classes are disjoint, so this is linear.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_a-z])")
# C0 and C1 controls, except CR: it ends segments.
_CONTROL = re.compile(r"[\x00-\x0c\x0e-\x1f\x7f-\x9f]")
# Where another record begins inside a line: a printk level or a printk time (kernel/printk.c prints both).
_GLUE = re.compile(r"\r|(?<=\S)(?=<[0-7]>\S)|(?=\[ {0,4}\d{1,6}\.\d{6}\])")
_PREFIX = re.compile(r"(?:<(?P<level>\d{1,2})>)?(?:\[ {0,6}(?P<stamp>\d{1,8}\.\d{1,9})\](?:\[ *[A-Z]\d+\])? ?)?")
# A BIOS that copies its screen to the serial line, and set-up code that writes there too: `PPrroobbiinngg`.
_DOUBLED = re.compile(r"(?=[A-Z])(?:(.)\1){6,}")
_BLANK = b"\r\n\0 \t"


@dataclass(frozen=True, slots=True)
class Span:
    """Some whole lines, or one piece of a line; `number` is the line number (from 1) at `offset`, its first byte."""

    data: bytes
    number: int
    offset: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or a piece of a very long one, made readable; `\\r` is left in."""

    text: str
    number: int
    offset: int

    def evidence(self, part: str = "") -> Evidence:
        """As shown to a person; of a very long line, `part` (one segment of it) where given."""
        text = self.text.replace("\r", "")
        return Evidence(self.number, self.offset, (part or text if len(text) > SHOWN else text).strip()[:SHOWN])


@dataclass(frozen=True, slots=True)
class Segment:
    """One record of a line, without its printk prefix. `stamp` is printk's time as printed, None where it had none."""

    message: str
    printk: bool
    stamp: str | None


class Splitter:
    """Cuts a stream of chunks into spans. Holds at most `PIECE` bytes."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 1
        self._offset = 0

    @property
    def rest(self) -> bytes:
        """The begun line, not yet handed out."""
        return self._rest

    def push(self, data: bytes) -> Iterator[Span]:
        """The whole lines that `data` completes, then pieces of a begun line that has grown too long."""
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        if end:
            yield self._take(data[:end])
            data = data[end:]
        start = 0
        while len(data) - start > PIECE:
            yield self._take(data[start : start + PIECE])
            start += PIECE
        self._rest = data[start:]

    def flush(self) -> Iterator[Span]:
        """What is left when the console ends: a line that never got its end."""
        if self._rest:
            yield self._take(self._rest)
            self._rest = b""

    def _take(self, data: bytes) -> Span:
        span = Span(data, self._number, self._offset)
        self._number += data.count(b"\n")
        self._offset += len(data)
        return span


def clean(raw: bytes) -> str:
    """Readable text of a line's bytes: UTF-8 with replacement, no escapes, no controls but CR, doubling undone."""
    text = raw.replace(b"\0", b"").decode("utf-8", "replace")
    if not text.isprintable():
        if "\x1b" in text:
            text = _ESCAPE.sub("", text)
        text = _CONTROL.sub("", text.replace("\t", " "))
        if not text.replace("\r", "").isprintable():  # the rare ones: Unicode's other marks and unassigned letters
            text = "".join(char for char in text if char.isprintable() or char == "\r")
    if _DOUBLED.match(text):
        text = _DOUBLED.sub(lambda m: m.group()[::2], text)
    return text


def segments(text: str) -> Iterator[Segment]:
    """The records of one cleaned line, in order; empty ones are left out."""
    glued = "\r" in text or text.find("[", 1) > 0 or text.find("<", 1) > 0
    parts = _GLUE.split(text) if glued else [text]  # the split is the dearest step; most lines have nothing to split
    level = False  # `<0>[ 1.000000] text` is one record: the cut before the time keeps the level
    for part in parts:
        prefix = _PREFIX.match(part)
        cut, stamp = (prefix.end(), prefix["stamp"]) if prefix else (0, None)
        printk = level or cut > 0
        message = part[cut:].rstrip()
        level = printk and not message
        if message:
            yield Segment(message, printk, stamp)


def last_line(span: Span, end: int, number: int) -> Line | None:
    """The last line with anything to read before byte `end` of a span; `number` is the line number at `end`."""
    data = span.data
    while end > 0:
        ended = data[end - 1] == ord("\n")
        stop = end - ended
        start = data.rfind(b"\n", 0, stop) + 1
        number -= ended
        body = len(data[start:stop].rstrip(_BLANK))
        for piece in range(start + max(body - 1, 0) // PIECE * PIECE, start - 1, -PIECE):
            text = clean(data[piece : min(piece + PIECE, stop)])
            if text.strip():
                return Line(text, number, span.offset + piece)
        end = start
    return None
