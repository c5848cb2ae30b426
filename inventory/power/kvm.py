"""Whether KVM can run a 32-bit guest here, found out by running one. Knows nothing of devices.

That /dev/kvm exists proves nothing: software back ends are known that open it and then lose every 32-bit guest, and
QEMU's `-accel kvm -accel tcg` does not fall back from those. So a boot sector is run (kvm_probe.S) that does what a
kernel does first, and only its word on the debug port counts.
"""

import asyncio
import os
import tempfile
from pathlib import Path

_SECTOR = Path(__file__).with_name("kvm_probe.bin").read_bytes()
_WORD = b"K32\n"
_SECONDS = 2.0
_answers: dict[str, bool] = {}


async def usable(binary: str, device: Path = Path("/dev/kvm")) -> bool:
    """Whether `binary` runs a 32-bit guest under KVM within 2 s. Tried once per process and program."""
    if not os.access(device, os.R_OK | os.W_OK):
        return False
    if binary not in _answers:
        _answers[binary] = await probe(binary, "kvm", seconds=_SECONDS)
    return _answers[binary]


async def probe(binary: str, accel: str, *, seconds: float, sector: bytes = _SECTOR) -> bool:
    """Whether the probe's boot sector says its word under `accel` within `seconds`. Leaves no process behind."""
    with tempfile.NamedTemporaryFile(suffix=".img") as disk:
        disk.write(sector)
        disk.flush()
        try:
            child = await asyncio.create_subprocess_exec(
                *_arguments(binary, accel, disk.name),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:  # no such program: whoever starts the guest itself says so
            return False
        try:
            async with asyncio.timeout(seconds):
                return child.stdout is not None and await _says_word(child.stdout)
        except TimeoutError:
            return False
        finally:
            if child.returncode is None:
                child.kill()
            await child.communicate()


async def _says_word(output: asyncio.StreamReader) -> bool:
    try:
        await output.readuntil(_WORD)
    except asyncio.IncompleteReadError:
        return False
    return True


def _arguments(binary: str, accel: str, disk: str) -> list[str]:
    return [
        *(binary, "-no-user-config", "-nodefaults", "-machine", "pc", "-accel", accel, "-m", "16"),
        *("-display", "none", "-no-reboot", "-boot", "c", "-drive", f"file={disk},format=raw,if=ide,snapshot=on"),
        *("-chardev", "stdio,id=d0,signal=off", "-device", "isa-debugcon,iobase=0xe9,chardev=d0"),
    ]
