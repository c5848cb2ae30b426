"""Text of machines made harmless for a person's terminal. Pure: text or bytes in, text out.

A console is data. Shown raw, its escape sequences could retitle the window, hide lines or answer on the keyboard's
behalf. Control characters are shown as cat -v does: ESC as ^[, DEL as ^?, U+009B as M-^[; bytes that are no UTF-8 as
\\xff; characters that only steer the display (bidirectional overrides, zero width) as <U+202E>.
"""

import codecs
import unicodedata

_STEERING = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs"))  # Unicode general categories: controls, formats, line breaks


def _shown(char: str) -> str:
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    if code < 0xA0:
        return f"M-^{chr(code - 0x40)}"
    return f"<U+{code:04X}>"


def visible(text: str, keep: str = "") -> str:
    """`text` with every control character written out, except those in `keep`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in keep or unicodedata.category(char) not in _STEERING else _shown(char) for char in text
    )


class Harmless:
    """Console bytes, in pieces as they come, as text with plain line ends. CR LF is one line end."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._returned = False  # the last character was a CR whose line feed may yet come

    def feed(self, data: bytes, *, last: bool = False) -> str:
        """What can be shown now; `last` also flushes a character that was cut off by the end."""
        text = self._decoder.decode(data, last)
        if self._returned:
            text = "\r" + text
        self._returned = text.endswith("\r") and not last
        if self._returned:
            text = text[:-1]
        return visible(text.replace("\r\n", "\n"), keep="\n\t")
