"""The pre-commit hooks are `make check`, from the virtualenv, and download nothing."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
CONFIG = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS = [hook for repository in CONFIG["repos"] for hook in repository["hooks"]]


def test_only_local_hooks() -> None:
    assert [repository["repo"] for repository in CONFIG["repos"]] == ["local"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_a_program_of_the_virtualenv_that_make_check_runs_too(hook: dict[str, str]) -> None:
    program = hook["entry"].split()[0]
    assert hook["language"] == "system"
    assert program.startswith(".venv/bin/")
    assert program.replace(".venv/bin", "$(BIN)") in (ROOT / "Makefile").read_text()


def test_every_check_is_a_hook() -> None:
    makefile = (ROOT / "Makefile").read_text()
    check = makefile.split("\ncheck:")[1].split("\n\n")[0]
    assert len([line for line in check.splitlines() if line.startswith("\t")]) == len(HOOKS)
