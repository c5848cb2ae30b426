"""Wakes whoever waits for something, within this process. Rung after the commit, never inside a transaction.

Only a shortcut: every waiter also looks by itself from time to time, so that several API processes on one database
work too.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress


class Bell:
    """Named bells; ring from any thread, wait in the event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def ring(self, name: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, name)

    def _wake(self, name: str) -> None:
        for future in self._waiting.pop(name, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, name: str, seconds: float) -> None:
        """Return at the next ring, or after `seconds`."""
        self._loop = asyncio.get_running_loop()
        future = self._loop.create_future()
        self._waiting[name].add(future)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await future
        finally:
            waiting = self._waiting.get(name, set())
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(name, None)


def console_bell(boot: int) -> str:
    return f"console {boot}"


WORK = "work"
