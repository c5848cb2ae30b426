"""One input: made from its number, read, timed. The same seed, number and pool make the same input on any machine."""

import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from types import FrameType

from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.explain import as_json
from tests.fuzz.mutators import MUTATORS
from tests.fuzz.sources import MOST, Pool

_PATHS, _SHOWN = 6, 200  # differences told of one input, letters of each
_EXPECTATIONS = (
    Expectation(),
    Expectation(),
    Expectation(token="feedc0de"),
    Expectation(token="feedc0de", release="6.1.0-50-686"),
    Expectation(pattern="login: $|^FARM-BOOT-OK", release="2.6.27.57"),
)

MakeReader = Callable[[Expectation], Reader]


@dataclass(frozen=True, slots=True)
class Input:
    """What one run is given."""

    number: int
    data: bytes
    how: tuple[str, ...]  # mutators, in order
    cuts: tuple[int, ...]  # where the bytes are split
    expect: Expectation
    ending: Ending
    fetched: bool | None


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds` of processor time from making the reader to its answer; `fault` a sentence and a trace, or None."""

    number: int
    size: int
    seconds: float
    fault: str | None = None


class EndlessError(Exception):
    """An input was not read in time."""


def make(seed: int, number: int, pool: Pool) -> Input:
    """Input `number` of `seed`."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311  to be made again, not to be secret
    data, how = pool.piece(rng), []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        mutator = rng.choice(MUTATORS)
        how.append(mutator.__name__)
        data = mutator(rng, data, pool)[:MOST]
    return Input(
        number=number,
        data=data,
        how=tuple(how),
        cuts=_cuts(rng, len(data)),
        expect=rng.choice(_EXPECTATIONS),
        ending=rng.choice(tuple(Ending)),
        fetched=rng.choice((None, True, False)),
    )


def _cuts(rng: random.Random, size: int) -> tuple[int, ...]:
    """Boundaries of chunks: none, a few anywhere, or chunks of one small size."""
    match rng.randrange(4):
        case 0:
            return ()
        case 1:
            return tuple(range(0, size, rng.choice((16, 64, 256, 1000))))
        case _:
            return tuple(sorted(rng.randrange(size + 1) for _ in range(rng.randrange(1, 12))))


def examine(made: Input, *, splits: bool, make_reader: MakeReader = Reader) -> Result:
    """Reads the input; with `splits` twice, whole and in its chunks, and compares."""
    begin = end = time.thread_time()
    try:
        reading = _read(made, (), make_reader)
        end = time.thread_time()
        as_json(reading)
        other = _read(made, made.cuts, make_reader) if splits else reading
    except Exception:  # noqa: BLE001  whatever it is, it is what the fuzz looks for
        return Result(made.number, len(made.data), max(end, time.thread_time()) - begin, traceback.format_exc())
    fault = None if other == reading else _difference(reading, other)
    return Result(made.number, len(made.data), end - begin, fault)


def _read(made: Input, cuts: tuple[int, ...], make_reader: MakeReader) -> Reading:
    reader = make_reader(made.expect)
    for start, end in zip((0, *cuts), (*cuts, len(made.data)), strict=True):
        reader.feed(made.data[start:end])
    return reader.conclude(made.ending, image_fetched=made.fetched)


def _difference(whole: Reading, split: Reading) -> str:
    told = [
        f"  {path}: {one[:_SHOWN]}\n    in chunks: {other[:_SHOWN]}" for path, one, other in _differing(whole, split)
    ]
    return "\n".join(["the split of the bytes changes the reading", *told[:_PATHS]])


def _differing(one: object, other: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    """(where, this, that) of the innermost values that are not the same."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        if len(one) != len(other):
            yield path, f"{len(one)} of them", f"{len(other)}"
        for number, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from _differing(left, right, f"{path}[{number}]")
    elif is_dataclass(one) and type(one) is type(other):
        for part in fields(one):
            yield from _differing(getattr(one, part.name), getattr(other, part.name), f"{path}.{part.name}")
    elif one != other:
        yield path, repr(one), repr(other)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """EndlessError in the block after so much time. A regular expression that runs for ever looks at signals, too.

    Takes SIGALRM and the real-time timer for itself, as pytest-timeout does: for processes of the fuzz's own.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise EndlessError(f"not read within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
