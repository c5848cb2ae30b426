"""The drivers on a real guest: QEMU's process, serial port, network card and iPXE, our boot server, real kernels."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inventory.boot.netboot import Netboot
from inventory.boot.pxe import PxeConfig
from inventory.console.qemu import QemuConsoleConfig
from inventory.drivers import BootRequest, ConsoleStream, DriverError, Fetch, PowerState, Site
from inventory.power import qmp
from inventory.power.qemu import QemuConfig, QemuPower

ROOT = Path(__file__).resolve().parents[2]
KERNELS = Path(os.environ.get("FARM_TEST_KERNELS", ROOT / ".demo" / "kernels"))
MAC = "52:54:00:fa:12:01"

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(shutil.which("qemu-system-i386") is None, reason="qemu-system-i386 is not installed"),
]

# cli; ebx = 0; each low byte of ebx to COM1 when its holding register is empty (3fd bit 5), TALK times; when the line
# is idle (bit 6), ACPI power off (PIIX4 as SeaBIOS sets it up: 2000h to port 604h).
TALK = 200_000
TALKER = (
    bytes.fromhex("fa 6631db bafd03 ec a820 74fb baf803 88d8 ee 6643 6681fb")
    + TALK.to_bytes(4, "little")
    + bytes.fromhex("75e7 bafd03 ec a840 74fb ba0406 b80020 ef f4 ebfd")
)
TALKED = (bytes(range(256)) * (TALK // 256 + 1))[:TALK]


@dataclass
class Guest:
    """The three drivers of one device, and what was seen of it."""

    site: Site
    config: QemuConfig
    fetches: list[Fetch] = field(default_factory=list)
    console: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.power = QemuPower(self.config, self.site)
        self.serial = QemuConsoleConfig(kind="qemu").build(self.site)
        self.boot = PxeConfig(kind="pxe").build(self.site)

    def request(self, kernel: Path, cmdline: str, initrd: Path | None = None) -> BootRequest:
        return BootRequest(1, kernel, initrd, cmdline, self.fetches.append)

    async def read_until(self, stream: ConsoleStream, mark: bytes, seconds: float = 100) -> None:
        try:
            async with asyncio.timeout(seconds):
                while mark not in self.console:
                    chunk = await stream.read()
                    assert chunk, f"the console went away before {mark!r}: {bytes(self.console[-500:])!r}"
                    self.console += chunk
        except TimeoutError:
            pytest.fail(f"no {mark!r} within {seconds} s: {bytes(self.console[-2000:])!r}")


@asynccontextmanager
async def guest(run_dir: Path, **settings: object) -> AsyncIterator[Guest]:
    config = QemuConfig.model_validate({"kind": "qemu", "memory": 256} | settings)
    async with Netboot() as netboot:
        made = Guest(Site("q1", MAC, run_dir, netboot), config)
        try:
            yield made
        finally:
            await made.power.off()
            await made.boot.clean()


@pytest.fixture
def kernel() -> Path:
    found = sorted(KERNELS.glob("vmlinuz-*"))
    if not found:
        pytest.skip(f"no kernels in {KERNELS}; `make demo` fetches them")
    return found[-1]


@pytest.fixture
def sector(tmp_path: Path) -> Path:
    disk = tmp_path / "talker.img"
    disk.write_bytes(TALKER.ljust(510, b"\0") + b"\x55\xaa")
    return disk


def disk_args(disk: Path) -> list[str]:
    return ["-drive", f"file={disk},format=raw,if=ide", "-boot", "order=c"]


def pid_of(run_dir: Path) -> int:
    return int((run_dir / "qemu.pid").read_text())


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_network_boot_to_a_panic_with_every_byte_of_the_command_line(kernel: Path, tmp_path: Path) -> None:
    cmdline = r'console=ttyS0 earlyprintk=ttyS0  a="b || c;" # && ; ä $ {x} -- init=/x\ farm.end=1\ '.strip()

    async def body() -> Guest:
        async with guest(tmp_path) as made:
            await made.power.off()
            await made.power.standby()
            assert await made.power.state() is PowerState.OFF
            async with made.serial.open() as stream:
                await made.boot.prepare(made.request(kernel, cmdline))
                await made.power.on()
                assert await made.power.state() is PowerState.ON
                await made.read_until(stream, b"---[ end Kernel panic")
            await made.power.off()
            assert await made.power.state() is PowerState.OFF
            return made

    seen = asyncio.run(body())
    assert b"Linux version " in seen.console
    assert b"VFS: Unable to mount root fs" in seen.console
    assert f"Kernel command line: {cmdline}\r\n".encode() in seen.console, "as iPXE passed it on"
    size = kernel.stat().st_size
    assert [(each.name, each.sent, each.complete) for each in seen.fetches][1:] == [("kernel", size, True)]
    assert seen.fetches[0].name == "script"


def test_an_initramfs_is_fetched_and_unpacked(kernel: Path, tmp_path: Path) -> None:
    initrd = tmp_path / "junk.cpio"
    initrd.write_bytes(b"this is no initramfs" * 1000)

    async def body() -> Guest:
        async with guest(tmp_path) as made:
            await made.power.standby()
            async with made.serial.open() as stream:
                await made.boot.prepare(made.request(kernel, "console=ttyS0 earlyprintk=ttyS0", initrd))
                await made.power.on()
                await made.read_until(stream, b"Initramfs unpacking failed")
            return made

    seen = asyncio.run(body())
    assert [(each.name, each.complete) for each in seen.fetches] == [
        ("script", True),
        ("kernel", True),
        ("initrd", True),
    ]
    assert seen.fetches[2].sent == initrd.stat().st_size
    assert b"Kernel command line: console=ttyS0 earlyprintk=ttyS0\r\n" in seen.console, "nothing added under a BIOS"


def test_unarmed_goes_on_to_the_local_disk_and_says_so_on_the_console(tmp_path: Path) -> None:
    async def body() -> Guest:
        async with guest(tmp_path) as made:
            await made.power.standby()
            async with made.serial.open() as stream:
                await made.power.on()
                await made.read_until(stream, b"No bootable device")
            return made

    seen = asyncio.run(body())
    assert f"farm: nothing to boot for {MAC}".encode() in seen.console
    assert seen.fetches == []


def test_a_boot_that_cannot_be_loaded_waits_and_says_so(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"x" * 5000)

    async def body() -> Guest:
        async with guest(tmp_path) as made:
            await made.power.standby()
            async with made.serial.open() as stream:
                await made.boot.prepare(made.request(image, ""))
                image.unlink()
                await made.power.on()
                await made.read_until(stream, b"could not be loaded; waiting to be switched off")
            return made

    seen = asyncio.run(body())
    assert b"No bootable device" not in seen.console
    assert [(each.name, each.complete) for each in seen.fetches] == [("script", True), ("kernel", False)]


@pytest.mark.parametrize("late", [0, 1])
def test_a_flood_up_to_power_off_is_whole_and_the_guest_is_off(sector: Path, tmp_path: Path, late: int) -> None:
    """A worker that is late (seconds) holds the guest back; through a pty QEMU would drop what it cannot write."""

    async def body() -> bytes:
        async with guest(tmp_path, extra_args=disk_args(sector)) as made:
            await made.power.standby()
            async with made.serial.open() as stream, asyncio.timeout(60):
                await made.power.on()
                await made.read_until(stream, bytes(range(256)))
                time.sleep(late)  # noqa: ASYNC251  (the whole worker is late, and that is the point)
                while await made.power.state() is PowerState.ON:
                    made.console += await _soon(stream)
                await made.read_until(stream, TALKED, 10)
            return bytes(made.console)

    assert asyncio.run(body()).endswith(TALKED), "all of it, the last bytes from just before power-off"


def test_the_tail_of_a_console_outlives_its_qemu(sector: Path, tmp_path: Path) -> None:
    async def body() -> bytes:
        async with guest(tmp_path, extra_args=disk_args(sector)) as made:
            await made.power.standby()
            async with made.serial.open() as stream:
                await made.power.on()
                await made.read_until(stream, bytes(range(256)))
                await made.power.off()
                while chunk := await stream.read():
                    made.console += chunk
            return bytes(made.console)

    console = asyncio.run(body())
    talk = console[console.index(bytes(range(256))) :]
    assert TALKED.startswith(talk)


def test_a_break_reaches_the_guest(tmp_path: Path) -> None:
    disk = tmp_path / "listener.img"
    # cli; 01 to COM1 when its holding register is empty (3fd bit 5); 02 once the line status has its break bit (10h).
    # No letters: SeaBIOS may keep the end of its last line to itself, and this has to be told from what it says.
    listener = bytes.fromhex("fa bafd03 ec a820 74fb baf803 b001 ee bafd03 ec a810 74fb baf803 b002 ee f4 ebfd")
    disk.write_bytes(listener.ljust(510, b"\0") + b"\x55\xaa")

    async def body() -> bytes:
        async with guest(tmp_path, extra_args=disk_args(disk)) as made:
            await made.power.standby()
            async with made.serial.open() as stream:
                await made.power.on()
                await made.read_until(stream, b"\x01")
                await stream.send_break()
                await made.read_until(stream, b"\x01\x02")
                await made.power.off()
                with pytest.raises(DriverError, match="device q1: console qemu: cannot send a break: no QEMU listens"):
                    await stream.send_break()
            return bytes(made.console)

    assert asyncio.run(body()).endswith(b"\x01\x02")


def test_a_console_without_its_qemu_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with QemuConsoleConfig(kind="qemu").build(Site("q1", None, tmp_path)).open():
            pytest.fail("it opened")

    with pytest.raises(
        DriverError, match=r"device q1: console qemu: no QEMU listens on .*console\.sock; is this device"
    ):
        asyncio.run(body())


async def _soon(stream: ConsoleStream) -> bytes:
    """What comes within a tenth of a second, perhaps nothing."""
    try:
        async with asyncio.timeout(0.1):
            return await stream.read()
    except TimeoutError:
        return b""


def test_a_power_cycle_gives_a_fresh_console_behind_the_same_path(sector: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with guest(tmp_path, extra_args=disk_args(sector)) as made:
            for _ in range(2):
                await made.power.standby()
                async with made.serial.open() as stream:
                    await made.power.on()
                    await made.read_until(stream, bytes(range(256)))
                    await made.power.off()
                    while await stream.read():
                        pass
                    assert await stream.read() == b"", "gone for good"
                made.console.clear()

    asyncio.run(body())


STARTER = """
import asyncio, json, os, sys, time
from pathlib import Path
from inventory.drivers import Site
from inventory.power.qemu import QemuConfig, QemuPower
async def main():
    power = QemuPower(QemuConfig(kind="qemu", memory=16), Site("q1", None, Path(sys.argv[1])))
    await power.standby()
    await power.on()
    print(json.dumps(str(await power.state())), flush=True)
    await asyncio.sleep(100)
