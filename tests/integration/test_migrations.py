"""The migrations make the tables that the models describe, on both databases, forwards and back again."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import inventory.models
import jobs.models
from farm.core.database import Base, Database, migrations_folder, now
from farm.core.errors import SetupError
from farm.core.words import Outcome, Stage
from inventory.models import LabRow
from tests.support.postgres import Postgres

ROOT = Path(__file__).parents[2]

TABLES = (inventory.models.DeviceRow, jobs.models.BootRow)  # imported, so that the metadata knows them


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def test_an_upgrade_gives_what_the_models_describe(empty: Database) -> None:
    empty.upgrade()
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_constraint_and_index_of_the_models_is_there_under_its_name(empty: Database) -> None:
    empty.upgrade()
    found = sa.inspect(empty.engine)
    for table in Base.metadata.sorted_tables:
        assert {index.name for index in table.indexes} <= {index["name"] for index in found.get_indexes(table.name)}
        unique = {one.name for one in table.constraints if isinstance(one, sa.UniqueConstraint)}
        assert unique == {one["name"] for one in found.get_unique_constraints(table.name)}
        foreign = {one.name for one in table.constraints if isinstance(one, sa.ForeignKeyConstraint)}
        assert foreign == {one["name"] for one in found.get_foreign_keys(table.name)}


def test_down_and_up_again(empty: Database) -> None:
    empty.upgrade()
    command.downgrade(empty._config(), "base")
    assert tables(empty) == {"alembic_version"}
    assert empty.revisions()[0] is None
    empty.upgrade()
    current, head = empty.revisions()
    assert current == head
    assert tables(empty) == {"alembic_version", *Base.metadata.tables}


# Words that a schema has had, and what each becomes on the way up and down again. A farm that is older knows no other.
STAGES = {
    ("nothing", "firmware", "loader", "decompress", "initcalls", "root", "init", "userspace", "done"): None,
    ("kernel",): "banner",
}
NEWER = {
    "netboot": "loader",
    "banner": "kernel",
    "setup_arch": "kernel",
    "start_kernel": "kernel",
    "drivers": "initcalls",
}


def _boots(database: Database, stages: list[str | None]) -> None:
    """Boots as schema 0001 has them, one a stage, numbered from 1."""
    with database.engine.begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection, only=["builds", "jobs", "boots"])
        at = now()
        build = {"id": 1, "sha256": "a" * 64, "size": 1, "bits": 32, "facts": {}, "created_at": at}
        texts = ("filename", "release", "version", "version_key", "banner", "tree", "branch", "commit", "patch")
        connection.execute(tables.tables["builds"].insert().values(**build, **dict.fromkeys(texts, "")))
        lists: dict[str, list[str]] = {name: [] for name in ("environments", "tags", "appends", "checks")}
        job = {"id": 1, "build_id": 1, "created_at": at, "submitter": "", "repeat": 1, "priority": 50, "deadlines": {}}
        connection.execute(tables.tables["jobs"].insert().values(**job, **lists))
        boot = {
            "job_id": 1, "build_id": 1, "environment": "box", "append": "", "repeat": 1, "attempt": 1, "priority": 50,
            "state": "finished", "cancel_wanted": False, "cmdline": "quiet", "queued_at": at, "phases": [],
            "verdict": "fail", "reason": "it died", "title": "panic: x", "signature": "s",
            "evidence": [{"line": 3, "offset": 40, "text": "Kernel panic"}], "warnings": ["w"],
        }  # fmt: skip
        rows = [{**boot, "id": number, "stage": stage} for number, stage in enumerate(stages, 1)]
        connection.execute(tables.tables["boots"].insert(), rows)


def _filed(database: Database, name: str = "boots") -> list[dict[str, object]]:
    with database.engine.connect() as connection:
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def test_boots_of_the_first_schema_survive_an_upgrade_and_a_downgrade(empty: Database) -> None:
    command.upgrade(empty._config(), "0001")
    old = [stage for stages in STAGES for stage in stages]
    _boots(empty, [*old, None])
    before, asked = _filed(empty), _filed(empty, "jobs")
    empty.upgrade()
    renamed = [new or stage for stages, new in STAGES.items() for stage in stages]
    after = _filed(empty)
    added: dict[str, object] = {"outcome": None, "details": {}}
    assert after == [{**row, **added, "stage": stage} for row, stage in zip(before, [*renamed, None], strict=True)]
    assert _filed(empty, "jobs") == [{**job, "symbols": None} for job in asked]
    with empty.read() as session:  # and today's models can read every one of them
        rows = session.scalars(sa.select(jobs.models.BootRow).order_by(jobs.models.BootRow.id)).all()
        assert [row.stage for row in rows] == [*map(Stage, renamed), None]
        assert [(row.outcome, row.details) for row in rows] == [(None, {})] * len(rows)
    command.downgrade(empty._config(), "0001")
    assert (_filed(empty), _filed(empty, "jobs")) == (before, asked)


def test_stages_that_the_first_schema_does_not_know_become_those_they_were_a_part_of(empty: Database) -> None:
    empty.upgrade()
    _boots(empty, [stage.value for stage in Stage])
    with empty.write() as session:
        session.execute(sa.update(jobs.models.BootRow).values(outcome=Outcome.PANIC, details={"frames": ["f"]}))
    command.downgrade(empty._config(), "0001")
    found = _filed(empty)
    assert [row["stage"] for row in found] == [NEWER.get(stage.value, stage.value) for stage in Stage]
    assert not {"outcome", "details"} & set(found[0])
    assert {str(row["stage"]) for row in found} <= {stage for stages in STAGES for stage in stages}


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(empty: Database) -> None:
    empty.upgrade()
    with empty.write() as session:
        session.add(LabRow(name="here", worker="w", seen_at=now()))
    empty.upgrade()
    with empty.read() as session:
        assert session.get_one(LabRow, "here").worker == "w"


def test_there_is_one_line_of_revisions() -> None:
    scripts = ScriptDirectory(str(migrations_folder()))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    revisions = list(scripts.walk_revisions())
    assert all(not revision.is_branch_point and not revision.is_merge_point for revision in revisions)


def test_an_embedded_database_is_upgraded_by_itself(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    database.prepare()
    current, head = database.revisions()
    database.close()
    assert current == head


def test_two_servers_that_start_at_once_on_one_new_file(tmp_path: Path) -> None:
    program = (
        "import sys; from farm.core.database import Database; database = Database(sys.argv[1]); "
        "print('ready', flush=True); sys.stdin.readline(); database.prepare(); database.close()"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'new.db'}"]
    pipe = subprocess.PIPE
    servers = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        for _ in range(2)
    ]
    for server in servers:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
    for server in servers:
        assert server.stdin is not None
        server.stdin.write("\n")
        server.stdin.flush()
    assert [(server.communicate(timeout=60)[0], server.returncode) for server in servers] == [("", 0), ("", 0)]


@pytest.mark.parametrize("method", ["prepare", "upgrade"])
def test_a_newer_schema_is_refused_with_what_to_do(empty: Database, method: str) -> None:
    empty.upgrade()
    with empty.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        SetupError, match=r"at schema 9999, which this farm \(schema \d+\) does not know: .*upgrade this"
    ):
        getattr(empty, method)()
    assert empty.revisions()[0] == "9999"


@pytest.mark.postgres
def test_an_empty_postgresql_is_refused_until_it_is_upgraded(postgres_server: Postgres) -> None:
    database = Database(postgres_server.empty())
    with pytest.raises(SetupError, match=r"has no tables yet, this farm needs \d+: .*`farm db upgrade`"):
        database.prepare()
    assert tables(database) == set()
    database.upgrade()
    database.prepare()
    database.close()


@pytest.mark.postgres
def test_an_older_postgresql_is_refused_until_it_is_upgraded(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A next revision is written for the test; the schema as it is now is then the older one."""
    folder = tmp_path / "alembic"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_bytes((migrations_folder() / name).read_bytes())
    for script in (migrations_folder() / "versions").glob("*.py"):
        (folder / "versions" / script.name).write_bytes(script.read_bytes())
    database = Database(postgres_server.migrated())
    head = database.revisions()[1]
    (folder / "versions" / "next.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision = 'next'\ndown_revision = {head!r}\n"
        "def upgrade():\n    op.add_column('labs', sa.Column('place', sa.Text()))\n"
        "def downgrade():\n    op.drop_column('labs', 'place')\n"
    )
    monkeypatch.setattr("farm.core.database.migrations_folder", lambda: folder)
    with pytest.raises(SetupError, match=rf"is at schema {head}, this farm needs next: .*`farm db upgrade`"):
        database.prepare()
    database.upgrade()
    database.prepare()
    assert "place" in {column["name"] for column in sa.inspect(database.engine).get_columns("labs")}
    database.close()


@pytest.mark.parametrize("there_and_back", [False, True])
def test_ids_are_never_used_again(tmp_path: Path, there_and_back: bool) -> None:
    """A console is kept under its boot's number: SQLite must not hand out a deleted row's number."""
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    database.prepare()
    if there_and_back:
        command.downgrade(database._config(), "0001")
        database.prepare()
    database.close()
    with sqlite3.connect(tmp_path / "new.db") as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    connection.close()
    assert all("AUTOINCREMENT" in made[name].upper() for name in ("builds", "jobs", "boots", "devices"))
