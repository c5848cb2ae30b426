"""One report being read: its header, the bytes that follow it, and in the end what they say. Knows one report only.

The bytes are kept as they are and parsed once, when somebody asks: a flood of reports costs little.
"""

import re
from dataclasses import dataclass, field

from farm.core.words import Stage
from jobs.outcome import blame as blaming
from jobs.outcome import symbolize
from jobs.outcome.formats.row import Blame, Format, Severity, Type
from jobs.outcome.frames import MOST, Place, places
from jobs.outcome.lines import PREFIX, PREFIXES, WIDTH, Line, Record, readable, unglued, unwrapped
from jobs.outcome.model import Evidence, Report
from jobs.outcome.signature import bare_function, bare_title, signature, syscall
from jobs.symbols.model import Symbols

LENGTH = 24 * 1024  # bytes kept after a header; a lockdep report with its chains is about 20 KiB
RECORDS = 400  # ... and records looked at
NEAR = 4096  # bytes after the end of a report within which the next one is its consequence
SOON = 10.0  # seconds: printing a long report at 9600 baud takes as long

_LONG = 5  # times as much of all three for a trace of a stack that ran over
_FOLLOWERS = 12
_CALLERS = 1  # frames below the blamed function that belong to a report's identity
_EVIDENCE = 6
_EARLY_EIP = re.compile(r"^err \S+ +EIP ([0-9a-f]{8}) ")  # arch/x86/kernel/head_32.S, fault_msg
_REGISTERS = 40  # lines of a block among which the process and its kernel are named
# `Pid: 1, comm: swapper Not tainted (2.6.27.57 #3)`; `CPU: 0 PID: 1 Comm: swapper/0 Tainted: G  W  6.1.0-50-686 #1`
_RELEASE = re.compile(r"(?:Not tainted|Tainted: [A-Z -]{1,60}) +\(?(\d+\.\d+\S{0,80}) #")
_END = re.compile(r"(?m)^---\[ end (?:trace|Kernel panic)")


