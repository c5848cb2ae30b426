"""A lab of fakes, and its worker in a thread: stopped like a service, or killed like a process in a power cut."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from farm.core.settings import Settings
from farm.worker import Worker
from inventory.drivers import Site
from inventory.fakes import FakeBox
from inventory.lab import Lab

T = TypeVar("T")
WAIT = 60.0
BANNER = "Linux version 6.1.0-50-686 (debian) (gcc-12) #1 SMP Debian 6.1.176-1\n"
START = "farm-init: start token={arg:farm.token} release=6.1.0-50-686 machine=i686 init=1\n"
END = "farm-init: end token={arg:farm.token} failed=0\n"
GOOD = (BANNER, START, END)

METADATA = "Metadata-Version: 2.1\nName: fakes\nVersion: 1\n"
ENTRY_POINTS = "".join(
    f"[farm.{group}]\nfake = inventory.fakes:Fake{group.title()}Config\n" for group in ("power", "console", "boot")
)


def install_fakes(folder: Path) -> None:
    """Make `kind: plugin, entry_point: fake` known to whoever has `folder` on sys.path."""
    info = folder / "fakes-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)


def box(name: str, *script: str | tuple[float, str], ending: str = "silence", **power: Any) -> dict[str, Any]:
    """A device of the lab file: a line is a text, or (seconds after the one before, text)."""
    steps = [
        {"after": 0, "text": step} if isinstance(step, str) else {"after": step[0], "text": step[1]} for step in script
    ]

    def fake(**options: Any) -> dict[str, Any]:
        return {"kind": "plugin", "entry_point": "fake", "options": options}

    console = fake(script=steps, ending=ending)
    return {"name": name, "type": "box", "power": fake(**power), "console": console, "boot": fake()}


def lab(*boxes: dict[str, Any], name: str = "here") -> Lab:
    return Lab.model_validate({"lab": name, "types": {"box": {"arch": "i386"}}, "devices": boxes})


class Working:
    """A worker at work in a thread."""

    def __init__(self, settings: Settings, lab: Lab) -> None:
        self.worker: Worker
        self.fault: BaseException | None = None
        self._settings, self._lab = settings, lab
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(WAIT)

    def _run(self) -> None:
        async def body() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            self.worker = Worker(self._settings, self._lab)
            self._task = asyncio.current_task()
            self._ready.set()
            await self.worker.run(self._stop)

        try:
            asyncio.run(body())
        except BaseException as fault:  # noqa: BLE001  (looked at by the test's own thread)
            self.fault = fault

    def box(self, name: str) -> FakeBox:
        """The pretended machine of a device."""
        run_dir = self._settings.state_dir / "labs" / self._lab.lab / "run" / name
        return until(f"device {name} is built", lambda: FakeBox.at(Site(name, None, run_dir)))

    @property
    def thread(self) -> str:
        """The name of the thread that its loop runs in."""
        return self._thread.name

    @property
    def spools(self) -> list[str]:
        folder = self._settings.state_dir / "labs" / self._lab.lab / "spool"
        return sorted(path.name for path in folder.glob("*"))

    def stop(self) -> None:
        """As SIGTERM does."""
        with suppress(RuntimeError):  # it has ended by itself, its loop is closed
            self._loop.call_soon_threadsafe(self._stop.set)
        self.join()

    def join(self) -> None:
        self._thread.join(WAIT)
        assert not self._thread.is_alive(), "the worker did not stop"


def until(what: str, probe: Callable[[], T], seconds: float = WAIT) -> T:
    """Ask until the answer is true; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := probe():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")
