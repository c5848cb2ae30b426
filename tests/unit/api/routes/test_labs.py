"""What a lab's worker asks: hello, and work."""

import threading
from typing import Any

import httpx
import pytest

from tests.support.serving import offer
from tests.support.talking import API, Talk, problem


def hello(talk: Talk, *devices: dict[str, Any], lab: str = "here") -> httpx.Response:
    return talk.http.post(f"/labs/{lab}/hello", json={"worker": "w", "devices": list(devices)})


def device(name: str = "a", /, **changes: Any) -> dict[str, Any]:
    return {**offer("a").model_dump(mode="json"), "name": name, **changes}


def claim(talk: Talk, *free: str, wait: float = 0, lab: str = "here") -> httpx.Response:
    return talk.http.post(f"/labs/{lab}/claim", json={"worker": "w", "free": list(free), "wait": wait})


def test_a_hello_registers_and_tells_what_was_left(talk: Talk) -> None:
    assert hello(talk, device()).json() == {"held": []}
    boot = talk.running()
    talk.say(boot, b"12345")
    assert hello(talk, device()).json() == {"held": [{"boot": boot, "device": "a", "console_size": 5}]}


def test_a_name_of_another_lab(talk: Talk) -> None:
    hello(talk, device())
    told = problem(hello(talk, device(), lab="there"), 422)
    assert told["where"] == "device 'a' of lab 'there'"


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a b"},
        {"tags": ["x y"]},
        {"deadlines": {"total": -1}},
        {"deadlines": {"soon": 1}},
        {"arch": "x" * 21},
        {"cmdline": "a\0b"},
        {"colour": "red"},
    ],
)
def test_a_device_that_cannot_be(talk: Talk, change: dict[str, Any]) -> None:
    problem(hello(talk, device(**change)), 422)


def test_two_devices_of_one_name(talk: Talk) -> None:
    assert "offered twice" in problem(hello(talk, device(), device()), 422)["detail"]


@pytest.mark.parametrize("lab", ["a%20b", "-x", "x" * 101])
def test_a_lab_that_cannot_be(talk: Talk, lab: str) -> None:
    problem(hello(talk, device(), lab=lab), 422)


def test_no_work(talk: Talk) -> None:
    hello(talk, device())
    answer = claim(talk, "a")
    assert (answer.status_code, answer.content) == (204, b"")


def test_work_that_is_there(talk: Talk) -> None:
    hello(talk, device())
    job = talk.job(appends=["mem=12M"])
    found = claim(talk, "a").json()
    assert (found["boot"], found["device"], found["image"]) == (job["boots"][0]["id"], "a", talk.digest)
    assert found["cmdline"] == f"farm.token={found['token']} mem=12M"


def test_a_waiting_worker_is_given_what_comes_in(talk: Talk) -> None:
    """The claim is on its way before the job: it must not be answered before its time, and not with nothing."""
    hello(talk, device())
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(claim(talk, "a", wait=50)))
    thread.start()
    job = talk.job()
    thread.join(60)
    assert answers[0].json()["boot"] == job["boots"][0]["id"]


def test_a_waiting_worker_is_let_go_when_the_server_stops(talk: Talk) -> None:
    hello(talk, device())
    done = threading.Event()

    def wait() -> None:
        try:
            claim(talk, "a", wait=50)
        except httpx.TransportError:
            pass
        finally:
            done.set()

    threading.Thread(target=wait).start()
    talk.served.stop()
    assert done.wait(30)


def test_a_claim_whose_answer_never_arrived_is_handed_on(talk: Talk) -> None:
    """The worker calls the device free, the server has it leased: that boot is infra, and is tried again."""
    boot = talk.running()
    again = claim(talk, "a").json()
    assert again["boot"] != boot
    lost = talk.http.get(f"/boots/{boot}").json()
    assert (lost["verdict"], lost["type"]) == ("infra", "lost-worker")
    assert lost["reason"] == "the worker never heard that a was leased to it"
    found = talk.http.get(f"/boots/{again['boot']}").json()
    assert (found["retry_of"], found["attempt"]) == (boot, 2)


def test_a_claim_for_other_devices_leaves_a_running_boot_alone(talk: Talk) -> None:
    boot = talk.running()
    talk.lab("a", "b")
    assert claim(talk, "b").status_code == 204
    assert talk.http.get(f"/boots/{boot}").json()["state"] == "running"


def test_a_worker_that_hangs_up_while_it_waits_is_given_nothing(talk: Talk) -> None:
    hello(talk, device())
    body = b'{"worker": "w", "free": ["a"], "wait": 50}'
    head = f"POST {API}/labs/here/claim HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    talk.raw(f"{head}Content-Type: application/json\r\n\r\n".encode() + body, cut=True)
    # The server has seen the end of that line once it has answered a later question of the same kind.
    assert claim(talk, "a").status_code == 204
    job = talk.job()
    assert claim(talk, "a", wait=10).json()["boot"] >= job["boots"][0]["id"]


@pytest.mark.parametrize(
    "body",
    [{}, {"worker": "w", "free": ["a"], "wait": 61}, {"worker": "", "free": []}, {"worker": "w", "free": ["a b"]}],
)
def test_a_claim_that_cannot_be(talk: Talk, body: dict[str, Any]) -> None:
    problem(talk.http.post("/labs/here/claim", json=body), 422)


def test_devices_are_listed_and_found_by_name(talk: Talk) -> None:
    hello(talk, device("b"), device("a", tags=["pae"]))
    found = talk.http.get("/devices").json()
    assert [one["name"] for one in found] == ["a", "b"]
    assert "pae" in found[0]["tags"]
    assert talk.http.get("/devices/b").json() == found[1]
    assert problem(talk.http.get("/devices/c"), 404)["detail"] == "there is no device 'c'"


def test_builds_are_listed_and_found_by_number(talk: Talk) -> None:
    hello(talk, device())
    build = talk.job(tree="stable", branch="x")["build"]
    assert talk.http.get("/builds").json() == [build]
    assert talk.http.get("/builds", params={"branch": "x"}).json() == [build]
    assert talk.http.get("/builds", params={"branch": "y"}).json() == []
    assert talk.http.get("/builds", params={"sha256": talk.digest}).json() == [build]
    assert talk.http.get(f"/builds/{build['id']}").json() == build
    problem(talk.http.get("/builds/77"), 404)
    problem(talk.http.get("/builds", params={"limit": 0}), 422)
