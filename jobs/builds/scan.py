"""Look through an unpacked kernel as it comes, piece by piece, and keep only what was looked for. Pure.

A 50 MB kernel is never held whole: the farm reads images in the process that serves its pages.
"""

import re
import zlib
from collections.abc import Iterable

_OVERLAP = 1024  # bytes kept from one piece to the next: longer than a banner, a mark and struct new_utsname
_MAX_BANNERS = 16
_MAX_IKCONFIG = 4 << 20  # bytes of gzip; the largest .config packs to about 70 KB
_MAX_CONFIG = 4 << 20  # bytes of text; the largest is about 300 KB

_BANNER = re.compile(rb"Linux version (?=\d)[\x20-\x7e]{8,900}(?=[\n\0])")
# struct new_utsname: six fields of 65 bytes; the fifth is the machine, "i386" or "x86_64".
_UTSNAME = re.compile(rb"Linux\0{60}[^\0](?s:.{64})[^\0](?s:.{64})#(?s:.{64})(i386|x86_64)\0")


class Scanner:
    """Feed it the pieces in order, then read `banners`, `found`, `machine`, `ikconfig`, `elf_bits` and `size`."""

    def __init__(self, marks: Iterable[bytes]) -> None:
        self.size = 0
        self.banners: list[str] = []  # in the order of their places, each text once
        self.found: set[bytes] = set()
        self.machine: str | None = None
        self.elf_bits: int | None = None  # 32 or 64; None where it is no ELF
        self._wanted = set(marks)
        self._tail = b""
        self._ikconfig = bytearray()
        self._collecting = False

    def feed(self, piece: bytes) -> None:
        window = self._tail + piece
        if self.size < 5 and window[:4] == b"\x7fELF":  # e_ident: the magic, then the class
            self.elf_bits = {b"\x01": 32, b"\x02": 64}.get(window[4:5])
        self.size += len(piece)
        self._look_for_marks(window)
        self._look_for_banners(window)
        self._collect_ikconfig(piece, window)
        self._tail = window[-_OVERLAP:]

    @property
    def ikconfig(self) -> bytes | None:
        """The gzip between IKCFG_ST and IKCFG_ED (kernel/configs.c), None where there is none or no end."""
        end = self._ikconfig.find(b"IKCFG_ED")
        return bytes(self._ikconfig[:end]) if end >= 0 else None

    def _look_for_marks(self, window: bytes) -> None:
        seen = {mark for mark in self._wanted if mark in window}
        self.found |= seen
        self._wanted -= seen

    def _look_for_banners(self, window: bytes) -> None:
        for match in _BANNER.finditer(window):
            text = match.group().decode("ascii")
            if text not in self.banners and len(self.banners) < _MAX_BANNERS:
                self.banners.append(text)
        if self.machine is None and (found := _UTSNAME.search(window)):
            self.machine = found[1].decode("ascii")

    def _collect_ikconfig(self, piece: bytes, window: bytes) -> None:
        if self._collecting:
            self._ikconfig += piece
        elif not self._ikconfig and (start := window.find(b"IKCFG_ST")) >= 0:
            self._ikconfig += window[start + 8 :]
            self._collecting = True
        if self._collecting and (len(self._ikconfig) > _MAX_IKCONFIG or b"IKCFG_ED" in self._ikconfig):
            self._collecting = False


def unpack_ikconfig(packed: bytes) -> str | None:
    """The text of an embedded .config; None where it is damaged or larger than any .config is."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        text = decoder.decompress(packed, _MAX_CONFIG)
    except zlib.error:
        return None
    return text.decode("utf-8", errors="replace") if decoder.eof else None
