"""The yardstick: the same PXE boot with nothing of the farm around it but the network boot server that feeds it."""

import asyncio
import subprocess
import time
from pathlib import Path

from inventory.boot.netboot import Netboot
from inventory.power.qemu import first_stage
from jobs.init import default_initramfs

MAC = "52:54:00:be:ac:02"
MARKER = b"farm-init: end token=ba5e failed=0"
LONGEST = 300.0


def bare_boot(folder: Path, kernel: Path) -> float:
    """Seconds from starting QEMU to farm-init's end marker in its serial log."""
    return asyncio.run(_boot(folder, kernel))


async def _boot(folder: Path, kernel: Path) -> float:
    initrd, log, tftp = folder / "bare.cpio", folder / "bare.log", folder / "bare-tftp"
    initrd.write_bytes(default_initramfs())
    log.unlink(missing_ok=True)
    tftp.mkdir(exist_ok=True)
    async with Netboot() as netboot:
        cmdline = "console=ttyS0,115200 earlyprintk=ttyS0,115200 farm.token=ba5e"
        netboot.arm(MAC, kernel, initrd, cmdline)
        (tftp / "first.ipxe").write_text(first_stage(netboot.port))
        command = [
            *("qemu-system-i386", "-no-user-config", "-nodefaults", "-machine", "pc,graphics=off", "-accel", "tcg"),
            *("-m", "256", "-smp", "1", "-display", "none", "-vga", "std", "-boot", "n", "-no-shutdown"),
            *("-chardev", f"file,id=s0,path={log}", "-serial", "chardev:s0"),
            *("-netdev", f"user,id=n0,tftp={tftp},bootfile=/first.ipxe", "-device", f"e1000,netdev=n0,mac={MAC}"),
        ]
        begin = time.perf_counter()
        qemu = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL)
        try:
            while not log.exists() or MARKER not in log.read_bytes():
                if time.perf_counter() - begin > LONGEST or qemu.returncode is not None:
                    raise RuntimeError(f"the bare boot did not reach {MARKER!r}; see {log}")
                await asyncio.sleep(0.01)
            return time.perf_counter() - begin
        finally:
            if qemu.returncode is None:
                qemu.kill()
            await qemu.wait()
