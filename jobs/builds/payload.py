"""Unpack the compressed kernel inside an x86 image, a piece at a time, never more than a bound.

Knows the seven formats the kernel build can choose (lib/decompress_*.c) and nothing of what is inside. Pure.

The build appends the unpacked size to all but gzip, which ends in it anyway (scripts/Makefile.lib, size_append): so the
last four bytes of a payload are always its unpacked size modulo 2^32, little endian.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import lz4.block  # type: ignore[import-untyped]  # it ships no types
import lzallright
import zstandard

MAX_UNPACKED = 512 << 20  # bytes; the largest distribution kernels unpack to about 100 MB
_PIECE = 1 << 20  # bytes asked of a decoder at a time
_FEED = 256 << 10  # bytes given to a decoder at a time
_MAX_DICTIONARY = 256 << 20  # bytes; `lzma -9` and `xz --lzma2=dict=128MiB` need less
_LZ4_BLOCK = 8 << 20  # the legacy frame's fixed block size
_LZO_BLOCK = 256 << 10  # LZO_BLOCK_SIZE of lib/decompress_unlzo.c
_LZOP_FILTER = 0x800
_LZOP_CHECKSUMS_UNPACKED = (0x1, 0x100)  # adler32, crc32 of the unpacked block
_LZOP_CHECKSUMS_PACKED = (0x2, 0x200)  # of the packed block, where it is smaller

MAGICS = {
    "gzip": b"\x1f\x8b\x08",
    "bzip2": b"BZh",
    "lzma": b"\x5d\x00\x00",
    "xz": b"\xfd7zXZ\x00",
    "lzo": b"\x89LZO\x00\r\n\x1a\n",
    "lz4": b"\x02\x21\x4c\x18",
    "zstd": b"\x28\xb5\x2f\xfd",
}
_LIBRARY_ERRORS = (
    zlib.error,
    lzma.LZMAError,
    lz4.block.LZ4BlockError,
    lzallright.LZOError,
    zstandard.ZstdError,
    OSError,  # bz2's word for damaged data
    EOFError,
    struct.error,
)


class PayloadError(Exception):
    """The payload cannot be unpacked; the text is one sentence for a person."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes | memoryview, max_length: int = -1, /) -> bytes: ...


def method_of(payload: bytes | memoryview) -> str | None:
    """The compression by its magic: "gzip", "bzip2", "lzma", "xz", "lzo", "lz4", "zstd"; None for none of them."""
    start = bytes(payload[:16])
    return next((method for method, magic in MAGICS.items() if start.startswith(magic)), None)


def unpack(payload: bytes, *, limit: int = MAX_UNPACKED, sized: bool = True) -> Iterator[bytes]:
    """Yield the unpacked bytes in pieces of at most 8 MiB.

    `limit` bounds their sum; `sized` says that the last four bytes are the unpacked size, which is then checked.
    Raises PayloadError, after the pieces that could be read, for damage and for more than `limit` bytes.
    """
    method = method_of(payload)
    if method is None:
        raise PayloadError(
            f"The payload starts with {payload[:8].hex(' ') or 'nothing'}, which is no compression the kernel uses."
        )
    body = memoryview(payload)[: -4 if sized and method != "gzip" else None]
    total = 0
    try:
        for piece in _UNPACKERS[method](body):
            total += len(piece)
            if total > limit:
                raise PayloadError(
                    f"The {method} payload unpacks to more than {limit} bytes, so it was not read further."
                )
            yield piece
    except _LIBRARY_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise PayloadError(f"The {method} payload is damaged after {total} unpacked bytes: {reason}.") from error
    said = int.from_bytes(payload[-4:], "little")
    if sized and said != total & 0xFFFFFFFF:
        raise PayloadError(f"The {method} payload is damaged: it unpacks to {total} bytes and says {said}.")


def find_gzip(image: bytes, start: int) -> Iterator[int]:
    """Offsets where a gzip payload may start: for boot protocols below 2.08, whose header does not say (only gzip
    existed then). The fourth byte holds the flags; the kernel build sets none or only "has a name"."""
    at = image.find(MAGICS["gzip"], start)
    while at >= 0:
        if image[at + 3 : at + 4] in {b"\x00", b"\x08"}:
            yield at
        at = image.find(MAGICS["gzip"], at + 1)


