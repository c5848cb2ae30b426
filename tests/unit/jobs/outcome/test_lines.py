"""Bytes to lines to records, without a word about what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.outcome.lines import PIECE, SHOWN, Line, Record, Span, Splitter, clean, last_line, records


def spans(*chunks: bytes) -> list[Span]:
    splitter = Splitter()
    found = [span for chunk in chunks for span in splitter.push(chunk)]
    return [*found, *splitter.flush()]


class TestSplitter:
    def test_whole_lines_come_in_one_span(self) -> None:
        assert spans(b"a\nb\nc") == [Span(b"a\nb\n", 1, 0), Span(b"c", 3, 4)]

    def test_a_begun_line_waits_for_its_end(self) -> None:
        splitter = Splitter()
        assert list(splitter.push(b"Linux ver")) == []
        assert splitter.rest == b"Linux ver"
        assert list(splitter.push(b"sion\n")) == [Span(b"Linux version\n", 1, 0)]
        assert splitter.rest == b""

    def test_an_endless_line_is_handed_out_in_pieces_with_the_number_of_the_line(self) -> None:
        found = spans(b"x\n" + b"a" * (2 * PIECE + 5) + b"\ny\n")
        assert [(span.number, span.offset) for span in found] == [(1, 0)]
        found = spans(b"x\n" + b"a" * PIECE, b"a" * PIECE, b"aaaaa", b"\ny\n")
        assert [(len(span.data), span.number, span.offset) for span in found] == [
            (2, 1, 0),
            (PIECE, 2, 2),
            (PIECE, 2, 2 + PIECE),
            (5 + 1 + 2, 2, 2 + 2 * PIECE),
        ]

    def test_memory_is_bounded(self) -> None:
        splitter = Splitter()
        for _ in range(300):
            list(splitter.push(b"\0" * 4000))
            assert len(splitter.rest) <= PIECE

    @given(st.lists(st.binary(max_size=40) | st.just(b"\n") | st.just(b"z" * (PIECE // 2)), max_size=12))
    def test_no_byte_is_lost_and_numbers_are_right(self, chunks: list[bytes]) -> None:
        whole = b"".join(chunks)
        found = spans(*chunks)
        assert b"".join(span.data for span in found) == whole
        for span in found:
            assert span.number == whole.count(b"\n", 0, span.offset) + 1


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"tab\there", "tab here"),
        (b"\x1b[0;1;31mred\x1b[0m", "red"),
        (b"\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS", "SeaBIOS"),  # as it begins in every capture
        (b"o\x1bc\x1b[?7l\x1b[2J\x1b[0mk", "ok"),
        (b"Ker\0nel pa\0nic", "Kernel panic"),
        (b"\xff\xfeA", "��A"),
        (b"bell\x07 back\x08 \x9b", "bell back �"),
        (b"...\x08 \x08ok", "... ok"),
        ("evil\u202etxt".encode(), "eviltxt"),
        (b"TThhiiss  kkeerrnneell", "This kernel"),
        (b"PPrroobbiinngg  EEDDDD  ((eedddd==ooffff", "Probing EDD (edd=off"),
        (b"------------[ cut here ]------------", "------------[ cut here ]------------"),
        (b"00000000 11112222", "00000000 11112222"),
        (b"kept\rkept", "kept\rkept"),
        (b"\x1b[", "["),  # a sequence without an end: only its ESC is taken out
        ("number sign \u06dd".encode(), "number sign "),
    ],
)
def test_clean(raw: bytes, text: str) -> None:
    assert clean(raw) == text


@given(st.binary(max_size=300))
def test_clean_text_is_inert(raw: bytes) -> None:
    assert clean(raw).replace("\r", "").isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [("plain", False, None)]),
        ("[    1.234567] foo", [("foo", True, "1.234567")]),
        ("[    1.234567][    T1] foo", [("foo", True, "1.234567", "T1")]),
        ("[   12.345678][ C0] foo", [("foo", True, "12.345678", "C0")]),
        ("<6>[    1.234567]  foo", [("foo", True, "1.234567")]),
        ("<4>BUG: x", [("BUG: x", True, None)]),
        ("honours the WP bit...<0>------[ cut", [("honours the WP bit...", False, None), ("------[ cut", True, None)]),
        (
            "[    2.828072] Rebooting in 1 seconds..[    0.000000] Linux version 1 (",
            [("Rebooting in 1 seconds..", True, "2.828072"), ("Linux version 1 (", True, "0.000000")],
        ),
        ("IJK[    8.614485] random: init", [("IJK", False, None), ("random: init", True, "8.614485")]),
        ("over\rwritten", [("over", False, None), ("written", False, None)]),
        ("\r\r", []),
        ("[    1.234567] ", []),
        ("array[12] = <5> ok", [("array[12] = <5> ok", False, None)]),
        ("[  OK  ] Started foo", [("[  OK  ] Started foo", False, None)]),
        ("[    4.9] short", [("short", True, "4.9")]),
    ],
)
def test_records(text: str, expected: list[tuple[str, bool, str | None]]) -> None:
    assert list(records(text)) == [Record(*item) for item in expected]


class TestLastLine:
    def test_blank_lines_do_not_count(self) -> None:
        span = Span(b"one\ntwo\r\n \r\n\x1b[0m\n\0\0\n", 10, 100)
        assert last_line(span, len(span.data), 15) == Line("two\r", 11, 104)

    def test_nothing_to_read(self) -> None:
        span = Span(b"\n\r\n\x1b[2J\n", 1, 0)
        assert last_line(span, len(span.data), 4) is None

    def test_before_a_byte(self) -> None:
        span = Span(b"one\ntwo\nthree\n", 1, 0)
        assert last_line(span, 8, 3) == Line("two", 2, 4)
        assert last_line(span, 4, 2) == Line("one", 1, 0)
        assert last_line(span, 0, 1) is None

    def test_of_a_very_long_line_its_last_piece(self) -> None:
        data = b"x\n" + b"a" * PIECE + b"end" + b" " * PIECE + b"\n"
        assert last_line(Span(data, 1, 0), len(data), 3) == Line("end" + " " * (PIECE - 3), 2, 2 + PIECE)


class TestEvidence:
    def test_text_is_cut(self) -> None:
        assert len(Line("x" * 5000, 3, 7).evidence().text) == SHOWN

    def test_of_a_long_line_the_part_that_matters(self) -> None:
        line = Line("x" * 5000 + "[    1.000000] Kernel panic", 3, 7)
        assert line.evidence("Kernel panic").text == "Kernel panic"

    def test_of_a_short_line_all_of_it(self) -> None:
        line = Line("[    1.000000] Kernel panic\r", 3, 7)
        assert line.evidence("Kernel panic").text == "[    1.000000] Kernel panic"
