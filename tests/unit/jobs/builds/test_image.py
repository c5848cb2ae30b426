"""One image read whole: facts from header, banner, strings and .config; damaged kernels; one sentence for the rest."""

import gzip
import hashlib
import json
import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farm.core.errors import BadInputError
from jobs.builds.config import OPTIONS, Source
from jobs.builds.image import ImageFacts, check_fits, read_config, read_image

METHODS = ["gzip", "bzip2", "lzma", "xz", "lzo", "lz4", "zstd"]


def value(facts: ImageFacts, option: str) -> bool | None:
    return facts.options[f"CONFIG_{option}"].value


@pytest.mark.parametrize("method", METHODS)
def test_an_image_of_2008(method: str, make_image: Any, banner_text: str, config_text: str) -> None:
    image = make_image(method=method, kernel={"config": config_text})
    facts = read_image(image)
    assert facts.size == len(image)
    assert (facts.header.protocol, facts.header.format, facts.bits) == ("2.09", "bzImage", 32)
    assert facts.release == "2.6.27.4-vmi"
    assert facts.banner == banner_text
    assert facts.builder == "farm@lab"
    assert facts.compiler == "gcc version 12.2.0 (Debian 12.2.0-14)"
    assert facts.build_number == 7
    assert facts.build_date == datetime(2026, 11, 22, 12, 3, 18, tzinfo=UTC)
    assert facts.compression == method
    assert facts.unpacked_size is not None
    assert facts.payload_error is None
    assert str(facts.version) == "2.6.27.4-vmi"
    assert facts.version is not None
    assert facts.version.branch == "2.6.27.y"
    assert {fact.source for fact in facts.options.values()} == {Source.IKCONFIG}
    assert value(facts, "VMI") is True
    assert value(facts, "X86_PAE") is False
    assert facts.config_sha256 == hashlib.sha256(config_text.encode()).hexdigest()
    assert read_config(image) == config_text


def test_an_image_without_a_config_is_read_by_what_it_proves(make_image: Any) -> None:
    strings = (
        b"Kernel command line: %s\n",
        b"VMI: Found %s %s, API version %d.%d, ROM version %d.%d\n",
        b"*pde = %08lx ",
        b"earlyser",
        b"Serial: 8250/16550 driver%d ports, IRQ sharing %sabled\n",
        b"Early serial console at %s 0x%llx (options '%s')\n",
        b"console [%s%d] enabled\n",
    )
    facts = read_image(make_image(kernel={"strings": strings}))
    assert facts.config_sha256 is None
    assert set(facts.options) == set(OPTIONS)
    expected = {
        "VMI": (True, Source.STRINGS),
        "X86_PAE": (False, Source.STRINGS),
        "EARLY_PRINTK": (True, Source.STRINGS),
        "SERIAL_8250": (True, Source.STRINGS),
        "SERIAL_8250_CONSOLE": (True, Source.STRINGS),
        "PRINTK": (True, Source.STRINGS),
        "IKCONFIG": (False, Source.STRINGS),
        "SMP": (True, Source.BANNER),
        "PREEMPT": (False, Source.BANNER),
        "RELOCATABLE": (True, Source.HEADER),
        "PARAVIRT": (None, None),
        "BLK_DEV_INITRD": (None, None),
    }
    said = {name.removeprefix("CONFIG_"): (fact.value, fact.source) for name, fact in facts.options.items()}
    assert said == expected
    assert facts.options["CONFIG_VMI"].evidence == 'the string "VMI: Found"'


def test_two_builds_of_one_revision_are_told_apart(make_image: Any) -> None:
    """The thread's "I tested compile both ways": CONFIG_VMI=y and =n."""
    talks = b"Kernel command line: %s\n"
    with_vmi = read_image(make_image(kernel={"strings": (talks, b"VMI: Found %s")}))
    without = read_image(make_image(kernel={"strings": (talks,)}))
    assert (value(with_vmi, "VMI"), value(without, "VMI")) == (True, False)
    assert with_vmi.version == without.version


def test_the_banner_with_a_build_number_counts(make_image: Any, banner_text: str) -> None:
    """6.x links a first banner without its number, and keeps it in the image."""
    early = banner_text.replace("#7 ", "# ")
    facts = read_image(make_image(kernel={"banners": (early, banner_text)}))
    assert facts.banner == banner_text
    facts = read_image(make_image(kernel={"banners": (banner_text, early)}))
    assert facts.banner == banner_text


def test_a_banner_of_another_release_does_not_count(make_image: Any, banner_text: str) -> None:
    other = "Linux version 9.9.9 (a@b) (gcc) #1 x"
    assert read_image(make_image(kernel={"banners": (banner_text, other)})).banner == banner_text


def test_without_the_header_text_the_kernel_says_who_it_is(make_image: Any) -> None:
    facts = read_image(make_image(fields=((0x20E, b"\0\0"),)))
    assert facts.header.version_text is None
    assert facts.release == "2.6.27.4-vmi"


