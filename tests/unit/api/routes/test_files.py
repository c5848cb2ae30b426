"""Files over HTTP: stored once, by hash; what is damaged, cut or too large leaves nothing."""

from collections.abc import Iterator

import pytest

from farm.core.settings import Settings
from tests.conftest import MakeSettings
from tests.support.images import sha256
from tests.support.serving import Served
from tests.support.talking import API, Talk, problem

DATA = b"0123456789" * 1000
DIGEST = sha256(DATA)
NOTHING = "0" * 64


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings(image_limit=100_000, initrd_limit=200_000, symbols_limit=150_000)


def test_a_file_goes_in_and_comes_out(talk: Talk) -> None:
    answer = talk.http.put(f"/files/{DIGEST}", content=DATA)
    assert (answer.status_code, answer.json()) == (200, {"sha256": DIGEST, "size": len(DATA)})
    back = talk.http.get(f"/files/{DIGEST}")
    assert back.content == DATA
    assert back.headers["etag"] == f'"{DIGEST}"'
    assert back.headers["content-type"] == "application/octet-stream"


def test_the_same_file_twice_is_stored_once(talk: Talk) -> None:
    for _ in range(2):
        answer = talk.http.put(f"/files/{DIGEST}", content=DATA)
        assert answer.json() == {"sha256": DIGEST, "size": len(DATA)}
    assert talk.kept() == [DIGEST]


def test_other_bytes_under_the_hash_of_a_stored_file_are_refused_and_change_nothing(talk: Talk) -> None:
    talk.store(DATA)
    problem(talk.http.put(f"/files/{DIGEST}", content=DATA[:-1] + b"x"), 422)
    assert talk.http.get(f"/files/{DIGEST}").content == DATA
    assert talk.kept() == [DIGEST]


def test_a_file_in_chunks_without_a_length(talk: Talk) -> None:
    def pieces() -> Iterator[bytes]:
        for at in range(0, len(DATA), 999):
            yield DATA[at : at + 999]

    assert talk.http.put(f"/files/{DIGEST}", content=pieces()).status_code == 200
    assert talk.http.get(f"/files/{DIGEST}").content == DATA


def test_a_part_of_a_file(talk: Talk) -> None:
    talk.store(DATA)
    part = talk.http.get(f"/files/{DIGEST}", headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, b"56789")


def test_whether_a_file_is_here(talk: Talk) -> None:
    assert talk.http.head(f"/files/{DIGEST}").status_code == 404
    talk.store(DATA)
    head = talk.http.head(f"/files/{DIGEST}")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(DATA)), b"")


def test_a_file_that_is_not_here(talk: Talk) -> None:
    told = problem(talk.http.get(f"/files/{DIGEST}"), 404)
    assert told["detail"] == f"no file {DIGEST} is stored here; upload it first"


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b""], ids=["truncated", "longer", "empty"])
def test_a_wrong_hash_is_refused_and_leaves_nothing(talk: Talk, data: bytes) -> None:
    told = problem(talk.http.put(f"/files/{DIGEST}", content=data), 422)
    assert told["detail"].endswith(f"not {DIGEST}: damaged or cut on the way")
    assert talk.kept() == []


def test_a_file_over_the_limit_is_413_and_leaves_nothing(talk: Talk) -> None:
    data = bytes(200_001)
    told = problem(talk.http.put(f"/files/{sha256(data)}", content=data), 413)
    assert told["detail"] == "larger than the 200000 bytes this farm accepts"
    assert talk.kept() == []
    at_the_limit = bytes(200_000)
    assert talk.http.put(f"/files/{sha256(at_the_limit)}", content=at_the_limit).status_code == 200


@pytest.mark.parametrize("largest", ["image_limit", "initrd_limit", "symbols_limit"])
def test_nobody_knows_yet_what_a_file_is_so_the_largest_limit_counts(talk: Talk, served: Served, largest: str) -> None:
    served.stop()
    served.settings = served.settings.model_copy(update={largest: 300_000})
    served.start()
    assert problem(talk.http.put(f"/files/{NOTHING}", content=bytes(300_001)), 413)["detail"].startswith("larger than")
    at_the_limit = bytes(300_000)
    assert talk.http.put(f"/files/{sha256(at_the_limit)}", content=at_the_limit).status_code == 200


@pytest.mark.parametrize("digest", ["abc", "G" * 64, DIGEST.upper(), DIGEST + "0", "..%2f..%2fetc%2fpasswd"])
def test_what_is_no_hash(talk: Talk, digest: str) -> None:
    answer = talk.http.put(f"/files/{digest}", content=DATA)
    assert answer.status_code in (404, 422)
    problem(answer, answer.status_code)
    assert talk.kept() == []


def wait_for_empty(talk: Talk, served: Served) -> None:
    """The server notices a lost line by itself; when it has stopped, it certainly has."""
    served.stop()
    assert talk.kept() == []


@pytest.mark.parametrize("cut", [True, False], ids=["hung up", "half closed"])
def test_a_body_shorter_than_promised_leaves_nothing(talk: Talk, served: Served, cut: bool) -> None:
    head = f"PUT {API}/files/{DIGEST} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(DATA)}\r\n\r\n".encode()
    answer = talk.raw(head + DATA[:5000], cut=cut)
    assert b" 200 " not in answer.partition(b"\r\n")[0]
    wait_for_empty(talk, served)


def test_a_chunked_body_that_is_cut_leaves_nothing(talk: Talk, served: Served) -> None:
    head = f"PUT {API}/files/{DIGEST} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    talk.raw(head + b"1388\r\n" + DATA[:5000] + b"\r\n", cut=True)
    wait_for_empty(talk, served)
