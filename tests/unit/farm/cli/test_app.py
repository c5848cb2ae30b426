"""The front door: help, usage, errors, broken pipes."""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

import farm
from farm.cli import app as front
from farm.cli.app import app

COMMANDS = (
    "submit", "watch", "logs", "jobs", "job", "boot", "results", "devices", "cancel", "lab", "serve", "worker", "db",
    "image",
)  # fmt: skip


def test_help_names_every_command(run: Any) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in [
        "submit",
        "watch",
        "logs",
        "jobs",
        "job",
        "boot",
        "results",
        "devices",
        "cancel",
        "lab",
        "serve",
        "worker",
        "db",
        "image",
    ]:
        assert f"\n  {command} " in result.stdout


def test_no_command_is_usage(run: Any) -> None:
    result = run()
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "Usage: farm" in result.stderr


def test_version(run: Any) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"farm {farm.__version__}\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["jobs", "--nonsense"], "No such option: --nonsense"),
        (["submit"], "Missing argument 'IMAGE'"),
        (["logs", "x"], "Invalid value for 'BOOT'"),
        (["submit", "x", "--repeat", "0"], "--repeat"),
        (["results", "--verdict", "maybe"], "'maybe'"),
        (["lab"], "Missing command"),
        (["db"], "Missing command"),
    ],
)
def test_wrong_use_is_one_sentence_and_3(run: Any, args: list[str], told: str) -> None:
    result = run(*args)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("farm: ")
    assert told in result.stderr
    assert result.stderr.rstrip().endswith("--help` says more")
    assert result.stderr.count("\n") == 1


def test_wrong_use_stops_a_bisection(run: Any) -> None:
    assert run("submit", "--bisect", "--nonsense").exit_code == 128


def test_no_server_is_the_farms_trouble(run: Any) -> None:
    result = run("--server", "http://127.0.0.1:9", "jobs")
    assert result.exit_code == 2
    assert result.stderr.startswith("farm: no farm answers at http://127.0.0.1:9 ")


def test_the_servers_sentence_is_printed_as_it_is(run: Any, farm: Any) -> None:
    farm.refuse["/jobs"] = (422, {"detail": "there is no such thing", "where": "limit"})
    result = run("jobs")
    assert (result.exit_code, result.stderr) == (3, "farm: limit: there is no such thing\n")


def test_a_servers_fault_is_infra(run: Any, farm: Any) -> None:
    farm.refuse["/jobs"] = (507, {"detail": "the disk is full"})
    assert (run("jobs").exit_code, run("jobs").stderr) == (2, "farm: the disk is full\n")


def test_some_other_server_is_told_apart(run: Any, farm: Any) -> None:
    farm.refuse["/jobs"] = (404, "<html>")
    result = run("jobs")
    assert result.exit_code == 3
    assert "which is not a farm's answer" in result.stderr


def test_a_servers_sentence_cannot_play_with_the_terminal(run: Any, farm: Any) -> None:
    farm.refuse["/jobs"] = (422, {"detail": "\x1b]0;owned\x07"})
    assert run("jobs").stderr == "farm: ^[]0;owned^G\n"


def test_a_fault_of_our_own_is_shown_whole_and_accuses_no_kernel(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr("farm.cli.connection.client", broken)
    result = run("jobs")
    assert result.exit_code == 2
    assert "ZeroDivisionError: a bug of ours" in result.stderr
    assert "Traceback" in result.stderr


def test_interrupt_is_130(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("farm.cli.connection.client", interrupted)
    result = run("jobs")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (130, "", "")


def test_main_is_the_entry_point(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["farm", "--version"])
    with pytest.raises(SystemExit) as ended:
        front.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("farm ")


@pytest.mark.parametrize("args", [["jobs"], ["jobs", "--json"], ["logs", "1"]])
def test_a_reader_that_left_is_met_quietly(start: Callable[..., Any], farm: Any, make: Any, args: list[str]) -> None:
    farm.newest = [make.job(make.boot())] * 3
    farm.boots = [make.boot(1)]
    farm.console = b"x" * 100_000
    here, there = os.pipe()
    os.close(here)
    process = start(*args, stdout=there)
    os.close(there)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (141, b"")


def test_help_loads_no_http_and_no_messages() -> None:
    """What keeps the start short; the time itself is measured by the benchmark."""
    code = (
        "import sys; from farm.cli.app import app\n"
        "try: app(['submit', '--help'], prog_name='farm')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('httpx', 'farm.core.wire', 'rich', 'sqlalchemy', 'fastapi') if name in sys.modules])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_completion_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_FARM_COMPLETE", "source_bash")
    result = CliRunner().invoke(app, [], prog_name="farm")
    assert "complete -o default" in result.stdout
