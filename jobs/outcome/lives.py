"""The kernels that talked on a console, one after the other, and whether a second banner is a second kernel.

A machine that resets by itself starts over; `dmesg` and a console that comes up late only print a banner again. Knows
banners and times; not what a report means.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.core.words import Stage
from jobs.outcome.block import Block
from jobs.outcome.lines import Line, Record

Before = Callable[[], Line | None]  # the last line with text on it before the one being read

# Printed right after a banner that is not a copy of one: arch/x86/kernel/setup.c, e820.c
AFTER_BANNER = re.compile(r"BIOS-provided physical RAM map|Command line: |KERNEL supported cpus|x86/fpu: ")
# No running kernel prints these: the machine has started over.
STARTED_OVER = re.compile(r"^(?:iPXE initialising devices|Probing EDD|early console in )|SeaBIOS \(version \d")
# The message before printk's buffer is printed a second time, on a console that has just come up: register_console
_CONSOLE_UP = re.compile(r"onsole \[?\w+\]? enabled|Console: \w+ ")


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
    orderly: str | None = None  # it was told to restart or to go off, and said so
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
class Lives:
    """The first kernel is the one under test; a pass needs the right end in the last."""

    first: Life = field(default_factory=Life)
    now: Life = field(init=False)
    count: int = 1
    restart: Restart | None = None  # the first one
    doubt: Restart | None = None  # a second banner that may be a copy of the first

    def __post_init__(self) -> None:
        self.now = self.first

    def banner(self, release: str, record: Record, line: Line, before: Before) -> bool:
        """A banner. True where it is the present kernel's own; a second one may start another life."""
        life = self.now
        if life.banner is None and (not life.running or record.printk or not life.timed):
            life.banner, life.release = line, release
            life.timed = life.timed or record.stamp is not None
            return True
        last = before()
        if last is not None and last.text == line.text:
            return False  # two consoles on one line: each record comes twice
        if (life.timed and record.stamp is None) or (last and _CONSOLE_UP.search(last.text)):
            return False  # `cat /proc/version`; or printk's buffer once more
        new = Restart(line, last, release)
        if life.fatal is not None or life.orderly is not None or self._certain(release):
            self.start_over(new)
        else:
            self.doubt = new  # `dmesg` prints a banner, too
        return False

    def _certain(self, release: str) -> bool:
        life = self.now
        known = self.doubt is not None or self.count > 1 or release != life.release
        return known or (not life.timed and life.stage.rank < Stage.USERSPACE.rank)

    def time(self, record: Record, line: Line) -> None:
        """A copy of a boot's log repeats its times; another boot does not.

        Times that end in 000 are counted in ticks (sched_clock before the TSC is known) and do repeat: 0.004000.
        """
        life = self.now
        late = record.stamp is not None and not record.stamp.endswith("000")
        if late and life.first_time is None:
            life.first_time = line.text  # in doubt, too: where two consoles are on one line, it comes twice
        elif self.doubt is None:
            return
        elif late and line.text == life.first_time:
            self.doubt = None
        elif late or (not life.timed and AFTER_BANNER.search(record.message)):
            self.start_over(self.doubt)

    def start_over(self, restart: Restart) -> None:
        """Another kernel talks from here on, or firmware does."""
        self.doubt = None
        before = self.now
        self.now = Life(stage=Stage.FIRMWARE)
        if restart.release is not None:
            self.now = Life(Stage.BANNER, restart.line, restart.release, timed=before.timed)
        self.restart = self.restart or restart
        self.count += 1
