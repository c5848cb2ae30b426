"""`make fuzz`: breaks consoles in a million ways, and looks whether the reader minds.

    python -m tests.fuzz [--count N] [--seed S] [--seconds T] [--jobs J] [--own]
    python -m tests.fuzz --only K [--seed S]        one input again, with all that is known of it
    python -m tests.fuzz --replay FILE.json...      inputs that failed, as they were kept

Ends with 1 if an input raised an exception, was read otherwise in other chunks, or took more than 50 times the median
per byte. An input is made from seed and number; from the same tree and consoles it is the same everywhere. Those that
failed are kept in .demo/fuzz, since tree and consoles change.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from rich.console import Console as Terminal
from rich.markup import escape

from tests.fuzz import crowd, keep
from tests.fuzz.examine import Input, examine, make
from tests.fuzz.sources import Pool, pool
from tests.score.consoles import ROOT

_SHOWN = 20  # failures printed whole
_KEPT = ROOT / ".demo" / "fuzz"
_EVERY = 5.0  # seconds between two lines of progress


def main() -> None:
    options = _options()
    terminal = Terminal(highlight=False)
    consoles = pool(shared=not options.own)
    terminal.print(f"seed {options.seed}, {len(consoles.consoles)} consoles ({consoles.digest}), {options.jobs} jobs")
    if options.replay:
        sys.exit(max(_again(terminal, keep.load(path)) for path in options.replay))
    if options.only is not None:
        sys.exit(_again(terminal, make(options.seed, options.only, consoles)))
    sys.exit(_all(terminal, consoles, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="inputs (default 1000000)")
    parser.add_argument("--seed", type=int, default=1, help="of all inputs (default 1)")
    parser.add_argument("--seconds", type=float, help="begin no input after so much time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all processors)")
    parser.add_argument("--own", action="store_true", help="without the shared corpus")
    parser.add_argument("--only", type=int, metavar="K", help="this input alone")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="inputs that were kept")
    return parser.parse_args()


def _all(terminal: Terminal, consoles: Pool, options: argparse.Namespace) -> int:
    progress = _Progress(terminal, options.count)
    tally = crowd.run(
        consoles, options.seed, options.count, jobs=options.jobs, seconds=options.seconds, progress=progress
    )
    progress.line(tally)
    median = tally.median
    terminal.print(
        f"{len(tally.costs)} inputs, {tally.size / 1e6:.0f} MB, {tally.splits} of them read in chunks as well; "
        f"median {median * 1e9:.1f} ns/B, slowest {max(tally.costs) / median:.1f} x the median"
    )
    slow = _slow(terminal, consoles, options.seed, tally)
    for result in tally.faults[:_SHOWN]:
        kept = keep.save(_KEPT, options.seed, make(options.seed, result.number, consoles))
        terminal.print(escape(f"FAILED --replay {kept.relative_to(ROOT)}: {result.fault}"), soft_wrap=True)
    terminal.print(f"{len(tally.faults)} faults, {slow} slow of {len(tally.suspects)} suspected")
    return 1 if tally.faults or slow else 0


def _slow(terminal: Terminal, consoles: Pool, seed: int, tally: crowd.Tally) -> int:
    """Measures the suspects again, alone; how many are slow indeed."""
    slow, median = 0, tally.median
    for number in tally.suspects:
        made = make(seed, number, consoles)
        times = crowd.cost(crowd.again(made)) / median
        if times > crowd.SLOW:
            slow += 1
            kept = keep.save(_KEPT, seed, made).relative_to(ROOT)
            terminal.print(f"SLOW --replay {kept}: {times:.1f} x the median per byte", soft_wrap=True)
        else:
            terminal.print(f"--only {number}: {times:.1f} x the median per byte when alone")
    return slow


def _again(terminal: Terminal, made: Input) -> int:
    """One input, whole and in chunks, and how long it takes; 1 if it failed."""
    terminal.print(
        escape(f"{made.number}: {len(made.data)} bytes, {len(made.cuts) + 1} chunks, by {', '.join(made.how) or '-'};"),
        escape(f"{made.expect}, ending {made.ending}, image fetched: {made.fetched}"),
        soft_wrap=True,
    )
    result, best = examine(made, splits=True), crowd.again(made)
    terminal.print(f"{best.seconds * 1e3:.2f} ms, {crowd.cost(best) * 1e9:.1f} ns/B")
    if result.fault is not None:
        terminal.print(escape(f"FAILED: {result.fault}"), soft_wrap=True)
    return 1 if result.fault is not None else 0


class _Progress:
    """A line every few seconds: how many, how fast, what was found."""

    def __init__(self, terminal: Terminal, count: int) -> None:
        self._terminal = terminal
        self._count = count
        self._begin = self._last = time.monotonic()

    def __call__(self, tally: crowd.Tally) -> None:
        if time.monotonic() - self._last >= _EVERY:
            self.line(tally)

    def line(self, tally: crowd.Tally) -> None:
        self._last = time.monotonic()
        took, done = self._last - self._begin, len(tally.costs)
        left = (self._count - done) * took / max(done, 1)
        self._terminal.print(
            f"{done}/{self._count} in {took:.0f} s, {done / took:.0f}/s, {tally.size / took / 1e6:.1f} MB/s, "
            f"{len(tally.faults)} faults, {left:.0f} s left"
        )


if __name__ == "__main__":
    main()
