"""One console line as text that is safe and honest to show. Pure: bytes in, text out; knows no HTML.

A console is data from a machine that may be broken. What reaches the page is printable characters and spaces only:

- ANSI CSI sequences (ECMA-48 section 5.4: colours, cursor moves) are taken out;
- every other C0 control is its Unicode picture (ESC is U+241B), DEL is U+2421;
- C1 controls and characters that only steer the display (bidirectional overrides, zero width) are named: ‹U+202E›;
- bytes that are no UTF-8 are U+FFFD; a tab goes to the next multiple of eight.

HTML is not escaped here: the templates do that, once.
"""

import re
import unicodedata
from dataclasses import dataclass

MAX_BYTES = 4096  # of one line that are shown

_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_ODD = re.compile(r"[^ -~]")
_STEERING = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co"))
_PICTURES = 0x2400
# `[    0.512345] `, with the level before it and the CPU or task behind it that some kernels print.
_STAMP = re.compile(r"(?:<\d+>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ?")


@dataclass(frozen=True, slots=True)
class Line:
    """A line ready for the page. `number` counts from 1, by LF; `cut` is how many bytes are not shown."""

    number: int
    stamp: str  # the kernel's time stamp with what belongs to it, or ""
    text: str
    cut: int = 0


def clean(data: bytes) -> str:
    """Bytes of one line, without its LF, as text to show; the CRs before the LF are part of the line's end."""
    text = _CSI.sub("", data.rstrip(b"\r").decode("utf-8", "replace"))
    return plain(text.expandtabs(8))


def plain(text: str) -> str:
    """Text with every character that is not there to be read made visible."""
    return _ODD.sub(_shown, text)


def line(number: int, data: bytes, length: int | None = None) -> Line:
    """The first bytes of a line as a Line. `length` is the whole line's, where `data` is not all of it."""
    whole = len(data) if length is None else length
    text = clean(data[:MAX_BYTES])
    stamp = _STAMP.match(text)
    at = stamp.end() if stamp else 0
    return Line(number, text[:at], text[at:], max(0, whole - MAX_BYTES))


def _shown(found: re.Match[str]) -> str:
    char = found.group()
    code = ord(char)
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(char) in _STEERING:
        return f"\u2039U+{code:04X}\u203a"
    return char
