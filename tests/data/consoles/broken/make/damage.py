"""Ways to damage a kernel image or an initramfs. Bytes in, bytes out.

The image's layout: Documentation/arch/x86/boot.rst of the kernel (setup_sects at 0x1f1, payload_offset at 0x248).
"""

import gzip
import random
import struct
from collections.abc import Callable


def _protected(image: bytes) -> int:
    """Where the protected-mode code begins."""
    return ((image[0x1F1] or 4) + 1) * 512


def over_payload(image: bytes) -> bytes:
    """64 bytes in the middle of the compressed kernel overwritten."""
    offset, size = struct.unpack_from("<II", image, 0x248)
    at = _protected(image) + offset + size // 2
    return image[:at] + b"\xa5" * 64 + image[at + 64 :]


def _over_entry(code: bytes, image: bytes) -> bytes:
    """Machine code over the first instruction of the 32-bit entry."""
    at = _protected(image)
    return image[:at] + code + image[at + len(code) :]


def entry_loops(image: bytes) -> bytes:
    return _over_entry(b"\xeb\xfe", image)


def entry_faults(image: bytes) -> bytes:
    """ud2 without an interrupt table: a triple fault."""
    return _over_entry(b"\x0f\x0b", image)


def half(data: bytes) -> bytes:
    """The first half: a download that broke off."""
    return data[: len(data) // 2]


def random_bytes(data: bytes) -> bytes:
    """As many bytes that mean nothing; the same in each run."""
    return random.Random(1).randbytes(len(data))  # noqa: S311


def gzip_flipped(data: bytes) -> bytes:
    """Compressed, with 16 bytes in the middle inverted."""
    packed = bytearray(gzip.compress(data, mtime=0))
    for at in range(len(packed) // 2, len(packed) // 2 + 16):
        packed[at] ^= 0xFF
    return bytes(packed)


def gzip_half(data: bytes) -> bytes:
    """Compressed, and only the first half of that."""
    return half(gzip.compress(data, mtime=0))


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    way.__name__: way for way in (over_payload, entry_loops, entry_faults, half, random_bytes, gzip_flipped, gzip_half)
}


def by_name(way: str | None, data: bytes) -> bytes:
    """Damaged in the way of that name, or as it is. KeyError for a name that none has."""
    return data if way is None else _WAYS[way](data)
