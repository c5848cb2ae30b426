"""`farm serve`, `farm worker`, `farm db`: the long-running parts, started. Reads options; the work is elsewhere."""

import logging
from typing import TYPE_CHECKING, Any

import typer

from farm.cli import options
from farm.cli.output import say
from farm.core.errors import BadInputError, SetupError

if TYPE_CHECKING:
    from farm.core.settings import Settings

db = typer.Typer(help="The database's schema.", rich_markup_mode=None)


def serve(
    *,
    lab: options.OwnLab = None,
    state: options.State = None,
    listen: options.Listen = "127.0.0.1:8000",
    no_worker: options.NoWorker = False,
    database: options.Database = None,
) -> None:
    """Run the farm: REST, web pages, and the lab's worker where a lab file is given."""
    host, port = address(listen)
    from farm.serving import serve as run

    _log()
    run(settings(state_dir=state, database_url=database), lab=None if no_worker else lab, host=host, port=port)


def worker(
    ctx: typer.Context,
    lab: options.Lab,
    server: options.Server = None,
    state: options.State = None,
) -> None:
    """Run a lab's worker against a farm elsewhere. It only asks: no port of the lab need be open."""
    from farm.worker import run_worker

    _log()
    run_worker(settings(state_dir=state, server=server or ctx.obj), lab)


@db.command("upgrade")
def upgrade(state: options.State = None, database: options.Database = None) -> None:
    """Bring the database to this farm's schema. Back it up first."""
    from farm.core.database import Database

    chosen = settings(state_dir=state, database_url=database)
    if chosen.database_url is None:
        chosen.state_dir.mkdir(parents=True, exist_ok=True)
    base = Database(chosen.database)
    try:
        before, _ = base.revisions()
        base.upgrade()
        after, _ = base.revisions()
    finally:
        base.close()
    say(f"schema {after}" if before == after else f"schema {before or 'none'} -> {after}")


@db.callback()
def _group() -> None:
    """Keeps `upgrade` a command of its own while it is the only one (typer would fold it into `farm db`)."""


def settings(**given: Any) -> "Settings":
    """The settings from the environment, with those options over them that were given."""
    from pydantic import ValidationError

    from farm.core.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as fault:
        first = fault.errors()[0]
        where = f"FARM_{'_'.join(map(str, first['loc'])).upper()}"
        raise SetupError(f"{first['msg']}: {str(first['input'])[:80]!r}", where=where) from fault


def address(listen: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:8000`, `:8000` (everywhere) or `8000` as (host, port)."""
    host, colon, port = listen.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535 or (":" in host and not host.startswith("[")):
        raise BadInputError(f"{listen!r} is not HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000", where="--listen")
    host = host.removeprefix("[").removesuffix("]")
    return host or ("0.0.0.0" if colon else "127.0.0.1"), int(port)  # noqa: S104  who writes `:8000` asks for every interface; warned of without a token


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Each request between worker and server, each start of a migration: only when something is wrong with them.
    for talkative in ("httpx", "alembic", "uvicorn"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
