"""Power `qemu`: a guest under QEMU as a device like any other; standby is a halted process, on is `cont`.

Its serial port is a Unix socket, its network boot the real one. Knows neither console nor boot driver.

- `-machine graphics=off` puts the text of SeaBIOS and iPXE on the serial line too, so that a failed network boot can
  be read off the console. The VGA card stays: kernels probe it as on a PC. The cost: some kB of ANSI before the kernel.
- `-no-shutdown`: a guest that powers off leaves the process, as a box leaves its plug, until `off`.
- Resets are left alone (no `-no-reboot`): a reboot loop is a finding.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from inventory.config import Config, DriverConfig
from inventory.drivers import DriverError, Power, PowerState, Site
from inventory.power import kvm, process
from inventory.power.qmp import QmpError, connect

log = logging.getLogger(__name__)

_START_SECONDS = 15.0
_QUIT_SECONDS = 3.0
_TFTP_SCRIPT = "farm.ipxe"

# In the device's run directory; console `qemu` connects there.
CONSOLE_SOCKET = "console.sock"
CONSOLE_CHARDEV = "s0"
QMP_SOCKET = "qmp.sock"


class UserNetwork(Config):
    """QEMU's own network: DHCP and TFTP inside the process, the host's loopback at 10.0.2.2. Needs no privilege.

    Not closed by `restrict=on`: that would shut out the boot server, too. A guest that must not see the host's network
    needs a tap on a bridge of its own.
    """

    kind: Literal["user"] = "user"

    def netdev(self, run_dir: Path) -> str:
        return f"user,id=n0,tftp={_value(run_dir / 'tftp')},bootfile=/{_TFTP_SCRIPT}"


class TapNetwork(Config):
    """A tap interface somebody has made and put on the lab's bridge; DHCP and TFTP are the lab's."""

    kind: Literal["tap"]
    ifname: str = Field(pattern=r"^[A-Za-z0-9._-]{1,15}$", description="Existing tap interface")

    def netdev(self, run_dir: Path) -> str:
        return f"tap,id=n0,ifname={self.ifname},script=no,downscript=no"


Network = Annotated[UserNetwork | TapNetwork, Field(discriminator="kind")]


class QemuConfig(DriverConfig):
    """A QEMU guest. Its serial port is read by console `qemu`."""

    kind: Literal["qemu"]
    binary: str = Field("qemu-system-i386", description="Program name or path")
    memory: int = Field(256, ge=8, le=65536, description="MiB")
    cpu: str | None = Field(None, description="As for -cpu; QEMU's default where not given")
    smp: int = Field(1, ge=1, le=64, description="Number of processors")
    accel: Literal["auto", "tcg", "kvm"] = Field(
        "tcg", description="auto: kvm where a 32-bit probe guest ran under it, else tcg"
    )
    network: Network = UserNetwork()
    nic: Literal["e1000", "rtl8139", "pcnet", "virtio-net-pci"] = "e1000"
    extra_args: tuple[str, ...] = Field((), description="More arguments for QEMU, each one word of the command line")

    def claims(self) -> Sequence[str]:
        return (f"tap interface {self.network.ifname}",) if isinstance(self.network, TapNetwork) else ()

    def build(self, site: Site) -> Power:
        return QemuPower(self, site)


class QemuPower:
    """The process of one guest. Safe to build anew after a crash: `off` finds what an earlier process left."""

    def __init__(self, config: QemuConfig, site: Site) -> None:
        self.accel_used: str | None = None  # "tcg" or "kvm", known from the first standby on
        self._config = config
        self._site = site
        self._pidfile = site.run_dir / "qemu.pid"
        self._qmp = site.run_dir / QMP_SOCKET
        self._stderr = site.run_dir / "qemu.err"
        self._console = site.run_dir / CONSOLE_SOCKET
        self._child: asyncio.subprocess.Process | None = None

    async def off(self) -> None:
        running = self._running()
        if running and not await self._quit(running):
            raise self._error(f"QEMU (pid {running.pid}) survived SIGKILL; is its host stuck on I/O?")
        self._child = None
        for left in (self._pidfile, self._qmp, self._console):
            left.unlink(missing_ok=True)

    async def standby(self) -> None:
        await self.off()
        self._write_first_stage()
        self.accel_used = await self._choose_accel()
        arguments = self._arguments(self.accel_used)
        try:
            with self._stderr.open("wb") as stderr:
                self._child = await asyncio.create_subprocess_exec(
                    *arguments,
                    cwd=self._site.run_dir,  # the sockets are named from here: an address may have 107 bytes
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=stderr,
                    stderr=stderr,
                    start_new_session=True,  # Ctrl-C at a terminal is for the farm, which then powers off in order
                )
        except OSError as error:
            raise self._error(f"cannot start {arguments[0]}: {error.strerror}; {_INSTALL}") from error
        try:
            await self._until_it_answers(self._child)
        except BaseException:
            await self.off()
            raise

    async def on(self) -> None:
        try:
            async with connect(self._qmp) as qmp:
                await qmp.execute("cont")
        except QmpError as error:
            raise self._error(f"cannot switch on: {error} {self._last_words()}".strip()) from error

    async def state(self) -> PowerState:
        """ON while the guest has power: neither in standby nor switched off by itself."""
        if self._running() is None:
            return PowerState.OFF
        try:
            async with connect(self._qmp) as qmp:
                status = await qmp.execute("query-status")
        except QmpError:
            return PowerState.UNKNOWN
        run_state = status.get("status") if isinstance(status, dict) else None
        return PowerState.OFF if run_state in {"prelaunch", "shutdown"} else PowerState.ON

    def _running(self) -> process.Child | process.Left | None:
        if self._child and self._child.returncode is None:
            return process.Child(self._child)
        return process.left_behind(self._pidfile)

    async def _quit(self, running: process.Child | process.Left) -> bool:
        """Ask the process to end, and make it where it does not; False if it is still there."""
        try:
            async with connect(self._qmp, timeout=_QUIT_SECONDS) as qmp:
                await qmp.execute("quit")
            if await process.gone(running, _QUIT_SECONDS):
                return True
        except QmpError as error:
            log.warning("device %s: QEMU (pid %d) is ended by signal: %s", self._site.device, running.pid, error)
        return await process.end(running, grace=_QUIT_SECONDS)

    async def _choose_accel(self) -> str:
        if self._config.accel != "auto":
            return self._config.accel
        return "kvm" if await kvm.usable(self._config.binary) else "tcg"

    def _write_first_stage(self) -> None:
        """What the user network's TFTP server hands out: a script that goes on to the lab's boot server."""
        if not isinstance(self._config.network, UserNetwork):
            return
        tftp = self._site.run_dir / "tftp"
        tftp.mkdir(exist_ok=True)
        port = self._site.netboot.port if self._site.netboot else None
        (tftp / _TFTP_SCRIPT).write_text(first_stage(port))

    def _arguments(self, accel: str) -> list[str]:
        config = self._config
        mac = f",mac={self._site.mac}" if self._site.mac else ""
        return [
            *(config.binary, "-name", f"farm-{self._site.device}", "-no-user-config", "-nodefaults"),
            *("-machine", "pc,graphics=off", "-accel", accel, "-m", str(config.memory), "-smp", str(config.smp)),
            *(("-cpu", config.cpu) if config.cpu else ()),
            *("-display", "none", "-vga", "std", "-no-shutdown", "-S", "-boot", "n"),
            *("-pidfile", str(self._pidfile), "-qmp", f"unix:{self._qmp.name},server=on,wait=off"),
            *("-chardev", f"socket,id={CONSOLE_CHARDEV},path={CONSOLE_SOCKET},server=on,wait=off"),
            *("-serial", f"chardev:{CONSOLE_CHARDEV}"),
            *("-netdev", config.network.netdev(self._site.run_dir), "-device", f"{config.nic},netdev=n0{mac}"),
            *config.extra_args,
        ]

    async def _until_it_answers(self, child: asyncio.subprocess.Process) -> None:
        """QEMU makes its sockets before it answers: from here on the console can be opened."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                while True:
                    if child.returncode is not None:
                        raise self._error(f"QEMU did not start: {self._last_words() or 'it said nothing'}")
                    try:
                        async with connect(self._qmp) as qmp:
                            await qmp.execute("query-status")
                            return
                    except QmpError:
                        await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise self._error(f"QEMU does not answer after {_START_SECONDS:g} s: {self._last_words()}") from error

    def _last_words(self) -> str:
        try:
            lines = self._stderr.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _error(self, sentence: str) -> DriverError:
        return DriverError(f"device {self._site.device}: power qemu: {sentence}")


_INSTALL = "on Debian it is in package qemu-system-x86"


def first_stage(port: int | None) -> str:
    """The iPXE script of the user network. Without a boot server it says so and gives the BIOS its turn."""
    if port is None:
        return "#!ipxe\necho farm: this lab has no network boot server\nexit 1\n"
    return (
        "#!ipxe\n"
        f"chain http://10.0.2.2:{port}/ipxe?mac=${{netX/mac}} && exit ||\n"
        "echo farm: the boot server did not answer\n"
        "exit 1\n"
    )


def _value(path: Path) -> str:
    """A path inside a QEMU option list, where a comma is written twice."""
    return str(path).replace(",", ",,")
