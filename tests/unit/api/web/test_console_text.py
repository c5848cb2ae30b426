"""What a console may hold, and what of it may reach a page."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.console_text import MAX_BYTES, clean, line, plain

ESC = "\x1b"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", ""),
        (b"Booting the kernel.\r", "Booting the kernel."),
        (b"two line ends\r\r", "two line ends"),
        (b"\x1b[1;31mred\x1b[0m and \x1b[2J\x1b[Hclear", "red and clear"),
        (b"\x1b[?25lcursor\x1b[>4;2m", "cursor"),
        (b"\x1b]0;owned\x07title", "␛]0;owned␇title"),
        (b"\x1b(Bcharset", "␛(Bcharset"),
        (b"cut \x1b[31", "cut ␛[31"),
        (b"\x00NUL \x08BS \x7fDEL", "␀NUL ␈BS ␡DEL"),
        (b"over\rwritten", "over␍written"),
        (b"\xff\xfe bad \xc3", "�� bad �"),
        ("C1 \u009b31m".encode(), "C1 ‹U+009B›31m"),
        ("bidi \u202etxt.exe\u2066".encode(), "bidi ‹U+202E›txt.exe‹U+2066›"),
        ("zero\u200bwidth\ufeff soft\u00ad".encode(), "zero‹U+200B›width‹U+FEFF› soft‹U+00AD›"),
        ("line\u2028sep".encode(), "line‹U+2028›sep"),
        ("private \ue000".encode(), "private ‹U+E000›"),
        ("Grüße, 世界 €".encode(), "Grüße, 世界 €"),
        (b"a\tb", "a       b"),
        (b"12345678\tb", "12345678        b"),
        (b"<b>&\"'", "<b>&\"'"),
    ],
)
def test_a_line_is_shown_as(raw: bytes, shown: str) -> None:
    assert clean(raw) == shown


@given(st.binary(max_size=300))
def test_only_characters_to_be_read_come_out(data: bytes) -> None:
    shown = clean(data.replace(b"\n", b" "))
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"} for char in shown)


@given(st.text(max_size=200))
def test_any_text_is_made_plain(text: str) -> None:
    shown = plain(text)
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"} for char in shown)


@given(st.text(max_size=200))
def test_plain_text_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert plain(once) == once


@given(st.lists(st.sampled_from([ESC, "[", "3", ";", "1", "m", "?", " ", "H", "x", "\x9b"]), max_size=40))
def test_no_escape_survives_however_it_is_nested(pieces: list[str]) -> None:
    assert ESC not in clean("".join(pieces).encode())


@pytest.mark.parametrize(
    ("text", "stamp", "rest"),
    [
        ("[    0.000000] Linux version 6.1", "[    0.000000] ", "Linux version 6.1"),
        ("<4>[   12.345678] warned", "<4>[   12.345678] ", "warned"),
        ("[    1.000000][    T1] with its task", "[    1.000000][    T1] ", "with its task"),
        ("[1234567.000001] late", "[1234567.000001] ", "late"),
        ("[  OK  ] systemd", "", "[  OK  ] systemd"),
        ("no stamp [    0.000000] here", "", "no stamp [    0.000000] here"),
    ],
)
def test_the_time_stamp_stands_apart(text: str, stamp: str, rest: str) -> None:
    found = line(7, text.encode())
    assert (found.number, found.stamp, found.text, found.cut) == (7, stamp, rest, 0)


def test_a_long_line_is_cut_and_says_so() -> None:
    found = line(1, b"x" * (MAX_BYTES + 1), 1 << 20)
    assert len(found.text) == MAX_BYTES
    assert found.cut == (1 << 20) - MAX_BYTES


def test_a_line_of_just_the_limit_is_whole() -> None:
    found = line(1, b"x" * MAX_BYTES)
    assert (len(found.text), found.cut) == (MAX_BYTES, 0)
