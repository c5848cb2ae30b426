"""A rig of fakes, an order for it, and a watcher that remembers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from farm.core.words import Deadline, Phase
from inventory.fakes import FakeBox, Play
from jobs.outcome import Expectation
from jobs.runner import Order, Result, Rig, run_boot
from jobs.symbols.model import Symbols

LIMIT = 60.0  # a test that hangs ends here; no measure of anything
BANNER = b"Linux version 6.1.0-50-686 (debian) (gcc-12) #1 SMP Debian 6.1.176-1\n"
START = b"farm-init: start token=ab12 release=6.1.0-50-686 machine=i686 init=1\n"
END = b"farm-init: end token=ab12 failed=0\n"
GOOD = [Play(0, BANNER), Play(0, START), Play(0, END)]


@dataclass
class Watcher:
    """What a boot said of itself."""

    phases: list[Phase] = field(default_factory=list)
    notes: dict[Phase, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    data: bytes = b""
    on_phase: Callable[[Phase], None] = lambda _phase: None

    def phase(self, phase: Phase, note: str = "") -> None:
        self.phases.append(phase)
        self.notes[phase] = note
        self.on_phase(phase)

    def console(self, at: float, data: bytes) -> None:
        self.times.append(at)
        self.data += data


@dataclass
class Bench:
    """One boot to be."""

    box: FakeBox
    order: Order
    watcher: Watcher = field(default_factory=Watcher)

    @property
    def rig(self) -> Rig:
        return Rig("box1", self.box.power, self.box.console, self.box.boot)

    def run(self) -> Result:
        async def body() -> Result:
            async with asyncio.timeout(LIMIT):
                return await run_boot(self.rig, self.order, self.watcher)

        return asyncio.run(body())

    @property
    def calls(self) -> list[str]:
        """The driver's calls in order, reading left out."""
        return [call for call in self.box.calls if call != "console.read"]

    def left_clean(self) -> bool:
        """Off, disarmed, closed: the last that power was told is off, the last call of all disarms."""
        open_ = self.box.calls.count("console.open") - self.box.calls.count("console.close")
        tried = "console.open" in self.box.faults
        return (
            [call for call in self.calls if call in ("power.on", "power.off")][-1] == "power.off"
            and self.calls[-1] == "boot.clean"
            and (tried or not open_)
            and not self.box.switched_on.is_set()
        )


MakeBench = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> MakeBench:
    """bench([Play(...)], silence=0.1, console_limit=..., faults={...}, ending="gone"): a boot to be run."""

    def make(
        script: list[Play] | None = None,
        *,
        expect: Expectation | None = None,
        symbols: Symbols | None = None,
        **changes: Any,
    ) -> Bench:
        kernel = tmp_path / "vmlinuz"
        kernel.write_bytes(b"kernel")
        box = {name: changes.pop(name) for name in ("ending", "faults", "fetches") if name in changes}
        limit = changes.pop("console_limit", 1 << 20)
        deadlines = {name: changes.pop(name.value, 30.0) for name in Deadline}
        assert not changes, changes
        order = Order(
            boot_id=5,
            kernel=kernel,
            initrd=None,
            cmdline="console=ttyS0 farm.token=ab12",
            expect=expect or Expectation(token="ab12", release="6.1.0-50-686"),
            deadlines=deadlines,
            console_limit=limit,
            symbols=symbols,
        )
        return Bench(FakeBox(GOOD if script is None else script, **box), order)

    return make
