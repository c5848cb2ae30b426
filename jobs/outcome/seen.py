"""What has been seen on a console so far, and what each kind of line does to it. Knows no bytes, makes no verdict."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.core.words import Stage
from jobs.outcome import rules
from jobs.outcome.block import Block
from jobs.outcome.lines import Line, Segment
from jobs.outcome.model import Evidence, Expectation, Settled
from jobs.outcome.rules import Effect, Rule

END_GRACE = 0.03  # seconds: the second copy of the end marker, 60 bytes, at 19200 baud or more
FATAL_GRACE = 1.5  # the rest of the block
_KEPT = 20  # warnings, failed checks, loader errors: enough for a person, bounded for us
_CONTEXT = 6
_FIRMWARE_STARTS = 4  # so many without a kernel's first line: it will not come

Before = Callable[[], Line | None]  # the last line with text on it before the one being read


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
    stage: Stage = Stage.NOTHING
    settled: Settled | None = None
    version: str | None = None  # in the last banner
    banner: Line | None = None  # the first one
    release: str | None = None  # in it
    timed: bool = False  # this kernel's printk shows times
    started: bool = False  # farm-init's start marker with our token
    end: Line | None = None  # the end marker with our token, or the pattern's line
    failed: int = 0  # checks, as the end marker counts them
    checks: dict[str, Line] = field(default_factory=dict)  # that failed, by name
    blame: Block | None = None  # the first report that rules out a clean pass
    fatal: Block | None = None  # the first one that ends this kernel
    stall: Block | None = None
    spoiled: Block | None = None
    warnings: list[Block] = field(default_factory=list)
    context: list[Evidence] = field(default_factory=list)
    loader: list[Block] = field(default_factory=list)  # its errors since it last did something right
    restart: Restart | None = None
    firmware_starts: int = 0
    open: Block | None = None  # the report whose lines are being read
    first_time: str | None = None  # the first line whose time no other boot repeats
    doubt: Restart | None = None  # a second banner that may be a copy of the first

    @property
    def running(self) -> bool:
        """Whether a kernel has spoken."""
        return self.stage.rank >= Stage.KERNEL.rank

    @property
    def wrong_kernel(self) -> bool:
        """The first kernel that spoke is not the one under test."""
        return self.release is not None and not self.expected(self.release)

    @property
    def decided(self) -> bool:
        """Nothing that comes now can change the verdict."""
        return self.end is not None or self.wrong_kernel

    def expected(self, release: str) -> bool:
        wanted = (self.expect.release or "").split()
        return not wanted or wanted[0] == release

    def settle(self, grace: float) -> None:
        if self.settled is None or grace < self.settled.grace:
            self.settled = Settled(grace)

    def reach(self, stage: Stage) -> None:
        if stage.rank > self.stage.rank and self.fatal is None and self.restart is None:
            self.stage = stage

    def segment(self, segment: Segment, line: Line, before: Before) -> None:
        """One record of a line."""
        self.reach(Stage.FIRMWARE)
        if self.decided:
            return
        if segment.stamp and not self.running:
            self.timed = True
            self.reach(Stage.KERNEL)  # a quiet kernel does not show its banner
        if banner := rules.BANNER.match(segment.message):
            self._on_banner(banner[1], segment, line, before)
        elif self.restart is None:
            self._on_time(segment, line)
            self._on_words(segment, line, before)

    def success(self, line: Line) -> None:
        """The job's own pattern was seen."""
        if not self.decided and self.restart is None and self.fatal is None:
            self._finish(line)

    def _on_words(self, segment: Segment, line: Line, before: Before) -> None:
        if self._on_farm_init(segment.message, line):
            return
        trusted = self._trusted(segment)
        self._on_milestone(segment, line, before, trusted=trusted)
        if self.restart is not None:
            return
        rule, match = self._find(segment.message, trusted=trusted)
        if rule and match:
            if rule.of_kernel:
                self.reach(Stage.KERNEL)  # a quiet one
            last = before() if rule.type == "decompressor" else None
            self._on_rule(Block(rule, match, line, self.stage, last.text.strip() if last else ""))
        elif self.open is not None and not self.open.add(segment.message, line):
            self.open = None

    def _trusted(self, segment: Segment) -> bool:
        """Whether the kernel said it: once user space runs, a kernel that shows times has one on each record."""
        return segment.printk or not self.timed or self.stage.rank < Stage.INIT.rank

    def _find(self, message: str, *, trusted: bool) -> tuple[Rule | None, re.Match[str] | None]:
        table = rules.RULES if self.stage.rank >= Stage.DECOMPRESS.rank else rules.RULES + rules.LOADER_RULES
        for rule in table:
            if rule.needle in message and (trusted or rule.user) and (match := rule.regex.search(message)):
                return rule, match
        return None, None

    # What a rule's hit does

    def _on_rule(self, block: Block) -> None:
        effect = block.effect
        if self.open is not None and self.open.absorbs(block.rule):
            self.open.absorb(block.rule, block.evidence[0])
            if effect is Effect.FATAL:
                self._on_fatal(self.open)
        elif effect is Effect.FATAL:
            self.open = block
            self._on_fatal(block)
        elif effect is Effect.OOPS:
            self.open = block
            self.blame = self.blame or block
        elif effect in {Effect.STALL, Effect.WARNING}:
            self.open = block
            self.stall = self.stall or (block if effect is Effect.STALL else None)
            if len(self.warnings) < _KEPT:
                self.warnings.append(block)
        else:
            self._on_note(block)

    def _on_fatal(self, block: Block) -> None:
        if self.fatal is None:
            self.fatal = block
            self.settle(FATAL_GRACE)
        if self.blame is None:
            follows = block.rule.more and block.rule.type == "panic"  # panic_on_warn and its like
            cause = (self.stall or (self.warnings[-1] if self.warnings else None)) if follows else None
            self.blame = cause or block

    def _on_note(self, block: Block) -> None:
        if block.effect is Effect.SPOILED:
            self.spoiled = self.spoiled or block
        elif block.effect is Effect.CONTEXT:
            self.context = [*self.context, block.evidence[0]][-_CONTEXT:]
        elif block.effect is Effect.LOADER_OK:
            self.loader.clear()
        elif len(self.loader) < _KEPT:
            self.loader.append(block)

    # farm-init's markers

    def _on_farm_init(self, message: str, line: Line) -> bool:
        found = rules.FARM.search(message) if "farm-init: " in message else None
        if found is None:
            return False
        token = self.expect.token
        if token is not None and found["start"] == token:
            self.started = True
            self.reach(Stage.USERSPACE)
        elif found["check"] and len(self.checks) < _KEPT:
            self.checks.setdefault(found["check"], line)
        elif token is not None and found["end"] == token and self.fatal is None and self.expect.pattern is None:
            self.failed = int(found["failed"])
            self._finish(line)
        return True

    def _finish(self, line: Line) -> None:
        self.end = line
        self.reach(Stage.DONE)
        self.settle(END_GRACE)

    # Stages and starts

    def _on_milestone(self, segment: Segment, line: Line, before: Before, *, trusted: bool) -> None:
        message = segment.message
        if self.running and not segment.printk and rules.STARTED_OVER.match(message):
            self.restart = Restart(line, before(), None)
            return
        if self.stage is Stage.INIT and self.timed and not segment.printk:
            self.reach(Stage.USERSPACE)
        for mark in rules.MILESTONES:
            if mark.needle in message and mark.pattern.search(message):
                self._on_mark(mark.stage, trusted=trusted)

    def _on_mark(self, stage: Stage, *, trusted: bool) -> None:
        if stage is Stage.FIRMWARE and not self.running:
            self.firmware_starts += 1
            if self.firmware_starts >= _FIRMWARE_STARTS:
                self.settle(0.0)
        if trusted or stage is Stage.USERSPACE:
            self.reach(stage)

    def _on_banner(self, release: str, segment: Segment, line: Line, before: Before) -> None:
        if self.banner is None and (not self.running or segment.printk or not self.timed):
            self.banner, self.release, self.version = line, release, release
            self.timed = self.timed or segment.stamp is not None
            self.reach(Stage.KERNEL)
            if self.wrong_kernel:
                self.settle(END_GRACE)
            return
        last = before()
        if (self.timed and segment.stamp is None) or (last and rules.CONSOLE_UP.search(last.text)):
            return  # `cat /proc/version`; or printk's buffer once more
        new = Restart(line, last, release)
        if self.restart is not None:  # firmware has spoken, or it is not the first time
            self._start_over(Restart(self.restart.line, self.restart.last, self.restart.release or release), release)
        elif self._certain(release):
            self._start_over(new, release)
        else:
            self.doubt = new  # `dmesg` prints a banner, too

    def _certain(self, release: str) -> bool:
        known = self.fatal is not None or self.doubt is not None or release != self.version
        return known or (not self.timed and self.stage.rank < Stage.USERSPACE.rank)

    def _on_time(self, segment: Segment, line: Line) -> None:
        """A copy of a boot's log repeats its times; another boot does not.

        Times that end in 000 are counted in ticks (sched_clock before the TSC is known) and do repeat: 0.004000.
        """
        late = segment.stamp is not None and not segment.stamp.endswith("000")
        if self.doubt is None:
            if late and self.first_time is None:
                self.first_time = line.text
        elif late and line.text == self.first_time:
            self.doubt = None
        elif late or (not self.timed and rules.AFTER_BANNER.search(segment.message)):
            self._start_over(self.doubt, self.doubt.release)

    def _start_over(self, restart: Restart, release: str | None) -> None:
        self.doubt = None
        self.restart = restart
        self.version = release
        self.settle(0.0)
