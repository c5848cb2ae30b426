"""`make verdict-score`: the table of how often the reader is right.

    python -m tests.score [--misses N] [--json FILE] [--split dev] [--corpora a,b]

Two parts: the shared corpus, by the shared scorer, where it lies beside the tree; the project's own consoles by our own
scorer. Ends with 0 unless something broke: what the figures should be is for a person to say.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console as Terminal
from rich.markup import escape

from tests.score import own, shared
from tests.score.answers import answer_of, answer_to
from tests.score.consoles import corpus_logs, own_consoles


def score_shared(terminal: Terminal, options: Sequence[str]) -> dict[str, Any] | None:
    """Prints the shared scorer's table; its figures by corpus, None where there is no corpus."""
    if (reason := shared.why_not()) is not None:
        terminal.print(f"shared corpus: skipped, {escape(reason)}")
        return None
    begin = time.perf_counter()
    logs = corpus_logs()
    answers = [(row["id"], answer_to(log)) for row, log in logs]
    seconds = time.perf_counter() - begin
    printed, figures = shared.score(answers, "farm explain --json, shared corpus", options)
    terminal.print(printed, end="", soft_wrap=True, markup=False)
    terminal.print(f"{len(logs)} logs read in {seconds:.1f} s", style="dim")
    return figures


def score_own(terminal: Terminal, misses: int) -> dict[str, Any]:
    """Prints our own table and the misses; its figures by group."""
    score = own.Score()
    for console in own_consoles():
        score.add(console, answer_of(console))
    terminal.print(own.table(score, "The project's own consoles, % / how many state it"))
    for measure in ("report", *own.MEASURES):
        wrong = [miss for miss in score.misses if miss.measure == measure]
        for miss in wrong[:misses]:
            terminal.print(escape(f"{measure}: {miss.name}: wanted {miss.wanted}, given {miss.given}"), soft_wrap=True)
        if len(wrong) > misses:
            terminal.print(f"{measure}: {len(wrong) - misses} more wrong (--misses N)", style="dim")
    return score.as_json()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", type=int, default=5, metavar="N", help="wrong answers listed a measure (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save the figures")
    parser.add_argument("--split", help="shared corpus: dev, heldout or all")
    parser.add_argument("--corpora", help="shared corpus: only these, with commas between")
    options = parser.parse_args()
    terminal = Terminal(highlight=False)
    passed = [f"--misses={options.misses}"]
    passed += [f"--{name}={value}" for name in ("split", "corpora") if (value := getattr(options, name)) is not None]
    figures = {"shared": score_shared(terminal, passed), "own": score_own(terminal, options.misses)}
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
