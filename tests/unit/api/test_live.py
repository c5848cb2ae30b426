"""The live console: the stored bytes, from any offset, to the end of the boot."""

import base64
import threading
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.live import CHUNK
from tests.support.talking import Talk, events, problem


def follow(talk: Talk, boot: int, *, offset: int | None = None, last: int | None = None) -> tuple[bytes, list[Any]]:
    """All of a live console as (bytes, events), with each event checked against the one before."""
    query = {} if offset is None else {"offset": offset}
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    data, seen = b"", []
    start = last if last is not None else offset or 0
    with talk.http.stream("GET", f"/boots/{boot}/console/live", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for name, number, content in events(answer.iter_lines()):
            assert content["offset"] == start + len(data)
            if name == "bytes":
                data += base64.b64decode(content["bytes"], validate=True)
            assert number == str(start + len(data))
            seen.append(name)
    return data, seen


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7])
def test_a_console_that_has_ended(talk: Talk, size: int) -> None:
    boot = talk.running()
    console = (bytes(range(256)) * (size // 256 + 1))[:size]
    talk.say(boot, console)
    talk.end(boot)
    data, seen = follow(talk, boot)
    assert data == console
    assert seen == ["bytes"] * -(-size // CHUNK) + ["end"]


def test_any_offset_resumes_exactly(talk: Talk) -> None:
    boot = talk.running()
    console = bytes(range(256)) * 600  # more than two events
    talk.say(boot, console)
    talk.end(boot)

    @hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        offset=st.integers(0, len(console) + 10) | st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, len(console)]),
        by_header=st.booleans(),
    )
    def resumes(offset: int, by_header: bool) -> None:
        data, seen = follow(talk, boot, last=offset) if by_header else follow(talk, boot, offset=offset)
        assert data == console[offset:]
        assert seen[-1] == "end"

    resumes()


def test_the_event_that_a_browser_saw_last_wins_over_the_address(talk: Talk) -> None:
    """An EventSource repeats its first address, offset and all, and adds Last-Event-ID."""
    boot = talk.running()
    talk.say(boot, b"0123456789")
    talk.end(boot)
    assert follow(talk, boot, offset=2, last=7)[0] == b"789"


def test_bytes_come_while_the_boot_runs_and_it_ends_with_the_boot(talk: Talk) -> None:
    boot = talk.running()
    talk.say(boot, b"first ")
    got: list[bytes] = []
    names: list[str] = []
    with talk.http.stream("GET", f"/boots/{boot}/console/live") as answer:
        for name, _, content in events(answer.iter_lines()):
            names.append(name)
            if name == "bytes":
                got.append(base64.b64decode(content["bytes"]))
                # Said only after the last bytes were seen: none of this can have waited for the end.
                if len(got) == 1:
                    talk.say(boot, b"second ")
                elif len(got) == 2:
                    talk.say(boot, b"third")
                else:
                    talk.end(boot)
    assert got == [b"first ", b"second ", b"third"]
    assert names == ["bytes", "bytes", "bytes", "end"]


def test_several_watch_one_boot(talk: Talk) -> None:
    boot = talk.running()
    watched: list[bytes] = []

    def watch() -> None:
        watched.append(follow(talk, boot)[0])

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(20):
        talk.say(boot, f"line {number}\n".encode())
    talk.end(boot)
    for thread in threads:
        thread.join(60)
    assert watched == ["".join(f"line {number}\n" for number in range(20)).encode()] * 4


def test_bytes_another_server_stored_are_seen_too(talk: Talk) -> None:
    """No bell rings for them: the live console looks by itself."""
    boot = talk.running()
    with talk.http.stream("GET", f"/boots/{boot}/console/live") as answer:
        talk.farm.storage.append_console(boot, 0, 0.0, b"from elsewhere")
        _, _, content = next(events(answer.iter_lines()))
    assert base64.b64decode(content["bytes"]) == b"from elsewhere"


def test_a_queued_boot_can_be_watched_before_it_starts(talk: Talk) -> None:
    talk.lab()
    boot = talk.job()["boots"][0]["id"]
    watched: list[tuple[bytes, list[str]]] = []
    thread = threading.Thread(target=lambda: watched.append(follow(talk, boot)))
    thread.start()
    talk.http.post(f"/boots/{boot}/cancel")
    thread.join(60)
    assert watched == [(b"", ["end"])]


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", f"offset={'9' * 30}"])
def test_an_offset_that_cannot_be(talk: Talk, query: str) -> None:
    boot = talk.running()
    assert problem(talk.http.get(f"/boots/{boot}/console/live?{query}"), 422)["where"] == "offset"


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30])
def test_a_last_event_that_cannot_be(talk: Talk, last: str) -> None:
    boot = talk.running()
    problem(talk.http.get(f"/boots/{boot}/console/live", headers={"Last-Event-ID": last}), 422)


def test_watchers_do_not_keep_a_server_from_stopping(talk: Talk) -> None:
    boot = talk.running()
    talk.say(boot, b"x")
    first, ended = threading.Event(), threading.Event()

    def watch() -> None:
        try:
            with talk.http.stream("GET", f"/boots/{boot}/console/live") as answer:
                for _ in answer.iter_lines():
                    first.set()
        except httpx.TransportError:
            pass
        finally:
            ended.set()

    threading.Thread(target=watch).start()
    assert first.wait(30)
    talk.served.stop()
    assert ended.wait(30)