def _feed(decoder: _Decoder, body: memoryview) -> Iterator[bytes]:
    """Drive a bz2 or lzma decoder with bounded pieces on both sides."""
    for at in range(0, len(body), _FEED):
        piece = decoder.decompress(body[at : at + _FEED], _PIECE)
        while piece:
            yield piece
            piece = b"" if decoder.eof or decoder.needs_input else decoder.decompress(b"", _PIECE)
        if decoder.eof:
            return
    raise EOFError("it ends too early")


def _gzip(body: memoryview) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=31)
    for at in range(0, len(body), _FEED):
        waiting: bytes | memoryview = body[at : at + _FEED]
        while waiting and not decoder.eof:
            piece = decoder.decompress(waiting, _PIECE)
            if piece:
                yield piece
            waiting = decoder.unconsumed_tail
        while not decoder.eof and (piece := decoder.decompress(b"", _PIECE)):
            yield piece  # output that was still inside when the input was used up
        if decoder.eof:
            return
    raise EOFError("it ends too early")


def _bzip2(body: memoryview) -> Iterator[bytes]:
    return _feed(bz2.BZ2Decompressor(), body)


def _xz(body: memoryview) -> Iterator[bytes]:
    return _feed(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_DICTIONARY), body)


def _lzma(body: memoryview) -> Iterator[bytes]:
    return _feed(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MAX_DICTIONARY), body)


def _zstd(body: memoryview) -> Iterator[bytes]:
    """A stream that ends too early ends silently here; the size check of `unpack` tells."""
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        while piece := reader.read(_PIECE):
            yield piece


def _lz4(body: memoryview) -> Iterator[bytes]:
    """The legacy frame: magic, then blocks of a 32-bit packed size and up to 8 MiB unpacked. It has no end mark."""
    at = 4
    while at < len(body):
        (size,) = struct.unpack_from("<I", body, at)
        at += 4
        if size == 0x184C2102:  # another frame follows
            continue
        if size > len(body) - at:
            raise EOFError(f"a block of {size} bytes is said to follow, and {len(body) - at} do")
        yield lz4.block.decompress(body[at : at + size], uncompressed_size=_LZ4_BLOCK)
        at += size


def _lzo(body: memoryview) -> Iterator[bytes]:
    """The lzop container as lib/decompress_unlzo.c reads it; numbers are big endian."""
    flags, at = _lzop_header(body)
    unpacked_sums = 4 * sum(bool(flags & bit) for bit in _LZOP_CHECKSUMS_UNPACKED)
    packed_sums = 4 * sum(bool(flags & bit) for bit in _LZOP_CHECKSUMS_PACKED)
    while True:
        (unpacked,) = struct.unpack_from(">I", body, at)
        if unpacked == 0:
            return
        (packed,) = struct.unpack_from(">I", body, at + 4)
        at += 8 + unpacked_sums + (packed_sums if packed < unpacked else 0)
        if unpacked > _LZO_BLOCK or packed > unpacked or packed > len(body) - at:
            raise EOFError(f"a block says {packed} bytes for {unpacked}, which cannot be")
        block = bytes(body[at : at + packed])
        piece = block if packed == unpacked else lzallright.LZOCompressor.decompress(block, unpacked)
        if len(piece) != unpacked:
            raise EOFError(f"a block unpacks to {len(piece)} bytes and says {unpacked}")
        yield piece
        at += packed


def _lzop_header(body: memoryview) -> tuple[int, int]:
    """The flags, and where the first block starts.

    After the 9-byte magic: version, library version, [version needed from 0x0940 on], method, [level], flags, [filter],
    mode, mtime, [mtime high], name length, name, checksum.
    """
    (version,) = struct.unpack_from(">H", body, 9)
    at = 9 + (8 if version >= 0x0940 else 5)
    (flags,) = struct.unpack_from(">I", body, at)
    at += 4 + (4 if flags & _LZOP_FILTER else 0) + 4 + (8 if version >= 0x0940 else 4)
    (name,) = struct.unpack_from(">B", body, at)
    return flags, at + 1 + name + 4


_UNPACKERS: dict[str, Callable[[memoryview], Iterator[bytes]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "lzma": _lzma,
    "xz": _xz,
    "lzo": _lzo,
    "lz4": _lz4,
    "zstd": _zstd,
}
