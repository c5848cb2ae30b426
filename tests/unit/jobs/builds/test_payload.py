"""Unpacking: seven formats, by our own packers and by the real tools; damage, bombs, and bounds."""

import lzma
import shutil
import struct
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from jobs.builds.payload import PayloadError, find_gzip, method_of, unpack

METHODS = ["gzip", "bzip2", "lzma", "xz", "lzo", "lz4", "zstd"]
Pack = Callable[[str, bytes], bytes]
# The commands of scripts/Makefile.lib and scripts/xz_wrap.sh.
TOOLS = {
    "gzip": ["gzip", "-n", "-f", "-9"],
    "bzip2": ["bzip2", "-9"],
    "lzma": ["lzma", "-9"],
    "xz": ["xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"],
    "lzo": ["lzop", "-9"],
    "lz4": ["lz4", "-l", "-9", "-", "-"],
    "zstd": ["zstd", "-19", "-q"],
}


@pytest.fixture(scope="module")
def kernel() -> bytes:
    """1 MB that pack well in part and badly in part, over several blocks of every format."""
    words = b"".join(struct.pack("<I", number * number % 65521) for number in range(120_000))
    return b"\x7fELF" + words + zlib.compress(words, 1) + bytes(300_000)


def drain(pieces: Iterator[bytes]) -> tuple[bytes, str | None]:
    """All bytes that came, and the sentence that ended them, if any."""
    came = bytearray()
    try:
        for piece in pieces:
            came += piece
    except PayloadError as error:
        return bytes(came), str(error)
    return bytes(came), None


def count(pieces: Iterator[bytes]) -> tuple[int, str | None]:
    """The same, and not one byte kept."""
    total = 0
    try:
        for piece in pieces:
            total += len(piece)
    except PayloadError as error:
        return total, str(error)
    return total, None


@pytest.mark.parametrize("method", METHODS)
def test_what_was_packed_comes_out(method: str, kernel: bytes, pack: Pack) -> None:
    packed = pack(method, kernel)
    assert method_of(packed) == method
    assert drain(unpack(packed)) == (kernel, None)


@pytest.mark.parametrize("method", METHODS)
def test_what_the_real_tool_packed_comes_out(method: str, kernel: bytes) -> None:
    command = TOOLS[method]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    packed = subprocess.run(command, input=kernel, capture_output=True, check=True).stdout
    packed += b"" if method == "gzip" else struct.pack("<I", len(kernel))
    assert method_of(packed) == method
    assert drain(unpack(packed)) == (kernel, None)


@pytest.mark.parametrize("method", METHODS)
def test_a_few_bytes_come_out(method: str, pack: Pack) -> None:
    assert drain(unpack(pack(method, b"\x7fELF, all of it"))) == (b"\x7fELF, all of it", None)


