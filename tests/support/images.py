"""Small x86 images with a true boot header and a true gzip payload: enough for the farm to take them, boot nowhere."""

import gzip
import hashlib
import struct

BUILT = "(farm@lab) (gcc version 12.2.0 (Debian 12.2.0-14) ) #1 SMP Sun Nov 22 12:03:18 UTC 2026"


def bzimage(release: str = "6.1.0-50-686", *, bits: int = 32, salt: bytes = b"") -> bytes:
    """The bytes of an image of that release; another `salt` is another image."""
    elf = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9) + struct.pack("<HH", 2, 3 if bits == 32 else 62)
    kernel = elf + b"\0" + f"Linux version {release} {BUILT}\n".encode() + b"\0" + salt + b"\0" * 64
    payload = gzip.compress(kernel, mtime=0) + struct.pack("<I", len(kernel))
    setup = bytearray(0x2000)
    text = f"{release} {BUILT}".encode() + b"\0"
    for at, packed in (
        (0x1F1, bytes([15])),
        (0x1F4, struct.pack("<I", (len(payload) + 15) // 16)),
        (0x1FE, b"\x55\xaa"),
        (0x200, b"\xeb\x66HdrS"),
        (0x206, struct.pack("<HIHH", 0x20F, 0, 0, 0x200)),
        (0x211, b"\x01"),
        (0x230, struct.pack("<IB", 0x100000, 1)),
        (0x236, struct.pack("<HI", int(bits == 64), 2047)),
        (0x248, struct.pack("<II", 0, len(payload))),
        (0x258, struct.pack("<QI", 0x1000000, 0x900000)),
        (0x400, text),
    ):
        setup[at : at + len(packed)] = packed
    return bytes(setup) + payload + bytes(-len(payload) % 16)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
