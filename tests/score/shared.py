"""Scores answers on the shared corpus by the shared scorer, which is run as a program of its own. Knows no reader."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.score.consoles import CORPUS, SCORER

Answer = Mapping[str, Any]


def why_not() -> str | None:
    """Why the shared corpus cannot be scored here; None where it can."""
    for path in (CORPUS / "manifest.jsonl", SCORER):
        if not path.is_file():
            return f"no {path.name} in {path.parent}"
    return None


def score(answers: Iterable[tuple[str, Answer]], label: str, options: Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """The scorer's table as it prints it, and the same as an object by corpus.

    `answers`: (id of the manifest, object with the keys that score.py reads). `options` go to score.py as they are.
    Raises CalledProcessError where it fails; its own words go to standard error.
    """
    with tempfile.TemporaryDirectory(prefix="farm-score-") as folder:
        saved, summary = Path(folder) / "answers.jsonl", Path(folder) / "summary.json"
        saved.write_text("".join(json.dumps({"id": name, "out": answer}) + "\n" for name, answer in answers))
        command = [sys.executable, str(SCORER), "--jsonl", str(saved), "--summary", str(summary), "--label", label]
        command += ["--manifest", str(CORPUS / "manifest.jsonl"), *options]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return run.stdout, json.loads(summary.read_text())
