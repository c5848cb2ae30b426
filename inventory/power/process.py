"""A QEMU process that outlives its starter: found again by its pid file, and ended for sure. Knows no QMP.

A worker may be killed at any moment and its successor must find what is left. QEMU writes the pid file itself
(`-pidfile`), and the file's own path stands in QEMU's command line: a pid whose /proc entry does not carry it is a
stranger, and is never signalled.
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.01  # seconds between two looks at a process


@dataclass(frozen=True, slots=True)
class Child:
    """A process this one has started and asyncio watches."""

    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.returncode is None


@dataclass(frozen=True, slots=True)
class Left:
    """A process that an earlier worker started with `-pidfile PIDFILE`."""

    pidfile: Path
    pid: int

    def alive(self) -> bool:
        """False, too, for a zombie (it has no command line left) and for a stranger that got the number since."""
        try:
            arguments = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.pidfile) in arguments


def left_behind(pidfile: Path) -> Left | None:
    """The live process that wrote this pid file, else None."""
    try:
        found = Left(pidfile, int(pidfile.read_text().strip()))
    except (FileNotFoundError, ValueError):  # never written, or QEMU died before it wrote the number
        return None
    return found if found.alive() else None


async def gone(running: Child | Left, seconds: float) -> bool:
    """Wait until that process is no more; False if it still runs after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while running.alive():  # noqa: ASYNC110  (a process that is not our child sends no event)
                await asyncio.sleep(_TICK)
    except TimeoutError:
        return False
    return True


async def end(running: Child | Left, *, grace: float) -> bool:
    """SIGTERM, then SIGKILL after `grace` seconds; False if it survives even that (stuck in the kernel)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not running.alive():
            return True
        try:
            os.kill(running.pid, number)
        except ProcessLookupError:
            return True
        if await gone(running, grace):
            return True
    return False
