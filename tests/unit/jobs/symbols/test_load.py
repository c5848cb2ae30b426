"""Each kind of file is known by its content; whatever else comes gets one sentence, and never another exception."""

import gzip
import lzma
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.core.errors import BadInputError
from jobs.symbols.load import load
from jobs.symbols.model import Symbols
from tests.unit.jobs.symbols.conftest import BASES, RELEASE, Build, section_of
from tests.unit.jobs.symbols.test_system_map import OLD_I386

NAMES = st.sampled_from(["_text", "_stext", "_etext", "_sinittext", "_einittext", "schedule", "\xe9", "a b", "x" * 600])
LINES = st.tuples(st.integers(0, 2**34), st.sampled_from("TtWwDdAB?"), NAMES).map(lambda of: "{:08x} {} {}".format(*of))
MAPS = st.lists(LINES, max_size=12).map(lambda lines: "\n".join(lines).encode())


def probe(data: bytes, addresses: list[int]) -> None:
    """Load and look up; nothing but BadInputError may come of it."""
    try:
        symbols: Symbols = load(data)
    except BadInputError:
        return
    for address in addresses:
        place = symbols.find(address)
        assert place is None or (0 <= place.offset < place.size and place.function.isprintable())


@pytest.mark.parametrize("kind", ["System.map", "vmlinux", "vmlinux.debug"])
def test_a_path_is_read_by_its_content(build: Build, tmp_path: Path, kind: str) -> None:
    kernel = build(32)
    path = tmp_path / "file"
    contents = {
        "System.map": kernel.system_map,
        "vmlinux": kernel.vmlinux.read_bytes(),
        "vmlinux.debug": kernel.changed("--only-keep-debug").read_bytes(),
    }
    path.write_bytes(contents[kind])
    symbols = load(path)
    place = symbols.find(BASES[32] + 5)
    assert place
    assert place == load(contents[kind]).find(BASES[32] + 5)
    assert str(place) == "startup+0x5/0x9"
    assert symbols.release == (RELEASE if kind == "vmlinux" else None)
    assert place.file == (None if kind == "System.map" else "head.S")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty"),
        (gzip.compress(OLD_I386), "This file is packed with gzip. Unpack it first"),
        (lzma.compress(OLD_I386), "This file is packed with xz"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "This file is packed with zstd"),
        (bytes(0x202) + b"HdrS" + bytes(600), "This is a kernel image, which has no symbols"),
        (b"Linux version 6.1\n", "This is no System.map and no ELF file"),
        (b"\x7fELF", "This ELF file is damaged or cut off"),
        (b"c0100000 T _text\n", "This System.map is not a whole kernel's: it has no _etext"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    for given_as in (data, path):
        with pytest.raises(BadInputError, match=f"^{sentence}"):
            load(given_as)


def test_a_path_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")


@given(st.binary(max_size=400) | st.binary(max_size=200).map(b"\x7fELF".__add__) | MAPS)
def test_any_bytes_are_symbols_or_bad_input(data: bytes) -> None:
    probe(data, [0, 5000, 2**33])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    bits=st.sampled_from([32, 64]),
    options=st.sampled_from([("-gdwarf-2",), ("-gdwarf-4",), ("-gdwarf-5",), ("-gdwarf-5", "-gz=zlib")]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    share=st.just(1.0) | st.floats(0, 1),
)
def test_a_damaged_vmlinux_gives_symbols_or_bad_input(
    build: Build, bits: int, options: tuple[str, ...], changes: list[tuple[float, int]], share: float
) -> None:
    data = bytearray(build(bits, *options).vmlinux.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    probe(bytes(data[: int(share * len(data))]), [BASES[bits] + 3, BASES[bits] + 0x20, BASES[bits] + 0x50])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    options=st.sampled_from([("-gdwarf-2",), ("-gdwarf-5",), ("-gdwarf-5", "-gz=zlib")]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_debug_information_never_takes_the_function_away(
    build: Build, options: tuple[str, ...], changes: list[tuple[float, int]]
) -> None:
    whole = build(32, *options).vmlinux.read_bytes()
    areas = [section_of(whole, name) for name in (".debug_info", ".debug_abbrev", ".debug_line", ".debug_aranges")]
    start, end = min(start for start, _ in areas), max(end for _, end in areas)
    data = bytearray(whole)
    for place, value in changes:
        data[start + int(place * (end - start))] = value
    symbols = load(bytes(data))
    for address in (BASES[32] + 3, BASES[32] + 0x20, BASES[32] + 0x50):
        found, good = symbols.find(address), load(whole).find(address)
        assert found
        assert good
        assert str(found) == str(good)
