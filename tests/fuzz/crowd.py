"""Many inputs on all processors, and which of them were slow. Knows what an input is, and nothing of what was found.

Time is the processor's, per byte, an input of less than FLOOR bytes counting as one of FLOOR: below that the fixed cost
of making a reader and asking for its answer is most of it. A process that was disturbed looks slow, so whatever is
more than SLOW times the median is measured again when nothing else runs, and the best of three counts.
"""

import itertools
import multiprocessing
import os
import statistics
import time
from array import array
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from tests.fuzz.examine import Input, Result, bounded, examine, make
from tests.fuzz.sources import Pool

FLOOR = 4096  # bytes
SLOW = 50.0  # times the median
STUCK = 60.0  # seconds after which an input counts as endless
_BATCH = 250
_SPLITS = 5  # one input in so many is read in its chunks as well


@dataclass(slots=True)
class Tally:
    """What has come of the inputs so far: `costs` in seconds a byte, and whose they are in `numbers`."""

    faults: list[Result] = field(default_factory=list)
    costs: "array[float]" = field(default_factory=lambda: array("f"))
    numbers: "array[int]" = field(default_factory=lambda: array("L"))
    size: int = 0
    splits: int = 0

    def add(self, result: Result) -> None:
        self.size += result.size
        self.numbers.append(result.number)
        self.costs.append(cost(result))
        self.splits += is_split(result.number)
        if result.fault is not None:
            self.faults.append(result)

    @property
    def median(self) -> float:
        """Seconds a byte."""
        return statistics.median(self.costs)

    @property
    def suspects(self) -> list[int]:
        """Numbers of the inputs that were slow when they were read among others."""
        limit = SLOW * self.median
        return [number for number, each in zip(self.numbers, self.costs, strict=True) if each > limit]


def cost(result: Result) -> float:
    """Seconds a byte."""
    return result.seconds / max(result.size, FLOOR)


def is_split(number: int) -> bool:
    return number % _SPLITS == 0


def run(
    pool: Pool, seed: int, count: int, *, jobs: int, seconds: float | None, progress: Callable[[Tally], None]
) -> Tally:
    """Inputs 0 to `count` of `seed`, or as many as are begun within `seconds`. `progress` is called now and then."""
    tally, until = Tally(), None if seconds is None else time.monotonic() + seconds
    batches = iter(range(0, count, _BATCH))
    _Worker.pool, _Worker.seed, _Worker.count = pool, seed, count
    context = multiprocessing.get_context("fork")  # the pool of consoles is there already
    with ProcessPoolExecutor(jobs, context, initializer=os.nice, initargs=(5,)) as workers:
        begun = {workers.submit(_Worker.batch, first) for first in itertools.islice(batches, 2 * jobs)}
        while begun:
            done, begun = wait(begun, return_when=FIRST_COMPLETED)
            for future in done:
                for result in future.result():
                    tally.add(result)
            if until is None or time.monotonic() < until:
                begun |= {workers.submit(_Worker.batch, first) for first in itertools.islice(batches, len(done))}
            progress(tally)
    return tally


def again(made: Input) -> Result:
    """The best of three, in this process."""
    with bounded(3 * STUCK):
        return min((examine(made, splits=False) for _ in range(3)), key=lambda result: result.seconds)


class _Worker:
    """What the processes of the crowd inherit."""

    pool: Pool
    seed: int
    count: int

    @classmethod
    def batch(cls, first: int) -> list[Result]:
        return [cls.one(number) for number in range(first, min(first + _BATCH, cls.count))]

    @classmethod
    def one(cls, number: int) -> Result:
        made = make(cls.seed, number, cls.pool)
        with bounded(STUCK):
            return examine(made, splits=is_split(number))
