"""A builder of small x86 images: a true boot header, a true payload in each compression, and a stand-in for the kernel.

What it builds boots nowhere. It is laid out as arch/x86/boot/header.S, tools/build.c and compressed/mkpiggy.c do it.
"""

import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import lz4.block  # type: ignore[import-untyped]
import lzallright
import pytest
import zstandard
from hypothesis import settings

settings.register_profile("farm", deadline=None)  # the machines that run this are shared and slow at times
settings.load_profile("farm")

BANNER = (
    "Linux version 2.6.27.4-vmi (farm@lab) (gcc version 12.2.0 (Debian 12.2.0-14) ) #7 SMP Sun Nov 22 12:03:18 UTC 2026"
)
SHORT_BANNER = "2.6.27.4-vmi (farm@lab) #7 SMP Sun Nov 22 12:03:18 UTC 2026"
CONFIG = """\
#
# Automatically generated make config: don't edit
#
CONFIG_X86_32=y
# CONFIG_X86_PAE is not set
CONFIG_SMP=y
CONFIG_VMI=y
CONFIG_PARAVIRT=y
CONFIG_LOCALVERSION="-vmi"
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_IKCONFIG=m
"""


def size_mark(kernel: bytes) -> bytes:
    """What scripts/Makefile.lib's size_append adds."""
    return struct.pack("<I", len(kernel) & 0xFFFFFFFF)


def lz4_legacy(kernel: bytes) -> bytes:
    """`lz4 -l`: blocks of 8 MiB."""
    blocks = (kernel[at : at + (8 << 20)] for at in range(0, len(kernel), 8 << 20))
    packed = (lz4.block.compress(block, store_size=False) for block in blocks)
    return b"\x02\x21\x4c\x18" + b"".join(struct.pack("<I", len(block)) + block for block in packed)


def lzop(kernel: bytes, *, version: int = 0x1030, flags: int = 0x3, name: bytes = b"") -> bytes:
    """`lzop -9`: by default with both adler32 checksums of each block; `flags` 0x100 and 0x200 ask for crc32."""
    fields = struct.pack(">HH", version, 0x2080) + (struct.pack(">H", 0x0940) if version >= 0x0940 else b"")
    fields += b"\x03" + (b"\x09" if version >= 0x0940 else b"") + struct.pack(">I", flags)
    fields += struct.pack(">I", 1) if flags & 0x800 else b""
    fields += struct.pack(">II", 0o100644, 0) + (struct.pack(">I", 0) if version >= 0x0940 else b"")
    fields += bytes([len(name)]) + name
    packed = b"\x89LZO\x00\r\n\x1a\n" + fields + struct.pack(">I", zlib.adler32(fields))
    for at in range(0, len(kernel), 256 << 10):
        packed += _lzop_block(kernel[at : at + (256 << 10)], flags)
    return packed + struct.pack(">I", 0)


_LZOP_SUMS = ((0x1, zlib.adler32), (0x100, zlib.crc32))  # of the unpacked block; shifted by one, of the packed


def _lzop_block(block: bytes, flags: int) -> bytes:
    packed = lzallright.LZOCompressor().compress(block)
    body = packed if len(packed) < len(block) else block
    sums = b"".join(struct.pack(">I", check(block)) for bit, check in _LZOP_SUMS if flags & bit)
    if body is packed:
        sums += b"".join(struct.pack(">I", check(packed)) for bit, check in _LZOP_SUMS if flags & bit << 1)
    return struct.pack(">II", len(block), len(body)) + sums + body


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda kernel: gzip.compress(kernel, 6, mtime=0),
    "bzip2": lambda kernel: bz2.compress(kernel) + size_mark(kernel),
    "lzma": lambda kernel: lzma.compress(kernel, lzma.FORMAT_ALONE) + size_mark(kernel),
    "xz": lambda kernel: lzma.compress(kernel, lzma.FORMAT_XZ, lzma.CHECK_CRC32) + size_mark(kernel),
    "lzo": lambda kernel: lzop(kernel) + size_mark(kernel),
    "lz4": lambda kernel: lz4_legacy(kernel) + size_mark(kernel),
    "zstd": lambda kernel: zstandard.ZstdCompressor().compress(kernel) + size_mark(kernel),
}