@dataclass(slots=True, eq=False)
class Block:
    """A report's header and what followed."""

    row: Format
    match: re.Match[str]
    line: Line
    record: Record
    stage: Stage
    after: tuple[int, int]  # offset and number of the line after the header's
    before: str = ""  # the last message before the header, where the row asks for it
    life: int = 1  # of the kernels on the console, from 1
    rest: int = 0  # lines after the header's that are the rest of it
    severity: Severity = field(init=False)
    followers: list[tuple[Format, re.Match[str], Evidence]] = field(default_factory=list)
    glued: list[str] = field(default_factory=list)  # records on the header's own line
    takes_line: bool = False  # its own header's line is not part of what follows
    _raw: bytearray = field(default_factory=bytearray)
    _report: Report | None = None

    def __post_init__(self) -> None:
        self.severity = self.row.severity

    @property
    def first(self) -> Evidence:
        return self.line.evidence(self.record.message)

    @property
    def died(self) -> bool:
        """A die() header was seen: another one is another event."""
        return self.row.follows or any(row.severity is Severity.OOPS for row, _, _ in self.followers)

    def take(self, data: bytes) -> None:
        """Bytes after the header's line, whole lines."""
        self._raw += data[: self._room - len(self._raw)]
        self._report = None

    @property
    def full(self) -> bool:
        return len(self._raw) >= self._room

    @property
    def _room(self) -> int:
        return LENGTH * _LONG if self.row.recursive else LENGTH

    @property
    def last_offset(self) -> int:
        """The first byte after what is kept."""
        return self.after[0] + len(self._raw)

    def follows_upon(self, other: "Block") -> bool:
        """Whether this report came while the other's lines were still coming, or right after them."""
        if other.life != self.life or self.line.offset - other.last_offset >= NEAR:
            return False
        then, now = other.record.seconds, self.record.seconds
        return then is None or now is None or now - then < SOON

    def follow(self, row: Format, match: re.Match[str], shown: Evidence) -> None:
        """A header that belongs to this report: what it led to."""
        if len(self.followers) < _FOLLOWERS or self.panic is None:
            self.followers = [*self.followers[: _FOLLOWERS - 1], (row, match, shown)]
        self._report = None
        if row.severity is Severity.FATAL or self.severity not in {Severity.FATAL, Severity.OOPS}:
            self.severity = row.severity

    @property
    def panic(self) -> Format | None:
        return next((row for row, _, _ in self.followers if row.severity is Severity.FATAL), None)

    def report(self, symbols: Symbols | None = None) -> Report:
        """What the block says; with the build's symbols, of addresses without names too. Read once."""
        if self._report is None:
            self._report = self._read(symbols)
        return self._report

    # Reading

    def _read(self, symbols: Symbols | None) -> Report:
        lines = self._lines()
        found = places([self.match.string, *lines], MOST * (_LONG if self.row.recursive else 1))
        if symbols is not None:
            found = symbolize.named([self.match.string, *lines], found, symbols)
        found = blaming.sure(found)
        groups = {name: text for name, text in self.match.groupdict().items() if text}
        row = self.row
        if row.detail_regex is not None and (detail := row.detail_regex.search("\n".join(lines))):
            groups |= {name: text for name, text in detail.groupdict().items() if text}
        for follower, match, _ in self.followers:
            for name, text in match.groupdict().items():
                if text and follower.severity is Severity.OOPS:
                    groups.setdefault(name, text)
        function = blaming.blame(row, found, groups.get("function"), self._eip(lines))
        function = syscall(function) if function else None
        title = self._title(groups)
        named = f" in {function}" if function and "{function}" not in row.title else ""
        chain = blaming.chain(found, function)
        callers = [bare_function(frame.function) for frame in chain[1:] if not frame.inlined][:_CALLERS]
        return Report(
            kind=row.kind,
            type=row.type,
            severity=self.severity,
            title=title + named,
            function=function,
            signature=signature(row.type, function, title, [syscall(name) for name in callers]),
            stage=self.stage,
            evidence=self._evidence(lines, found, function),
            frames=chain,
            alternates=tuple(text + named for text in row.alternates),
            consequence=self._consequence(),
            release=next((said[1] for said in map(_RELEASE.search, lines[:_REGISTERS]) if said), None),
            corrupted=self._torn(found, groups),
        )

    def _lines(self) -> list[str]:
        """The block's records without what they wear, this event's only, broken lines whole again."""
        text = readable(bytes(self._raw.split(b"\n", self.rest)[-1])).replace("\r\n", "\n")
        text = unglued(unwrapped(text))
        if self.record.caller is None:
            return self._plain_lines(text)
        lines, most = list(self.glued), self._records
        for line in text.split("\n"):
            found = PREFIX.match(line)
            cut = found.end() if found else 0
            if found and self.record.caller and found["caller"] not in {None, self.record.caller}:
                continue
            lines.append(line[cut:].lstrip(" "))
            if len(lines) >= most or (_END.match(lines[-1]) and self.panic is None):
                break
        return lines

    def _plain_lines(self, text: str) -> list[str]:
        """The same where nobody says whose it is: the short way."""
        text = PREFIXES.sub("", text)
        if self.panic is None and (end := _END.search(text)):
            after = text.find("\n", end.start())
            text = text[: after if after >= 0 else len(text)]
        return [*self.glued, *text.split("\n")][: self._records]

    @property
    def _records(self) -> int:
        return RECORDS * (_LONG if self.row.recursive else 1)

    def _eip(self, lines: list[str]) -> int | None:
        if self.row.blame is not Blame.EIP_ENTRY:
            return None
        found = next((eip for eip in map(_EARLY_EIP.match, lines[:6]) if eip), None)
        return int(found[1], 16) if found else None

    def _title(self, groups: dict[str, str]) -> str:
        words = _words(groups)
        words.setdefault("before", bare_title(self.before))
        try:
            return " ".join(self.row.title.format_map(_Blank(words)).split())
        except (IndexError, KeyError, ValueError) as fault:  # a row that is wrong is a fault of ours: say which
            raise ValueError(f"row {self.row.kind}: title {self.row.title!r}: {fault}") from fault

    def _consequence(self) -> str | None:
        found = next(((row, match) for row, match, _ in self.followers if row.severity is Severity.FATAL), None)
        if found is None:
            return None
        row, match = found
        return row.title.format_map(_Blank(_words(match.groupdict(""))))

    def _torn(self, found: list[Place], groups: dict[str, str]) -> bool:
        frames = any(place.frame is not None for place in found)
        return self.row.traced and not frames and "function" not in groups

    def _evidence(self, lines: list[str], found: list[Place], function: str | None) -> tuple[Evidence, ...]:
        shown = [self.first, *(evidence for _, _, evidence in self.followers)]
        place = next(
            (p for p in found if p.frame and p.row > 0 and syscall(bare_function(p.frame.function)) == function), None
        )
        if place is not None and (line := self._raw_line(lines[place.row - 1])) is not None:
            shown.append(line)
        if self.row.type is Type.EARLY_EXCEPTION and (line := self._raw_line("EIP ")) is not None:
            shown.append(line)
        return tuple(sorted(set(shown), key=lambda each: each.offset)[:_EVIDENCE])

    def _raw_line(self, text: str) -> Evidence | None:
        """The console line in the block that holds `text`, as evidence."""
        at = self._raw.find(text.strip()[:WIDTH].encode("utf-8", "replace"))
        if at < 0:
            return None  # it was torn, and is shown by no single line
        start = self._raw.rfind(b"\n", 0, at) + 1
        end = self._raw.find(b"\n", at)
        data = bytes(self._raw[start : end if end >= 0 else len(self._raw)])
        number = self.after[1] + self._raw.count(b"\n", 0, start)
        return Line(readable(data), number, self.after[0] + start).evidence()


def _words(groups: dict[str, str]) -> dict[str, str]:
    """A header's groups as its title says them."""
    return {
        name: bare_function(text) if name in {"function", "other"} else bare_title(text)
        for name, text in groups.items()
    }


class _Blank(dict[str, str]):
    """A title's group that did not match is left out."""

    def __missing__(self, key: str) -> str:
        return ""
