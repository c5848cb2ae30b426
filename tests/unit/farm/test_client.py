"""The REST client against a served farm: what it sends, and the sentence it gives where that fails."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from farm import client as module
from farm.client import Client, NoServerError, ServerError, check, sha256_of
from farm.core.wire import JobIn
from tests.conftest import MakeSettings
from tests.support.images import sha256
from tests.support.serving import Served
from tests.support.talking import Talk


@pytest.fixture
def talk(served: Served) -> Iterator[Talk]:
    talk = Talk(served)
    talk.lab()
    yield talk
    talk.close()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url + "/") as client:
        yield client


@pytest.fixture
def image(talk: Talk, tmp_path: Path) -> Path:
    path = tmp_path / "vmlinuz"
    path.write_bytes(talk.image)
    return path


def job(talk: Talk) -> JobIn:
    return JobIn(image=talk.digest, environments=["box"])


def test_a_file_goes_up_once(client: Client, talk: Talk, image: Path) -> None:
    first = client.upload(image)
    assert (first.sha256, first.size) == (talk.digest, len(talk.image)) == (sha256_of(image), image.stat().st_size)
    assert client.upload(image) == first
    assert talk.kept() == [talk.digest]


def test_from_submit_to_cancel(client: Client, talk: Talk, image: Path) -> None:
    client.upload(image)
    assert [boot.waiting for boot in client.plan(job(talk)).boots] == ["next in line for a"]
    assert client.jobs() == []
    submitted = client.submit(job(talk))
    assert client.job(submitted.id) == submitted
    assert client.jobs(limit=5) == [submitted]
    assert client.jobs(before=submitted.id) == []
    boot = submitted.boots[0]
    assert client.boot(boot.id) == boot
    assert client.boots(job=submitted.id, state="queued", device=None) == [boot]
    assert client.builds(branch="mainline") == client.builds() == [submitted.build]
    assert [device.name for device in client.devices()] == ["a"]
    assert client.cancel_boot(boot.id).state == "cancelled"
    assert client.cancel_job(submitted.id).done


def test_the_servers_own_sentence_comes_back(client: Client, talk: Talk, image: Path) -> None:
    client.upload(image)
    with pytest.raises(ServerError, match=r"^environments: no device has the environment 'bok'; did you mean") as told:
        client.submit(JobIn(image=talk.digest, environments=["bok"]))
    assert (told.value.problem.status, told.value.where) == (422, "environments")
    with pytest.raises(ServerError, match="there is no job 77"):
        client.job(77)


def test_a_token_is_asked_for_and_sent(make_settings: MakeSettings, tmp_path: Path) -> None:
    """Large: the server refuses while the client is still sending."""
    large = tmp_path / "large"
    large.write_bytes(bytes(8 << 20))
    served = Served(make_settings(token="s3cret")).start()
    try:
        with Client(served.url) as stranger, pytest.raises(ServerError, match="set FARM_TOKEN") as told:
            stranger.upload(large)
        assert told.value.problem.status == 401
        with Client(served.url, "s3cret") as friend:
            assert friend.upload(large).sha256 == sha256(bytes(8 << 20))
    finally:
        served.stop()


def test_no_server_is_told_with_its_address(served: Served, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECONNECTS", 0)
    served.stop()
    with Client(served.url) as client:
        for ask in (
            client.jobs,
            lambda: client.upload(image),
            lambda: client.console(1),
            lambda: list(client.follow_console(1)),
        ):
            with pytest.raises(NoServerError, match=rf"no farm answers at {served.url} .*is `farm serve` running"):
                ask()


def test_what_is_no_farms_answer() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    with Client("http://farm", transport=transport) as client, pytest.raises(ServerError) as told:
        client.jobs()
    assert told.value.detail == "GET http://farm/api/v1/jobs?limit=50 answered 502, which is not a farm's answer"
    good = httpx.Response(200)
    assert check(good) is good


CONSOLE = bytes(range(256)) * 10


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, CONSOLE),
        (100, None, CONSOLE[100:]),
        (100, 200, CONSOLE[100:200]),
        (5, 5, b""),
        (9, 3, b""),
        (2560, None, b""),
        (99999, None, b""),
        (2559, 99999, CONSOLE[-1:]),
    ],
)
def test_a_part_of_a_console(client: Client, talk: Talk, start: int, end: int | None, expected: bytes) -> None:
    boot = talk.running()
    assert client.console(boot, start, end) == b""
    talk.say(boot, CONSOLE)
    assert client.console(boot, start, end) == expected


@pytest.mark.parametrize("offset", [0, 1, 1000, len(CONSOLE)])
def test_a_console_is_followed_to_its_end(client: Client, talk: Talk, offset: int) -> None:
    boot = talk.running()
    talk.say(boot, CONSOLE)
    talk.end(boot)
    assert b"".join(client.follow_console(boot, offset)) == CONSOLE[offset:]


def test_following_goes_on_after_a_server_that_was_away(client: Client, talk: Talk, served: Served) -> None:
    boot = talk.running()
    talk.say(boot, b"before ")
    got = []
    restarts: list[threading.Thread] = []

    def restart() -> None:
        served.stop()
        served.start()
        talk.say(boot, b"after")
        talk.end(boot)

    for chunk in client.follow_console(boot):
        got.append(chunk)
        if not restarts:
            restarts.append(threading.Thread(target=restart))
            restarts[0].start()
    restarts[0].join(60)
    assert b"".join(got) == b"before after"


def test_following_a_boot_that_is_not_there(client: Client) -> None:
    with pytest.raises(ServerError, match="there is no boot 77"):
        list(client.follow_console(77))


def test_a_stream_that_ends_too_early_again_and_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECONNECTS", 2)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["offset"])
        return httpx.Response(200, text=": nothing\n\n", headers={"content-type": "text/event-stream"})

    client = Client("http://farm", transport=httpx.MockTransport(answer))
    with client, pytest.raises(NoServerError, match="the live console ended early"):
        list(client.follow_console(1, 5))
    assert asked == ["5", "5", "5"]
