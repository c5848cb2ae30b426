"""A lab's process: says hello, claims boots for its free devices, runs them, reports. Speaks only HTTP to the server.

A server that is away is waited for: consoles lie in the spool until it has them, reports are repeated until it answers.
After a crash of its own a worker first powers off what its predecessor had left running.
"""

import asyncio
import fcntl
import logging
import os
import secrets
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from farm.client import LabClient, ServerError
from farm.core.errors import FarmError, SetupError
from farm.core.settings import Settings
from farm.core.wire import Assignment, ClaimRequest, DeviceOffer, HeldBoot, Hello, Report
from farm.core.words import Deadline
from farm.worker import reporting
from farm.worker.cache import FileCache
from farm.worker.telling import STEADY, GoneError, Teller, patiently
from inventory.boot.netboot import Netboot
from inventory.drivers import DriverError, Site
from inventory.lab import Lab
from inventory.labfile import load_lab
from jobs.init import default_initramfs
from jobs.outcome import Expectation
from jobs.runner import Order, Result, Rig, Spool, run_boot
from jobs.symbols.load import load
from jobs.symbols.model import Symbols

log = logging.getLogger(__name__)

# A worker that was told to stop tries this long to tell a server that is away what its boots came to. Seconds.
GOODBYE = 10.0


