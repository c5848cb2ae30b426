"""A job's pattern is looked for in many lines at once: it must find what it finds line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.outcome.lines import clean
from jobs.outcome.pattern import JobPattern

PATTERNS = (
    "login: ",
    "^ready",
    "ready$",
    "^ready$",
    "re.*dy",
    r"\bready\b",
    "rea[^x]y",
    "^(ready|done)",
    "(?i)READY",
    r"\Aready",
    r"\[ +1\.000001\] ready",
    "réady",
    "a\tb",
    "\ufffd",
)
PARTS = [
    *(b"ready", b"re", b"ady", b"done", b"login: ", b"READY", b"r\xc3\xa9ady", b"already", b"a b", b"a\tb", b" ", b"x"),
    *(
        b"[    1.000001] ",
        b"<6>",
        b"<6>[    1.000001] ",
        b"\x1b[1m",
        b"\0",
        b"\xff",
        b"\r",
        b"\r\n",
        b"\n",
        b"\n",
        b"\n",
    ),
]


def one_by_one(pattern: JobPattern, data: bytes) -> list[int]:
    found, start = [], 0
    for line in data.split(b"\n"):
        if pattern.matches(clean(line)):
            found.append(start)
        start += len(line) + 1
    return found


@given(st.sampled_from(PATTERNS), st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join))
def test_in_many_lines_as_in_each(text: str, data: bytes) -> None:
    pattern = JobPattern(text)
    assert pattern.lines(data) == one_by_one(pattern, data)


@pytest.mark.parametrize("text", [text for text in PATTERNS if text != "a\tb"])  # a tab is read as a blank
def test_it_is_found_behind_what_printk_puts_before_it(text: str) -> None:
    data = b"nothing\n[    1.000001] ready\r\n[    1.000002] login: r\xc3\xa9ady \xff\nnothing\n"
    pattern = JobPattern(text)
    assert pattern.lines(data) == one_by_one(pattern, data) != []
    ready = data[: data.index(b"login")]  # nothing but plain letters
    assert pattern.lines(ready) == one_by_one(pattern, ready)
