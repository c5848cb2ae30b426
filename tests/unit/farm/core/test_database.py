"""Units of work, times and words, on both databases."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from farm.core.database import Database, Moment, Word, migrations_folder, now
from farm.core.errors import SetupError
from farm.core.words import Health, Verdict
from inventory.models import LabRow


def add(database: Database, name: str, seen_at: datetime | None = None) -> None:
    with database.write() as session:
        session.add(LabRow(name=name, worker="w", seen_at=seen_at or now()))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(sa.select(LabRow.name).order_by(LabRow.name)))


def test_a_write_is_kept_when_its_block_ends_well(database: Database) -> None:
    add(database, "a")
    assert names(database) == ["a"]


def test_a_write_is_undone_whole_when_its_block_does_not(database: Database) -> None:
    def half() -> None:
        with database.write() as session:
            session.add(LabRow(name="a", worker="w", seen_at=now()))
            session.flush()
            session.add(LabRow(name="b", worker="w", seen_at=now()))
            session.flush()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        half()
    assert names(database) == []


def test_rows_can_be_read_after_their_session(database: Database) -> None:
    with database.write() as session:
        row = LabRow(name="a", worker="w", seen_at=now())
        session.add(row)
    assert (row.name, row.worker) == ("a", "w")


def test_a_read_sees_one_moment(database: Database) -> None:
    add(database, "a")
    with database.read() as session:
        before = session.scalars(sa.select(sa.func.count()).select_from(LabRow)).one()
        thread = threading.Thread(target=add, args=(database, "b"))
        thread.start()
        thread.join(30)
        assert session.scalars(sa.select(sa.func.count()).select_from(LabRow)).one() == before == 1
    assert names(database) == ["a", "b"]


def test_writers_queue_up_instead_of_failing(database: Database) -> None:
    """Read, then write: two that both began by reading would fail half-way on SQLite without BEGIN IMMEDIATE."""
    add(database, "0")
    together = threading.Barrier(4)
    faults: list[Exception] = []

    def work() -> None:
        together.wait(30)
        try:
            for _ in range(5):
                with database.write() as session:
                    row = session.get_one(LabRow, "0", with_for_update=True)
                    row.worker = str(int(row.worker.strip("w") or 0) + 1)
        except sa.exc.DBAPIError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as session:
        assert session.get_one(LabRow, "0").worker == "20"


def test_foreign_keys_hold(database: Database) -> None:
    insert = sa.text("INSERT INTO device_tags (device_id, tag) VALUES (7, 'x')")
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.execute(insert)


def test_a_time_comes_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    add(database, "a", moment)
    with database.read() as session:
        found = session.get_one(LabRow, "a").seen_at
    assert found == moment
    assert found.tzinfo is UTC


def test_times_compare_in_sql(database: Database) -> None:
    """SQLite compares them as text: all must be written alike, with and without microseconds."""
    base = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
    for name, step in (("a", 0), ("b", 1), ("c", 1_000_000)):
        add(database, name, base + timedelta(microseconds=step))
    with database.read() as session:
        query = sa.select(LabRow.name).where(LabRow.seen_at < base + timedelta(microseconds=1))
        assert session.scalars(query).all() == ["a"]
        assert session.scalars(sa.select(LabRow.name).order_by(LabRow.seen_at.desc())).all() == ["c", "b", "a"]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 24, 12, 0)  # noqa: DTZ001  (that is the point)
    with pytest.raises(sa.exc.StatementError, match="a time without a zone"):
        add(database, "a", naive)
    assert names(database) == []


@given(st.datetimes(timezones=st.timezones()))
def test_any_time_survives_the_column_type(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # a zone that moves it over the end of the calendar
        return
    dialect = sa.create_engine("sqlite://").dialect
    stored = Moment().process_bind_param(moment, dialect)
    assert stored is not None
    assert Moment().process_result_value(stored.replace(tzinfo=None), dialect) == utc


def test_no_time_and_no_word_are_null() -> None:
    dialect = sa.create_engine("sqlite://").dialect
    assert Moment().process_bind_param(None, dialect) is None
    assert Moment().process_result_value(None, dialect) is None
    assert Word(Verdict).process_bind_param(None, dialect) is None
    assert Word(Verdict).process_result_value(None, dialect) is None


@pytest.mark.parametrize("word", [*Verdict, *Health])
def test_a_word_is_stored_as_its_text(word: Verdict | Health) -> None:
    dialect = sa.create_engine("sqlite://").dialect
    column = Word(type(word))
    assert column.process_bind_param(word, dialect) == word.value
    assert column.process_result_value(word.value, dialect) is word


def test_what_is_no_word_of_the_set_is_refused() -> None:
    dialect = sa.create_engine("sqlite://").dialect
    with pytest.raises(ValueError, match="maybe"):
        Word(Verdict).process_bind_param("maybe", dialect)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="maybe"):
        Word(Verdict).process_result_value("maybe", dialect)


@pytest.mark.parametrize("url", ["farm.db", "mysql://root@localhost/farm", "nosuch://x", "postgres://x/y", ""])
def test_an_unknown_url_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(SetupError, match=r"expected sqlite:///FILE or postgresql://USER@HOST/NAME") as told:
        Database(url)
    assert told.value.where == "database URL"


def test_a_database_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    database = Database(f"postgresql://farm:secret@/farm?host={tmp_path}&connect_timeout=5")
    with pytest.raises(SetupError, match=r"cannot be opened: .*No such file") as told:
        database.prepare()
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
    database.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/farm.db")
    with pytest.raises(SetupError, match="missing"):
        database.prepare()
    with pytest.raises(SetupError, match="cannot be opened: unable to open database file"):
        database.upgrade()
    database.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "farm.db").write_bytes(b"not a database, " * 100)
    database = Database(f"sqlite:///{tmp_path}/farm.db")
    with pytest.raises(SetupError, match="cannot be opened: file is not a database"):
        database.prepare()
    database.close()


def test_the_migrations_are_found_in_a_checkout() -> None:
    assert (migrations_folder() / "env.py").is_file()


@pytest.fixture
def in_memory() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


def test_a_database_in_memory_works(in_memory: Database) -> None:
    in_memory.prepare()
    assert in_memory.revisions()[0] is not None
