"""Stretches of consoles: whatever the console, the lines are those that splitting it at LF gives."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import console_window
from api.web.console_text import MAX_BYTES, Line, line
from api.web.console_window import Reader, tail, window


def reader(data: bytes) -> Reader:
    return lambda start, end: data[start:end]


def split(data: bytes) -> list[Line]:
    """The plain truth, for a console that fits in memory."""
    parts = data.split(b"\n")
    return [line(number, part) for number, part in enumerate(parts if parts[-1] else parts[:-1], 1)]


CONSOLES = st.lists(st.sampled_from([b"a", b"\n", b"\n\n", b"long" * 9, b"\r\n", b"\xff"]), max_size=60).map(b"".join)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 7 bytes, so that lines cross them in short consoles too."""
    monkeypatch.setattr(console_window, "_BLOCK", 7)


@given(CONSOLES)
def test_a_short_console_is_shown_whole(data: bytes) -> None:
    found = window(reader(data), len(data))
    assert found.lines == split(data)
    assert (found.total, found.at_end) == (len(split(data)), True)


@given(CONSOLES, st.integers(1, 12), st.integers(1, 80))
def test_a_window_has_the_line_that_was_asked_for(data: bytes, limit: int, around: int) -> None:
    whole = split(data)
    found = window(reader(data), len(data), around=around, limit=limit)
    assert len(found.lines) == min(limit, len(whole))
    if whole:
        assert found.lines == whole[found.first - 1 : found.last]
        assert found.first <= min(around, len(whole)) <= found.last


@given(CONSOLES, st.integers(1, 12))
def test_without_a_wish_it_is_the_end(data: bytes, limit: int) -> None:
    assert window(reader(data), len(data), limit=limit).lines == split(data)[-limit:]


@given(CONSOLES, st.integers(0, 100), st.integers(1, 40))
def test_reading_on_gives_what_reading_again_would(data: bytes, at: int, limit: int) -> None:
    """A page that got the first `at` bytes, then asks for the rest, ends with the lines a fresh page shows."""
    at = min(at, len(data))
    first = window(reader(data[:at]), at, limit=1000)
    rest = tail(reader(data), len(data), number=first.next_line, offset=first.next_offset, limit=limit)
    page = {one.number: one for one in first.lines}
    page |= {one.number: one for one in rest.lines}
    whole = split(data)
    assert (rest.total, rest.at_end) == (len(whole), True)
    assert rest.lines == whole[len(whole) - len(rest.lines) :]
    if len(rest.lines) < limit:
        assert [page[number] for number in sorted(page)] == whole


@given(CONSOLES)
def test_where_to_read_on_is_the_first_line_without_its_end(data: bytes) -> None:
    found = window(reader(data), len(data))
    assert data[: found.next_offset].count(b"\n") == found.next_line - 1
    assert b"\n" not in data[found.next_offset :]


def test_an_empty_console_has_no_line() -> None:
    found = window(reader(b""), 0)
    assert (found.lines, found.total, found.first, found.last, found.at_end) == ([], 0, 1, 0, True)


def test_a_console_shorter_than_its_size_ends_where_it_ends() -> None:
    """The file may be gone while the row still says how long it was."""
    assert window(reader(b"one\n"), 100).total == 1
    assert window(reader(b""), 100).lines == []


def test_a_line_over_many_blocks_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_window, "_BLOCK", 1000)
    data = b"first\n" + b"x" * (1 << 20) + b"\nlast\n"
    found = window(reader(data), len(data))
    assert [one.cut for one in found.lines] == [0, (1 << 20) - MAX_BYTES, 0]
    assert found.lines[2].text == "last"


def test_a_hundred_megabytes_are_never_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_window, "_BLOCK", 256 << 10)
    row = b"[    1.000000] flood of the same line, again and again and again\n"
    size = (100 << 20) // len(row) * len(row)

    def flood(start: int, end: int) -> bytes:
        stop = min(end, size)
        first = start // len(row)
        return (row * ((stop - start) // len(row) + 2))[start - first * len(row) :][: stop - start]

    tracemalloc.start()
    try:
        found = window(flood, size, around=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.total == size // len(row)
    assert found.first <= 1_000_000 <= found.last
    assert len(found.lines) == console_window.SHOWN
    assert peak < 16 << 20