def test_an_image_that_says_nothing_has_no_version(make_image: Any) -> None:
    facts = read_image(make_image(kernel={"banners": ()}, fields=((0x20E, b"\0\0"),)))
    assert (facts.release, facts.banner, facts.version, facts.build_date) == (None, None, None, None)


def test_a_release_with_no_place_in_the_order(make_image: Any) -> None:
    facts = read_image(make_image(kernel={"banners": ()}, banner="hello (a@b) #1 x"))
    assert facts.release == "hello"
    assert facts.version is None


# --- 32 and 64 bits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "xloadflags", "kernel_bits", "elf", "bits"),
    [
        (0x20F, 0x04, 32, True, 32),
        (0x20F, 0x01, 64, True, 64),
        (0x209, 0, 32, True, 32),  # no xloadflags: by the ELF class
        (0x209, 0, 64, True, 64),
        (0x207, 0, 32, False, 32),  # a raw kernel: by its utsname
        (0x207, 0, 64, False, 64),
    ],
)
def test_the_cpu_it_needs(
    *, protocol: int, xloadflags: int, kernel_bits: int, elf: bool, bits: int, make_image: Any
) -> None:
    image = make_image(protocol=protocol, xloadflags=xloadflags, kernel={"bits": kernel_bits, "elf": elf})
    facts = read_image(image)
    assert facts.bits == bits
    assert facts.payload_error is None
    check_fits(facts, "x86_64")
    if bits == 32:
        check_fits(facts, "i386")
    else:
        assert value(facts, "X86_PAE") is False
        with pytest.raises(
            BadInputError, match=r"2\.6\.27\.4-vmi is a 64-bit kernel and an i386 machine has a 32-bit CPU"
        ):
            check_fits(facts, "i386")


def test_an_unknown_architecture_is_refused(make_image: Any) -> None:
    with pytest.raises(BadInputError, match="'arm64'") as refused:
        check_fits(read_image(make_image()), "arm64")
    assert refused.value.where == "arch"


# --- old protocols --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0x200, 0x203, 0x205, 0x207])
def test_below_2_08_the_payload_is_searched(protocol: int, make_image: Any, banner_text: str) -> None:
    facts = read_image(make_image(protocol=protocol, kernel={"elf": False}))
    assert facts.banner == banner_text
    assert (facts.compression, facts.payload_error) == ("gzip", None)
    assert facts.unpacked_size is not None


def test_a_false_start_before_the_payload_is_passed_over(make_image: Any, make_kernel: Any, banner_text: str) -> None:
    decoys = b"\x1f\x8b\x08\0 no gzip" + gzip.compress(b"a gzip without a kernel")
    payload = decoys + gzip.compress(make_kernel(elf=False))
    facts = read_image(make_image(protocol=0x207, payload=payload))
    assert (facts.banner, facts.payload_error) == (banner_text, None)


def test_many_bombs_cost_what_one_does(make_image: Any) -> None:
    bombs = gzip.compress(bytes(900_000)) * 12
    facts = read_image(make_image(protocol=0x207, payload=bombs), limit=1 << 20)
    assert facts.payload_error == "No compressed kernel was found in the image."


