"""Jobs over HTTP: JSON that names stored files, forms that bring them, dry runs, and every bad body."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from farm.core.settings import Settings
from farm.core.wire import JobIn
from tests.conftest import MakeSettings
from tests.support.images import bzimage, sha256
from tests.support.symbols import SYSTEM_MAP, vmlinux
from tests.support.talking import Talk, problem

NOWHERE = "0" * 64


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings(image_limit=100_000, initrd_limit=200_000, symbols_limit=150_000)


@pytest.fixture
def talk(talk: Talk) -> Talk:
    talk.lab()
    return talk


def test_a_job_by_hash(talk: Talk) -> None:
    job = talk.job(appends=["", "mem=12M"], repeat=2, filename="vmlinuz", tree="stable", submitter="me")
    assert len(job["boots"]) == 4
    assert (job["submitter"], job["build"]["filename"], job["build"]["tree"]) == ("me", "vmlinuz", "stable")
    assert talk.http.get(f"/jobs/{job['id']}").json() == job


def test_jobs_newest_first_in_pages(talk: Talk) -> None:
    numbers = [talk.job()["id"] for _ in range(3)]
    assert [job["id"] for job in talk.http.get("/jobs").json()] == numbers[::-1]
    assert [job["id"] for job in talk.http.get("/jobs", params={"limit": 1, "before": numbers[2]}).json()] == [
        numbers[1]
    ]


def test_a_form_brings_its_files(talk: Talk) -> None:
    fields = {"environment": ["box"], "append": ["", "mem=12M"], "repeat": "2", "deadlines": '{"total": 120}'}
    answer = talk.http.post("/jobs", data=fields, files={"image": ("vmlinuz-6.1", talk.image)})
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["appends"], job["repeat"], len(job["boots"])) == (["", "mem=12M"], 2, 4)
    assert (job["build"]["sha256"], job["build"]["filename"]) == (talk.digest, "vmlinuz-6.1")
    assert talk.kept() == [talk.digest]


def test_a_form_with_an_own_initramfs(talk: Talk) -> None:
    files = {"initrd": ("initrd.img", b"an initramfs"), "image": ("vmlinuz", talk.image)}
    answer = talk.http.post("/jobs", data={"environment": "box", "pattern": "login:"}, files=files)
    assert answer.status_code == 201, answer.text
    assert talk.kept() == sorted([talk.digest, sha256(b"an initramfs")])
    claimed = talk.http.post("/labs/here/claim", json={"worker": "w", "free": ["a"], "wait": 0}).json()
    assert (claimed["initrd"], claimed["pattern"], claimed["token"]) == (sha256(b"an initramfs"), "login:", None)


@pytest.mark.parametrize("data", [SYSTEM_MAP, vmlinux("6.1.0-50-686")], ids=["System.map", "vmlinux"])
def test_a_form_with_symbols(talk: Talk, data: bytes) -> None:
    files = {"symbols": ("symbols", data), "image": ("vmlinuz", talk.image)}
    answer = talk.http.post("/jobs", data={"environment": "box"}, files=files)
    assert answer.status_code == 201, answer.text
    assert talk.kept() == sorted([talk.digest, sha256(data)])
    claimed = talk.http.post("/labs/here/claim", json={"worker": "w", "free": ["a"], "wait": 0}).json()
    assert (claimed["symbols"], claimed["initrd"]) == (sha256(data), None)


@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}])
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty."),
        (b"no symbols at all\n", "This is no System.map and no ELF file."),
        (SYSTEM_MAP[:60], "This System.map is not a whole kernel's: it has no _etext."),
        (bzimage(), "This is a kernel image, which has no symbols."),
        (vmlinux("6.1.0-49-686"), "these are the symbols of 6.1.0-49-686, and the image is 6.1.0-50-686"),
    ],
    ids=["empty", "text", "cut", "image", "another build's"],
)
def test_what_are_no_symbols_of_the_image(talk: Talk, data: bytes, sentence: str, query: dict[str, str]) -> None:
    job = {"image": talk.store(), "symbols": talk.store(data), "environments": ["box"]}
    told = problem(talk.http.post("/jobs", json=job, params=query), 422)
    assert told["where"] == "symbols"
    assert told["detail"].startswith(sentence)
    assert talk.http.get("/jobs").json() == []


def test_symbols_that_were_stored_as_something_larger(talk: Talk) -> None:
    job = {"image": talk.store(), "symbols": talk.store(bytes(150_001)), "environments": ["box"]}
    told = problem(talk.http.post("/jobs", json=job), 413)
    assert (told["where"], told["detail"]) == ("symbols", "150001 bytes; this farm takes symbols of up to 150000")


def form(*parts: tuple[str, str | None, bytes], boundary: str = "XX") -> tuple[dict[str, str], bytes]:
    """(headers, body) of a multipart form, parts in that order: (name, filename or None, data)."""
    body = b""
    for name, filename, data in parts:
        at = f'; filename="{filename}"' if filename is not None else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{at}\r\n\r\n'.encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body


@pytest.mark.parametrize("first", ["image", "fields"])
def test_the_parts_of_a_form_come_in_any_order(talk: Talk, first: str) -> None:
    fields = [("environment", None, b"box"), ("append", None, b"a=1"), ("append", None, b"b=2")]
    image = [("image", "vmlinuz", talk.image)]
    headers, body = form(*(image + fields if first == "image" else fields + image))
    answer = talk.http.post("/jobs", headers=headers, content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["appends"] == ["a=1", "b=2"]
    assert talk.farm.storage.path(talk.digest).read_bytes() == talk.image


def test_an_image_that_holds_the_boundary_almost(talk: Talk) -> None:
    image = bzimage(salt=b"\r\n--X\r\n--XY\r\n--\r\n" * 50)
    headers, body = form(("image", "vmlinuz", image), ("environment", None, b"box"))
    answer = talk.http.post("/jobs", headers=headers, content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["build"]["sha256"] == sha256(image)


@pytest.mark.parametrize(
    ("parts", "where", "sentence"),
    [
        ([("environment", None, b"box")], "image", "Field required"),
        ([("image", "v", b"x"), ("image", "v", b"y")], "image", "given twice; give one"),
        ([("repeat", None, b"1"), ("repeat", None, b"2")], "repeat", "given twice; give one"),
        ([("deadlines", None, b"{total: 1}")], "deadlines", "not JSON"),
        ([("deadlines", None, b"[" * 100_000)], "deadlines", "a form field of more than"),
        ([("deadlines", None, b"[" * 60_000)], "deadlines", "not JSON"),
        (
            [("append", None, b"x" * 70_000)],
            "append",
            "a form field of more than 65536 bytes; files are image, initrd, symbols",
        ),
        ([("", None, b"x")], "multipart form", "a part of the form has no name"),
        ([("image", "v", b"x"), ("environment", None, b"box"), ("colour", None, b"red")], "colour", "Extra inputs"),
        ([("image", "v", bytes(100_001))], "v", "larger than the 100000 bytes this farm accepts"),
        ([("symbols", "", bytes(150_001))], "symbols", "larger than the 150000 bytes this farm accepts"),
        ([("image", "", b"x"), ("environment", None, b"box"), ("force", None, b"perhaps")], "force", "valid boolean"),
    ],
)
def test_a_form_that_cannot_be_used(
    talk: Talk, parts: list[tuple[str, str | None, bytes]], where: str, sentence: str
) -> None:
    headers, body = form(*parts)
    answer = talk.http.post("/jobs", headers=headers, content=body)
    told = problem(answer, 413 if "more than" in sentence or "larger than" in sentence else 422)
    assert sentence in told["detail"]
    assert told.get("where") == where
    assert list((talk.farm.storage.root / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("content_type", "body", "sentence"),
    [
        ("multipart/form-data", b"", "a multipart form without a boundary"),
        ("multipart/form-data; boundary=XX", b"no form at all", "not a multipart form"),
        ("multipart/form-data; boundary=XX", b"--XX\r\nbroken header\r\n\r\nx\r\n--XX--", "not a multipart form"),
        ("multipart/form-data; boundary=XX", b"", "the form ends in the middle"),
        ("multipart/form-data; boundary=XX", form(("image", "v", b"abc"))[1][:-20], "the form ends in the middle"),
    ],
)
def test_what_is_no_form(talk: Talk, content_type: str, body: bytes, sentence: str) -> None:
    told = problem(talk.http.post("/jobs", headers={"Content-Type": content_type}, content=body), 422)
    assert sentence in told["detail"]
    assert talk.kept() == []


@pytest.mark.parametrize("cut", [True, False], ids=["hung up", "half closed"])
def test_a_form_that_is_cut_in_the_middle_of_its_image_leaves_nothing(talk: Talk, cut: bool) -> None:
    headers, body = form(("environment", None, b"box"), ("image", "vmlinuz", talk.image))
    head = f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: {headers['Content-Type']}\r\n"
    talk.raw(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2], cut=cut)
    talk.served.stop()
    assert talk.kept() == []
    assert talk.queue.claim("a") is None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"#!/bin/sh\n" * 1000, ""),
        (b"\x7fELF" + bytes(10_000), "ELF"),
        (bzimage()[:700], ""),
    ],
    ids=["empty", "text", "vmlinux", "truncated"],
)
def test_what_is_no_kernel(talk: Talk, data: bytes, sentence: str) -> None:
    answer = talk.http.post("/jobs", data={"environment": "box"}, files={"image": ("vmlinuz", data)})
    told = problem(answer, 422)
    assert told["where"] == "vmlinuz"
    assert sentence in told["detail"]
    assert talk.http.get("/jobs").json() == []


def test_an_image_that_was_stored_as_something_larger(talk: Talk) -> None:
    digest = talk.store(bytes(150_000))
    told = problem(talk.http.post("/jobs", json={"image": digest, "environments": ["box"]}), 413)
    assert told["detail"] == "150000 bytes; this farm takes images of up to 100000"


@pytest.mark.parametrize("field", ["image", "initrd", "symbols"])
def test_a_file_that_was_never_stored(talk: Talk, field: str) -> None:
    job = {"image": talk.store(), "environments": ["box"], "pattern": "x", field: NOWHERE}
    told = problem(talk.http.post("/jobs", json=job), 404)
    assert told["where"] == field
    assert "upload it first" in told["detail"]


def test_an_unknown_environment(talk: Talk) -> None:
    told = problem(talk.http.post("/jobs", json={"image": talk.store(), "environments": ["bok"]}), 422)
    assert told["where"] == "environments"
    assert told["detail"] == "no device has the environment 'bok'; did you mean 'box'?"


@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}])
@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"image": "abc"}, "image"),
        ({"environments": []}, "environments"),
        ({"environments": ["with space"]}, "environments.0"),
        ({"appends": ["two\nlines"]}, "appends.0"),
        ({"appends": ["x" * 1501]}, "appends.0"),
        ({"repeat": 0}, "repeat"),
        ({"priority": 101}, "priority"),
        ({"deadlines": {"total": 0}}, "deadlines.total"),
        ({"deadlines": {"soon": 1}}, "deadlines.soon.[key]"),
        ({"commit": "not hex"}, "commit"),
        ({"pattern": "("}, "pattern"),
        ({"tree": "a\0b"}, "tree"),
        ({"filename": "\x1b[31m"}, "filename"),
        ({"environmets": ["box"]}, "environmets"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    talk: Talk, change: dict[str, Any], where: str, query: dict[str, str]
) -> None:
    job = {"image": talk.store(), "environments": ["box"], **change}
    assert problem(talk.http.post("/jobs", json=job, params=query), 422)["where"] == where


def test_all_faults_are_told_at_once(talk: Talk) -> None:
    told = problem(talk.http.post("/jobs", json={"repeat": 0}), 422)
    assert "where" not in told
    assert all(name in told["detail"] for name in ("image: ", "environments: ", "repeat: "))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"image": "\\ud800"}', b"[" * 50_000]
)
def test_what_is_no_json_job(talk: Talk, body: bytes) -> None:
    problem(talk.http.post("/jobs", content=body, headers={"Content-Type": "application/json"}), 422)


def test_json_without_end(talk: Talk) -> None:
    told = problem(talk.http.post("/jobs", content=b" " * ((1 << 20) + 1)), 413)
    assert told["where"] == "request body"


def test_a_dry_run_queues_nothing(talk: Talk) -> None:
    job = {"image": talk.store(), "environments": ["box", "box"], "appends": ["", "a=1"], "repeat": 2}
    answer = talk.http.post("/jobs", json=job, params={"dry_run": "true"})
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["release"], plan["branch"]) == ("6.1.0-50-686", "mainline")
    assert [(boot["append"], boot["repeat"]) for boot in plan["boots"]] == [("", 1), ("", 2), ("a=1", 1), ("a=1", 2)]
    assert {boot["waiting"] for boot in plan["boots"]} == {"next in line for a"}
    assert talk.http.get("/jobs").json() == []
    assert talk.http.get("/builds").json() == []
    assert talk.queue.claim("a") is None


def test_a_dry_run_plans_what_is_queued(talk: Talk) -> None:
    job = {
        "image": talk.store(),
        "environments": ["box"],
        "appends": ["", "a=1", ""],
        "tags": ["device:a"],
        "device": "a",
    }
    plan = talk.http.post("/jobs", json=job, params={"dry_run": "true"}).json()
    queued = talk.http.post("/jobs", json=job).json()
    same = ("environment", "append", "repeat")
    assert [[boot[name] for name in same] for boot in plan["boots"]] == [
        [boot[name] for name in same] for boot in queued["boots"]
    ]


def test_a_job_is_cancelled(talk: Talk) -> None:
    job = talk.job(repeat=2)
    answer = talk.http.post(f"/jobs/{job['id']}/cancel")
    assert answer.status_code == 200
    assert {boot["state"] for boot in answer.json()["boots"]} == {"cancelled"}
    assert answer.json()["done"] is True


@pytest.mark.parametrize("number", ["77", "2147483647"])
def test_a_job_that_is_not_there(talk: Talk, number: str) -> None:
    assert problem(talk.http.get(f"/jobs/{number}"), 404)["detail"] == f"there is no job {number}"
    problem(talk.http.post(f"/jobs/{number}/cancel"), 404)


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "9" * 40, "one"])
def test_what_is_no_number(talk: Talk, number: str) -> None:
    problem(talk.http.get(f"/jobs/{number}"), 422)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(JobIn.model_fields, ANYTHING),
        "image": st.sampled_from([sha256(bzimage()), NOWHERE]) | ANYTHING,
        "environments": st.lists(st.sampled_from(["box", "bok", ""]) | ANYTHING, max_size=3) | ANYTHING,
        "appends": st.lists(st.text(max_size=10), max_size=3) | ANYTHING,
        "pattern": st.text(alphabet="ab(*+?{}|\\^$0123456789", max_size=12) | ANYTHING,
        "initrd": st.sampled_from([sha256(bzimage()), NOWHERE]) | ANYTHING,
        "symbols": st.sampled_from([sha256(bzimage()), sha256(SYSTEM_MAP), NOWHERE]) | ANYTHING,
        "deadlines": st.dictionaries(
            st.sampled_from(["total", "silence", "x"]), st.floats() | st.integers(), max_size=2
        )
        | ANYTHING,
        "extra": ANYTHING,
    },
)


@example(body={"image": sha256(bzimage()), "environments": ["box"], "tags": ["device:a"], "device": "a"})
@example(body={"image": sha256(bzimage()), "environments": ["box"], "pattern": "a{99999999999999999999}"})
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ALMOST | ANYTHING)
def test_no_body_makes_the_server_fail(talk: Talk, body: object) -> None:
    talk.store()
    talk.store(SYSTEM_MAP)
    content = json.dumps(body).encode()
    for query in ("", "?dry_run=true"):
        answer = talk.http.post(f"/jobs{query}", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            problem(answer, answer.status_code)
