"""The database session and the schema's version. Knows SQLAlchemy and alembic; no table of its own.

SQLite (embedded) and PostgreSQL are the same code. `read()` and `write()` are the two units of work: one transaction
each, committed when the block ends well. On SQLite a write begins IMMEDIATE, so that two writers queue up at the start
instead of failing half-way (sqlite.org/lang_transaction.html).
"""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, util
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import DeclarativeBase, Session

from farm.core.errors import SetupError


class Base(DeclarativeBase):
    """All tables; constraints get predictable names, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(sa.types.TypeDecorator[datetime]):
    """A point in time. Always UTC and aware in Python; SQLite, which has no time zones, stores it naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise TypeError(f"a time without a zone: {value!r}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(sa.types.TypeDecorator[StrEnum]):
    """A word of a closed set, stored as its own text."""

    impl = sa.String(20)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def now() -> datetime:
    return datetime.now(UTC)


def migrations_folder() -> Path:
    """Where the migration scripts are: inside an installed package, or at the top of a checkout."""
    packaged = Path(__file__).with_name("migrations")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "alembic"


class Database:
    """One database, by SQLAlchemy URL. Thread-safe; sessions are not shared between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.embedded = url.startswith("sqlite:")
        if url.startswith("postgresql:"):
            url = url.replace("postgresql:", "postgresql+psycopg:", 1)
        try:
            options: dict[str, Any] = {"connect_args": {"timeout": 30}} if self.embedded else {"pool_pre_ping": True}
            self.engine = sa.create_engine(url, **options)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as fault:
            detail = f"{fault}; expected sqlite:///FILE or postgresql://USER@HOST/NAME"
            raise SetupError(detail, where="database URL") from fault
        if self.embedded:
            _set_up_sqlite(self.engine)
        self._writing = self.engine.execution_options(farm_writes=True)
        # Several queries make one answer: all of them see the same moment. (SQLite's BEGIN does that by itself.)
        snapshot: dict[str, Any] = {} if self.embedded else {"isolation_level": "REPEATABLE READ"}
        self._reading = self.engine.execution_options(**snapshot)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A snapshot to read from."""
        with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction; committed when the block ends well, rolled back on any exception."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()

    def _config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        return config

    def revisions(self) -> tuple[str | None, str]:
        """(the database's schema revision or None, the newest one this farm knows)."""
        try:
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
        except sa.exc.DatabaseError as fault:
            detail = f"cannot be opened: {' '.join(str(fault.orig).split())}"
            raise SetupError(detail, where=f"database {self.engine.url.render_as_string()}") from fault
        head = ScriptDirectory.from_config(self._config()).get_current_head()
        if head is None:
            raise SetupError(f"no migrations in {migrations_folder()}; is the farm installed whole?")
        return current, head

    def upgrade(self) -> None:
        """Bring the schema to this farm's version; refuses a schema that is newer."""
        self._refuse_newer()
        command.upgrade(self._config(), "head")

    def prepare(self) -> None:
        """What a starting server needs: an embedded database is upgraded, any other must be right already."""
        if self.embedded:
            with _alone(self.engine.url.database):
                self.upgrade()
            return
        current, head = self._refuse_newer()
        if current != head:
            state = f"is at schema {current}" if current else "has no tables yet"
            raise SetupError(f"the database {state}, this farm needs {head}: back it up and run `farm db upgrade`")

    def _refuse_newer(self) -> tuple[str | None, str]:
        current, head = self.revisions()
        if current is not None:
            try:
                ScriptDirectory.from_config(self._config()).get_revision(current)
            except util.CommandError as fault:
                detail = f"the database is at schema {current}, which this farm (schema {head}) does not know"
                raise SetupError(f"{detail}: it was used by a newer farm; upgrade this one") from fault
        return current, head


def _alone(file: str | None) -> AbstractContextManager[object]:
    """One process at a time: two servers that start at once would both make the first tables of one file."""
    if not file or file == ":memory:":
        return nullcontext()
    return _locked(Path(f"{file}.lock"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        lock = path.open("w")
    except OSError as fault:
        raise SetupError(f"cannot be written: {fault.strerror}", where=str(path.parent)) from fault
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_up_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: the listener below says which kind.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("farm_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
