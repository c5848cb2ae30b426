"""Looking through a kernel piece by piece: any split finds the same."""

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.builds.scan import Scanner, unpack_ikconfig

MARKS = (b"VMI: Found ", b"earlyser\0", b"never there")
CONFIG = "CONFIG_VMI=y\n" * 400


@pytest.fixture(scope="module")
def kernel(make_kernel: Any) -> bytes:
    built: bytes = make_kernel(config=CONFIG, strings=(b"VMI: Found %s %s", b"earlyser"), noise=3000)
    return built


def scan(*pieces: bytes) -> Scanner:
    scanner = Scanner(MARKS)
    for piece in pieces:
        scanner.feed(piece)
    return scanner


def reading(scanner: Scanner) -> tuple[object, ...]:
    return scanner.size, scanner.banners, scanner.found, scanner.machine, scanner.elf_bits, scanner.ikconfig


def test_all_is_found_in_one_piece(kernel: bytes, banner_text: str) -> None:
    scanner = scan(kernel)
    assert scanner.size == len(kernel)
    assert scanner.banners == [banner_text]
    assert scanner.found == {b"VMI: Found ", b"earlyser\0"}
    assert scanner.machine == "i386"
    assert scanner.elf_bits == 32
    assert scanner.ikconfig is not None
    assert unpack_ikconfig(scanner.ikconfig) == CONFIG


@given(cut=st.floats(0, 1), size=st.integers(16, 3000))
def test_property_any_split_finds_the_same(cut: float, size: int, kernel: bytes) -> None:
    at = max(4, int(cut * len(kernel)))
    rest = [kernel[start : start + size] for start in range(at, len(kernel), size)]
    assert reading(scan(kernel[:at], *rest)) == reading(scan(kernel))


def test_a_split_at_every_place_of_the_banner(kernel: bytes) -> None:
    start, whole = kernel.index(b"Linux version"), reading(scan(kernel))
    for at in range(start - 2, start + 130):
        assert reading(scan(kernel[:at], kernel[at:])) == whole


def test_nothing_is_found_in_nothing() -> None:
    assert reading(scan()) == (0, [], set(), None, None, None)


@pytest.mark.parametrize(("machine_class", "bits"), [(b"\x01", 32), (b"\x02", 64), (b"\x07", None)])
def test_the_class_of_an_elf(machine_class: bytes, bits: int | None) -> None:
    assert scan(b"\x7fELF" + machine_class + bytes(20)).elf_bits == bits


def test_an_elf_magic_in_the_middle_is_none() -> None:
    assert scan(b"raw kernel ", b"\x7fELF\x02").elf_bits is None


def test_a_64_bit_kernel_says_so_in_its_utsname(make_kernel: Any) -> None:
    assert scan(make_kernel(bits=64, elf=False)).machine == "x86_64"


def test_banners_are_counted_once_and_bounded() -> None:
    one = b"Linux version 6.1.%d (a@b) (gcc) #1 SMP\0"
    scanner = scan(*[one % number for number in range(100)], *[one % number for number in range(100)])
    assert len(scanner.banners) == 16
    assert len(set(scanner.banners)) == 16


def test_a_format_string_is_no_banner() -> None:
    assert scan(b"\0Linux version %s (%s)\0").banners == []


def test_a_config_without_an_end_is_none() -> None:
    assert scan(b"IKCFG_ST" + bytes(1000)).ikconfig is None


def test_a_config_that_never_ends_is_not_kept() -> None:
    scanner = scan(b"IKCFG_ST", *[bytes(1 << 20)] * 20)
    assert scanner.ikconfig is None
    assert len(scanner._ikconfig) < 6 << 20


@pytest.mark.parametrize(
    "packed", [b"", b"junk", gzip.compress(b"CONFIG_A=y", mtime=0)[:-6], gzip.compress(bytes(20 << 20), mtime=0)]
)
def test_a_config_that_is_damaged_or_too_large(packed: bytes) -> None:
    assert unpack_ikconfig(packed) is None


def test_a_config_with_odd_bytes_is_still_text() -> None:
    assert unpack_ikconfig(gzip.compress(b'CONFIG_A="\xff"')) == 'CONFIG_A="\ufffd"'
