"""The application as a whole: its token, its description of itself, its clock."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI

from api import app as application
from api.app import create_app
from farm.core.errors import SetupError
from farm.core.settings import Settings
from farm.core.wire import JobIn, Problem
from tests.conftest import MakeSettings
from tests.support.serving import Served
from tests.support.talking import API, Talk, problem

WRITES = [
    ("PUT", f"/files/{'0' * 64}"),
    ("POST", "/jobs"),
    ("POST", "/jobs/1/cancel"),
    ("POST", "/boots/1/cancel"),
    ("POST", "/boots/1/heartbeat"),
    ("POST", "/boots/1/phase"),
    ("PATCH", "/boots/1/console?offset=0&at=0"),
    ("POST", "/boots/1/report"),
    ("POST", "/labs/here/hello"),
    ("POST", "/labs/here/claim"),
]


@pytest.fixture
def guarded(make_settings: MakeSettings) -> Iterator[Talk]:
    served = Served(make_settings(token="s3cret")).start()
    talk = Talk(served)
    yield talk
    talk.close()
    served.stop()


def test_with_a_token_set_whoever_changes_something_must_show_it(guarded: Talk) -> None:
    shown = ("", "s3cret", "Bearer", "Bearer wrong", "Basic s3cret", "Bearer s\xe9")
    for method, path in WRITES:
        for authorization in shown if path == "/jobs" else ("", "Bearer wrong"):
            headers = [(b"Authorization", authorization.encode("latin-1"))]
            answer = guarded.http.request(method, path, headers=headers)
            told = problem(answer, 401)
            assert "set FARM_TOKEN" in told["detail"]
            assert answer.headers["www-authenticate"] == "Bearer"


def test_with_the_token_and_for_reading_all_is_as_ever(guarded: Talk) -> None:
    for path in ("/jobs", "/boots", "/builds", "/devices"):
        assert guarded.http.get(path).json() == []
    guarded.http.headers["Authorization"] = "bearer s3cret"
    guarded.lab()
    assert guarded.job()["boots"]


def test_every_route_that_writes_is_in_the_list_above(talk: Talk) -> None:
    paths = description(talk)["paths"]
    found = {(method.upper(), path) for path, item in paths.items() for method in item if method not in ("get", "head")}
    assert len(found) == len(WRITES)


def test_a_large_upload_without_the_token_is_refused_with_its_reason(guarded: Talk) -> None:
    answer = guarded.http.put(f"/files/{'0' * 64}", content=bytes(8 << 20))
    problem(answer, 401)
    assert guarded.kept() == []


def description(talk: Talk) -> dict[str, Any]:
    answer = httpx.get(f"{talk.served.url}/api/openapi.json", timeout=30)
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def test_the_description_is_openapi_and_every_route_is_told(talk: Talk) -> None:
    document = description(talk)
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1")
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
    numbers = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(numbers)) == len(numbers)
    assert {name.split(" ")[1].removeprefix(API).split("/")[1] for name, _ in operations(document)} == {
        *("files", "jobs", "boots", "builds", "devices", "labs")
    }


def test_every_reference_of_the_description_leads_somewhere(talk: Talk) -> None:
    document = description(talk)

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    found = set(references(document))
    assert found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_the_examples_of_the_description_can_be_used(talk: Talk) -> None:
    body = description(talk)["paths"][f"{API}/jobs"]["post"]["requestBody"]["content"]
    examples = body["application/json"]["schema"]["examples"]
    assert examples
    for example in examples:
        assert JobIn.model_validate_json(json.dumps(example)).environments
    fields = body["multipart/form-data"]["schema"]["properties"]
    assert set(fields) <= {"image", "initrd", "symbols", "environment", "append"}
    for name in ("environment", "append"):
        assert isinstance(fields[name]["example"], list)


def test_errors_are_described_where_they_happen(talk: Talk) -> None:
    document = description(talk)
    told = document["paths"][f"{API}/jobs"]["post"]["responses"]
    assert {"201", "404", "413", "422", "507"} <= set(told)
    assert told["413"]["content"]["application/problem+json"]["schema"]["title"] == Problem.__name__


def test_an_address_that_is_nothing(talk: Talk) -> None:
    assert problem(talk.http.get("/nothing"), 404)["detail"] == "there is nothing at /api/v1/nothing"
    problem(talk.http.delete("/jobs"), 405)


def test_a_schema_that_is_not_ours_stops_the_start(make_settings: MakeSettings) -> None:
    settings = make_settings()
    create_app(settings).state.farm.db.close()
    farm = create_app(settings).state.farm
    with farm.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    farm.db.close()
    with pytest.raises(SetupError, match="does not know"):
        create_app(settings)


def test_a_start_throws_half_uploads_away_and_gives_leases_time(talk: Talk) -> None:
    boot = talk.running()
    talk.served.stop()
    talk.queue.run_out(boot)  # only now: the running server's own clock would have ended the boot
    left = talk.farm.storage.root / "incoming" / "left"
    left.write_bytes(b"half")
    talk.served.start()
    assert not left.exists()
    assert talk.queue.expire() == []
    assert talk.http.post(f"/boots/{boot}/heartbeat").json() == {"cancel": False}


def test_the_clock_ends_leases_that_run_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "EXPIRY_LOOK", 0.02)
    rung = threading.Event()
    served = Served(settings, lambda app: monkeypatch.setattr(app.state.farm.bell, "ring", lambda _name: rung.set()))
    talk = Talk(served.start())
    try:
        boot = talk.running()
        rung.clear()
        talk.queue.run_out(boot)
        assert rung.wait(30)
        found = talk.http.get(f"/boots/{boot}").json()
        assert (found["state"], found["verdict"], found["type"]) == ("finished", "infra", "lost-worker")
    finally:
        talk.close()
        served.stop()


def test_the_clock_goes_on_after_a_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "EXPIRY_LOOK", 0.01)
    looks, third = [], threading.Event()

    def look(_state: object) -> list[int]:
        looks.append(1)
        if len(looks) >= 3:
            third.set()
        raise OSError("the database is away")

    monkeypatch.setattr(application, "_expire", look)
    served = Served(settings).start()
    try:
        assert third.wait(30)
    finally:
        served.stop()
