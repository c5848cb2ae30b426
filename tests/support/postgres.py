"""A PostgreSQL of the tests' own: a cluster in a temporary folder, reached by a Unix socket only, gone afterwards."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from farm.core.database import Database

OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


class NoPostgresError(Exception):
    """Why there is none here: the reason of a skip."""


def programs() -> Path:
    """The newest installed PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    raise NoPostgresError("PostgreSQL is not installed (no initdb)")


class Postgres:
    """A running cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template: str | None = None

    def url(self, name: str) -> str:
        return f"postgresql://farm@/{name}?host={self.folder}"

    def empty(self) -> str:
        """A new database without tables, by URL."""
        return self._create("template0")

    def migrated(self) -> str:
        """A new database at the newest schema, by URL."""
        if self._template is None:
            url = self._create("template0")
            database = Database(url)
            database.upgrade()
            database.close()
            self._template = sa.make_url(url).database
        assert self._template is not None
        return self._create(self._template)

    def _create(self, template: str) -> str:
        name = f"t{secrets.token_hex(6)}"
        engine = sa.create_engine(self.url("postgres").replace(":", "+psycopg:", 1), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return self.url(name)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a cluster; NoPostgresError where it cannot be."""
    tools, account = programs(), []
    # Short: a socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="farm-pg-"))
    try:
        if os.geteuid() == 0:  # initdb refuses to be run by root
            account = _become(folder)
        data = folder / "data"
        _run(
            account,
            [tools / "initdb", "-D", data, "-U", "farm", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        )
        control: list[str | Path] = [tools / "pg_ctl", "-D", data, "-w"]
        _run(account, [*control, "-l", folder / "log", "-o", f"{OPTIONS} -k {folder}", "start"])
        try:
            yield Postgres(folder)
        finally:
            _run(account, [*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _become(folder: Path) -> list[str]:
    try:
        user = pwd.getpwnam("postgres")
    except KeyError as fault:
        raise NoPostgresError("root cannot run PostgreSQL, and there is no user postgres") from fault
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _run(account: list[str], command: list[str | Path]) -> None:
    words = [*account, *map(str, command)]
    result = subprocess.run(
        words, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, f"{command[0]}: {result.stdout}{result.stderr}"
