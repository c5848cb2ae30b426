"""The boot header field by field and protocol by protocol, and what is refused with which sentence."""

import bz2
import gzip
import lzma
import struct
from typing import Any

import pytest

from farm.core.errors import BadInputError
from jobs.builds.header import BootHeader, read_header

HDRS = 0x202


def test_every_field_of_a_modern_image(make_image: Any) -> None:
    image = make_image(protocol=0x20F, xloadflags=0x04)
    payload = len(image)  # an upper bound, to keep this test from packing anything itself
    header = read_header(image)
    assert header.protocol == "2.15"
    assert header.format == "bzImage"
    assert header.setup_sects == 15
    assert header.setup_size == 16 * 512
    assert header.protected_size == len(image) - 16 * 512
    assert header.version_text == "2.6.27.4-vmi (farm@lab) #7 SMP Sun Nov 22 12:03:18 UTC 2026"
    assert header.relocatable is True
    assert header.kernel_alignment == 0x100000
    assert header.cmdline_size == 2047
    assert header.payload_offset == 0xAA
    assert 0 < (header.payload_length or 0) < payload
    assert header.payload_place == (16 * 512 + 0xAA, header.payload_length)
    assert (header.pref_address, header.init_size, header.memory_needed) == (0x1000000, 0x900000, 0x1900000)
    assert header.xloadflags == 4
    assert header.bits == 32


# Which protocol version brought which field (boot.rst).
FIELDS_SINCE = {
    "protected_size": 0x204,
    "kernel_alignment": 0x205,
    "relocatable": 0x205,
    "cmdline_size": 0x206,
    "payload_offset": 0x208,
    "payload_length": 0x208,
    "pref_address": 0x20A,
    "init_size": 0x20A,
    "xloadflags": 0x20C,
}


@pytest.mark.parametrize("protocol", range(0x200, 0x210))
def test_a_field_the_protocol_has_not_is_none(protocol: int, make_image: Any) -> None:
    header = read_header(make_image(protocol=protocol))
    assert header.protocol == f"2.{protocol & 0xFF:02d}"
    for name, since in FIELDS_SINCE.items():
        assert (getattr(header, name) is not None) == (protocol >= since), name
    assert (header.bits is None) == (protocol < 0x20C)
    assert (header.payload_place is None) == (protocol < 0x208)
    assert (header.memory_needed is None) == (protocol < 0x20A)


@pytest.mark.parametrize(("xloadflags", "bits"), [(0x00, 32), (0x04, 32), (0x01, 64), (0x7F, 64), (0x3E, 32)])
def test_the_cpu_an_image_needs(xloadflags: int, bits: int, make_image: Any) -> None:
    assert read_header(make_image(protocol=0x20C, xloadflags=xloadflags)).bits == bits


@pytest.mark.parametrize(
    ("loadflags", "form"), [(0x01, "bzImage"), (0x00, "zImage"), (0x81, "bzImage"), (0x80, "zImage")]
)
def test_the_format(loadflags: int, form: str, make_image: Any) -> None:
    assert read_header(make_image(loadflags=loadflags)).format == form


def test_setup_sects_of_zero_means_four(make_image: Any) -> None:
    image = make_image(setup_sects=4, fields=((0x1F1, b"\0"),))
    assert read_header(image).setup_sects == 4


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        (0x200, "6.1.176 (a@b) #1"),
        (0, None),  # boot.rst: "if set to a nonzero value"
        (15 * 512, None),  # "should be less than 0x200*setup_sects"
        (0xFFFF, None),
        (0x1FF, None),  # the byte before is no text
    ],
)
def test_where_the_version_text_is(pointer: int, text: str | None, make_image: Any) -> None:
    image = make_image(banner="6.1.176 (a@b) #1", fields=((0x20E, struct.pack("<H", pointer)),))
    assert read_header(image).version_text == text


def test_a_version_text_is_bounded(make_image: Any) -> None:
    """Text that fills the set-up code is no version, and nobody should have to search it."""
    text = read_header(make_image(banner="6.1 " + "#1 (@) " * 500)).version_text
    assert text is not None
    assert len(text) <= 512


def test_a_memoryview_and_a_bytearray_read_alike(make_image: Any) -> None:
    image = make_image()
    assert read_header(memoryview(image)) == read_header(bytearray(image)) == read_header(image)
    assert isinstance(read_header(image), BootHeader)


# --- refusals -------------------------------------------------------------------------------------------------------


