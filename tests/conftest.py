"""What tests of several rooms stand on: settings of their own, a database of either kind, a stored image."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.storage import Storage
from tests.support.postgres import NoPostgresError, Postgres, postgres

# The machines that run this are shared and slow at times: no example is judged by its time.
hypothesis_settings.register_profile("farm", deadline=None)
hypothesis_settings.load_profile("farm")

if TYPE_CHECKING:
    from tests.support.serving import Served

MakeSettings = Callable[..., Settings]


def pytest_configure() -> None:
    """A shell that starts us in the background has SIGINT ignored, and so would every program that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own FARM_SERVER or FARM_TOKEN is no part of any test."""
    for name in [name for name in os.environ if name.startswith("FARM_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    """make_settings(attempts=2, ...): settings with a state folder of the test's own."""

    def make(**changes: object) -> Settings:
        return Settings(**{"state_dir": tmp_path / "state", **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings()


@pytest.fixture
def served(settings: Settings) -> Iterator["Served"]:
    """The web application of `settings` under a real server; a test may stop it and start it again."""
    from tests.support.serving import Served  # the whole application: only for those who ask

    running = Served(settings).start()
    yield running
    running.stop()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "state")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own; skips where there is none."""
    try:
        with postgres() as running:
            yield running
    except NoPostgresError as reason:
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, of each kind, by URL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'farm.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.empty()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database at the newest schema, of each kind, by URL."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        return server.migrated()
    url = f"sqlite:///{tmp_path / 'farm.db'}"
    database = Database(url)
    database.upgrade()
    database.close()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database at the newest schema, of each kind."""
    database = Database(database_url)
    yield database
    database.close()