@pytest.mark.parametrize("method", METHODS)
def test_a_cut_payload_gives_its_head_and_a_sentence(method: str, kernel: bytes, pack: Pack) -> None:
    came, sentence = drain(unpack(pack(method, kernel)[: len(kernel) // 6]))
    assert kernel.startswith(came)
    assert len(came) < len(kernel)
    assert sentence is not None
    assert sentence.startswith(f"The {method} payload is damaged")


@pytest.mark.parametrize("method", METHODS)
def test_overwritten_bytes_give_a_sentence(method: str, kernel: bytes, pack: Pack) -> None:
    packed = bytearray(pack(method, kernel))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = b"\xaa" * 64
    came, sentence = drain(unpack(bytes(packed)))
    # lz4, lzo and zstd (without its checksum) may give wrong bytes of the right number: nor would the kernel notice.
    assert sentence is not None or (method in {"lz4", "lzo", "zstd"} and came != kernel)
    assert came[:4] in {b"", b"\x7fELF"}


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_size_mark_is_damage(method: str, kernel: bytes, pack: Pack) -> None:
    packed = pack(method, kernel)[:-4] + struct.pack("<I", 12345)
    assert drain(unpack(packed))[1] is not None


@pytest.mark.parametrize("method", METHODS)
def test_a_bomb_is_not_unpacked(method: str, pack: Pack) -> None:
    packed = pack(method, bytes(24 << 20))
    tracemalloc.start()
    try:
        total, sentence = count(unpack(packed, limit=10_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 10000000 bytes" in str(sentence)
    assert total <= 10_000_000
    assert peak < 32 << 20  # Python's own share; one lz4 block is 8 MiB


def test_a_dictionary_of_gigabytes_is_refused() -> None:
    header = b"\x5d" + struct.pack("<IQ", 0xF0000000, 1 << 40)
    assert "damaged" in str(drain(unpack(header + bytes(100)))[1])


def test_a_zstd_window_of_gigabytes_is_refused() -> None:
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, 0xB0])  # no content size; a window of 2^32 bytes
    assert "damaged" in str(drain(unpack(frame + bytes(100)))[1])


def test_a_zstd_frame_with_a_long_window_is_read(kernel: bytes) -> None:
    """The kernel build asks for -22 --ultra, whose window is 128 MiB."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compress(kernel)
    assert drain(unpack(packed + struct.pack("<I", len(kernel)))) == (kernel, None)


@pytest.mark.parametrize("version", [0x0900, 0x0940, 0x1030])
@pytest.mark.parametrize("flags", [0x0, 0x1, 0x3, 0x100, 0x303, 0x803])
def test_every_lzop_header(version: int, flags: int, kernel: bytes, pack_lzop: Callable[..., bytes]) -> None:
    packed = pack_lzop(kernel, version=version, flags=flags, name=b"vmlinux.bin")
    assert drain(unpack(packed + struct.pack("<I", len(kernel)))) == (kernel, None)


@pytest.mark.parametrize(("unpacked", "packed"), [(1 << 30, 100), (100, 200), (1000, 900)])
def test_an_lzop_block_that_lies(unpacked: int, packed: int, pack_lzop: Callable[..., bytes]) -> None:
    container = pack_lzop(b"", flags=0)[:-4] + struct.pack(">II", unpacked, packed) + bytes(300)
    assert "which cannot be" in str(drain(unpack(container))[1])


def test_two_lz4_frames_in_a_row(kernel: bytes, pack: Pack) -> None:
    frame = pack("lz4", kernel)[:-4]
    assert drain(unpack(frame + frame + struct.pack("<I", 2 * len(kernel)))) == (kernel * 2, None)


@pytest.mark.parametrize("payload", [b"", b"\0" * 100, b"\x7fELF" + bytes(100), b"BZ"])
def test_what_is_no_compression(payload: bytes) -> None:
    came, sentence = drain(unpack(payload))
    assert came == b""
    assert "no compression the kernel uses" in str(sentence)


def test_an_old_payload_has_no_size_mark(kernel: bytes, pack: Pack) -> None:
    """Below protocol 2.08 the payload runs to the end of the file, padding and all."""
    assert drain(unpack(pack("gzip", kernel) + bytes(12), sized=False)) == (kernel, None)


def test_gzip_is_found_by_its_magic(pack: Pack) -> None:
    packed = pack("gzip", b"kernel")
    false_start = b"\x1f\x8b\x08\xff"  # reserved flags: no gzip
    image = false_start + bytes(10) + packed + packed
    assert list(find_gzip(image, 0)) == [14, 14 + len(packed)]
    assert list(find_gzip(image, 15)) == [14 + len(packed)]


def test_pieces_are_small(kernel: bytes, pack: Pack) -> None:
    for method in METHODS:
        assert max(len(piece) for piece in unpack(pack(method, kernel))) <= 8 << 20


@given(method=st.sampled_from(METHODS), at=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=40))
def test_property_no_damage_raises_anything_else(method: str, at: float, junk: bytes, pack: Pack) -> None:
    kernel = b"\x7fELF" + bytes(range(256)) * 200
    packed = bytearray(pack(method, kernel))
    start = int(at * len(packed))
    packed[start : start + len(junk)] = junk
    came, _ = drain(unpack(bytes(packed), limit=1 << 20))
    assert len(came) <= 1 << 20


@given(
    st.sampled_from(
        [
            b"\x1f\x8b\x08\0",
            b"BZh9",
            b"\x5d\0\0\x80\0",
            b"\xfd7zXZ\0",
            b"\x89LZO\0\r\n\x1a\n",
            b"\x02\x21\x4c\x18",
            b"\x28\xb5\x2f\xfd",
        ]
    ),
    st.binary(max_size=300),
)
def test_property_junk_behind_a_magic_is_bounded(magic: bytes, junk: bytes) -> None:
    came, _ = drain(unpack(magic + junk, limit=1 << 20))
    assert len(came) <= 1 << 20


def test_an_xz_filter_of_the_kernel_build(kernel: bytes) -> None:
    """xz_wrap.sh runs the x86 branch filter before LZMA2."""
    filters = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
    packed = lzma.compress(kernel, lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=filters)
    assert drain(unpack(packed + struct.pack("<I", len(kernel)))) == (kernel, None)
