"""The KVM probe: its boot sector is what its source says, and only the sector's own word counts.

The probe itself is run under TCG, where the answer is known on every machine.
"""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from inventory.power import kvm

POWER = Path(kvm.__file__).parent
QEMU = "qemu-system-i386"
needs_qemu = pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"{QEMU} is not installed")


def test_the_sector_is_its_source(tmp_path: Path) -> None:
    if shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("no assembler here (package binutils)")
    objects, image = tmp_path / "p.o", tmp_path / "p.bin"
    subprocess.run(["as", "--32", "-o", objects, POWER / "kvm_probe.S"], check=True)
    linking: list[str | Path] = [
        "ld",
        "-m",
        "elf_i386",
        "-Ttext",
        "0x7c00",
        "--oformat",
        "binary",
        "-o",
        image,
        objects,
    ]
    subprocess.run(linking, check=True)
    built = (POWER / "kvm_probe.bin").read_bytes()
    assert image.read_bytes() == built
    assert len(built) == 512


@needs_qemu
@pytest.mark.qemu
def test_a_guest_that_runs_says_its_word() -> None:
    assert asyncio.run(kvm.probe(QEMU, "tcg", seconds=60))


@needs_qemu
@pytest.mark.qemu
@pytest.mark.parametrize(
    "code",
    [
        bytes.fromhex("b04b e6e9 b033 e6e9 fa f4 ebfd"),  # "K3" to port e9h and no more
        bytes.fromhex("0f011e007d 0f0b"),  # lidt of zeros, ud2: triple fault, and -no-reboot ends it
    ],
)
def test_a_guest_that_does_not_get_there(code: bytes) -> None:
    sector = code.ljust(510, b"\0") + b"\x55\xaa"
    assert not asyncio.run(kvm.probe(QEMU, "tcg", seconds=2, sector=sector))


def test_a_program_that_is_not_there_or_not_qemu() -> None:
    assert not asyncio.run(kvm.probe("no-such-qemu", "tcg", seconds=5))
    assert not asyncio.run(kvm.probe("true", "tcg", seconds=5))


def test_without_the_device_nothing_is_started(tmp_path: Path) -> None:
    assert not asyncio.run(kvm.usable("no-such-qemu", tmp_path / "kvm"))


def test_a_program_is_tried_once(tmp_path: Path) -> None:
    """The stand-in for QEMU leaves a note each time it is started, and says the word."""
    note, device = tmp_path / "note", tmp_path / "kvm"
    device.touch()
    script = tmp_path / "qemu"
    script.write_text(f"#!/bin/sh\necho started >> {note}\necho K32\n")
    script.chmod(0o755)
    assert [asyncio.run(kvm.usable(str(script), device)) for _ in range(3)] == [True, True, True]
    assert note.read_text() == "started\n"
