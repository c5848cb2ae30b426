"""What has been seen on a console so far, and what each kind of line does to it. Knows no bytes, makes no verdict."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from farm.core.words import Stage
from jobs.outcome.block import Block
from jobs.outcome.formats.headless import END, HEADLESS, MODULES
from jobs.outcome.formats.row import Format, Milestone, Severity, Type
from jobs.outcome.formats.table import BANNER, FARM_INIT, INITCALLS, Rows
from jobs.outcome.lines import Line, Record
from jobs.outcome.lives import STARTED_OVER, Before, Life, Lives, Restart
from jobs.outcome.model import Evidence, Expectation, Report, Settled
from jobs.outcome.reports import KEPT, Reports, of_image
from jobs.symbols.model import Symbols

END_GRACE = 0.03  # seconds: the second copy of the end marker, 60 bytes, at 19200 baud or more
FATAL_GRACE = 1.5  # the rest of the block
_CONTEXT = 6
_STARTS = 4  # so many without a kernel's first line: it will not come
_IMAGE_STARTS = "Probing EDD"  # once in a run of the image's set-up code: arch/x86/boot/edd.c query_edd
_COPY = 1.0  # seconds: two processors' clocks differ by less
_FACT = 200  # characters

ECHO = re.compile(r"ommand line: |BOOT_IMAGE=")  # a line that only repeats what the kernel was started with
_BANNER = re.compile(r"^Linux version (\S+) \(")  # init/version.c linux_banner
_FARM = re.compile(
    r"farm-init: (?:start token=(?P<start>\w+) |check (?P<check>\S+) FAILED"
    r"|end token=(?P<end>\w+) failed=(?P<failed>\d+)(?!\w))"
)
_INITCALL = re.compile(r"^(calling  |initcall )([\w.]{1,100})\+0x")  # init/main.c do_one_initcall
_OFFSET = re.compile(r"0x[0-9a-f]+")  # KASLR: kernel/panic.c by arch/x86/kernel/setup.c dump_kernel_offset
_ORDERLY = re.compile(r"^(?:reboot: )?(Restarting system|Power down|System halted)")  # kernel/reboot.c
_REPORTS = {Severity.FATAL, Severity.OOPS, Severity.STALL, Severity.WARNING}
_PAST_THE_LOG = {Type.EARLY_EXCEPTION, Type.DOUBLE_FAULT}
_LOADERS = {Severity.LOADER_ERROR, Severity.LOADER_OK}


class Sight(NamedTuple):
    """A line being read: the rows that it may match, the line before it, and where the next one begins.

    `rest`: how many of the next lines are its own, broken off at the console's right edge, and were read with it.
    """

    line: Line
    rows: Rows
    before: Before
    after: tuple[int, int]  # offset and number of the next line
    rest: int = 0


@dataclass(slots=True)
class Seen:
    """Facts in the order of their coming; a later one never overwrites an earlier one of its kind."""

    expect: Expectation
    symbols: Symbols | None = None  # of the build that should boot
    settled: Settled | None = None
    lives: Lives = field(default_factory=Lives)
    reports: Reports = field(default_factory=Reports)
    spoiled: Block | None = None
    given_up: Block | None = None
    context: list[tuple[Block, Evidence]] = field(default_factory=list)
    loader: list[Block] = field(default_factory=list)  # its errors since it last did something right
    facts: dict[str, str] = field(default_factory=dict)
    firmware_starts: int = 0
    image_starts: int = 0  # of the image's own set-up code, before a kernel's first line
    early_resets: int = 0  # firmware that came again after the image was started, before a kernel's first line
    stages: dict[Stage, float] = field(default_factory=dict)  # when each was reached, in seconds of feed()'s clock
    now: float | None = None  # seconds, as feed() was told
    _read_to: int = 0  # number of the last line that belongs to a header on one before it
    wanted: str | None = field(init=False)  # the release that should boot
    _agreed: bool = field(init=False)  # on what counts

    def __post_init__(self) -> None:
        self.wanted = next(iter((self.expect.release or "").split()), None)
        self._agreed = not self.expect.open

    @property
    def life(self) -> Life:
        """The kernel that talks now."""
        return self.lives.now

    @property
    def first(self) -> Life:
        """The kernel under test."""
        return self.lives.first

    @property
    def version(self) -> str | None:
        """The release string in the last banner."""
        return self.life.release or self.first.release

    @property
    def wrong_kernel(self) -> bool:
        """The first kernel that spoke is not the one under test."""
        return self.wanted is not None and self.lives.first.release not in {None, self.wanted}

    @property
    def decided(self) -> bool:
        """Nothing that comes now can change the verdict: somebody waits for it, and it was agreed on what counts."""
        return self._agreed and (self.lives.first.end is not None or self.wrong_kernel)

    def report(self, block: Block) -> Report:
        """What a block says, with the build's symbols where they are this kernel's."""
        symbols = self.symbols
        if symbols is not None and (block.life > 1 or symbols.release not in {None, self.first.release}):
            symbols = None
        offset = _OFFSET.match(self.facts.get("kernel_offset", ""))
        return block.report(symbols.relocated(int(offset[0], 16)) if symbols and offset else symbols)

    def settle(self, grace: float) -> None:
        if self.settled is None or grace < self.settled.grace:
            self.settled = Settled(grace)

    def reach(self, stage: Stage) -> None:
        life = self.life
        if stage.rank > life.stage.rank and life.fatal is None:
            life.stage = stage
            if self.now is not None and life is self.first:
                self.stages.setdefault(stage, self.now)

    # One record

    def record(self, record: Record, sight: Sight) -> None:
        """One record of a line."""
        life = self.lives.now
        if life.stage is Stage.NOTHING:
            self.reach(Stage.FIRMWARE)
        if self.decided:
            return
        if record.stamp and not life.running:
            life.timed = True
            self.reach(Stage.BANNER)  # a quiet kernel does not show its banner
        banner = _BANNER.match(record.message) if BANNER in sight.rows.own else None
        count = self.lives.count
        if banner is not None:
            self._on_banner(banner[1], record, sight)
        else:
            self.lives.time(record, sight.line)
        if self.lives.count > count:
            self._on_start_over()
        if banner is None:
            self._on_words(record, sight)

    def success(self, line: Line) -> None:
        """The job's own pattern was seen."""
        if not self.decided and self.life.fatal is None:
            self._finish(line)

    def _on_words(self, record: Record, sight: Sight) -> None:
        rows, life = sight.rows, self.lives.now
        if rows.own and rows.own & FARM_INIT and self._on_farm_init(record.message, sight.line):
            return
        fresh = self._fresh(record)
        trusted = self._trusts(record)
        for mark in rows.milestones:
            if (trusted or mark.untrusted) and mark.regex.search(record.message):
                self._on_milestone(mark, record, sight)
        if not record.printk and life is self.lives.now and life.stage is Stage.INIT and life.timed:
            self.reach(Stage.USERSPACE)
        if fresh:
            if rows.facts:
                self._on_facts(rows, record)
            if not ECHO.search(record.message):
                self._on_rows(record, sight, trusted=trusted)

    def _on_rows(self, record: Record, sight: Sight, *, trusted: bool) -> None:
        """What is neither a copy nor an echo: the first row of the table that matches."""
        rows = sight.rows
        if rows.booted and any(mark.regex.search(record.message) for mark in rows.booted):
            self._on_booted(sight.line)
        formats = rows.formats
        if formats and sight.line.number <= self._read_to:  # the rest of a header: nothing but what ends it counts
            formats = tuple(row for row in formats if row.follows and row.severity is Severity.FATAL)
        for row in formats:
            if (trusted or row.untrusted or self._too_early(row)) and (match := row.regex.search(record.message)):
                self._on_row(row, match, record, sight)
                return
        if trusted and rows.own:
            self._on_own(record, sight)
        opened = self.reports.open
        if opened and opened[-1].line is sight.line:
            opened[-1].glued.append(record.message)  # on a header's own line

    def _too_early(self, row: Format) -> bool:
        """Whether what `row` reports may come with no time on it: early_printk writes past the log."""
        return row.type in _PAST_THE_LOG and not self.life.in_userspace

    def _fresh(self, record: Record) -> bool:
        """Whether the kernel says it now: a copy of its log repeats old lines, and a job's own output may quote any.

        Once farm-init has spoken, what has an older time than the kernel's newest is a quotation. Before, and on a
        console that farm-init is not on, only a header that stood there before is: under `quiet`, `dmesg` is the first
        to show what the kernel warned of.
        """
        if record.stamp is None:
            return True
        life, seconds = self.lives.now, float(record.stamp)
        if seconds < life.clock - _COPY and life.started:
            return False
        life.clock = max(life.clock, seconds)
        return not self.reports.known(record)

    def _quoted(self, record: Record) -> bool:
        life = self.life
        return life.started and record.stamp is not None and float(record.stamp) < life.clock - _COPY

    def _trusts(self, record: Record) -> bool:
        """Whether the kernel said it, as far as one can tell: who prints times prints them on every record."""
        return record.printk or not self.life.timed or self.life.stage.rank < Stage.START_KERNEL.rank

    def would_end(self, record: Record, rows: Rows) -> bool:
        """Whether a record that is not read yet is the kernel's last word, if nothing follows. Changes nothing."""
        if self.decided or not self.life.running or not self._trusts(record):
            return False
        if self._quoted(record) or self.reports.known(record) or ECHO.search(record.message):
            return False
        row = next((row for row in rows.formats if row.regex.search(record.message)), None)
        return row is not None and row.severity is Severity.FATAL and not of_image(row)

    def _on_facts(self, rows: Rows, record: Record) -> None:
        for fact in rows.facts:
            if (fact.overrules or fact.name not in self.facts) and (found := fact.regex.search(record.message)):
                self.facts[fact.name] = (fact.value or found["value"])[:_FACT]

    # Reports

    def _on_row(self, row: Format, match: re.Match[str], record: Record, sight: Sight) -> None:
        life = self.life
        if of_image(row) and life.running:
            return
        if row.severity in _LOADERS and life.stage.rank >= Stage.DECOMPRESS.rank:
            return
        if not row.untrusted and not of_image(row):
            self.reach(Stage.BANNER)  # a quiet kernel
        last = sight.before() if "{before}" in row.title else None
        said_before = last.text.strip() if last else ""
        self._read_to = sight.line.number + sight.rest
        starts, rest = self.lives.count, sight.rest
        block = Block(row, match, sight.line, record, life.stage, sight.after, said_before, starts, rest)
        if row.severity not in _REPORTS:
            self._on_note(block)
            return
        report = self.reports.add(block)
        if row.severity is Severity.FATAL:
            self.settle(FATAL_GRACE)
            life.fatal = life.fatal or report

    def _on_own(self, record: Record, sight: Sight) -> None:
        own = sight.rows.own
        if own & INITCALLS and (call := _INITCALL.match(record.message)):
            self.life.calling = call[2] if call[1] == "calling  " else None
        elif MODULES in own and (match := HEADLESS.regex.search(record.message)):
            stage, life = self.life.stage, self.lives.count
            self.reports.maybe_headless(Block(HEADLESS, match, sight.line, record, stage, sight.after, life=life))
        elif END in own and record.message.startswith(END):
            self.reports.adopt()

    def _on_note(self, block: Block) -> None:
        severity = block.row.severity
        if severity is Severity.SPOILED:
            self.spoiled = self.spoiled or block
        elif severity is Severity.GIVEN_UP:
            self.given_up = self.given_up or block
        elif severity is Severity.CONTEXT:
            if orderly := _ORDERLY.match(block.record.message):
                self._on_orderly(orderly[1], block.line)
            self.context = [*self.context, (block, block.first)][-_CONTEXT:]
        elif severity is Severity.LOADER_OK:
            self.loader.clear()
        elif len(self.loader) < KEPT:
            self.loader.append(block)

    # How a boot ends

    def _on_orderly(self, words: str, line: Line) -> None:
        life = self.life
        life.orderly = words
        off = words != "Restarting system"  # who restarts may do so for ever
        if off and self.expect.open and life.in_userspace and life.end is None:
            life.end = line

    def _on_booted(self, line: Line) -> None:
        """A sign that people go by, where no other was agreed on."""
        life = self.life
        if self.expect.open and life.in_userspace and self.given_up is None:
            self.reach(Stage.USERSPACE)
            if life.end is None and life.fatal is None:
                life.end = line

    def _on_farm_init(self, message: str, line: Line) -> bool:
        found = _FARM.search(message)
        if found is None:
            return False
        life, token = self.life, self.expect.token
        ours = {found["start"], found["end"]} & {token} or self.expect.open
        if ours and found["start"]:
            life.started = True
            self.reach(Stage.USERSPACE)
        elif found["check"] and len(life.checks) < KEPT:
            life.checks.setdefault(found["check"], line)
        elif ours and found["end"] and life.fatal is None and self.expect.pattern is None:
            life.failed = int(found["failed"])
            self._finish(line)
        return True

    def _finish(self, line: Line) -> None:
        if self.life.end is None:
            self.life.end = line
        self.reach(Stage.DONE)
        self.settle(END_GRACE)

    # Stages and starts

    def _on_milestone(self, mark: Milestone, record: Record, sight: Sight) -> None:
        stage = mark.stage
        if stage.rank < Stage.BANNER.rank and STARTED_OVER.search(record.message):
            if self.life.running and not record.printk:
                self.lives.start_over(Restart(sight.line, sight.before(), None))
                self._on_start_over()
            elif stage is Stage.FIRMWARE:
                self._on_firmware()
            elif record.message.startswith(_IMAGE_STARTS):
                self.image_starts += 1
                if self.image_starts >= _STARTS:
                    self.settle(0.0)
        if stage.rank >= Stage.BANNER.rank or not self.life.running:
            self.reach(stage)

    def _on_firmware(self) -> None:
        if self.firmware_starts and self.life.stage.rank >= Stage.LOADER.rank and not self.loader:
            self.early_resets += 1
        self.firmware_starts += 1
        if self.firmware_starts >= _STARTS:
            self.settle(0.0)

    def _on_banner(self, release: str, record: Record, sight: Sight) -> None:
        if self.lives.banner(release, record, sight.line, sight.before):
            self.reach(Stage.BANNER)
            if self.wrong_kernel:
                self.settle(END_GRACE)

    def _on_start_over(self) -> None:
        self.reports.close()
        self.loader.clear()
        self.settle(0.0)
