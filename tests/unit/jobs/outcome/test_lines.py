"""Bytes to lines to records, without a word about what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.lines import PIECE, SHOWN, WIDTH, Line, Record, Span, Splitter, clean, last_line, records, unglued


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
        ("[    1.234567@1] vendor", [("vendor", True, "1.234567")]),
        ("[12345678.123456] late", [("late", True, "12345678.123456")]),
        ("<12>[    1.234567] facility and level", [("facility and level", True, "1.234567")]),
        ("kern  :warn  : [    1.234567] dmesg -x", [("dmesg -x", True, "1.234567")]),
        ("Nov 22 12:06:48 lab kernel: [    1.234567] syslog", [("syslog", True, "1.234567")]),
        ("Nov 22 12:06:48 lab kernel: syslog", [("syslog", True, None)]),
        ("2026-11-22 12:06:48.123 [    1.234567] a logger", [("a logger", True, "1.234567")]),
        ("2026-11-22T12:06:48+01:00 plain", [("plain", False, None)]),
        ("Nov 22 12:06:48 lab sshd[12]: no kernel", [("Nov 22 12:06:48 lab sshd[12]: no kernel", False, None)]),
        ("kernel: <6>[    1.234567][    T1] all", [("all", True, "1.234567", "T1")]),
        ("[    T1] caller alone", [("caller alone", True, None, "T1")]),
        ("[ T123] caller", [("caller", True, None, "T123")]),
        ("..<4>[    1.234567] both", [("..", False, None), ("both", True, "1.234567")]),
        ("x <4>is no level after a blank", [("x <4>is no level after a blank", False, None)]),
        ("a<4> needs a text", [("a<4> needs a text", False, None)]),
        ("a<8>is no level", [("a<8>is no level", False, None)]),
        ("a[ 1.5] is no time", [("a[ 1.5] is no time", False, None)]),
        ("one\r\rtwo", [("one", False, None), ("two", False, None)]),
    ],
)
def test_records(text: str, expected: list[tuple[str, bool, str | None]]) -> None:
    assert list(records(text)) == [Record(*item) for item in expected]


def test_a_records_time_is_in_seconds() -> None:
    assert [record.seconds for record in records("[   12.500000] a")] == [12.5]
    assert [record.seconds for record in records("a")] == [None]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", ["plain"]),
        ("[    1.000000] one[    2.000000] two<4>three", ["[    1.000000] one", "[    2.000000] two", "<4>three"]),
        ("<4>[    1.000000] one", ["<4>[    1.000000] one"]),
        ("a<4>[    1.000000] one", ["a", "<4>[    1.000000] one"]),
        ("kept\nas it is<4>b", ["kept", "as it is", "<4>b"]),
        ("a\rb", ["a", "b"]),
    ],
)
def test_unglued(text: str, parts: list[str]) -> None:
    assert unglued(text).split("\n") == parts


class TestWrapped:
    """A console of 80 columns breaks lines: a wide one waits for the next, of which it may be the beginning."""

    WIDE = b"w" * WIDTH

    def test_a_wide_line_is_handed_out_with_the_next(self) -> None:
        splitter = Splitter()
        assert list(splitter.push(b"a\n" + self.WIDE + b"\n")) == [Span(b"a\n", 1, 0, ahead=self.WIDE + b"\n")]
        assert list(splitter.push(b"rest")) == []
        (span,) = splitter.push(b"\n")
        assert (span.data, span.number, span.offset) == (self.WIDE + b"\nrest\n", 2, 2)

    @pytest.mark.parametrize("width", [WIDTH - 1, WIDTH + 1])
    def test_another_line_waits_for_nothing(self, width: int) -> None:
        splitter = Splitter()
        assert [span.data for span in splitter.push(b"x" * width + b"\n")] == [b"x" * width + b"\n"]

    def test_carriage_returns_do_not_count(self) -> None:
        splitter = Splitter()
        assert list(splitter.push(self.WIDE + b"\r\n")) == []

    def test_little_is_held_back(self) -> None:
        splitter = Splitter()
        for _ in range(1000):
            list(splitter.push(self.WIDE + b"\n"))
            assert len(splitter.rest) <= 3 * (WIDTH + 1)

    def test_at_the_end_nothing_is_left(self) -> None:
        assert (
            b"".join(span.data for span in spans(b"a\n", self.WIDE + b"\n", self.WIDE))
            == b"a\n" + self.WIDE + b"\n" + self.WIDE
        )

    @pytest.mark.parametrize("size", [1, 7, WIDTH + 1, 1 << 20])
    def test_a_header_over_three_lines_is_one_however_it_comes(self, size: int) -> None:
        header = f"WARNING: at drivers/{'x' * 120}/foo.c:12 foo+0x12/0x30()".ljust(3 * WIDTH, "z")
        lines = [header[at : at + WIDTH] for at in range(0, 3 * WIDTH, WIDTH)]
        console = ("Linux version 2.6.27 (a@b) #1\n" + "\n".join(lines) + "\nmore\n").encode()
        reader = Reader(Expectation())
        for at in range(0, len(console), size):
            reader.feed(console[at : at + size])
        assert [report.title for report in reader.conclude(Ending.END_OF_FILE).reports] == ["WARNING in foo"]

    def test_a_panic_of_80_columns_is_enough_at_once(self) -> None:
        """No more may come: of a kernel without times whose root is /dev/vda it is the last line."""
        panic = b"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)"
        assert len(panic) == WIDTH
        reader = Reader(Expectation("feedc0de"))
        reader.feed(b"Linux version 2.6.27 (a@b) #1\n" + panic + b"\n")
        assert reader.settled is not None

    @pytest.mark.parametrize(
        ("before", "quoted"),
        [
            (
                b"[    0.000000] Linux version 2.6.27 (a@b) #1\n"
                b"[    1.000000] Freeing unused kernel memory: 8k freed\n",
                b"",
            ),
            (
                b"[    0.000000] Linux version 2.6.27 (a@b) #1\n[    8.000000] Freeing unused kernel memory: 8k freed\n"
                b"[    9.000000] farm-init: start token=feedc0de release=2.6.27\n",
                b"[    1.000000] ",
            ),
        ],
    )
    def test_a_quoted_one_is_not(self, before: bytes, quoted: bytes) -> None:
        reader = Reader(Expectation("feedc0de"))
        panic = (quoted + b"Kernel panic - not syncing: ").ljust(WIDTH, b"x")
        reader.feed(before + panic + b"\n")
        assert reader.settled is None


class TestUnended:
    """A kernel without times goes on where user space left the cursor."""

    @pytest.mark.parametrize(
        "left",
        [
            "tfguest login: ", "Password: ", "/ # ", "~ # ", "root@host:~# ", "[root@host ~]# ", "sh-3.2# ",
            "(initramfs) ", "Starting udev...", "Starting udev: ", "Checking file systems... ",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize(
        "header", ["BUG: unable to handle kernel NULL pointer dereference at 0", "Kernel panic - not syncing: x"]
    )
    def test_a_header_behind_it_is_a_record(self, left: str, header: str) -> None:
        assert [record.message for record in records(left + header)] == [left.strip(), header]

    @pytest.mark.parametrize(
        "text",
        [
            "# BUG: a comment", "foo: BUG: bar", "/ # dmesg | grep BUG: ", "/ # echo Kernel panic", "login: BUG: x",
            "Testing whether a quoted text, BUG: x", "Probing EDD (edd=off to disable)... ok",
        ],
    )  # fmt: skip
    def test_what_only_quotes_one_is_one_record(self, text: str) -> None:
        assert [record.message for record in records(text)] == [text.strip()]


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
