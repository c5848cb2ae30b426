"""Console bytes until the reader has seen enough, or a deadline passes.

Bytes go to the watcher (to be stored and shown) and to the reader as soon as they come. The deadlines are told apart:
no first byte, silence after bytes, total. A fetch over the network is a sign of life like a console byte.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from farm.core.words import Deadline, Phase
from inventory.drivers import ConsoleStream, DriverError, Fetch, Power, PowerState
from jobs.outcome import Ending, Expectation, Reader, Reading, Settled
from jobs.symbols.model import Symbols

log = logging.getLogger(__name__)

# How long a line may be quiet before the power driver is asked whether the machine is still on, in seconds.
POWER_LOOK = 5.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be booted, and what counts. Deadlines in seconds, all five; `console_limit` in bytes.

    `symbols` are the build's own, for the addresses that its console shows.
    """

    boot_id: int
    kernel: Path
    initrd: Path | None
    cmdline: str
    expect: Expectation
    deadlines: dict[Deadline, float]
    console_limit: int
    symbols: Symbols | None = None


class Watch(Protocol):
    """Who is told how a boot goes on. Calls are cheap and never fail."""

    def phase(self, phase: Phase, note: str = "") -> None: ...

    def console(self, at: float, data: bytes) -> None:
        """Bytes that came `at` seconds after power-on."""


class Capture:
    """The console of one boot, from before power-on to the end."""

    def __init__(self, order: Order, power: Power, watch: Watch) -> None:
        self.reader = Reader(order.expect, order.symbols)
        self.kernel_fetched = False
        self._order = order
        self._power = power
        self._watch = watch
        self._phase = Phase.PREPARE
        self._news = asyncio.Event()
        self._eof = False
        self._size = 0
        self._powered_at = self._sign_at = time.monotonic()
        self._first_byte = False
        self._settled: tuple[float, Settled] | None = None

    def enter(self, phase: Phase, note: str = "") -> None:
        """Begin a phase; phases never go back."""
        order = list(Phase)
        if order.index(phase) > order.index(self._phase) or phase is Phase.PREPARE:
            self._phase = phase
            self._watch.phase(phase, note)

    def powered(self) -> None:
        """Power is on: the clocks start."""
        self._powered_at = self._sign_at = time.monotonic()

    def fetched(self, fetch: Fetch) -> None:
        """The machine asked the network boot server for a file."""
        self._sign_at = time.monotonic()
        if fetch.name == "kernel" and fetch.complete:
            self.kernel_fetched = True
        self.enter(Phase.LOAD, f"{fetch.name} to {fetch.peer}")
        self._news.set()

    async def pump(self, stream: ConsoleStream) -> None:
        """Take in everything the console says, until it is gone."""
        try:
            while data := await stream.read():
                self._take(data)
            self._eof = True
        finally:
            self._news.set()

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self._sign_at, self._first_byte = now, True
        keep = data[: max(0, self._order.console_limit - self._size)]
        self._size += len(data)
        if keep:
            at = max(0.0, now - self._powered_at)
            self._watch.console(at, keep)
            self.reader.feed(keep, at)
        if self._phase is not Phase.USERSPACE:
            if self.reader.start_seen:
                self.enter(Phase.USERSPACE)
            elif self.reader.banner_seen:
                self.enter(Phase.KERNEL, self.reader.version or "")
        if self._settled is None and (settled := self.reader.settled) is not None:
            self._settled = (now, settled)
        self._news.set()

    async def until_decided(self, pump: asyncio.Task[None]) -> Ending:
        """Wait for whatever ends the boot first."""
        while True:
            if pump.done() and pump.exception() is not None:
                raise DriverError(f"console: {pump.exception()}")
            ending, left = self._next()
            if left <= 0:
                return ending
            if self._eof:
                return Ending.SETTLED if self._settled else await self._end_of_line()
            self._news.clear()
            try:
                async with asyncio.timeout(min(left, POWER_LOOK)):
                    await self._news.wait()
            except TimeoutError:
                if await self._went_off():
                    return Ending.POWER_LOST

    async def drain(self, pump: asyncio.Task[None], quiet: float, most: float) -> None:
        """Take in what is left on a line whose machine is off: until its end, or `quiet` seconds of silence."""
        end = time.monotonic() + most
        while not pump.done() and time.monotonic() < end:
            self._news.clear()
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait({pump, news}, timeout=quiet, return_when=asyncio.FIRST_COMPLETED)
            if not news.done():
                news.cancel()
                return

    async def conclude(self, ending: Ending) -> Reading:
        """What the console comes to; once, and after the last byte.

        In a thread: to look up a trace's source lines in a vmlinux takes seconds, and other boots need the loop.
        """
        return await asyncio.to_thread(self.reader.conclude, ending, image_fetched=self.kernel_fetched)

    def _next(self) -> tuple[Ending, float]:
        """The next thing that would end the boot, and the seconds until then."""
        now = time.monotonic()
        if self._settled is not None:
            at, settled = self._settled
            return Ending.SETTLED, at + settled.grace - now
        if self._size > self._order.console_limit:
            return Ending.FLOOD, 0
        waits = self._order.deadlines
        quiet = Deadline.SILENCE if self._first_byte else Deadline.FIRST_BYTE
        ends = {
            Ending.SILENCE if self._first_byte else Ending.FIRST_BYTE: self._sign_at + waits[quiet] - now,
            Ending.TOTAL: self._powered_at + waits[Deadline.TOTAL] - now,
        }
        ending = min(ends, key=lambda name: ends[name])
        return ending, ends[ending]

    async def _end_of_line(self) -> Ending:
        return Ending.POWER_LOST if await self._went_off() else Ending.CONSOLE_LOST

    async def _went_off(self) -> bool:
        """Whether the power driver knows that the machine went off by itself."""
        if time.monotonic() - self._sign_at < POWER_LOOK and not self._eof:
            return False
        try:
            async with asyncio.timeout(self._order.deadlines[Deadline.POWER]):
                return await self._power.state() is PowerState.OFF
        except (DriverError, TimeoutError) as fault:
            # Asking was a courtesy: the boot goes on, and its deadlines decide.
            log.warning("boot %s: the power driver could not say its state: %s", self._order.boot_id, fault)
            return False