asyncio.run(main())
"""


def test_a_new_process_finds_and_ends_the_guest_of_a_killed_one(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout is not None
        assert json.loads(worker.stdout.readline()) == "on"
        worker.send_signal(signal.SIGKILL)
    pid = pid_of(tmp_path)
    assert alive(pid), "the guest outlived its worker"
    assert (tmp_path / "console.sock").is_socket()
    power = QemuPower(QemuConfig(kind="qemu"), Site("q1", None, tmp_path))

    async def body() -> None:
        assert await power.state() is PowerState.ON
        await power.off()
        assert await power.state() is PowerState.OFF
        await power.off()  # and again: nothing to do

    asyncio.run(body())
    assert not alive(pid)
    assert [path.name for path in tmp_path.iterdir() if path.name != "tftp"] == ["qemu.err"]


def test_standby_ends_what_a_killed_worker_left(tmp_path: Path) -> None:
    async def body() -> tuple[int, int]:
        site = Site("q1", None, tmp_path)
        left, fresh = (QemuPower(QemuConfig(kind="qemu", memory=16), site) for _ in range(2))
        await left.standby()
        first = pid_of(tmp_path)
        await fresh.standby()
        second = pid_of(tmp_path)
        await fresh.off()
        await left.off()
        return first, second

    first, second = asyncio.run(body())
    assert first != second
    assert not alive(first)
    assert not alive(second)


def test_a_hung_guest_process_is_ended_by_force(tmp_path: Path) -> None:
    async def body() -> int:
        async with guest(tmp_path, memory=16) as made:
            await made.power.standby()
            pid = pid_of(tmp_path)
            os.kill(pid, signal.SIGSTOP)
            await made.power.off()
            return pid

    assert not alive(asyncio.run(body()))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"binary": "no-such-qemu"}, ("cannot start no-such-qemu", "No such file", "qemu-system-x86")),
        ({"cpu": "pentium9"}, ("QEMU did not start", "pentium9")),
        ({"extra_args": ["-runas", "nobody-here"]}, ("QEMU did not start", "nobody-here")),
        ({"extra_args": ["-not-an-option"]}, ("QEMU did not start", "invalid option")),
    ],
)
def test_what_qemu_says_when_it_does_not_start(
    settings: dict[str, object], words: tuple[str, ...], tmp_path: Path
) -> None:
    async def body() -> None:
        async with guest(tmp_path, **settings) as made:
            await made.power.standby()

    with pytest.raises(DriverError) as caught:
        asyncio.run(body())
    for word in ("device q1: power qemu: ", *words):
        assert word in str(caught.value)


def test_on_without_standby_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="cannot switch on: no QEMU listens"):
        asyncio.run(QemuPower(QemuConfig(kind="qemu"), Site("q1", None, tmp_path)).on())


def test_qmp_against_the_real_qemu(tmp_path: Path) -> None:
    async def body() -> None:
        async with guest(tmp_path, memory=16) as made:
            await made.power.standby()
            socket = tmp_path / "qmp.sock"
            async with qmp.connect(socket) as first:
                status = await first.execute("query-status")
                assert isinstance(status, dict)
                assert status["status"] == "prelaunch"
                with pytest.raises(qmp.QmpError, match=r"refused 'no-such'.*has not been found"):
                    await first.execute("no-such")
                with pytest.raises(qmp.QmpError, match="did not answer"):
                    async with qmp.connect(socket, timeout=0.3):
                        pass
                await first.execute("cont")
                await first.execute("stop")  # with the events of both in between
            async with qmp.connect(socket) as second:
                await second.execute("human-monitor-command", **{"command-line": "info version"})

    asyncio.run(body())


def test_a_run_directory_deeper_than_a_socket_address_is_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    power = QemuPower(QemuConfig(kind="qemu"), Site("deep", None, deep))

    async def body() -> list[PowerState]:
        states = []
        try:
            await power.standby()
            states.append(await power.state())
            await power.on()
            states.append(await power.state())
        finally:
            await power.off()
        return [*states, await power.state()]

    assert asyncio.run(body()) == [PowerState.OFF, PowerState.ON, PowerState.OFF]
