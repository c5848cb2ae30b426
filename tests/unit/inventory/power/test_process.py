"""A process is found again by its pid file, and a stranger with its pid is left alone."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.drivers import PowerState, Site
from inventory.power import process
from inventory.power.qemu import QemuConfig, QemuPower

SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


@pytest.fixture
def pidfile(tmp_path: Path) -> Path:
    return tmp_path / "qemu.pid"


class Started:
    """A Python that carries the pid file's path in its command line, as QEMU does."""

    def __init__(self, pidfile: Path, code: str, mark: Path | None = None) -> None:
        arguments = [sys.executable, "-c", code, "-pidfile", str(mark or pidfile)]
        self.child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"
        pidfile.write_text(f"{self.child.pid}\n")
        self.left = process.Left(pidfile, self.child.pid)

    def stop(self) -> None:
        self.child.kill()
        self.child.wait()
        assert self.child.stdout is not None
        self.child.stdout.close()


@pytest.fixture
def ours(pidfile: Path) -> Iterator[Started]:
    started = Started(pidfile, SLEEP)
    yield started
    started.stop()


def test_found_by_its_file(ours: Started, pidfile: Path) -> None:
    assert process.left_behind(pidfile) == ours.left


@pytest.mark.parametrize("content", [None, "", "not a number", "99999999"])
def test_no_process(content: str | None, pidfile: Path) -> None:
    if content is not None:
        pidfile.write_text(content)
    assert process.left_behind(pidfile) is None


def test_a_zombie_has_gone(ours: Started, pidfile: Path) -> None:
    os.kill(ours.left.pid, signal.SIGKILL)
    os.waitid(os.P_PID, ours.left.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet reaped
    assert process.left_behind(pidfile) is None
    assert asyncio.run(process.end(ours.left, grace=1))


def test_a_stranger_with_the_same_number_is_never_signalled(tmp_path: Path, pidfile: Path) -> None:
    stranger = Started(pidfile, SLEEP, mark=tmp_path / "other" / "qemu.pid")
    try:
        assert process.left_behind(pidfile) is None
        power = QemuPower(QemuConfig(kind="qemu"), Site("a", None, tmp_path))

        async def body() -> PowerState:
            assert await process.end(stranger.left, grace=0.1)
            await power.off()
            return await power.state()

        assert asyncio.run(body()) is PowerState.OFF
        assert stranger.child.poll() is None, "still there"
        assert not pidfile.exists(), "the stale file is cleared away"
    finally:
        stranger.stop()


def test_waiting_for_an_end(ours: Started) -> None:
    assert not asyncio.run(process.gone(ours.left, 0.05))
    ours.stop()
    assert asyncio.run(process.gone(ours.left, 5))


def test_a_term_is_enough_for_most(ours: Started) -> None:
    assert asyncio.run(process.end(ours.left, grace=10))
    assert ours.child.wait() == -signal.SIGTERM


def test_the_stubborn_are_killed(pidfile: Path) -> None:
    started = Started(pidfile, STUBBORN)
    try:
        assert asyncio.run(process.end(started.left, grace=0.2))
        assert started.child.wait() == -signal.SIGKILL
    finally:
        started.stop()


def test_an_own_child_is_known_from_its_first_moment() -> None:
    """Right after the fork a process has no command line of its own yet; its parent knows it all the same."""

    async def body() -> int | None:
        child = process.Child(await asyncio.create_subprocess_exec("sleep", "60"))
        assert child.alive()
        assert await process.end(child, grace=10)
        assert not child.alive()
        return child.process.returncode

    assert asyncio.run(body()) == -signal.SIGTERM
