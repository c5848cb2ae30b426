"""Read an x86 Linux image: its boot header, and the kernel packed inside. Pure: bytes in, one value out.

Source: Documentation/arch/x86/boot.rst; field names are its own. An image that no boot loader can start is refused
with one sentence. An image whose *kernel* is damaged is not: the farm tests broken kernels, so its facts say what could
be read, and `payload_error` what could not.
"""

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Literal

from pydantic import TypeAdapter

from farm.core.errors import BadInputError
from jobs.builds.banner import Banner, parse_banner
from jobs.builds.config import (
    MARKS,
    OPTIONS,
    UNKNOWN,
    Fact,
    Source,
    facts_from_banner,
    facts_from_config,
    facts_from_strings,
    parse_config,
)
from jobs.builds.header import BootHeader, read_header
from jobs.builds.payload import MAX_UNPACKED, PayloadError, find_gzip, method_of, unpack
from jobs.builds.scan import Scanner, unpack_ikconfig
from jobs.builds.version import KernelVersion, from_banner

Image = bytes | bytearray | memoryview | mmap.mmap
_MAX_CANDIDATES = 16  # places a payload is looked for where the header does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What an image is. Sizes and addresses are bytes; None is "the image does not say"."""

    size: int
    header: BootHeader
    bits: Literal[32, 64] | None  # of the CPU it needs; None only for a damaged kernel with a protocol below 2.12
    release: str | None  # `uname -r`
    banner: str | None  # the whole of "Linux version ..."; the header's shorter form for a damaged kernel
    builder: str | None = None  # user@host
    compiler: str | None = None
    build_number: int | None = None
    build_date: datetime | None = None
    compression: str | None = None
    unpacked_size: int | None = None  # None where it could not be unpacked whole
    payload_error: str | None = None  # one sentence: why the kernel inside could not be read (to its end)
    config_sha256: str | None = None  # of the embedded .config's text, as `read_config` gives it
    options: Mapping[str, Fact] = field(default_factory=dict)  # every name of config.OPTIONS

    @property
    def version(self) -> KernelVersion | None:
        """The version by its banner, or by its release; None where neither has a place in the order of versions."""
        for text in (self.banner, self.release):
            try:
                if text:
                    return from_banner(text)
            except BadInputError:
                continue
        return None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: for SQL and the API."""
        plain: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ImageFacts":
        """The reverse of `to_json`. Raises pydantic.ValidationError for what it did not write."""
        return _adapter().validate_python(plain)


@cache
def _adapter() -> TypeAdapter[ImageFacts]:
    return TypeAdapter(ImageFacts)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One pass over the kernel inside."""

    scanner: Scanner
    method: str | None = None
    error: str | None = None

    @property
    def whole(self) -> bool:
        return self.error is None


def read_image(data: Image, *, limit: int = MAX_UNPACKED) -> ImageFacts:
    """Read all facts of one image file. Raises BadInputError, one sentence, for what is no bootable x86 image.

    Takes about half a second for a distribution's kernel (its payload is unpacked, at most `limit` bytes of it, and not
    kept); call it in a thread. Needs memory for the image twice and about 50 MB more.
    """
    header = read_header(data)
    reading = _read_payload(data, header, limit)
    short = header.version_text
    full = _best_banner(reading.scanner, short)
    made = parse_banner(full or short or "")
    config, config_error = _config_text(reading.scanner)
    bits = header.bits or reading.scanner.elf_bits or {"i386": 32, "x86_64": 64}.get(reading.scanner.machine or "")
    return ImageFacts(
        size=len(data),
        header=header,
        bits=bits,  # type: ignore[arg-type]  # 32, 64 or None by all three sources
        release=made.release if made else (short or "").split(" ", 1)[0] or None,
        banner=full or short,
        builder=made.builder if made else None,
        compiler=made.compiler if made else None,
        build_number=made.number if made else None,
        build_date=made.date if made else None,
        compression=reading.method,
        unpacked_size=reading.scanner.size if reading.whole else None,
        payload_error=reading.error or config_error,
        config_sha256=hashlib.sha256(config.encode()).hexdigest() if config is not None else None,
        options=_options(header, bits, made, reading, config),
    )


