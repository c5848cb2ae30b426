"""The farm with the other settings: PostgreSQL, two servers, two labs, all at work on one queue."""

import contextlib
from pathlib import Path

import pytest

from farm.core.words import Verdict
from tests.standin.farm import PASS, Farm, standin_farm, until
from tests.standin.image import tiny_image
from tests.support.postgres import Postgres

pytestmark = pytest.mark.postgres


def test_two_labs_share_one_queue(tmp_path: Path, postgres_server: Postgres) -> None:
    url = postgres_server.migrated()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        standin_farm(tmp_path / "one", {"s1": [PASS]}, database_url=url) as (one, _),
        standin_farm(tmp_path / "two", {"s2": [PASS]}, database_url=url) as (two, _),
    ):
        # Stored files are still a folder: both servers must see the same one.
        (tmp_path / "two" / "server").symlink_to(tmp_path / "one" / "server")
        two.lab.write_text(two.lab.read_text().replace('"standins"', '"others"'))
        for farm in (one, two):
            farm.serve()
            farm.work()
        until("both labs say hello", lambda: len(one.client.devices()) == 2)

        # Asked of one server; the other's worker hears of it within a second.
        found = one.done(one.submit(tiny_image(), repeat=12))

        assert {boot.verdict for boot in found.boots} == {Verdict.PASS}
        assert {boot.device for boot in found.boots} == {"s1", "s2"}
        assert len(found.boots) == 12
        for boot in found.boots:
            assert two.client.console(boot.id) == one.client.console(boot.id) != b""


def test_a_server_refuses_a_schema_that_is_not_its_own(tmp_path: Path, postgres_server: Postgres) -> None:
    with contextlib.closing(Farm(tmp_path, {}, database_url=postgres_server.empty())) as farm:
        with pytest.raises(AssertionError, match="run `farm db upgrade`"):
            farm.serve()
        farm.server = None
