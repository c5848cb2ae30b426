"""What a worker tells the server about one boot: phases, signs of life, console bytes, in order and until they arrive.

The server may be away for as long as it likes; nothing is dropped. A boot that the server does not call ours any more
(409), or that a person cancelled, stops the run.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from farm.client import LabClient, ServerError
from farm.core.database import now
from farm.core.wire import PhaseEvent
from farm.core.words import Phase
from jobs.runner import Spool

log = logging.getLogger(__name__)

T = TypeVar("T")

# Console bytes are gathered this long before they are sent, and sent in pieces of at most this size.
GATHER = 0.2
PIECE = 1 << 20
# Waits between tries while the server is away, in seconds: short at first, then steady.
TRIES = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
STEADY = 5.0


class GoneError(Exception):
    """The server does not call this boot ours any more."""


async def patiently(what: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the server answers. 409 and 404 are a GoneError; any other refusal is passed on."""
    for attempt in range(1 << 30):
        try:
            return await ask()
        except httpx.TransportError as fault:
            problem = f"{type(fault).__name__}: {fault}"
        except ServerError as refused:
            if refused.problem.status in (httpx.codes.CONFLICT, httpx.codes.NOT_FOUND):
                raise GoneError(str(refused)) from refused
            if refused.problem.status < httpx.codes.INTERNAL_SERVER_ERROR:
                raise
            problem = str(refused)
        wait = TRIES[attempt] if attempt < len(TRIES) else STEADY
        if attempt in (0, len(TRIES)):
            log.warning("%s: the server does not answer (%s); trying again until it does", what, problem)
        await asyncio.sleep(wait)
    raise AssertionError("unreachable: 2^30 tries of 5 s")


class Teller:
    """The watcher of one boot (`jobs.runner.Watch`): calls return at once, tasks do the talking."""

    def __init__(self, client: LabClient, boot: int, spool: Spool, *, sent: int = 0, beat: float = 2.0) -> None:
        self.boot = boot
        self.spool = spool
        self.stop_reason: str | None = None
        self._client = client
        self._sent = sent
        self._beat = min(beat, 2.0)
        self._phases: asyncio.Queue[PhaseEvent] = asyncio.Queue()
        self._fresh = asyncio.Event()
        self._stop: Callable[[], object] = lambda: None
        self._talking: list[asyncio.Task[None]] = []
        self._beating: list[asyncio.Task[None]] = []

    # What the runner calls

    def phase(self, phase: Phase, note: str = "") -> None:
        self._phases.put_nowait(PhaseEvent(phase=phase, at=now(), note=note[:200]))

    def console(self, at: float, data: bytes) -> None:
        self.spool.write(at, data)
        self._fresh.set()

    # What the worker calls

    def on_stop(self, stop: Callable[[], object]) -> None:
        """Call this when the boot must end: cancelled by a person, or not ours any more."""
        self._stop = stop

    async def __aenter__(self) -> "Teller":
        self._talking = [asyncio.create_task(self._guard(job)) for job in (self._tell_phases, self._send_on)]
        self._beating = [asyncio.create_task(self._guard(self._beat_on))]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await _end(self._talking + self._beating)

    async def flush(self) -> list[PhaseEvent]:
        """Send the rest of the console, signs of life going on; the phases not told yet, for the report.

        GoneError if the server does not want it any more.
        """
        await _end(self._talking)
        while self._sent < self.spool.size:
            await self._send()
        return [self._phases.get_nowait() for _ in range(self._phases.qsize())]

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except GoneError as gone:
            self._end(f"the server ended it: {gone}")

    def _end(self, reason: str) -> None:
        if self.stop_reason is None:
            self.stop_reason = reason
            self._stop()

    async def _tell(self, event: PhaseEvent) -> None:
        answer = await patiently(f"boot {self.boot}: phase", lambda: self._client.phase(self.boot, event))
        if answer.cancel:
            self._end("cancelled on request")

    async def _tell_phases(self) -> None:
        while True:
            event = await self._phases.get()
            try:
                await self._tell(event)
            except asyncio.CancelledError:
                # Cut off before it is known to have arrived: the report tells it again, which is harmless.
                self._phases.put_nowait(event)
                raise

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(self._beat)
            answer = await patiently(f"boot {self.boot}: heartbeat", lambda: self._client.heartbeat(self.boot))
            if answer.cancel:
                self._end("cancelled on request")

    async def _send_on(self) -> None:
        while True:
            await self._fresh.wait()
            await asyncio.sleep(GATHER)
            self._fresh.clear()
            while self._sent < self.spool.size:
                await self._send()

    async def _send(self) -> None:
        data, at = self.spool.read(self._sent, PIECE)
        offset = self._sent
        what = f"boot {self.boot}: console"
        self._sent = await patiently(what, lambda: self._client.console(self.boot, offset, at, data))
        if self._sent < offset:
            raise GoneError(f"the server has {self._sent} bytes of the console and had {offset} before")


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