class Worker:
    """One lab's devices and the boots that run on them now."""

    def __init__(self, settings: Settings, lab: Lab) -> None:
        self.lab = lab
        self.name = f"{lab.lab}@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._settings = settings
        self._home = settings.state_dir.absolute() / "labs" / lab.lab
        self._spools = self._home / "spool"
        self._rigs: dict[str, Rig] = {}
        self._idle: set[str] = set()  # neither booting nor named in a claim on its way
        self._tasks: set[asyncio.Task[None]] = set()
        self._boots: dict[int, asyncio.Task[Result]] = {}
        self._changed = asyncio.Event()
        self._leaving = False
        self._client: LabClient
        self._cache: FileCache

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then power everything off, report, and return."""
        self._spools.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            stack.enter_context(_alone(self._home / "worker.lock", self.lab.lab))
            netboot = await stack.enter_async_context(Netboot(self.lab.netboot.listen, self.lab.netboot.port))
            self._client = await stack.enter_async_context(
                LabClient(self._settings.server, self.lab.lab, self._settings.bearer)
            )
            self._cache = FileCache(self._home / "cache", self._client)
            self._rigs = {device.name: self._rig(device.name, netboot) for device in self.lab.devices}
            stopping = asyncio.create_task(stop.wait())
            work = asyncio.create_task(self._work())
            try:
                await asyncio.wait({stopping, work}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
            finally:
                stopping.cancel()
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                await self._wind_up()

    def _rig(self, name: str, netboot: Netboot) -> Rig:
        device = self.lab.device(name)
        run_dir = self._home / "run" / name
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # a driver's control sockets are in it
        site = Site(device=name, mac=device.mac, run_dir=run_dir, netboot=netboot)
        return Rig(name, device.power.build(site), device.console.build(site), device.boot.build(site))

    async def _wind_up(self) -> None:
        """End every boot that still runs: each powers its machine off and reports."""
        self._leaving = True
        for boot in self._boots.values():
            boot.cancel()
        for task in self._tasks:
            if task.get_name().startswith("claim"):
                task.cancel()
        # First the machines, however long that takes; then a server that is away is not waited for any longer: what it
        # has not heard lies in the spool, and the next worker tells it.
        while self._boots and (running := [boot for boot in self._boots.values() if not boot.done()]):
            await asyncio.wait(running)
        if self._tasks and (waiting := (await asyncio.wait(self._tasks, timeout=GOODBYE))[1]):
            log.warning("the server does not answer; left for the next worker: %s", ", ".join(map(_name, waiting)))
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _work(self) -> None:
        held = await self._hello()
        await self._clean_up_after_predecessor(held)
        self._idle = set(self._rigs)
        log.info("lab %s is at work: %s", self.lab.lab, ", ".join(sorted(self._rigs)))
        while True:
            self._changed.clear()
            if self._idle:
                free, self._idle = self._idle, set()
                self._spawn(self._claim(free), f"claim for {', '.join(sorted(free))}")
            await self._changed.wait()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=fault)
        self._changed.set()

    async def _hello(self) -> list[HeldBoot]:
        offers = [
            DeviceOffer(
                name=device.name,
                type=device.type,
                arch=self.lab.types[device.type].arch,
                environments=self.lab.environments(device),
                tags=self.lab.tags(device),
                cmdline=device.cmdline,
                deadlines=dict(device.deadlines),
            )
            for device in self.lab.devices
        ]
        hello = Hello(worker=self.name, devices=offers)
        return (await patiently("hello", lambda: self._client.hello(hello))).held

    async def _clean_up_after_predecessor(self, held: list[HeldBoot]) -> None:
        """Power off whatever an earlier life left on, send what its consoles said, report its boots."""
        spools = {Spool.owner(path)[0]: path for path in self._spools.glob("*@*.log")}
        names = {item.device for item in held} | {Spool.owner(path)[1] for path in spools.values()}
        for name in sorted(names & set(self._rigs)):
            await self._off(self._rigs[name])
        for item in held:
            spool = Spool(spools.pop(item.boot, self._spools / Spool.name(item.boot, item.device)))
            why = f"the lab's worker was restarted while {item.device} was booting"
            report = reporting.infra(why, "lost-worker")
            async with Teller(self._client, item.boot, spool, sent=item.console_size) as teller:
                await self._file(teller, report)
        for path in spools.values():
            path.unlink()  # the server has given these boots up already

    async def _off(self, rig: Rig) -> None:
        try:
            async with asyncio.timeout(self._settings.power_seconds):
                await rig.power.off()
                await rig.boot.clean()
            log.info("%s: powered off; an earlier worker had left it running", rig.device)
        except (DriverError, TimeoutError) as fault:
            log.error("%s: an earlier worker left it running and it cannot be powered off: %s", rig.device, fault)  # noqa: TRY400  a sentence, no stack

    async def _claim(self, free: set[str]) -> None:
        """Ask for a boot; devices that got none are idle again afterwards."""
        try:
            wanted = ClaimRequest(worker=self.name, free=sorted(free))
            assignment = await patiently("claim", lambda: self._client.claim(wanted))
            if assignment is not None:
                free.discard(assignment.device)
                self._spawn(self._boot(assignment), f"boot {assignment.boot} on {assignment.device}")
        except GoneError as unknown:
            # The farm there has another database than it had: tell it again what there is here.
            log.warning("%s; saying hello again", unknown)
            await self._hello()
        except (ServerError, ValidationError) as refused:
            log.error("the server refused a claim, or does not speak as this worker does: %s", refused)  # noqa: TRY400  a sentence
            await asyncio.sleep(STEADY)
        finally:
            self._idle |= free

    async def _boot(self, assignment: Assignment) -> None:
        """Run one assignment from the first byte to the report; its device is idle again whatever happens."""
        rig = self._rigs[assignment.device]
        try:
            report = await self._reported(rig, assignment)
            log.info("boot %s on %s: %s: %s", assignment.boot, rig.device, report.verdict, report.reason)
        finally:
            self._boots.pop(assignment.boot, None)
            self._idle.add(rig.device)

    async def _reported(self, rig: Rig, assignment: Assignment) -> Report:
        boot = assignment.boot
        try:
            spool = Spool(self._spools / Spool.name(boot, assignment.device))
        except OSError as fault:
            # The machine was not touched: where the disk takes no console, nothing is booted.
            report = reporting.infra(f"the lab's disk takes no console: {fault}")
            await patiently(f"report of boot {boot}", lambda: self._client.report(boot, report))
            return report
        beat = assignment.deadlines[Deadline.LEASE] / 4
        with closing(spool):
            async with Teller(self._client, boot, spool, beat=beat) as teller:
                run = asyncio.create_task(self._run(rig, assignment, teller))
                self._boots[boot] = run
                teller.on_stop(run.cancel)
                if self._leaving:
                    run.cancel()
                report = await self._outcome(run, rig, teller)
                await self._file(teller, report)
                return report

    async def _run(self, rig: Rig, assignment: Assignment, teller: Teller) -> Result:
        cache = self._cache
        initrd = assignment.initrd or cache.put(default_initramfs())
        with cache.in_use(assignment.image, initrd, *filter(None, [assignment.symbols])):
            order = Order(
                boot_id=assignment.boot,
                kernel=await cache.fetch(assignment.image),
                initrd=await cache.fetch(initrd),
                cmdline=assignment.cmdline,
                expect=Expectation(assignment.token, assignment.pattern, assignment.release or None),
                deadlines=assignment.deadlines,
                console_limit=assignment.console_limit,
                symbols=await self._symbols(assignment),
            )
            return await run_boot(rig, order, teller)

    async def _symbols(self, assignment: Assignment) -> Symbols | None:
        """The symbols of a build. The server has read them before; no boot is lost for want of them here."""
        if assignment.symbols is None:
            return None
        try:
            path = await self._cache.fetch(assignment.symbols)
            return await asyncio.to_thread(load, path)
        except (FarmError, GoneError, OSError) as fault:
            log.warning("boot %s: its console is read without symbols: %s", assignment.boot, fault)
            return None

    async def _outcome(self, run: asyncio.Task[Result], rig: Rig, teller: Teller) -> Report:
        """The report of a run, however it ended."""
        await asyncio.wait({run})
        if run.cancelled():
            return reporting.infra(teller.stop_reason or "the lab's worker was stopped")
        if (fault := run.exception()) is not None:
            log.error("boot %s on %s failed", teller.boot, rig.device, exc_info=fault)
            return reporting.infra(f"the worker failed: {type(fault).__name__}: {fault}")
        return reporting.report(run.result())

    async def _file(self, teller: Teller, report: Report) -> None:
        """Send the rest of the console, then the report; the spool goes only when both have arrived."""
        try:
            whole = report.model_copy(update={"phases": await teller.flush()})
            await patiently(f"report of boot {teller.boot}", lambda: self._client.report(teller.boot, whole))
        except GoneError as gone:
            log.warning("boot %s is not ours any more: %s", teller.boot, gone)
        teller.spool.remove()


@contextmanager
def _alone(path: Path, lab: str) -> Iterator[None]:
    """Hold the lab: a second worker would power off what the first has running."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise SetupError(
                f"another worker is running lab {lab!r} here (it holds {path}); stop that one first"
            ) from fault
        yield


def _name(task: asyncio.Task[None]) -> str:
    return task.get_name()


async def work(settings: Settings, lab: Lab) -> None:
    """Run a worker until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await Worker(settings, lab).run(stop)


def run_worker(settings: Settings, lab: Path) -> None:
    """Blocking entry of `farm worker`."""
    asyncio.run(work(settings, load_lab(lab)))
