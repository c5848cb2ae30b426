"""Two API servers on one PostgreSQL and one folder: a lab talks to one, a person to the other."""

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.conftest import MakeSettings
from tests.support.postgres import Postgres
from tests.support.serving import Served, offer
from tests.support.talking import Talk

pytestmark = pytest.mark.postgres


@pytest.fixture
def pair(make_settings: MakeSettings, postgres_server: Postgres) -> Iterator[tuple[Talk, Talk]]:
    settings = make_settings(database_url=postgres_server.migrated())
    servers = [Served(settings).start() for _ in range(2)]
    talks = [Talk(served) for served in servers]
    yield talks[0], talks[1]
    for talk, served in zip(talks, servers, strict=True):
        talk.close()
        served.stop()


def test_a_job_at_one_server_is_claimed_at_the_other(pair: tuple[Talk, Talk]) -> None:
    near, far = pair
    near.lab()
    claims: list[httpx.Response] = []
    ask = {"worker": "w", "free": ["a"], "wait": 50}
    thread = threading.Thread(target=lambda: claims.append(near.http.post("/labs/here/claim", json=ask)))
    thread.start()
    boot = far.job(appends=["mem=12M"])["boots"][0]["id"]
    thread.join(60)
    assert claims[0].json()["boot"] == boot
    near.say(boot, b"hello\n")
    assert far.http.get(f"/boots/{boot}/console").content == b"hello\n"
    far.http.post(f"/boots/{boot}/cancel")
    assert near.http.post(f"/boots/{boot}/heartbeat").json() == {"cancel": True}
    near.end(boot)
    assert far.http.get(f"/boots/{boot}").json()["state"] == "cancelled"


def test_a_server_that_starts_does_not_disturb_the_other(pair: tuple[Talk, Talk]) -> None:
    near, far = pair
    boot = near.running()
    with near.farm.storage.receive(limit=100, what="x") as upload:
        upload.write(b"on its way")
        far.served.stop()
        far.served.start()
    assert near.farm.storage.has(upload.sha256)
    assert far.http.post(f"/boots/{boot}/heartbeat").json() == {"cancel": False}


def test_every_script_and_every_console_fits_the_database(pair: tuple[Talk, Talk]) -> None:
    """PostgreSQL holds no NUL and cuts nothing by itself."""
    near, far = pair
    near.lab()
    near.job(submitter="Jörg 山田 🐧", tree="дерево", patch="x" * 200, filename="y" * 255)
    claimed = near.http.post("/labs/here/claim", json={"worker": "w" * 200, "free": ["a"], "wait": 0}).json()
    boot = claimed["boot"]
    long = "\0\ud7ff\x1b[31m" * 1000
    report: dict[str, object] = dict.fromkeys(
        ("reason", "title", "type", "function", "signature", "booted", "device_fault"), long
    )
    report |= {"verdict": "fail", "stage": "init", "outcome": "booted-with-warnings"}
    seen = {"title": long, "type": long, "severity": long, "evidence": {"line": 1, "offset": 0, "text": long}}
    report |= {"evidence": [seen["evidence"]], "warnings": [long], "reports": [seen], "frames": [long] * 20}
    report |= {"paravirt": {"platform": long}, "culprit": long, "stage_times": {"start_kernel": 1.5}}
    answer = near.http.post(f"/boots/{boot}/report", json=report)
    assert answer.status_code == 200, answer.text
    found = far.http.get(f"/boots/{boot}").json()
    assert found["verdict"] == "fail"
    line = long.replace("\0", "\ufffd")[:1000]
    assert found["frames"] == [line] * 20
    said = (found["evidence"][0]["text"], found["reports"][0]["evidence"]["text"], found["paravirt"]["platform"])
    assert said == (line, line, line)
    assert [boot["id"] for boot in far.http.get("/boots?outcome=booted-with-warnings").json()] == [boot]
    assert far.http.get("/boots?outcome=booted").json() == []
    assert far.http.get("/builds").json()[0]["tree"] == "дерево"


def test_signs_of_life_hellos_and_claims_at_once_do_not_block_each_other(pair: tuple[Talk, Talk]) -> None:
    near, _far = pair
    boot = near.running()
    near.lab("a", "b", "c")
    devices = [offer(name).model_dump(mode="json") for name in ("a", "b")]
    asks: list[Callable[[Talk, int], httpx.Response]] = [
        lambda talk, _number: talk.http.post(f"/boots/{boot}/heartbeat"),
        lambda talk, number: talk.http.post(
            "/labs/here/hello", json={"worker": "w", "devices": devices[: 1 + number % 2]}
        ),
        lambda talk, _number: talk.http.post("/labs/here/claim", json={"worker": "w", "free": ["b"], "wait": 0}),
        lambda talk, _number: talk.http.get("/devices"),
    ]
    bad: list[str] = []

    def repeat(talk: Talk, which: int) -> None:
        for number in range(25):
            answer = asks[which](talk, number)
            if answer.status_code >= 400:
                bad.append(answer.text)

    threads = [threading.Thread(target=repeat, args=(talk, which)) for talk in pair for which in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert bad == []
