"""Boots over HTTP: reading them, their consoles by range, and what a worker tells."""

import pytest

from tests.support.talking import Talk, problem

AT = "2026-11-24T12:00:00Z"


def test_a_boot_from_claim_to_report(talk: Talk) -> None:
    boot = talk.running()
    assert talk.http.get(f"/boots/{boot}").json()["state"] == "running"
    assert talk.http.post(f"/boots/{boot}/heartbeat").json() == {"cancel": False}
    event = {"phase": "kernel", "at": AT, "note": "6.1.0"}
    assert talk.http.post(f"/boots/{boot}/phase", json=event).json() == {"cancel": False}
    talk.say(boot, b"hello\n")
    talk.end(boot)
    found = talk.http.get(f"/boots/{boot}").json()
    assert (found["state"], found["verdict"], found["reason"], found["console_size"]) == ("finished", "pass", "so", 6)
    assert found["phases"] == [event]


def test_boots_by_what_is_asked(talk: Talk) -> None:
    boot = talk.running()
    talk.job()

    def ids(**query: str | int) -> list[int]:
        answer = talk.http.get("/boots", params=query)
        assert answer.status_code == 200, answer.text
        return [found["id"] for found in answer.json()]

    assert ids() == [boot + 1, boot]
    assert ids(state="running") == ids(device="a") == [boot]
    assert ids(limit=1) == [boot + 1]
    assert ids(verdict="fail") == []
    report = {"verdict": "fail", "reason": "so", "stage": "root", "outcome": "no-root"}
    assert talk.http.post(f"/boots/{boot}/report", json=report).json()["outcome"] == "no-root"
    assert ids(outcome="no-root") == [boot]
    assert ids(outcome="panic") == []


@pytest.mark.parametrize(
    "query",
    ["state=sleeping", "limit=0", "limit=1001", "job=x", f"job={'9' * 30}", "before=-1", "outcome=sad", "colour=red"],
)
def test_a_question_that_cannot_be_asked(talk: Talk, query: str) -> None:
    told = problem(talk.http.get(f"/boots?{query}"), 422)
    assert told["where"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/console"),
        ("GET", "/console/live"),
        ("PATCH", "/console?offset=0&at=0"),
        ("POST", "/heartbeat"),
        ("POST", "/cancel"),
    ],
)
def test_a_boot_that_is_not_there(talk: Talk, method: str, path: str) -> None:
    told = problem(talk.http.request(method, f"/boots/77{path}"), 404)
    assert told["detail"] == "there is no boot 77"
    problem(talk.http.request(method, f"/boots/{'9' * 30}{path}"), 422)


def test_after_its_end_a_boot_takes_nothing_more(talk: Talk) -> None:
    boot = talk.running()
    talk.end(boot)
    asked = [
        talk.http.post(f"/boots/{boot}/heartbeat"),
        talk.http.post(f"/boots/{boot}/phase", json={"phase": "kernel", "at": AT}),
        talk.http.patch(f"/boots/{boot}/console", params={"offset": 0, "at": 0}, content=b"late"),
        talk.http.post(f"/boots/{boot}/report", json={"verdict": "fail", "reason": "late", "stage": "done"}),
    ]
    for answer in asked:
        told = problem(answer, 409)
        assert told["where"] == f"boot {boot}"
        assert told["detail"] == "it is finished, not running: its lease is gone"
    assert problem(talk.http.post(f"/boots/{boot}/cancel"), 409)["detail"] == "it is finished already"
    assert talk.http.get(f"/boots/{boot}").json()["verdict"] == "pass"


def test_a_cancelled_boot_is_told_at_every_sign_of_life(talk: Talk) -> None:
    boot = talk.running()
    assert talk.http.post(f"/boots/{boot}/cancel").json()["state"] == "running"
    assert talk.http.post(f"/boots/{boot}/heartbeat").json() == {"cancel": True}
    assert talk.http.post(f"/boots/{boot}/phase", json={"phase": "kernel", "at": AT}).json() == {"cancel": True}
    talk.end(boot)
    assert talk.http.get(f"/boots/{boot}").json()["state"] == "cancelled"