def read_config(data: Image, *, limit: int = MAX_UNPACKED) -> str | None:
    """The .config inside the image (CONFIG_IKCONFIG=y), as text; None where it has none that can be read.

    A second pass over the payload: `ImageFacts` goes into SQL, and a .config of 250 KB does not.
    """
    return _config_text(_read_payload(data, read_header(data), limit).scanner)[0]


def check_fits(facts: ImageFacts, arch: str) -> None:
    """Refuse, with BadInputError, an image that a machine of `arch` ("i386" or "x86_64") cannot start."""
    if arch not in {"i386", "x86_64"}:
        raise BadInputError(f"The farm knows no machines of architecture {arch!r}; it is i386 or x86_64.", where="arch")
    if arch == "i386" and facts.bits == 64:
        name = facts.release or "this image"
        raise BadInputError(
            f"{name} is a 64-bit kernel and an i386 machine has a 32-bit CPU: "
            "build it with ARCH=i386, or ask for an x86_64 machine."
        )


def _read_payload(data: Image, header: BootHeader, limit: int) -> _Reading:
    place = header.payload_place
    if place is None:
        return _search_payload(data, header, limit)
    start, length = place
    if length < 8 or start + length > len(data):
        return _Reading(
            Scanner(()), error=f"The header puts the payload at bytes {start} to {start + length} of {len(data)}."
        )
    reading = _scan(bytes(data[start : start + length]), limit, sized=True)
    if reading.whole and reading.scanner.elf_bits is None:
        return _Reading(reading.scanner, reading.method, "The payload unpacks, but not to an ELF kernel.")
    return reading


def _search_payload(data: Image, header: BootHeader, limit: int) -> _Reading:
    """Below protocol 2.08 the header does not say where the payload is; take the first gzip with a kernel in it."""
    image = bytes(data)
    best: _Reading | None = None
    left = limit  # for all candidates together: a file of bombs costs what one does
    for at in islice(find_gzip(image, header.setup_size), _MAX_CANDIDATES):
        reading = _scan(image[at:], left, sized=False)
        left = max(0, left - reading.scanner.size)
        if reading.scanner.banners and (best is None or reading.whole):
            best = reading
        if best and best.whole:
            break
    return best or _Reading(Scanner(()), error="No compressed kernel was found in the image.")


def _scan(payload: bytes, limit: int, *, sized: bool) -> _Reading:
    scanner = Scanner(MARKS)
    method = method_of(payload)
    try:
        for piece in unpack(payload, limit=limit, sized=sized):
            scanner.feed(piece)
    except PayloadError as error:
        return _Reading(scanner, method, str(error))
    return _Reading(scanner, method)


def _best_banner(scanner: Scanner, short: str | None) -> str | None:
    """Of several banners the one with a build number (6.x links a first one without), of the header's release."""
    whole = [text for text in scanner.banners if parse_banner(text)]
    release = (short or "").split(" ", 1)[0]
    matching = [text for text in whole if text.startswith(f"Linux version {release} ")]
    return next(reversed(matching or whole or scanner.banners), None)


def _config_text(scanner: Scanner) -> tuple[str | None, str | None]:
    """The text, or a sentence on why there is none although there should be."""
    if b"IKCFG_ST" not in scanner.found:
        return None, None
    text = unpack_ikconfig(scanner.ikconfig or b"")
    if text is None:
        return None, "The embedded .config is damaged."
    try:
        parse_config(text)
    except BadInputError as error:
        return None, f"The embedded .config is damaged: {error}"
    return text, None


def _options(
    header: BootHeader, bits: int | None, made: Banner | None, reading: _Reading, config: str | None
) -> dict[str, Fact]:
    """All facts of config.OPTIONS; the surer source wins."""
    facts = dict.fromkeys(OPTIONS, UNKNOWN)
    facts |= facts_from_strings(reading.scanner.found, whole=reading.whole)
    if made:
        facts |= facts_from_banner(made.version)
    if header.relocatable is not None:
        shown = f"relocatable_kernel={int(header.relocatable)}"
        facts["CONFIG_RELOCATABLE"] = Fact(header.relocatable, Source.HEADER, shown)
    if bits == 64:
        facts["CONFIG_X86_PAE"] = Fact(False, Source.HEADER, "a 64-bit kernel has no such option")
    return facts_from_config(parse_config(config)) if config is not None else facts
