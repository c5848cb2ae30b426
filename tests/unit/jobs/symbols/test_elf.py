"""A vmlinux and a .debug file say the same as the System.map that nm makes of them; other ELF files are refused."""

import struct
from pathlib import Path

import pytest

from farm.core.errors import BadInputError
from jobs.symbols.elf import read_elf
from jobs.symbols.model import Place
from jobs.symbols.system_map import read_system_map
from tests.unit.jobs.symbols.conftest import BASES, RELEASE, Build, Kernel, run


@pytest.mark.parametrize("bits", [32, 64])
def test_the_symbols_are_those_of_the_system_map(build: Build, bits: int) -> None:
    kernel = build(bits)
    elf, system_map = read_elf(kernel.vmlinux.read_bytes()), read_system_map(kernel.system_map)
    assert (elf.addresses, elf.ends, elf.names) == (system_map.addresses, system_map.ends, system_map.names)
    assert elf.names == b"startupstart_kernelmemory_probehooktable_in_textsetup_arch"
    first = elf.find(BASES[bits])
    assert first
    assert (first.function, first.offset) == ("startup", 0)
    assert elf.find(0) is None  # the per-CPU area


@pytest.mark.parametrize("bits", [32, 64])
def test_the_release_is_the_banners(build: Build, bits: int) -> None:
    assert read_elf(build(bits).vmlinux.read_bytes()).release == RELEASE


def test_a_debug_file_has_the_symbols_but_no_banner(build: Build) -> None:
    kernel = build(32)
    whole, split = read_elf(kernel.vmlinux.read_bytes()), read_elf(kernel.changed("--only-keep-debug").read_bytes())
    assert (split.addresses, split.names, split.release) == (whole.addresses, whole.names, None)
    assert split.find(BASES[32] + 5) == whole.find(BASES[32] + 5)


def test_without_debug_information_there_are_no_lines(build: Build) -> None:
    symbols = read_elf(build(32).changed("--strip-debug").read_bytes())
    assert symbols.release == RELEASE
    assert symbols.find(BASES[32] + 5) == Place("startup", 5, 9)


def test_a_stripped_file_is_refused(build: Build) -> None:
    stripped = build(32).changed("--strip-all").read_bytes()
    with pytest.raises(BadInputError, match=r"no symbol table: it was stripped"):
        read_elf(stripped)


def test_a_module_is_refused(build: Build) -> None:
    with pytest.raises(BadInputError, match="is a module or an object file"):
        read_elf((build(32).folder / "probe.o").read_bytes())


def test_a_program_that_is_no_kernel_is_refused(build: Build) -> None:
    folder = build(32).folder
    (folder / "empty.c").write_text("void _start(void) {}\n")
    run(folder, "gcc", "-m32", "-nostdlib", "-static", "-o", "program", "empty.c")
    with pytest.raises(BadInputError, match="not a whole kernel's: it has no _etext"):
        read_elf((folder / "program").read_bytes())


def patched(kernel: Kernel, offset: int, layout: str, value: int) -> bytes:
    data = bytearray(kernel.vmlinux.read_bytes())
    struct.pack_into(layout, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("offset", "layout", "value", "sentence"),
    [
        (18, "<H", 40, r"is for ARM \(32 bit, little endian\)"),
        (18, "<H", 0x7777, "is for machine number 30583"),
        (18, "<H", 62, r"is for X86_64 \(32 bit"),
        (4, "B", 2, r"is (for 386 \(64 bit|damaged)"),
        (5, "B", 2, "is for .*big endian"),
        (16, "<H", 4, "is a memory dump"),
        (16, "<H", 0, "has no type"),
        (16, "<H", 0xFE77, "is no linked kernel"),
        (48, "<H", 60000, "says that it has 60000 sections"),
        (32, "<I", 2**31, "is damaged or cut off"),
    ],
)
def test_headers_that_fit_no_kernel_are_refused(
    build: Build, offset: int, layout: str, value: int, sentence: str
) -> None:
    with pytest.raises(BadInputError, match=f"^This ELF file {sentence}"):
        read_elf(patched(build(32), offset, layout, value))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.6, 0.99])
def test_a_cut_file_is_refused(build: Build, share: float) -> None:
    data = build(32).vmlinux.read_bytes()
    with pytest.raises(BadInputError, match="is damaged or cut off"):
        read_elf(data[: int(len(data) * share)])


def test_names_that_could_not_be_shown_are_left_out(build: Build, tmp_path: Path) -> None:
    data = build(32).vmlinux.read_bytes().replace(b"\0memory_probe\0", b"\0memory\x1b[31m\0\0")
    assert read_elf(data).names == b"startupstart_kernelhooktable_in_textsetup_arch"
