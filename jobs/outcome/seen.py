"""What has been seen on a console so far, and what each kind of line does to it. Knows no bytes, makes no verdict.

A console can show several kernels, one after the other: each is a `Life`. The first is the kernel under test; a pass
needs the right end in the last.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.core.words import Outcome, Stage
from jobs.outcome.block import Block
from jobs.outcome.formats.headless import END, HEADLESS, MODULES
from jobs.outcome.formats.row import Format, Milestone, Severity, Type
from jobs.outcome.formats.table import BANNER, FARM_INIT, Rows
from jobs.outcome.lines import Line, Record
from jobs.outcome.model import Evidence, Expectation, Report, Settled
from jobs.symbols.model import Symbols

END_GRACE = 0.03  # seconds: the second copy of the end marker, 60 bytes, at 19200 baud or more
FATAL_GRACE = 1.5  # the rest of the block
_KEPT = 24  # reports, failed checks, loader errors: enough for a person, bounded for us
_HEADERS = 200
_CONTEXT = 6
_FIRMWARE_STARTS = 4  # so many without a kernel's first line: it will not come
_COPY = 1.0  # seconds: two processors' clocks differ by less

Before = Callable[[], Line | None]  # the last line with text on it before the one being read
After = tuple[int, int]  # offset and number of the line after the one being read

_BANNER = re.compile(r"^Linux version (\S+) \(")  # init/version.c linux_banner
# Printed right after a banner that is not a copy of one: arch/x86/kernel/setup.c, e820.c
AFTER_BANNER = re.compile(r"BIOS-provided physical RAM map|Command line: |KERNEL supported cpus|x86/fpu: ")
# The message before printk's buffer is printed a second time, on a console that has just come up: register_console
_CONSOLE_UP = re.compile(r"onsole \[?\w+\]? enabled|Console: \w+ ")
_FARM = re.compile(
    r"farm-init: (?:start token=(?P<start>\w+) |check (?P<check>\S+) FAILED"
    r"|end token=(?P<end>\w+) failed=(?P<failed>\d+)(?!\w))"
)
ECHO = re.compile(r"ommand line: |BOOT_IMAGE=")  # a line that only repeats what the kernel was started with
# No running kernel prints these: the machine has started over.
STARTED_OVER = re.compile(r"^(?:SeaBIOS \(version|iPXE initialising devices|Probing EDD|early console in )|\.\.SeaBIOS \(version")
_OFFSET = re.compile(r"0x[0-9a-f]+")  # KASLR: kernel/panic.c by arch/x86/kernel/setup.c dump_kernel_offset
_ORDERLY = re.compile(r"^(?:reboot: )?(?:Restarting system|Power down|System halted)")  # kernel/reboot.c


@dataclass(slots=True)
class Life:
    """One kernel's life, from its banner (or its first line, under `quiet`) to the next one's."""

    stage: Stage = Stage.NOTHING
    banner: Line | None = None
    release: str | None = None  # in it
    timed: bool = False  # this kernel's printk shows times
    clock: float = 0.0  # the newest time seen, seconds
    started: bool = False  # farm-init's start marker with our token
    end: Line | None = None  # the end marker with our token, or the pattern's line, or a sign that it booted
    failed: int = 0  # checks, as the end marker counts them
    checks: dict[str, Line] = field(default_factory=dict)  # that failed, by name
    orderly: bool = False  # it was told to restart or to go off, and said so
    calling: str | None = None  # the initcall that runs, with initcall_debug
    first_time: str | None = None  # the first line whose time no other boot repeats
    fatal: Block | None = None  # the first report that ends this kernel

    @property
    def running(self) -> bool:
        """Whether a kernel has spoken."""
        return self.stage.rank >= Stage.BANNER.rank

    @property
    def in_userspace(self) -> bool:
        return self.stage.rank >= Stage.INIT.rank


@dataclass(frozen=True, slots=True)
class Restart:
    """The machine started over by itself; `line` is the proof, `last` the line before it."""

    line: Line
    last: Line | None
    release: str | None  # of the banner that came, None where only firmware spoke


@dataclass(slots=True)
class Seen:
    """Facts in the order of their coming; a later one never overwrites an earlier one of its kind."""

    expect: Expectation
    settled: Settled | None = None
    first: Life = field(default_factory=Life)
    life: Life = field(init=False)  # the one now
    lives: int = 1
    loops: int = 0  # lives that ended by themselves
    blocks: list[Block] = field(default_factory=list)  # every report, of all lives
    open: list[Block] = field(default_factory=list)  # those whose lines still come
    headers: set[tuple[str | None, str]] = field(default_factory=set)  # of reports, with their times
    headless: Block | None = None  # what may be a report whose header is lost
    spoiled: Block | None = None
    given_up: Block | None = None
    context: list[tuple[Block, Evidence]] = field(default_factory=list)
    loader: list[Block] = field(default_factory=list)  # its errors since it last did something right
    facts: dict[str, str] = field(default_factory=dict)
    restart: Restart | None = None  # the first one
    firmware_starts: int = 0
    early_resets: int = 0  # firmware that came again after the image was started, before a kernel's first line
    stages: dict[Stage, float] = field(default_factory=dict)
    doubt: Restart | None = None  # a second banner that may be a copy of the first
    now: float | None = None  # seconds, as feed() was told
    symbols: Symbols | None = None  # of the build that should boot

    def __post_init__(self) -> None:
        self.life = self.first

    @property
    def stage(self) -> Stage:
        """How far the kernel under test came."""
        return self.first.stage

    @property
    def version(self) -> str | None:
        return self.life.release or (self.restart.release if self.restart else None) or self.first.release

    @property
    def wanted(self) -> str | None:
        words = (self.expect.release or "").split()
        return words[0] if words else None

    @property
    def wrong_kernel(self) -> bool:
        """The first kernel that spoke is not the one under test."""
        return self.first.release is not None and self.wanted is not None and self.first.release != self.wanted

    @property
    def decided(self) -> bool:
        """Nothing that comes now can change the verdict: somebody waits for it, and it was agreed on what counts."""
        return not self.expect.open and (self.first.end is not None or self.wrong_kernel)

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

    def record(self, record: Record, line: Line, rows: Rows, before: Before, after: After) -> None:
        """One record of a line, with the rows that its line may match; `after`: where the next line begins."""
        self.reach(Stage.FIRMWARE)
        if self.decided:
            return
        life = self.life
        if record.stamp and not life.running:
            life.timed = True
            self.reach(Stage.BANNER)  # a quiet kernel does not show its banner
        if BANNER in rows.own and (banner := _BANNER.match(record.message)):
            self._on_banner(banner[1], record, line, before)
            return
        self._on_time(record, line)
        self._on_words(record, line, rows, before, after)

    def success(self, line: Line) -> None:
        """The job's own pattern was seen."""
        if not self.decided and self.life.fatal is None:
            self._finish(line)

    def _on_words(self, record: Record, line: Line, rows: Rows, before: Before, after: After) -> None:
        if FARM_INIT in rows.own and self._on_farm_init(record.message, line):
            return
        life = self.life
        fresh = self._fresh(record)
        trusted = record.printk or not life.timed or not life.in_userspace
        for mark in rows.milestones:
            if (trusted or mark.untrusted) and mark.regex.search(record.message):
                self._on_milestone(mark, record, line, before)
        if life is self.life and life.stage is Stage.INIT and life.timed and not record.printk:
            self.reach(Stage.USERSPACE)
        if not fresh:
            return
        for fact in rows.facts:
            if (fact.overrules or fact.name not in self.facts) and (found := fact.regex.search(record.message)):
                self.facts[fact.name] = (fact.value or found["value"])[:200]
        if ECHO.search(record.message):
            return
        if self.expect.open and life.in_userspace and self.given_up is None:
            if any(mark.regex.search(record.message) for mark in rows.booted):
                self._on_booted(line)
        for row in rows.formats:
            if (trusted or row.untrusted) and (match := row.regex.search(record.message)):
                self._on_row(row, match, record, line, before, after)
                return
        if trusted and rows.own:
            self._on_headless(rows, record, line, after)
        self._continue_line(record, line)

    def _fresh(self, record: Record) -> bool:
        """Whether the kernel says it now: a copy of its log repeats old lines, and a job's own output may quote any.

        Once farm-init has spoken, what has an older time than the kernel's newest is a quotation. Before, and on a
        console that farm-init is not on, only a header that stood there before is: under `quiet`, `dmesg` is the first
        to show what the kernel warned of.
        """
        seconds = record.seconds
        if seconds is None:
            return True
        life = self.life
        if seconds < life.clock - _COPY and life.started:
            return False
        life.clock = max(life.clock, seconds)
        return (record.stamp, record.message) not in self.headers

    def _on_headless(self, rows: Rows, record: Record, line: Line, after: After) -> None:
        if MODULES in rows.own and not self.open and (match := HEADLESS.regex.search(record.message)):
            self.headless = Block(HEADLESS, match, line, record, self.life.stage, after, life=self.lives)
            if not self.blocks or not self.headless.follows_upon(self.blocks[-1]):
                self.open = [self.headless]
        elif END in rows.own and record.message.startswith(END):
            self._adopt()

    def _adopt(self) -> None:
        """The end of a report, and its header was not seen."""
        if self.headless is not None and self.headless in self.open and len(self.blocks) < _KEPT:
            self.blocks.append(self.headless)
        self.headless = None

    def _continue_line(self, record: Record, line: Line) -> None:
        """A record glued to a header's line belongs to its block."""
        if self.open and self.open[-1].line is line:
            self.open[-1].glued.append(record.message)

    # Reports

    def _on_row(
        self, row: Format, match: re.Match[str], record: Record, line: Line, before: Before, after: After
    ) -> None:
        if self._is_image(row) and self.life.running:
            return
        if row.severity in {Severity.LOADER_ERROR, Severity.LOADER_OK} and (
            self.life.stage.rank >= Stage.DECOMPRESS.rank
        ):
            return
        if not row.untrusted and not self._is_image(row):
            self.reach(Stage.BANNER)  # a quiet kernel
        last = before() if "{before}" in row.title else None
        said_before = last.text.strip() if last else ""
        block = Block(row, match, line, record, self.life.stage, after, said_before, self.lives)
        if row.severity in {Severity.FATAL, Severity.OOPS, Severity.STALL, Severity.WARNING}:
            self._on_report(block)
        else:
            self._on_note(block)

    @staticmethod
    def _is_image(row: Format) -> bool:
        return row.type in {Type.WRONG_CPU, Type.DECOMPRESSOR}

    def _on_report(self, block: Block) -> None:
        row = block.row
        if len(self.headers) < _HEADERS:
            self.headers.add((block.record.stamp, block.record.message))
        if row.follows and row.severity is Severity.FATAL:
            self._adopt()
        cause = self._cause(block) if row.follows else None
        if cause is not None:
            cause.follow(row, block.match, block.first)
            if row.severity is Severity.FATAL:
                self._on_fatal(cause)
            return
        if row.traced:  # its lines must not be taken for those of the one before
            self.open = [each for each in self.open if self._beside(each, block)]
        self.open = self.open[-2:]
        self.open.append(block)
        if len(self.blocks) < _KEPT or row.severity is Severity.FATAL:
            self.blocks.append(block)
        if row.severity is Severity.FATAL:
            self._on_fatal(block)

    @staticmethod
    def _beside(old: Block, new: Block) -> bool:
        """Two processors report at once, and printk says whose line is whose."""
        callers = old.record.caller, new.record.caller
        return None not in callers and callers[0] != callers[1]

    def _cause(self, block: Block) -> Block | None:
        """The report that this header continues or follows from."""
        row = block.row
        for old in reversed(self.blocks[-3:]):
            if old.record.caller != block.record.caller and self._beside(old, block):
                continue
            if not block.follows_upon(old):
                return None
            if self._is_image(row):
                return old if old.row.type is row.type else None
            if old.severity is Severity.FATAL or old.row.outcome is not None:
                return None
            if row.severity is Severity.FATAL:
                return self._first_alike(old) if row.type is Type.PANIC or self._kills(old, row) else None
            if row.severity in {Severity.WARNING, Severity.STALL} and old in self.open:
                return old  # a line of that report
            died = row.severity is Severity.OOPS and old.row.severity is Severity.OOPS and not old.died
            return old if died or old.row.type is row.type else None
        return None

    def _first_alike(self, block: Block) -> Block:
        """Of reports of one kind, one close upon the other (tasks that all hang), the first decides."""
        at = self.blocks.index(block)
        while at > 0 and self.blocks[at - 1].row.kind == block.row.kind:
            if not self.blocks[at].follows_upon(self.blocks[at - 1]):
                break
            at -= 1
        return self.blocks[at]

    @staticmethod
    def _kills(old: Block, row: Format) -> bool:
        """Whether `row` (init died, hung tasks, ...) is what `old` ends in."""
        if row.type is Type.INIT_DIED:
            return old.severity is Severity.OOPS and old.row.traced
        if row.type is Type.EARLY_EXCEPTION:  # BUG()'s ud2, before there is a handler for it
            return old.row.type is Type.KERNEL_BUG and not old.died
        return old.row.type is row.type

    def _on_fatal(self, block: Block) -> None:
        self.settle(FATAL_GRACE)
        if self.life.fatal is None:
            self.life.fatal = block

    def _on_note(self, block: Block) -> None:
        severity = block.row.severity
        if severity is Severity.SPOILED:
            self.spoiled = self.spoiled or block
        elif severity is Severity.GIVEN_UP:
            self.given_up = self.given_up or block
        elif severity is Severity.CONTEXT:
            if _ORDERLY.match(block.record.message):
                self._on_orderly(block)
            self.context = [*self.context, (block, block.first)][-_CONTEXT:]
        elif severity is Severity.LOADER_OK:
            self.loader.clear()
        elif len(self.loader) < _KEPT:
            self.loader.append(block)

    def _on_orderly(self, block: Block) -> None:
        self.life.orderly = True
        if self.expect.open and self.life.in_userspace and self.life.end is None:
            self.life.end = block.line

    def _on_booted(self, line: Line) -> None:
        """A sign that people go by, where no other was agreed on."""
        self.reach(Stage.USERSPACE)
        if self.life.end is None and self.life.fatal is None:
            self.life.end = line

    # farm-init's markers

    def _on_farm_init(self, message: str, line: Line) -> bool:
        found = _FARM.search(message)
        if found is None:
            return False
        life, token = self.life, self.expect.token
        if (token is not None or self.expect.open) and found["start"] and found["start"] == (token or found["start"]):
            life.started = True
            self.reach(Stage.USERSPACE)
        elif found["check"] and len(life.checks) < _KEPT:
            life.checks.setdefault(found["check"], line)
        elif found["end"] and life.fatal is None and self.expect.pattern is None:
            if found["end"] == token or self.expect.open:
                life.failed = int(found["failed"])
                self._finish(line)
        return True

    def _finish(self, line: Line) -> None:
        if self.life.end is None:
            self.life.end = line
        self.reach(Stage.DONE)
        self.settle(END_GRACE)

    # Stages and starts

    def _on_milestone(self, mark: Milestone, record: Record, line: Line, before: Before) -> None:
        life, stage = self.life, mark.stage
        if stage.rank < Stage.BANNER.rank and STARTED_OVER.search(record.message):
            if life.running and not record.printk:
                self._start_over(Restart(line, before(), None), None)
            elif stage is Stage.FIRMWARE:
                self._on_firmware()
        if stage.rank >= Stage.BANNER.rank or not self.life.running:
            self.reach(stage)

    def _on_firmware(self) -> None:
        if self.firmware_starts and self.life.stage.rank >= Stage.LOADER.rank and not self.loader:
            self.early_resets += 1
        self.firmware_starts += 1
        if self.firmware_starts >= _FIRMWARE_STARTS:
            self.settle(0.0)

    def _on_banner(self, release: str, record: Record, line: Line, before: Before) -> None:
        life = self.life
        if life.banner is None and (not life.running or record.printk or not life.timed):
            life.banner, life.release = line, release
            life.timed = life.timed or record.stamp is not None
            self.reach(Stage.BANNER)
            if self.wrong_kernel:
                self.settle(END_GRACE)
            return
        last = before()
        if (life.timed and record.stamp is None) or (last and _CONSOLE_UP.search(last.text)):
            return  # `cat /proc/version`; or printk's buffer once more
        new = Restart(line, last, release)
        if life.fatal is not None or life.orderly or self._certain(release):
            self._start_over(new, release)
        else:
            self.doubt = new  # `dmesg` prints a banner, too

    def _certain(self, release: str) -> bool:
        life = self.life
        known = self.doubt is not None or self.lives > 1 or release != life.release
        return known or (not life.timed and life.stage.rank < Stage.USERSPACE.rank)

    def _on_time(self, record: Record, line: Line) -> None:
        """A copy of a boot's log repeats its times; another boot does not.

        Times that end in 000 are counted in ticks (sched_clock before the TSC is known) and do repeat: 0.004000.
        """
        life = self.life
        late = record.stamp is not None and not record.stamp.endswith("000")
        if self.doubt is None:
            if late and life.first_time is None:
                life.first_time = line.text
        elif late and line.text == life.first_time:
            self.doubt = None
        elif late or (not life.timed and AFTER_BANNER.search(record.message)):
            self._start_over(self.doubt, self.doubt.release)

    def _start_over(self, restart: Restart, release: str | None) -> None:
        self.doubt = None
        before, self.life = self.life, Life(banner=restart.line, release=release)
        self.restart = self.restart or restart
        self.lives += 1
        self.loops += not (before.orderly or before.end is not None)
        self.open = []
        self.loader.clear()
        self.life.timed = before.timed and release is not None
        if release is None:
            self.life.banner = None
            self.life.stage = Stage.FIRMWARE
        else:
            self.life.stage = Stage.BANNER
        self.settle(0.0)
