"""Which server, which token; completion of environments."""

import socket
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer

from farm.cli import connection
from farm.core.errors import BadInputError
from farm.core.settings import Settings


def context(server: str | None = None, **params: object) -> typer.Context:
    return cast("typer.Context", SimpleNamespace(obj=server, params=params))


def test_the_default_is_the_settings_default() -> None:
    assert Settings.model_fields["server"].default == connection.DEFAULT_SERVER


def test_the_commands_own_option_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_SERVER", "http://env")
    assert connection.address(context("http://root"), "http://own") == "http://own"
    assert connection.address(context("http://root"), None) == "http://root"
    assert connection.address(context(), None) == "http://env"
    monkeypatch.delenv("FARM_SERVER")
    assert connection.address(context(), None) == connection.DEFAULT_SERVER


@pytest.mark.parametrize("server", ["localhost:8000", "ftp://farm", "farm"])
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(BadInputError, match=r"--server: .* is no address of a farm; write it like http://"):
        connection.address(context(), server)


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_the_server_may_be_named_anywhere(run: Any, farm: Any, place: str) -> None:
    args = {"before": ["--server", farm.url, "jobs"], "after": ["jobs", "--server", farm.url], "environment": ["jobs"]}
    env = {} if place == "environment" else {"FARM_SERVER": "http://127.0.0.1:9"}
    assert run(*args[place], env=env).stdout == "no jobs yet\n"


def test_the_token_comes_from_the_environment(run: Any, farm: Any) -> None:
    run("jobs", env={"FARM_TOKEN": "s3cret"})
    run("jobs", env={"FARM_TOKEN": ""})
    assert farm.tokens == ["Bearer s3cret", None]


def test_httpx_keeps_its_command_line_when_it_was_loaded_before() -> None:
    connection._load_httpx()
    assert "httpx" in sys.modules
    assert sys.modules.get("httpx._main", True) is not None


def test_environments_are_sorted_and_said_once(run: Any, farm: Any, make: Any) -> None:
    farm.devices = [make.device("b", environments=["z", "a"]), make.device("a", environments=["a"])]
    with connection.client(context(farm.url), None) as client:
        assert connection.environments(client) == ["a", "z"]


def test_completion_suggests_what_the_farm_has(farm: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_SERVER", farm.url)
    farm.devices = [make.device(environments=["qemu-i386", "qemu-x86_64", "vmware-esx-vmi"])]
    assert connection.complete_environment(context(), "qemu") == ["qemu-i386", "qemu-x86_64"]
    assert connection.complete_environment(context(), "x") == []


def test_completion_is_silent_without_a_farm(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_SERVER", "http://127.0.0.1:9")
    assert connection.complete_environment(context(), "") == []
    monkeypatch.setenv("FARM_SERVER", "nonsense")
    assert connection.complete_environment(context(), "") == []
    assert capfd.readouterr() == ("", "")


def test_completion_does_not_wait_for_a_farm_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv("FARM_SERVER", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setattr(connection, "COMPLETION_SECONDS", 0.05)
        assert connection.complete_environment(context(), "") == []


def test_the_shell_gets_the_suggestions(start: Any, farm: Any, make: Any) -> None:
    farm.devices = [make.device(environments=["qemu-i386", "vmware-esx-vmi"])]
    process = start(_FARM_COMPLETE="complete_bash", COMP_WORDS="farm submit bzImage --on q", COMP_CWORD="4")
    out, told = process.communicate(timeout=60)
    assert (out.split(), told) == ([b"qemu-i386"], b"")
