"""The reports on a console: which header begins one, which continues one, which is its consequence.

`BUG: unable to handle ...`, `Oops: 0002 [#1]` and `Kernel panic - not syncing: Fatal exception` of one event are one
report, and the first decides what it is called. Knows headers and the bytes after them; not the boot they are in.
"""

from dataclasses import dataclass, field

from jobs.outcome.block import Block
from jobs.outcome.formats.headless import HEADLESS
from jobs.outcome.formats.row import Format, Severity, Type
from jobs.outcome.lines import Record

KEPT = 24  # reports: enough for a person, bounded for us
_HEADERS = 200  # remembered, so that a copy of the log is known as one
_AT_ONCE = 3  # processors that may report at the same time
_OF_THE_IMAGE = {Type.WRONG_CPU, Type.DECOMPRESSOR}  # said before a kernel runs


def of_image(row: Format) -> bool:
    """Set-up code and decompressor say so: never a running kernel."""
    return row.type in _OF_THE_IMAGE


@dataclass(slots=True)
class Reports:
    """All reports, in the order of their coming. Memory is bounded."""

    blocks: list[Block] = field(default_factory=list)
    open: list[Block] = field(default_factory=list)  # those whose lines still come
    _headers: set[tuple[str | None, str | None, str]] = field(default_factory=set)  # with their times
    _headless: Block | None = None  # what may be a report whose header is lost

    def known(self, record: Record) -> bool:
        """Whether this very header stood on the console before, time and all."""
        return (record.stamp, record.caller, record.message) in self._headers

    def take(self, data: bytes) -> None:
        """Whole lines that follow, for the reports that are open."""
        if data and self.open:
            for block in self.open:
                block.take(data)
            self.open = [block for block in self.open if not block.full]

    def close(self) -> None:
        """Another kernel began to talk: what comes is not these reports'."""
        self.open = []

    def add(self, block: Block) -> Block:
        """A header; the report it is part of now: itself, or one before it."""
        row = block.row
        if len(self._headers) < _HEADERS:
            self._headers.add((block.record.stamp, block.record.caller, block.record.message))
        if row.follows and row.severity is Severity.FATAL:
            self.adopt()
        cause = self._cause(block) if row.follows else None
        if cause is not None:
            cause.follow(row, block.match, block.first)
            return cause
        if row.traced:  # its lines must not be taken for those of the one before
            self.open = [each for each in self.open if _beside(each, block)]
        self.open = [*self.open[1 - _AT_ONCE :], block]
        if len(self.blocks) < KEPT:
            self.blocks.append(block)
        elif row.severity is Severity.FATAL and self.blocks[-1].severity is not Severity.FATAL:
            self.blocks[-1] = block  # what ended the kernel is worth more than the last of many warnings
        return block

    def maybe_headless(self, block: Block) -> None:
        """A list of modules where no report is open: a header may have been lost before it."""
        if not self.open and not (self.blocks and block.follows_upon(self.blocks[-1])):
            self._headless = block
            self.open = [block]

    def adopt(self) -> None:
        """The end of a report: if its header was not seen, it counts without."""
        if self._headless is not None and self._headless in self.open and len(self.blocks) < KEPT:
            self.blocks.append(self._headless)
        self._headless = None

    def _cause(self, block: Block) -> Block | None:
        """The report that this header continues or follows from."""
        for old in reversed(self.blocks[-_AT_ONCE:]):
            if _beside(old, block):
                continue
            return self._part_of(old, block.row) if block.follows_upon(old) else None
        return None

    def _part_of(self, old: Block, row: Format) -> Block | None:
        if of_image(row):
            return old if old.row.type is row.type else None
        if old.severity is Severity.FATAL or old.row.outcome is not None:
            return None
        if row.severity is Severity.FATAL:
            return self._first_alike(old) if row.type is Type.PANIC or _kills(old, row) else None
        if row.severity in {Severity.WARNING, Severity.STALL} and old in self.open:
            return old  # a line of that report
        died = row.severity is Severity.OOPS and old.row.severity is Severity.OOPS and not old.died
        return old if died or old.row.type is row.type else None

    def _first_alike(self, block: Block) -> Block:
        """Of reports of one kind, one close upon the other (tasks that all hang), the first decides."""
        at = self.blocks.index(block)
        while at > 0 and self.blocks[at - 1].row.kind == block.row.kind:
            if not self.blocks[at].follows_upon(self.blocks[at - 1]):
                break
            at -= 1
        return self.blocks[at]


def _beside(old: Block, new: Block) -> bool:
    """Two processors report at once, and printk says whose line is whose (CONFIG_PRINTK_CALLER)."""
    callers = old.record.caller, new.record.caller
    return None not in callers and callers[0] != callers[1]


def _kills(old: Block, row: Format) -> bool:
    """Whether `row` (init died, hung tasks, ...) is what `old` ends in."""
    if row.type is Type.INIT_DIED:
        return old.severity is Severity.OOPS and old.row.traced
    if row.type is Type.EARLY_EXCEPTION:  # BUG()'s ud2, before there is a handler for it
        return old.row.type is Type.KERNEL_BUG and not old.died
    return old.row.type is row.type or old.row is HEADLESS