def test_a_console_goes_in_once_whatever_is_sent_twice(talk: Talk) -> None:
    boot = talk.running()
    path = f"/boots/{boot}/console"
    for offset, data, size in ((0, b"hello", 5), (0, b"hello", 5), (3, b"lo world", 11), (11, b"", 11)):
        answer = talk.http.patch(path, params={"offset": offset, "at": 0.5}, content=data)
        assert answer.json() == {"size": size}
    assert (
        "has 11 bytes, yours begin at 12"
        in problem(talk.http.patch(path, params={"offset": 12, "at": 1}, content=b"x"), 409)["detail"]
    )
    assert talk.http.get(path).content == b"hello world"


@pytest.mark.parametrize(
    "query", ["offset=-1&at=0", "offset=0", f"offset={'9' * 30}&at=0", "offset=0&at=inf", "offset=0&at=nan"]
)
def test_a_place_on_the_console_that_cannot_be(talk: Talk, query: str) -> None:
    boot = talk.running()
    problem(talk.http.patch(f"/boots/{boot}/console?{query}", content=b"x"), 422)


def test_too_much_console_at_once(talk: Talk) -> None:
    boot = talk.running()
    answer = talk.http.patch(f"/boots/{boot}/console", params={"offset": 0, "at": 0}, content=bytes((4 << 20) + 1))
    assert "send them in parts" in problem(answer, 413)["detail"]
    assert talk.farm.storage.console_size(boot) == 0


CONSOLE = bytes(range(256)) * 4 + b"<script>alert(1)</script>\x1b[2J\x00\xff"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("bytes=0-", CONSOLE),
        ("bytes=0-0", CONSOLE[:1]),
        ("bytes=100-199", CONSOLE[100:200]),
        ("bytes=1000-99999", CONSOLE[1000:]),
        ("bytes=-10", CONSOLE[-10:]),
    ],
)
def test_a_part_of_a_console(talk: Talk, span: str, expected: bytes) -> None:
    boot = talk.running()
    talk.say(boot, CONSOLE)
    answer = talk.http.get(f"/boots/{boot}/console", headers={"Range": span})
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"].endswith(f"/{len(CONSOLE)}")


def test_a_console_is_text_and_nothing_else(talk: Talk) -> None:
    boot = talk.running()
    talk.say(boot, CONSOLE)
    answer = talk.http.get(f"/boots/{boot}/console")
    assert answer.content == CONSOLE
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_console_without_a_byte(talk: Talk) -> None:
    boot = talk.running()
    assert talk.http.get(f"/boots/{boot}/console").content == b""
    assert talk.http.get(f"/boots/{boot}/console", headers={"Range": "bytes=0-"}).content == b""


def test_a_range_behind_the_end(talk: Talk) -> None:
    boot = talk.running()
    talk.say(boot, b"12345")
    assert talk.http.get(f"/boots/{boot}/console", headers={"Range": "bytes=5-"}).status_code == 416


def test_a_report_is_not_lost_over_what_a_console_said(talk: Talk) -> None:
    boot = talk.running()
    long = "x\0" * 2000
    report = dict.fromkeys(("reason", "title", "type", "function", "signature", "booted", "device_fault"), long)
    answer = talk.http.post(f"/boots/{boot}/report", json={**report, "verdict": "fail", "stage": "init"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "\0" not in "".join(str(found[name]) for name in report if name != "device_fault")
    assert [len(found[name]) for name in ("title", "type", "function", "signature", "booted")] == [
        1000,
        100,
        200,
        64,
        255,
    ]


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"verdict": "maybe", "reason": "", "stage": "done"},
        {"verdict": "pass", "reason": "", "stage": "done", "x": 1},
        {"verdict": "pass", "reason": "", "stage": "done", "outcome": "sad"},
        {"verdict": "pass", "reason": "", "stage": "done", "frames": ["f"] * 21},
    ],
)
def test_a_report_that_cannot_be_used(talk: Talk, report: dict[str, object]) -> None:
    boot = talk.running()
    problem(talk.http.post(f"/boots/{boot}/report", json=report), 422)
    assert talk.http.get(f"/boots/{boot}").json()["state"] == "running"


def test_a_phase_needs_a_time_with_a_zone(talk: Talk) -> None:
    boot = talk.running()
    told = problem(talk.http.post(f"/boots/{boot}/phase", json={"phase": "kernel", "at": "2026-11-24T12:00:00"}), 422)
    assert told["where"] == "at"