def test_a_cut_kernel_still_gives_its_banner(make_image: Any, make_kernel: Any, banner_text: str) -> None:
    whole = gzip.compress(make_kernel(elf=False, noise=200_000))
    facts = read_image(make_image(protocol=0x207, payload=whole[: len(whole) * 2 // 3]))
    assert facts.banner == banner_text
    assert "damaged" in str(facts.payload_error)


def test_no_payload_anywhere(make_image: Any) -> None:
    facts = read_image(make_image(protocol=0x207, payload=bytes(5000)))
    assert facts.payload_error == "No compressed kernel was found in the image."
    assert facts.release == "2.6.27.4-vmi"  # by the header's text


# --- damaged kernels are facts, not refusals ------------------------------------------------------------------------


def test_a_damaged_payload_keeps_what_the_header_proves(make_image: Any) -> None:
    facts = read_image(make_image(payload=b"\xfd7zXZ\0" + bytes(4000)))
    assert str(facts.payload_error).startswith("The xz payload is damaged")
    assert facts.unpacked_size is None
    assert (facts.release, facts.build_number, facts.compiler) == ("2.6.27.4-vmi", 7, None)
    assert value(facts, "SMP") is True
    assert value(facts, "VMI") is None  # absence from a kernel that could not be read proves nothing
    assert facts.bits is None
    check_fits(facts, "i386")  # not known to be wrong


def test_64_overwritten_bytes_as_in_a_real_failure(make_image: Any) -> None:
    image = bytearray(make_image(method="xz"))
    image[len(image) * 3 // 4 : len(image) * 3 // 4 + 64] = b"\xaa" * 64
    facts = read_image(bytes(image))
    assert "damaged" in str(facts.payload_error)
    assert facts.release == "2.6.27.4-vmi"


def test_a_payload_that_is_no_elf(make_image: Any) -> None:
    facts = read_image(make_image(kernel={"elf": False}))
    assert facts.payload_error == "The payload unpacks, but not to an ELF kernel."


def test_a_payload_that_is_not_packed(make_image: Any) -> None:
    assert "no compression the kernel uses" in str(read_image(make_image(payload=b"\x90" * 5000)).payload_error)


@pytest.mark.parametrize("place", [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0xAA, 1 << 30), (1 << 30, 100), (0xAA, 7)])
def test_a_payload_outside_the_file(place: tuple[int, int], make_image: Any) -> None:
    facts = read_image(make_image(fields=((0x248, struct.pack("<II", *place)),)))
    assert str(facts.payload_error).startswith("The header puts the payload at bytes")
    assert facts.release == "2.6.27.4-vmi"


def test_a_bomb_is_a_sentence(make_image: Any) -> None:
    facts = read_image(make_image(payload=gzip.compress(bytes(8 << 20))), limit=1 << 20)
    assert "more than 1048576 bytes" in str(facts.payload_error)


@pytest.mark.parametrize(
    "config", [b"not gzip", gzip.compress(b"CONFIG_A=y", mtime=0)[:-9], gzip.compress(b"not a config", mtime=0)]
)
def test_a_damaged_config(config: bytes, make_image: Any) -> None:
    image = make_image(kernel={"config": config})
    facts = read_image(image)
    assert str(facts.payload_error).startswith("The embedded .config is damaged")
    assert (facts.config_sha256, read_config(image)) == (None, None)
    assert value(facts, "IKCONFIG") is True
    assert facts.unpacked_size is not None


def test_an_image_without_a_config_has_none(make_image: Any) -> None:
    assert read_config(make_image()) is None


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gzip", "zstd"])
def test_facts_survive_json(method: str, make_image: Any, config_text: str) -> None:
    for kernel in ({}, {"config": config_text}):
        facts = read_image(make_image(method=method, kernel=kernel))
        stored = json.dumps(facts.to_json(), allow_nan=False)
        again = ImageFacts.from_json(json.loads(stored))
        assert again == facts
        assert again.version == facts.version
        assert len(stored) < 4000


def test_json_that_it_did_not_write_is_refused(make_image: Any) -> None:
    plain = read_image(make_image()).to_json()
    with pytest.raises(ValidationError):
        ImageFacts.from_json(plain | {"bits": 31})
    with pytest.raises(ValidationError):
        ImageFacts.from_json({})


def test_facts_cannot_be_changed(make_image: Any) -> None:
    facts = read_image(make_image())
    with pytest.raises(AttributeError):
        facts.release = "other"  # type: ignore[misc]


def test_a_mapped_file_reads_alike_and_can_be_closed(make_image: Any, tmp_path: Path) -> None:
    image = make_image()
    stored = tmp_path / "bzImage"
    stored.write_bytes(image)
    with stored.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert read_image(mapped) == read_image(image) == read_image(memoryview(image))


def test_a_refused_mapped_file_can_be_closed(make_image: Any, tmp_path: Path) -> None:
    """A view left behind in the traceback would make closing fail, and hide the sentence."""
    stored = tmp_path / "bzImage"
    stored.write_bytes(make_image()[:-4000])
    with (
        pytest.raises(BadInputError, match="truncated"),
        stored.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        read_image(mapped)


# --- properties -----------------------------------------------------------------------------------------------------


def facts_or_sentence(image: bytes) -> ImageFacts | str:
    """The facts, or the one sentence; anything else that is raised fails the test."""
    try:
        return read_image(image, limit=1 << 20)
    except BadInputError as refused:
        sentence = refused.detail
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@given(
    method=st.sampled_from(METHODS),
    protocol=st.sampled_from([0x203, 0x207, 0x209, 0x20F]),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=8),
    kept=st.floats(0, 1),
)
def test_property_mutated_images_give_facts_or_one_sentence(
    *, method: str, protocol: int, places: list[tuple[float, bytes]], kept: float, make_image: Any, config_text: str
) -> None:
    image = bytearray(make_image(method=method, protocol=protocol, kernel={"config": config_text, "noise": 2000}))
    for where, junk in places:
        start = int(where * len(image))
        image[start : start + len(junk)] = junk
    cut = bytes(image[: int(kept * len(image)) + 1] if kept < 0.2 else image)
    facts = facts_or_sentence(cut)
    if isinstance(facts, ImageFacts):
        assert ImageFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@given(at=st.integers(0x1F1, 0x26B), junk=st.binary(min_size=1, max_size=8))
def test_property_a_mutated_header_gives_facts_or_one_sentence(at: int, junk: bytes, make_image: Any) -> None:
    image = bytearray(make_image(kernel={"noise": 2000}, protocol=0x20F))
    image[at : at + len(junk)] = junk
    facts = facts_or_sentence(bytes(image))
    assert isinstance(facts, str) or facts.bits in {32, 64, None}


@given(st.binary(max_size=2000))
def test_property_any_bytes_are_refused_with_one_sentence(data: bytes) -> None:
    assert isinstance(facts_or_sentence(data), str)
