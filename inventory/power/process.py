"""A QEMU process that outlives its starter: found again by its pid file, and ended for sure. Knows no QMP.

A worker may be killed at any moment and its successor must find what is left. QEMU writes the pid file itself
(`-pidfile`), and the file's own path stands in QEMU's command line: a pid whose /proc entry does not carry it is a
stranger, and is never signalled.
"""

import asyncio
import os
import signal
from pathlib import Path

_TICK = 0.01  # seconds between two looks at /proc


def running(pidfile: Path, pid: int | None = None) -> int | None:
    """The pid of the live process that was started with `-pidfile PIDFILE`, else None.

    `pid` is the starter's own knowledge; without it the file is read. A zombie counts as gone.
    """
    if pid is None:
        try:
            pid = int(pidfile.read_text().strip())
        except (FileNotFoundError, ValueError):  # never written, or QEMU died before it wrote the number
            return None
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid if os.fsencode(pidfile) in arguments else None


async def gone(pidfile: Path, pid: int, seconds: float) -> bool:
    """Wait until that process is no more; False if it still runs after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while running(pidfile, pid):  # noqa: ASYNC110  (a process that is not our child sends no event)
                await asyncio.sleep(_TICK)
    except TimeoutError:
        return False
    return True


async def end(pidfile: Path, pid: int, *, grace: float) -> bool:
    """SIGTERM, then SIGKILL after `grace` seconds; False if it survives even that (stuck in the kernel)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not running(pidfile, pid):
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if await gone(pidfile, pid, grace):
            return True
    return False