def refusal(data: bytes) -> str:
    with pytest.raises(BadInputError) as refused:
        read_header(data)
    sentence = refused.value.detail
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def elf(kind: int, machine: int, *, big: bool = False, bits: int = 64) -> bytes:
    order = ">" if big else "<"
    ident = b"\x7fELF" + bytes([bits // 32, 2 if big else 1, 1]) + bytes(9)
    return ident + struct.pack(f"{order}HH", kind, machine) + bytes(200)


def at(offset: int, what: bytes, start: bytes = b"") -> bytes:
    return start.ljust(offset, b"\x90") + what + b"\x90" * 600


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty"),
        (elf(2, 3, bits=32), "an ELF vmlinux (x86), which no boot loader starts: take arch/x86/boot/bzImage instead"),
        (elf(3, 62), "an ELF vmlinux (x86-64)"),
        (elf(1, 3, bits=32), "an ELF object or module (x86)"),
        (elf(2, 183), "an ELF program for arm64"),
        (elf(2, 21, big=True), "an ELF program for PowerPC64"),
        (elf(2, 4242), "an ELF program for machine 4242"),
        (at(0x38, b"ARM\x64", b"MZ\x00\x91"), "an arm64 Image"),
        (at(0x24, b"\x18\x28\x6f\x01"), "an arm zImage"),
        (at(0x38, b"RSC\x05", b"MZ"), "a RISC-V Image"),
        (gzip.compress(b"vmlinux", mtime=0), "a gzip file"),
        (bz2.compress(b"vmlinux"), "a bzip2 file"),
        (lzma.compress(b"vmlinux"), "an xz file"),
        (lzma.compress(b"vmlinux", lzma.FORMAT_ALONE), "an lzma file"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "a zstd file"),
        (b"\x02\x21\x4c\x18" + bytes(100), "an lz4 file"),
        (b"PK\x03\x04" + bytes(100), "a zip file"),
        (b"070701" + b"0" * 104, "an initramfs"),
        (b"!<arch>\ndebian-binary   ", "a Debian package"),
        (b"\xed\xab\xee\xdb" + bytes(100), "an RPM package"),
        (b"\x27\x05\x19\x56" + bytes(100), "a U-Boot uImage"),
        (b"hsqs" + bytes(100), "a squashfs"),
        (at(257, b"ustar", b"boot/vmlinuz"), "a tar archive"),
        (at(0x8001, b"CD001"), "a CD image"),
        (b"MZ" + bytes(700), "an EFI program without the Linux boot header"),
        (at(0x1FE, b"\x55\xaa"), "a boot sector but has no Linux boot header"),
        (b"CONFIG_VMI=y\n# a .config\n", "This is text, not a kernel image; it starts with 'CONFIG_VMI=y'"),
        (("ä" * 400).encode(), "This is text"),
        (("x" + "ä" * 400).encode(), "This is text"),
        (b"<!DOCTYPE html>\n<title>404</title>", "a web page"),
        (b"  \n\n", "This is text"),
        (bytes(4096), "only zero bytes"),
        (b"\x90\x91\x92\xff" * 200, "start with 90 91 92 ff"),
        (b"\xff", "its 1 bytes start with ff"),
    ],
    ids=lambda said: said if isinstance(said, str) else "",
)
def test_what_it_is_instead(data: bytes, says: str) -> None:
    assert says in refusal(data)


def test_a_vmlinux_as_built_is_named(make_kernel: Any) -> None:
    assert "ELF vmlinux (x86)" in refusal(make_kernel())


def test_a_header_cut_in_the_middle() -> None:
    start = bytearray(0x210)
    start[0x1FE:0x200], start[HDRS : HDRS + 4] = b"\x55\xaa", b"HdrS"
    assert refusal(bytes(start)) == "The image is truncated: it has 528 bytes, and the boot header alone needs 620."


def test_a_truncated_image_says_both_sizes(make_image: Any) -> None:
    image = make_image()
    said = refusal(image[: len(image) // 2])
    assert f"its header says {len(image)} bytes, the file has {len(image) // 2}" in said


@pytest.mark.parametrize("short", [1, 8, 15])
def test_the_last_unit_of_16_bytes_may_be_short(short: int, make_image: Any) -> None:
    """Before 2.6.26 tools/build.c rounded syssize up and did not pad the file."""
    image = make_image()
    assert read_header(image[:-short]).protected_size == len(image) - 16 * 512


def test_one_unit_missing_is_truncated(make_image: Any) -> None:
    assert "truncated" in refusal(make_image()[:-16])


def test_more_than_the_header_says_is_fine(make_image: Any) -> None:
    """A signature for secure boot is appended."""
    assert read_header(make_image() + bytes(2000)).format == "bzImage"


def test_below_2_04_only_the_setup_code_can_be_missed(make_image: Any) -> None:
    image = make_image(protocol=0x203)
    assert read_header(image[: 16 * 512 + 1]).protected_size is None
    assert "truncated" in refusal(image[: 16 * 512])


@pytest.mark.parametrize("version", [0x0000, 0x0105, 0x0300, 0xFFFF])
def test_an_unknown_protocol(version: int, make_image: Any) -> None:
    assert f"0x{version:04x}" in refusal(make_image(protocol=version))
