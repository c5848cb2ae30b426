"""The Makefile's promises: `make help` names every target, and CI runs what a developer runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()
PHONY = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)


def make(*arguments: str) -> str:
    # A `make` of its own: what the make that may have started pytest handed down is not for it.
    env = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=env, check=True, text=True, capture_output=True).stdout


def test_help_is_what_plain_make_prints_and_names_every_target() -> None:
    shown = make()
    assert shown == make("help")
    for target in PHONY:
        assert re.search(rf"make {target}\b.*\S", shown), f"{target} is not in `make help`"


@pytest.mark.parametrize(
    "target", ["help", "venv", "venv-dev", "demo", "test", "test-slow", "check", "fmt", "lock", "bench", "clean"]
)
def test_the_targets_people_are_told_of_exist(target: str) -> None:
    assert target in PHONY


@pytest.mark.parametrize("target", PHONY)
def test_every_target_can_be_planned(target: str) -> None:
    make("--dry-run", target)


def test_ci_runs_make_test_and_nothing_else() -> None:
    ci = ROOT / ".ci" / "run"
    lines = [line for line in ci.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make test"]
    assert os.access(ci, os.X_OK)


def test_the_tree_names_no_registry() -> None:
    for path in [ROOT / "Makefile", *(ROOT / "deploy").rglob("*.py"), ROOT / ".ci" / "run"]:
        assert not re.search(r"https?://(?!127\.|localhost|10\.0\.2\.2|\{)", path.read_text()), path
