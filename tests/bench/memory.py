"""The memory of a process that reads a console without an end. Run as a program, so that it has a process to itself.

    python -m tests.bench.memory BYTES rss|traced

Prints one JSON object, in bytes: `before` the console (modules and tables are loaded, a short console was read) and at
its `peak`: of the resident set (/proc/self/status VmHWM), or of what Python has allocated since (tracemalloc).
"""

import json
import sys
import tracemalloc
from pathlib import Path

from jobs.outcome import Ending, Expectation, Reader
from tests.bench.inputs import long_console


def _resident() -> int:
    """The most that this process has had resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def _read(size: int) -> None:
    reader = Reader(Expectation(token="feedc0de"))
    for chunk in long_console(size):
        reader.feed(chunk)
    reading = reader.conclude(Ending.FLOOD, image_fetched=True)
    if not reading.warnings:
        raise RuntimeError("the reader saw none of the console's reports: this measures nothing")


def main() -> None:
    size, how = int(sys.argv[1]), sys.argv[2]
    _read(4 << 20)
    before = _resident()
    if how == "traced":
        before = 0
        tracemalloc.start()
    _read(size)
    peak = tracemalloc.get_traced_memory()[1] if how == "traced" else _resident()
    json.dump({"before": before, "peak": peak}, sys.stdout)


if __name__ == "__main__":
    main()
