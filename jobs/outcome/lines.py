"""Console bytes to lines to records: what stands on a serial line, whoever printed it. Knows nothing of verdicts.

A console is not text: it holds NUL, ESC sequences, invalid UTF-8, `\\r` used as a line end, lines without an end, and
printk records that land in the middle of somebody else's line. Memory is bounded: a line is read in pieces of
at most `PIECE` bytes, cut at multiples of `PIECE` from the line's start: the cuts do not depend on how bytes arrived.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jobs.outcome.model import Evidence

WIDTH = 80  # columns of a console that wraps
WRAPS = 2  # lines after a wide one that may be the rest of it
PIECE = 8192  # bytes; kernel lines are below 1024 (LOG_LINE_MAX, kernel/printk/printk.c)
SHOWN = 500  # characters of a line that is shown as evidence

# ECMA-48 control sequences, and the two-character escapes. The three classes are disjoint, so this is linear.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_a-z])")
# C0 and C1 controls, except line feed and CR: those end records.
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TIME = r"\[ {0,6}(?P<stamp>\d{1,8}\.\d{1,9})(?:@\d+)?\]"  # printk's; some vendors add the processor
# Where another record begins inside a line: a printk level or a printk time (kernel/printk.c prints both). Each begins
# with a plain character, so that searching costs little where there is none.
_LEVEL_AT = re.compile(r"<[0-7]>(?=\S)")
_TIME_AT = re.compile(r"\[ {0,4}\d{1,6}\.\d{6}\]")
_DATE = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_TIME_AND_CALLER = rf"(?:{_TIME})?(?: ?\[ {{0,8}}(?P<caller>[TC]\d+)\])?"
# What a record wears, outermost first: a logger's date, dmesg -x's facility, syslog's host, printk's own.
PREFIX = re.compile(
    r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? )?"
    rf"(?:(?:{_DATE} )?(?:[\w.-]{{1,64}} )?(?=kernel:)|{_DATE} (?=<|\[))?"
    r"(?P<printk>(?:kern {0,3}:[a-z]{1,6} {0,3}: )?(?:kernel: ?)?(?:<(?P<level>\d{1,3})>)?"
    rf"{_TIME_AND_CALLER})"
)
_PRINTK = re.compile(rf"(?P<printk>{_TIME_AND_CALLER})")  # the same of what begins with `[`: most
PREFIXES = re.compile(rf"(?m)^(?:{PREFIX.pattern}) *")  # of many lines at once
# Where user space left the cursor: a kernel without printk times goes on behind a prompt, a getty's, a boot script's.
_UNENDED = re.compile(
    r"(?:[\w.-]{1,64} login: |Password: |\(initramfs\) |(?:ba|da)?sh-\d[\d.]{0,6}[#$] "
    r"|(?:[\w.-]{1,32}@[\w.-]{1,64}:|\[[\w.-]{1,32}@[\w.-]{1,64} )?(?:~|/)[\w./-]{0,80}\]? ?[#$] "
    r"|[A-Z][a-z]{2,12}ing [^:.]{1,60}(?:\.\.\.|: ?)) *"
    r"(?=BUG: |Kernel panic|Oops|WARNING: |INFO: |Unable to handle|kernel BUG|general prot|divide error|invalid opcode"
    r"|double fault|stack segment|Badness |NMI |-{12}\[ cut)"
)
# A BIOS that copies its screen to the serial line, and set-up code that writes there too: `PPrroobbiinngg`.
_DOUBLED = re.compile(r"(?=[A-Z])(?:(.)\1){6,}")
BLANK = b"\r\n\0 \t"


@dataclass(frozen=True, slots=True)
class Span:
    """Some whole lines, or one piece of a line; `number` is the line number (from 1) at `offset`, its first byte."""

    data: bytes
    number: int
    offset: int
    inside: bool = False  # it begins in the middle of a line
    ahead: bytes = b""  # the whole lines after it that are known already, where its last one may go on in them


class Line(NamedTuple):
    """One line, or a piece of a very long one, made readable; `\\r` is left in."""

    text: str
    number: int
    offset: int

    def evidence(self, part: str = "") -> Evidence:
        """As shown to a person; of a very long line, `part` (one record of it) where given."""
        text = self.text.replace("\r", "")
        return Evidence(self.number, self.offset, (part or text if len(text) > SHOWN else text).strip()[:SHOWN])


class Record(NamedTuple):
    """One record of a line, without what it wears.

    `printk`: it wore something that only the kernel log puts on. `stamp` is printk's time as printed, `caller` its
    task or processor (CONFIG_PRINTK_CALLER: `T1`, `C0`).
    """

    message: str
    printk: bool
    stamp: str | None
    caller: str | None = None

    @property
    def seconds(self) -> float | None:
        return float(self.stamp) if self.stamp else None


class Splitter:
    """Cuts a stream of chunks into spans. Holds little more than `PIECE` bytes.

    A line as wide as a console that wraps is handed out together with the next ones, of which it may be the beginning.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._number = 1
        self._offset = 0
        self._inside = False

    @property
    def rest(self) -> bytes:
        """The begun line, not yet handed out."""
        return self._rest

    def push(self, data: bytes) -> Iterator[Span]:
        """The whole lines that `data` completes, then pieces of a begun line that has grown too long."""
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n") + 1
        if end and (whole := _not_wrapped(data, end)):
            yield self._take(data[:whole], data[whole:end])
            data = data[whole:]
        start = data.rfind(b"\n") + 1  # of the begun line; what is before it is held back
        if len(data) - start > PIECE:
            if start:
                yield self._take(data[:start])
            while len(data) - start > PIECE:
                yield self._take(data[start : start + PIECE])
                start += PIECE
            data = data[start:]
        self._rest = data

    def flush(self) -> Iterator[Span]:
        """What is left when the console ends: a line that never got its end."""
        if self._rest:
            yield self._take(self._rest)
            self._rest = b""

    def _take(self, data: bytes, ahead: bytes = b"") -> Span:
        span = Span(data, self._number, self._offset, self._inside, ahead)
        self._inside = not data.endswith(b"\n")
        self._number += data.count(b"\n")
        self._offset += len(data)
        return span


