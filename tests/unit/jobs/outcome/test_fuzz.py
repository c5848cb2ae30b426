"""A short fuzz with a fixed seed; the long one is `make fuzz`. Also: that it would see what it looks for."""

from functools import cache
from pathlib import Path

import pytest

from jobs.outcome import Expectation, Reader
from tests.fuzz import crowd, keep
from tests.fuzz.examine import Result, examine, make
from tests.fuzz.mutators import MUTATORS
from tests.fuzz.sources import MOST, Pool, pool

SEED = 20080925
INPUTS = 2000
PARTS = 10


@cache
def consoles() -> Pool:
    """The project's own: the same wherever the tests run."""
    return pool(shared=False)


@pytest.mark.parametrize("part", range(PARTS))
def test_broken_consoles_come_to_the_same_reading_in_any_chunks(part: int) -> None:
    for number in range(part, INPUTS, PARTS):
        result = examine(make(SEED, number, consoles()), splits=True)
        assert result.fault is None, f"python -m tests.fuzz --own --seed {SEED} --only {number}"


def test_an_input_can_be_made_again() -> None:
    assert [make(7, number, consoles()) for number in range(50)] == [
        make(7, number, consoles()) for number in range(50)
    ]
    assert make(7, 1, consoles()) != make(8, 1, consoles())


def test_a_failed_input_is_kept_whole(tmp_path: Path) -> None:
    for number in range(20):
        made = make(7, number, consoles())
        assert keep.load(keep.save(tmp_path, 7, made)) == made


def test_every_mutator_is_used_and_inputs_are_of_moderate_size() -> None:
    made = [make(SEED, number, consoles()) for number in range(INPUTS)]
    assert {name for one in made for name in one.how} == {mutator.__name__ for mutator in MUTATORS}
    sizes = sorted(len(one.data) for one in made)
    assert 1000 < sizes[len(sizes) // 2] < 5000
    assert 16384 < sizes[-1] <= MOST


class Fragile(Reader):
    """A reader that does not take a carriage return."""

    def feed(self, data: bytes, t: float | None = None) -> None:
        if b"\r" in data:
            raise ZeroDivisionError("carriage return")
        super().feed(data, t)


class Forgetful(Reader):
    """A reader that looks at its first chunk only."""

    def __init__(self, expect: Expectation) -> None:
        super().__init__(expect)
        self.fed = False

    def feed(self, data: bytes, t: float | None = None) -> None:
        if data and not self.fed:
            self.fed = True
            super().feed(data, t)


def test_an_exception_is_a_fault() -> None:
    inputs = [make(SEED, number, consoles()) for number in range(200)]
    faults = {one.number for one in inputs if examine(one, splits=False, make_reader=Fragile).fault}
    assert faults == {one.number for one in inputs if b"\r" in one.data}
    assert faults


def test_another_reading_in_other_chunks_is_a_fault() -> None:
    results = [examine(make(SEED, number, consoles()), splits=True, make_reader=Forgetful) for number in range(200)]
    faults = [result.fault for result in results if result.fault is not None]
    assert faults
    assert all(fault.startswith("the split of the bytes changes the reading") for fault in faults)


def test_what_is_slow_is_judged_by_the_median_per_byte() -> None:
    tally = crowd.Tally()
    for number in range(99):
        tally.add(Result(number, size=8192, seconds=0.001))
    tally.add(Result(99, size=8192, seconds=0.049))
    tally.add(Result(100, size=8192, seconds=0.051))
    tally.add(Result(101, size=12, seconds=0.0005))  # counts as FLOOR bytes, or each tiny input would be slow
    assert tally.suspects == [100]
    tally.add(Result(102, size=0, seconds=0.1, fault="it broke"))
    assert tally.suspects == [100, 102]
    assert [result.number for result in tally.faults] == [102]
