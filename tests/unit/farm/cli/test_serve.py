"""`farm serve`, `worker`, `db upgrade`: options become settings; what runs is somebody else's."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from farm.cli import serve
from farm.core.errors import BadInputError, SetupError
from farm.core.settings import Settings


@pytest.mark.parametrize(
    ("listen", "wanted"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("farm.example:80", ("farm.example", 80)),
        ("[::1]:8000", ("::1", 8000)),
        (":8000", ("0.0.0.0", 8000)),  # noqa: S104
        ("8000", ("127.0.0.1", 8000)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
    ],
)
def test_where_to_listen(listen: str, wanted: tuple[str, int]) -> None:
    assert serve.address(listen) == wanted


@pytest.mark.parametrize("listen", ["", "host", "host:", "host:http", "::1:8000", "host:65536", "host:-1", "host:٣"])
def test_where_nobody_can_listen(listen: str) -> None:
    with pytest.raises(BadInputError, match=r"--listen: .* is not HOST:PORT"):
        serve.address(listen)


def test_options_go_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_STATE_DIR", "/env")
    monkeypatch.setenv("FARM_DATABASE_URL", "sqlite:///env.db")
    assert serve.settings(state_dir=Path("/own"), database_url=None).state_dir == Path("/own")
    assert serve.settings(state_dir=None).state_dir == Path("/env")
    assert serve.settings(database_url=None).database == "sqlite:///env.db"


def test_a_bad_setting_is_named_as_people_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_ATTEMPTS", "many")
    with pytest.raises(SetupError, match=r"^FARM_ATTEMPTS: .*'many'$"):
        serve.settings()


class Called:
    """Stands where `farm.serving` and `farm.worker` are, and keeps what they were called with."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.given: tuple[object, ...] = ()

    def serve(self, settings: Settings, *, lab: Path | None, host: str, port: int) -> None:
        self.settings, self.given = settings, (lab, host, port)

    def run_worker(self, settings: Settings, lab: Path) -> None:
        self.settings, self.given = settings, (lab,)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    called = Called()
    for name, function in (("farm.serving", called.serve), ("farm.worker", called.run_worker)):
        module = ModuleType(name)
        vars(module)[function.__name__] = function
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(serve, "_log", lambda: None)
    return called


def test_serve_gets_its_options(run: Any, called: Called, tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    result = run("serve", "--lab", lab, "--state", tmp_path, "--listen", "[::1]:9000", "--database", "sqlite:///x.db")
    assert result.exit_code == 0
    assert called.given == (lab, "::1", 9000)
    assert called.settings is not None
    assert (called.settings.state_dir, called.settings.database) == (tmp_path, "sqlite:///x.db")


def test_serve_listens_to_this_machine_only_unless_told(run: Any, called: Called) -> None:
    run("serve")
    assert called.given == (None, "127.0.0.1", 8000)


def test_no_worker_goes_over_the_environment(run: Any, called: Called) -> None:
    run("serve", env={"FARM_LAB": "/lab.yaml"})
    assert called.given[0] == Path("/lab.yaml")
    run("serve", "--no-worker", env={"FARM_LAB": "/lab.yaml"})
    assert called.given[0] is None


def test_a_wrong_address_is_usage(run: Any, called: Called) -> None:
    result = run("serve", "--listen", "here")
    assert (result.exit_code, called.settings) == (3, None)
    assert result.stderr.startswith("farm: --listen: 'here' is not HOST:PORT")


@pytest.mark.parametrize("where", ["before", "after"])
def test_worker_gets_its_options(run: Any, called: Called, tmp_path: Path, where: str) -> None:
    server = ["--server", "http://farm.example"]
    args = ["worker", "--lab", "lab.yaml", "--state", str(tmp_path)]
    result = run(*(server + args if where == "before" else args + server))
    assert result.exit_code == 0
    assert called.given == (Path("lab.yaml"),)
    assert called.settings is not None
    assert (called.settings.server, called.settings.state_dir) == ("http://farm.example", tmp_path)


def test_worker_needs_a_lab(run: Any, called: Called) -> None:
    result = run("worker")
    assert (result.exit_code, called.settings) == (3, None)
    assert "--lab" in result.stderr


def test_a_fault_of_the_set_up_is_a_sentence(run: Any, called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise SetupError("the database is at schema 9, this farm needs 3")

    monkeypatch.setattr(sys.modules["farm.serving"], "serve", refuse)
    result = run("serve")
    assert (result.exit_code, result.stderr) == (2, "farm: the database is at schema 9, this farm needs 3\n")


def test_the_database_is_upgraded(run: Any, tmp_path: Path) -> None:
    """The real migrations on a real SQLite."""
    state = tmp_path / "new" / "state"
    first = run("db", "upgrade", "--state", state)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith("schema none -> ")
    assert (state / "farm.db").exists()
    again = run("db", "upgrade", "--state", state)
    assert again.stdout == f"schema {first.stdout.split()[-1]}\n"


def test_a_database_url_that_is_none(run: Any) -> None:
    result = run("db", "upgrade", "--database", "nonsense")
    assert result.exit_code == 2
    assert result.stderr.startswith("farm: database URL: ")
