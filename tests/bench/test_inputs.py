"""What the bench feeds is what it says: a figure over other bytes would be worth nothing."""

import re

from jobs.outcome import Ending, Expectation, Reader
from tests.bench.inputs import clean_boots, crashes, floods, long_console

SIZE = 3 << 20


def test_clean_boots_are_boots_that_came_up() -> None:
    boots = clean_boots()
    assert len(boots) >= 30
    assert all(b"Linux version" in boot.data for boot in boots)
    claims = [boot for boot in boots if b"Kernel panic" in boot.data or b"Oops" in boot.data]
    assert {boot.group for boot in claims} <= {"broken"}  # user space that quotes a crash
    assert len(claims) < len(boots) / 10


def test_crashes_have_reports_on_them() -> None:
    assert len(crashes().consoles) >= 30
    assert all(crashes().consoles)


def test_the_long_console_is_one_boot_of_that_size_that_goes_on() -> None:
    console = b"".join(long_console(SIZE))
    assert SIZE <= len(console) < SIZE + (1 << 16)
    assert console.count(b"Linux version ") == 1
    times = [float(found) for found in re.findall(rb"(?m)^\[ *(\d+\.\d+)\] ", console)]
    assert times == sorted(times)
    assert len(times) > 20_000
    assert console.count(b"WARNING: ") == len(set(re.findall(rb"WARNING: .*", console))) >= 2


def test_the_reader_reads_the_long_console_to_its_end() -> None:
    """A reader that had given up would be fast."""
    reader = Reader(Expectation(token="feedc0de"))
    for chunk in long_console(SIZE):
        reader.feed(chunk)
    assert reader.settled is None
    reader.feed(b"\n[99999.000000] Kernel panic - not syncing: at last\n")
    assert reader.conclude(Ending.SILENCE, image_fetched=True).outcome == "panic"


def test_floods_are_as_large_as_asked() -> None:
    for flood in floods(100_000):
        assert 100_000 <= sum(map(len, flood.consoles)) < 100_100, flood.what
    assert len({flood.what for flood in floods(1000)}) == len(floods(1000))
