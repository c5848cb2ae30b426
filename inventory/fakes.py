"""Fakes of the three seams, for tests and benchmarks: a pretended machine that plays a console script when switched on.

    box = FakeBox([Play(0.0, b"Linux version 6.1.0 ...\\n"), Play(1.0, b"{arg:farm.token} done\\n")])
    box.power, box.console, box.boot          # Power, Console, Boot
    box.calls                                 # ["power.off", "power.standby", "console.open", "power.on", ...]

A lab file reaches them by `kind: plugin` only, where a test declares entry points for `FakePowerConfig`,
`FakeConsoleConfig` and `FakeBootConfig`; an installed farm declares none. Knows nothing of jobs or verdicts.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from weakref import WeakValueDictionary

from pydantic import Field

from inventory.config import Config, DriverConfig
from inventory.drivers import Boot, BootRequest, Console, ConsoleStream, DriverError, Fetch, Power, PowerState, Site

Ending = Literal["silence", "gone"]

_ARGUMENT = re.compile(rb"\{arg:([A-Za-z0-9_.-]+)\}")
_boxes: WeakValueDictionary[tuple[Path, str], "FakeBox"] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Play:
    """Bytes that come `after` seconds after those before them. `{arg:NAME}` is NAME's value on the command line."""

    after: float
    data: bytes


class FakeBox:
    """One pretended machine. `faults` maps a call (`power.on`, `console.open`, `boot.prepare`) to its DriverError."""

    def __init__(
        self,
        script: Sequence[Play] = (),
        *,
        ending: Ending = "silence",
        faults: Mapping[str, str] | None = None,
        fetches: bool = True,
    ) -> None:
        self.script = tuple(script)
        self.ending = ending  # what the console does after the script: stay open, or lose its peer
        self.faults = dict(faults or {})
        self.fetches = fetches  # whether the machine asks for its kernel when switched on
        self.calls: list[str] = []
        self.written = bytearray()  # what was typed on the console
        self.request: BootRequest | None = None
        self.switched_on = asyncio.Event()
        self.power = FakePower(self)
        self.console = FakeConsole(self)
        self.boot = FakeBoot(self)

    @classmethod
    def at(cls, site: Site) -> "FakeBox":
        """The one box of a site, so that drivers built one by one belong together."""
        key = (site.run_dir, site.device)
        box = _boxes.get(key)
        if box is None:
            box = _boxes[key] = cls()
        return box

    def call(self, name: str) -> None:
        """Note a call; DriverError if this box is to fail there."""
        self.calls.append(name)
        if name in self.faults:
            raise DriverError(self.faults[name])

    def fetch(self) -> None:
        """Ask for what is armed, as the firmware of a machine just switched on does."""
        if self.request is None or not self.fetches:
            return
        files = {"script": None, "kernel": self.request.kernel, "initrd": self.request.initrd}
        for name, path in files.items():
            if path or name == "script":
                self.request.on_fetch(Fetch(name, "fake", path.stat().st_size if path else 0, complete=True))


class FakePower:
    """A plug that only remembers."""

    def __init__(self, box: FakeBox) -> None:
        self._box = box

    async def off(self) -> None:
        self._box.call("power.off")
        self._box.switched_on.clear()

    async def standby(self) -> None:
        self._box.call("power.standby")

    async def on(self) -> None:
        self._box.call("power.on")
        self._box.switched_on.set()
        self._box.fetch()

    async def state(self) -> PowerState:
        self._box.call("power.state")
        return PowerState.ON if self._box.switched_on.is_set() else PowerState.OFF


class FakeConsole:
    """A console on which the script plays from power-on."""

    def __init__(self, box: FakeBox) -> None:
        self._box = box

    def open(self) -> AbstractAsyncContextManager[ConsoleStream]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ConsoleStream]:
        self._box.call("console.open")
        try:
            yield FakeStream(self._box)
        finally:
            self._box.calls.append("console.close")


class FakeStream:
    """The open end of a FakeConsole."""

    def __init__(self, box: FakeBox) -> None:
        self._box = box
        self._rest = list(box.script)

    async def read(self) -> bytes:
        self._box.call("console.read")
        await self._box.switched_on.wait()
        while self._rest:
            play = self._rest[0]
            await asyncio.sleep(play.after)
            self._rest.pop(0)
            if play.data:
                return self._filled(play.data)
        if self._box.ending == "silence":
            await asyncio.Event().wait()
        return b""

    async def write(self, data: bytes) -> None:
        self._box.call("console.write")
        self._box.written += data

    async def send_break(self) -> None:
        self._box.call("console.send_break")

    def _filled(self, data: bytes) -> bytes:
        words = self._box.request.cmdline.encode().split() if self._box.request else []
        arguments = dict(word.partition(b"=")[::2] for word in words)
        return _ARGUMENT.sub(lambda found: arguments.get(found[1], b""), data)


class FakeBoot:
    """Remembers what is armed."""

    def __init__(self, box: FakeBox) -> None:
        self._box = box

    async def prepare(self, request: BootRequest) -> None:
        self._box.call("boot.prepare")
        self._box.request = request

    async def clean(self) -> None:
        self._box.call("boot.clean")
        self._box.request = None


class FakePowerConfig(DriverConfig):
    """For an entry point of group farm.power."""

    faults: dict[Literal["off", "standby", "on", "state"], str] = Field(default_factory=dict)

    def build(self, site: Site) -> Power:
        box = FakeBox.at(site)
        box.faults |= {f"power.{call}": sentence for call, sentence in self.faults.items()}
        return box.power


class PlayText(Config):
    """One step of a console script in a lab file."""

    after: float = Field(0.0, ge=0, description="Seconds since the step before")
    text: str


class FakeConsoleConfig(DriverConfig):
    """For an entry point of group farm.console."""

    script: tuple[PlayText, ...] = ()
    ending: Ending = "silence"

    def build(self, site: Site) -> Console:
        box = FakeBox.at(site)
        box.script = tuple(Play(step.after, step.text.encode()) for step in self.script)
        box.ending = self.ending
        return box.console


class FakeBootConfig(DriverConfig):
    """For an entry point of group farm.boot."""

    fetches: bool = True

    def build(self, site: Site) -> Boot:
        box = FakeBox.at(site)
        box.fetches = self.fetches
        return box.boot
