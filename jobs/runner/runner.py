"""The phases of one boot on a rig: prepare, power, firmware, load, kernel, userspace, clean.

Whatever happens (verdict, deadline, driver fault, cancelled task), the machine is powered off and its boot entry
removed before this returns. A driver's fault is `infra`, and makes the device suspect.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from farm.core.words import Deadline, Outcome, Phase, Stage, Verdict
from inventory.drivers import Boot, BootRequest, Console, ConsoleStream, DriverError, Power
from jobs.outcome import Ending, Reading
from jobs.runner.capture import Capture, Order, Watch

log = logging.getLogger(__name__)

# After power-off a line may still hold the last bytes: it is read until it ends, or was quiet for QUIET seconds, for at
# most DRAIN seconds.
QUIET = 0.03
DRAIN = 1.0


@dataclass(frozen=True, slots=True)
class Rig:
    """A device as its drivers see it."""

    device: str
    power: Power
    console: Console
    boot: Boot


@dataclass(frozen=True, slots=True)
class Result:
    """What a boot came to."""

    reading: Reading
    device_fault: str | None = None


async def run_boot(rig: Rig, order: Order, watch: Watch) -> Result:
    """Boot once. Raises nothing but CancelledError, and then too only after the machine is off and clean."""
    run = _Run(rig, order, watch)
    ending, broken, faults = Ending.CONSOLE_LOST, "", []
    try:
        ending = await run.through_the_phases()
    except (DriverError, TimeoutError) as fault:
        broken = str(fault) or f"{rig.device}: {run.doing} took more than {order.deadlines[Deadline.POWER]:g} s"
        faults.append(broken)
    finally:
        faults += await _to_the_end(run.leave())
    reading = await run.capture.conclude(ending)  # only now: it may take its time, with the machine off
    if broken:
        reading = _not_the_kernels(reading, broken)
    return Result(reading, "; ".join(dict.fromkeys(faults)) or None)


def _not_the_kernels(read: Reading, sentence: str) -> Reading:
    """The reading of a boot that a driver's fault ended: what the console told stays, but the verdict is not its.

    No line of the console carries the verdict, and no signature of a kernel's is to be counted for it.
    """
    return replace(
        read,
        verdict=Verdict.INFRA,
        outcome=Outcome.NO_OUTPUT if read.stage is Stage.NOTHING else read.outcome,
        reason=sentence,
        title=None,
        type="driver",
        function=None,
        signature=None,
        evidence=(),
    )


async def _to_the_end(work: Coroutine[None, None, list[str]]) -> list[str]:
    """Finish `work` even if this task is cancelled meanwhile, and be cancelled only then: no machine stays on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled is not None:
        raise cancelled
    return task.result()


class _Run:
    def __init__(self, rig: Rig, order: Order, watch: Watch) -> None:
        self.capture = Capture(order, rig.power, watch)
        self.doing = "preparing"
        self._is_off = False  # switched off after the boot, and the switch confirmed it
        self._rig = rig
        self._order = order

    def _within(self, doing: str) -> asyncio.Timeout:
        """The deadline of one power driver call."""
        self.doing = doing
        return asyncio.timeout(self._order.deadlines[Deadline.POWER])

    async def through_the_phases(self) -> Ending:
        rig, capture = self._rig, self.capture
        capture.enter(Phase.PREPARE)
        async with self._within("power off before the boot"):
            await rig.power.off()
        async with self._within("standby"):
            await rig.power.standby()
        async with self._within("arming the boot"):
            request = BootRequest(
                self._order.boot_id, self._order.kernel, self._order.initrd, self._order.cmdline, capture.fetched
            )
            await rig.boot.prepare(request)
        async with AsyncExitStack() as stack:
            async with self._within("opening the console"):
                stream = await stack.enter_async_context(rig.console.open())
            return await self._powered(stream)

    async def _powered(self, stream: ConsoleStream) -> Ending:
        capture, power = self.capture, self._rig.power
        pump = asyncio.create_task(capture.pump(stream), name=f"console of {self._rig.device}")
        try:
            capture.enter(Phase.POWER)
            async with self._within("power on"):
                await power.on()
            capture.powered()
            capture.enter(Phase.FIRMWARE)
            self.doing = "power state"
            ending = await capture.until_decided(pump)
            capture.enter(Phase.CLEAN)
            await self._off()
            await capture.drain(pump, QUIET, DRAIN)
            return ending
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _off(self) -> None:
        """Power off after a decided boot. A switch that fails does not take the verdict away: `leave` tries again."""
        try:
            async with self._within("power off"):
                await self._rig.power.off()
            self._is_off = True
        except (DriverError, TimeoutError) as fault:
            log.warning("%s: power off failed, trying again: %s", self._rig.device, fault)

    async def leave(self) -> list[str]:
        """Power off and disarm, whatever has happened; what went wrong with it, for the device's record."""
        faults: list[str] = []
        steps = [("power off", self._rig.power.off), ("removing the boot entry", self._rig.boot.clean)]
        for doing, step in steps[1:] if self._is_off else steps:
            try:
                async with self._within(doing):
                    await step()
            except DriverError as fault:
                faults.append(str(fault))
            except TimeoutError:
                faults.append(f"{doing} took more than {self._order.deadlines[Deadline.POWER]:g} s")
        for sentence in faults:
            log.error("%s was not left clean: %s", self._rig.device, sentence)
        return faults
