"""Control bytes made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.cli.terminal import Harmless, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("\x1b[2J", "^[[2J"),
        ("\x00\x07\x08", "^@^G^H"),
        ("\x7f", "^?"),
        ("\x9b31m", "M-^[31m"),  # CSI as one C1 character
        ("a\tb\nc", "a^Ib^Jc"),
        ("\u202eevil\u2066", "<U+202E>evil<U+2066>"),  # bidirectional override and isolate
        ("\u200b\u2028", "<U+200B><U+2028>"),
        ("Grüße, 内核 😀", "Grüße, 内核 😀"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_to_be_kept_is_kept() -> None:
    assert visible("a\tb\nc\r", keep="\t\n") == "a\tb\nc^M"


PARTS = [b"\r", b"\n", b"\x1b", b"\xc2", b"\x9b", b"\xe2", b"\x80", b"\xae", b"a"]  # of controls, in and out of UTF-8


def _whole(data: bytes, size: int = 1 << 20) -> str:
    shown = Harmless()
    pieces = [shown.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return "".join(pieces) + shown.feed(b"", last=True)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"one\rtwo", "one^Mtwo"),
        (b"one\r\r\n", "one^M\n"),
        (b"end\r", "end^M"),
        (b"\x1b]0;owned\x07", "^[]0;owned^G"),
        (b"nul\x00nul", "nul^@nul"),
        (b"\xff\xfe bad", "\\xff\\xfe bad"),
        (b"\x9b31m", "\\x9b31m"),  # a lone C1 byte is no UTF-8
        (b"\xc2\x9b31m", "M-^[31m"),  # and as UTF-8 it is the same control
        ("µs".encode(), "µs"),
        (b"cut \xc2", "cut \\xc2"),
        (b"<b>&amp;[red]x[/red]", "<b>&amp;[red]x[/red]"),
    ],
)
def test_console_bytes(data: bytes, shown: str) -> None:
    assert _whole(data) == shown


@given(st.binary(max_size=60), st.integers(1, 7))
def test_the_pieces_bytes_come_in_do_not_matter(data: bytes, size: int) -> None:
    assert _whole(data, size) == _whole(data)


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\x1b", b"\xc2", b"\x9b", b"\xe2", b"\x80", b"\xae", b"a"]), max_size=12)
)
def test_nothing_that_steers_a_terminal_is_left(parts: list[bytes]) -> None:
    shown = _whole(b"".join(parts), 1)
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char != "\n"]


def test_a_long_line_stays_one_line() -> None:
    assert _whole(b"x" * (1 << 20), 4096) == "x" * (1 << 20)