def utsname(machine: str, release: str = "2.6.27.4-vmi", version: str = "#7 SMP Sun Nov 22 12:03:18 UTC 2026") -> bytes:
    """struct new_utsname: six fields of 65 bytes."""
    fields = ("Linux", "(none)", release, version, machine, "(none)")
    return b"".join(text.encode().ljust(65, b"\0") for text in fields)


@dataclass(frozen=True)
class Kernel:
    """A stand-in for vmlinux: what the farm looks for, among noise."""

    banners: tuple[str, ...] = (BANNER,)
    strings: tuple[bytes, ...] = (b"Kernel command line: %s\n",)
    config: str | bytes | None = None
    bits: int = 32
    elf: bool = True
    noise: int = 20_000

    def build(self) -> bytes:
        noise = random.Random(self.noise).randbytes(self.noise).replace(b"\x1f\x8b", b"..")  # noqa: S311  (test data)
        ident = b"\x7fELF" + bytes([1 if self.bits == 32 else 2, 1, 1]) + bytes(9)
        head = ident + struct.pack("<HH", 2, 3 if self.bits == 32 else 62) if self.elf else b"\xfc\xfa" * 10
        banners = b"\0".join(banner.encode() + b"\n" for banner in self.banners)
        machine = utsname("i386" if self.bits == 32 else "x86_64")
        text = b"\0".join([head, noise, banners, machine, *self.strings, noise])
        if self.config is None:
            return text
        packed = gzip.compress(self.config.encode(), mtime=0) if isinstance(self.config, str) else self.config
        return text + b"\0IKCFG_ST" + packed + b"IKCFG_ED\0" + noise


@dataclass(frozen=True)
class Image:
    """A bzImage to be; `replace` what a test is about, then `build`."""

    kernel: Kernel = field(default_factory=Kernel)
    method: str = "gzip"
    payload: bytes | None = None  # instead of the packed kernel
    protocol: int = 0x209  # 2.6.27's
    banner: str = SHORT_BANNER
    setup_sects: int = 15
    loadflags: int = 0x01
    relocatable: int = 1
    xloadflags: int = 0
    fields: tuple[tuple[int, bytes], ...] = ()  # offset, bytes: written over the header at last

    def build(self) -> bytes:
        payload = PACKERS[self.method](self.kernel.build()) if self.payload is None else self.payload
        stub = b"\x90" * 0xAA
        protected = stub + payload
        protected += bytes(-len(protected) % 16)
        setup = bytearray((self.setup_sects + 1) * 512)
        setup[0:2] = b"MZ"
        setup[0x200:0x206] = b"\xeb\x66HdrS"
        text = self.banner.encode() + b"\0"
        setup[0x400 : 0x400 + len(text)] = text
        for at, packed in (
            (0x1F1, bytes([self.setup_sects])),
            (0x1F4, struct.pack("<I", len(protected) // 16)),
            (0x1FE, b"\x55\xaa"),
            (0x206, struct.pack("<H", self.protocol)),
            (0x20E, struct.pack("<H", 0x200)),
            (0x211, bytes([self.loadflags])),
            (0x230, struct.pack("<IB", 0x100000, self.relocatable)),
            (0x236, struct.pack("<HI", self.xloadflags, 2047)),
            (0x248, struct.pack("<II", len(stub), len(payload))),
            (0x258, struct.pack("<QI", 0x1000000, 0x900000)),
            *self.fields,
        ):
            setup[at : at + len(packed)] = packed
        return bytes(setup) + protected


MakeImage = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_image() -> MakeImage:
    """make_image(method="xz", kernel={"config": CONFIG}, protocol=0x20F, ...) -> the bytes of an image."""

    def make(*, kernel: dict[str, object] | None = None, **changes: object) -> bytes:
        return replace(Image(kernel=replace(Kernel(), **(kernel or {}))), **changes).build()  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_kernel() -> MakeImage:
    """make_kernel(config=CONFIG, bits=64, ...) -> the bytes of an unpacked kernel."""

    def make(**changes: object) -> bytes:
        return replace(Kernel(), **changes).build()  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def pack() -> Callable[[str, bytes], bytes]:
    """pack(method, kernel) -> a payload as the kernel build makes it."""
    return lambda method, kernel: PACKERS[method](kernel)


@pytest.fixture(scope="session")
def pack_lzop() -> Callable[..., bytes]:
    return lzop


@pytest.fixture(scope="session")
def config_text() -> str:
    return CONFIG


@pytest.fixture(scope="session")
def banner_text() -> str:
    return BANNER
