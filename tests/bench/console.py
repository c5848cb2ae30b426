"""`make bench`, the console's part: what the reader costs, beside its peers where they are asked for.

    python -m tests.bench.console [--peers] [--rounds N] [--seconds T] [--gigabytes G]

Rates are MB (10^6 bytes) per second of processor time on one core, with the making of each reader and its answer in it;
medians of rounds that take turns. With --peers, SQUAD's and LAVA's code reads the same consoles in the same rounds, in
environments of its own (.demo/peers), and what it detects is scored. Without, nothing is fetched.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console as Terminal
from rich.markup import escape

from jobs.outcome import Ending, Expectation, Reader
from tests.bench import peers
from tests.bench.figures import Figure, table, timed
from tests.bench.inputs import MIB, clean_boots, crashes, floods, long_console
from tests.score import own, shared
from tests.score.consoles import ROOT, corpus_logs, own_consoles

WHOLE, SMALL = 1 << 16, 256  # bytes fed at once
_TOKEN = Expectation(token="feedc0de")


@dataclass(frozen=True, slots=True)
class Row:
    """One rate to be measured. `compared`: peers read it, too; they take no chunks and know no expectation."""

    what: str
    consoles: Sequence[tuple[bytes, Expectation]]
    chunk: int
    aim: str
    compared: bool = False

    def rate(self, seconds: float) -> float:
        """MB/s."""
        size, begin = 0, time.process_time()
        while (took := time.process_time() - begin) < seconds:
            for data, expect in self.consoles:
                reader = Reader(expect)
                for start in range(0, len(data), self.chunk):
                    reader.feed(data[start : start + self.chunk])
                reader.conclude(Ending.SILENCE, image_fetched=True)
                size += len(data)
        return size / took / 1e6


def rows() -> Iterator[Row]:
    clean, crashed = clean_boots(), crashes()
    as_agreed = [(console.data, console.expect) for console in clean]
    with_token = [(console.data, _TOKEN) for console in clean]
    one = [(b"".join(long_console(8 * MIB)), _TOKEN)]
    boots = f"{len(clean)} clean boots"
    yield Row(f"{boots}, farm-init's token", with_token, WHOLE, ">= 30", compared=True)
    yield Row(f"{boots}, the job's own pattern", as_agreed, WHOLE, ">= 30")
    yield Row(f"{boots}, nothing agreed on", [(console.data, Expectation()) for console in clean], WHOLE, ">= 30")
    yield Row("one clean boot that goes on and on", one, WHOLE, ">= 30")
    yield Row(f"{boots}, in 256 bytes", with_token, SMALL, ">= 5")
    yield Row(f"{boots}, own pattern, in 256 bytes", as_agreed, SMALL, ">= 5")
    crash_logs = [(data, Expectation()) for data in crashed.consoles]
    yield Row(crashed.what, crash_logs, WHOLE, ">= 10", compared=True)
    yield Row(f"{crashed.what}, in 256 bytes", crash_logs, SMALL, ">= 5")
    for flood in floods():
        yield Row(flood.what, [(data, _TOKEN) for data in flood.consoles], WHOLE, "", compared=True)


def rates(terminal: Terminal, beside: Sequence[peers.Peer], rounds: int, seconds: float) -> list[Figure]:
    """In rounds, so that what else the machine does falls on all alike."""
    measured = list(rows())
    ours: dict[str, list[float]] = defaultdict(list)
    theirs: dict[tuple[str, str], list[float]] = defaultdict(list)
    failed: dict[tuple[str, str], str] = {}
    for number in range(rounds):
        terminal.print(f"measuring: rates, round {number + 1} of {rounds} ...", style="dim")
        for row in measured:
            ours[row.what].append(row.rate(seconds))
            for peer in beside if row.compared else ():
                key = (row.what, peer.name)
                if key in failed:
                    continue
                try:
                    theirs[key].append(peer.read(((row.what, data) for data, _ in row.consoles), seconds)[0])
                except peers.MissingError as fault:
                    failed[key] = str(fault)
    return [
        Figure(row.what, ours[row.what], "MB/s", row.aim, tuple(_cell(row, peer, theirs, failed) for peer in beside))
        for row in measured
    ]


def _cell(
    row: Row,
    peer: peers.Peer,
    theirs: dict[tuple[str, str], list[float]],
    failed: dict[tuple[str, str], str],
) -> str:
    key = (row.what, peer.name)
    if key in failed:
        return failed[key]
    return f"{sorted(theirs[key])[len(theirs[key]) // 2]:.3g}" if theirs[key] else ""


def memory(size: int) -> Iterator[Figure]:
    """A process of its own for each way of looking; a tenth of the console where each allocation is traced: slow."""
    for how, what, fed in (("rss", "resident", size), ("traced", "allocated by Python", size // 10)):
        command = [sys.executable, "-m", "tests.bench.memory", str(fed), how]
        said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT).stdout)
        peak, before = said["peak"] / 1e6, said["before"] / 1e6
        over = f", {before:.3g} of them before" if before else ""
        yield Figure(f"peak memory at {fed / 1e9:.3g} GB, {what}{over}", [peak], "MB", "< 50 MB")


def start(runs: int = 10) -> Iterator[Figure]:
    """Whole processes, from spawn to exit; the first one is not counted."""
    farm = str(Path(sys.executable).with_name("farm"))
    crash = next(console for console in own_consoles() if console.truth.get("function"))
    with tempfile.TemporaryDirectory(prefix="farm-bench-") as folder:
        file = Path(folder) / "console"
        file.write_bytes(crash.data)
        for words in (["explain", str(file)], ["explain", "--json", str(file)], ["--version"]):
            run = partial(subprocess.run, [farm, *words], check=True, capture_output=True)
            values = [timed(run) * 1000 for _ in range(runs + 1)][1:]
            yield Figure(f"farm {' '.join(words).replace(str(file), 'FILE')}", values, "ms", "< 300 ms")


def detection(terminal: Terminal, peer: peers.Peer) -> None:
    """What the peer sees on the same consoles, scored as `make verdict-score` scores the farm."""
    consoles = own_consoles()
    _, answers = peer.read((console.name, console.data) for console in consoles)
    score = own.Score()
    for console, answer in zip(consoles, answers, strict=True):
        score.add(console, {"report": answer["out"]["report"]})
    tally = score.all
    found = f"precision {own.percent(tally.precision)} %, recall {own.percent(tally.recall)} %"
    terminal.print(f"{peer.name} on our own {len(consoles)} consoles: detection {found}")
    if shared.why_not() is None:
        _, answers = peer.read((row["id"], log) for row, log in corpus_logs())
        printed, _ = shared.score(((answer["id"], answer["out"]) for answer in answers), peer.name)
        terminal.print(printed, end="", soft_wrap=True, markup=False)


def installed(terminal: Terminal) -> list[peers.Peer]:
    found = []
    for name in peers.NAMES:
        terminal.print(f"installing {name}, if it is not there ...", style="dim")
        try:
            found.append(peers.install(name))
        except peers.MissingError as fault:
            terminal.print(f"{name}: skipped, {escape(str(fault))}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="install SQUAD's and LAVA's code, and measure it as well")
    parser.add_argument("--rounds", type=int, default=3, help="of all rates (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each rate in each round (default 2)")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="the long console (default 1; 0: leave it out)")
    options = parser.parse_args()
    terminal = Terminal(highlight=False)
    terminal.width = max(terminal.width, 140)  # also into a pipe: a wrapped table is hard to read
    beside = installed(terminal) if options.peers else []
    title = f"The console reader on this machine: {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start"
    figures = rates(terminal, beside, options.rounds, options.seconds)
    terminal.print(table(title, figures, [f"{peer.name}, MB/s" for peer in beside]))
    terminal.print("measuring: start, memory ...", style="dim")
    others = list(start())
    if options.gigabytes:
        others += memory(int(options.gigabytes * 1e9))
    terminal.print(table("Its memory and its start", others))
    for peer in beside:
        detection(terminal, peer)


if __name__ == "__main__":
    main()