def _not_wrapped(data: bytes, end: int) -> int:
    """The end of the lines up to `end` that do not wait for more: a wide line for the next, at most two for a third."""
    for _ in range(WRAPS):
        start = data.rfind(b"\n", 0, end - 1) + 1
        if not is_wide(data[start : end - 1]):
            break
        end = start
        if not end:
            break
    return end


def is_wide(raw: bytes) -> bool:
    """Whether a line may have been broken at the console's right edge."""
    return len(raw.rstrip(b"\r")) == WIDTH


def continues(text: str) -> bool:
    """Whether a line may be the rest of a wide one before it: it wears nothing of its own."""
    worn = PREFIX.match(text)
    return 0 < len(text) <= WIDTH and not text.isspace() and not text.startswith("[<") and not (worn and worn.end())


def unwrapped(text: str) -> str:
    """Text with the lines whole again that a console of 80 columns broke at its right edge."""
    lines = text.split("\n")
    if not any(len(line) == WIDTH for line in lines):
        return text  # most
    whole, wide = lines[:1], len(lines[0]) == WIDTH
    for line in lines[1:]:
        if wide and continues(line):
            whole[-1] += line
        else:
            whole.append(line)
        wide = len(line) == WIDTH
    return "\n".join(whole)


def clean(raw: bytes) -> str:
    """Readable text of a line's bytes: UTF-8 with replacement, no escapes, no controls but CR, doubling undone."""
    text = raw.decode("utf-8", "replace")
    if text.removesuffix("\r").isprintable():  # most
        return text if _DOUBLED.match(text) is None else _undoubled(text)
    text = readable(raw).replace("\n", "")
    if not text.isprintable() and not text.replace("\r", "").isprintable():
        # The rare ones: Unicode's other marks and unassigned letters.
        text = "\r".join("".join(filter(str.isprintable, part)) for part in text.split("\r"))
    return _undoubled(text)


def _undoubled(text: str) -> str:
    return _DOUBLED.sub(lambda match: match.group()[::2], text) if _DOUBLED.match(text) else text


def readable(raw: bytes) -> str:
    """Text of some bytes, lines kept: no escapes, and no controls but CR and line feed; a tab is a blank."""
    text = raw.decode("utf-8", "replace")
    if text.replace("\r", "").replace("\n", "").isprintable():  # most
        return text
    if "\0" in text:
        text = text.replace("\0", "")
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    return _CONTROL.sub("", text.replace("\t", " "))


def unglued(text: str) -> str:
    """Text with a line feed before each record that began inside another's line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.find("[", 1) < 0 and text.find("<", 1) < 0:
        return text  # most
    cuts = [at.start() for at in _TIME_AT.finditer(text) if at.start() and text[at.start() - 1] not in "\n>"]
    if text.find("<", 1) > 0:
        cuts += [at.start() for at in _LEVEL_AT.finditer(text) if at.start() and text[at.start() - 1] not in "\n >"]
        cuts.sort()
    if not cuts:
        return text
    return "\n".join(text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))


def records(text: str) -> list[Record]:
    """The records of one cleaned line, in order; empty ones are left out."""
    found = []
    for part in unglued(text.removesuffix("\r")).split("\n"):
        worn = (_PRINTK if part.startswith("[") else PREFIX).match(part)
        if worn is not None and not worn.end() and (left := _UNENDED.match(part)) is not None:
            found.append(Record(left.group().strip(" "), printk=False, stamp=None))
            worn = PREFIX.match(part, left.end())
        if worn is not None and (message := part[worn.end() :].strip(" ")):
            found.append(Record(message, worn.end() > worn.start("printk"), *worn.group("stamp", "caller")))
    return found


def last_line(span: Span, end: int, number: int) -> Line | None:
    """The last line with anything to read before byte `end` of a span; `number` is the line number at `end`."""
    data = span.data
    while end > 0:
        ended = data[end - 1] == ord("\n")
        stop = end - ended
        start = data.rfind(b"\n", 0, stop) + 1
        number -= ended
        body = len(data[start:stop].rstrip(BLANK))
        for piece in range(start + max(body - 1, 0) // PIECE * PIECE, start - 1, -PIECE):
            text = clean(data[piece : min(piece + PIECE, stop)])
            if text.strip():
                return Line(text, number, span.offset + piece)
        end = start
    return None
