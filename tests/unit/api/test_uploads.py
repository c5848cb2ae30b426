"""Multipart forms as they arrive: the same form, however its bytes were cut."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from api.uploads import FIELD_LIMIT, Form, body, receive_form
from farm.core.errors import BadInputError, TooLargeError
from farm.core.storage import Storage
from tests.support.images import sha256

LIMITS = {"image": 10_000, "initrd": 10_000}
TYPE = "multipart/form-data; boundary=XX"


def request(chunks: Sequence[bytes], *, kind: str = TYPE, whole: bool = True) -> Request:
    """A request whose body arrives in these pieces; without `whole`, its sender hangs up after them."""
    left: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    left.append({"type": "http.request", "body": b"", "more_body": False} if whole else {"type": "http.disconnect"})

    async def receive() -> Message:
        return left.pop(0)

    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % sum(map(len, chunks)))]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def parse(storage: Storage, chunks: Sequence[bytes], *, whole: bool = True) -> Form:
    return asyncio.run(receive_form(request(chunks, whole=whole), storage, LIMITS))


def part(name: str, data: bytes, filename: str | None = None, extra: str = "") -> bytes:
    at = f'; filename="{filename}"' if filename is not None else ""
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"{at}\r\n{extra}\r\n'.encode() + data + b"\r\n"


def kept(storage: Storage) -> list[str]:
    return sorted(
        path.name for at in ("files", "incoming") for path in (storage.root / at).rglob("*") if path.is_file()
    )


IMAGE = b"\r\n--X\r\n--XY--\r\n\0\xff" * 30
WHOLE = (
    part("append", b"a=1")
    + part("image", IMAGE, "vmlinuz", "Content-Type: application/octet-stream\r\n")
    + part("append", "m\xfcsli".encode())
    + part("initrd", b"", "empty.img")
    + b"--XX--\r\n"
)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=30).map(sorted))
def test_a_form_is_the_same_however_it_is_cut(storage: Storage, cuts: list[int]) -> None:
    edges = [0, *cuts, len(WHOLE)]
    form = parse(storage, [WHOLE[start:end] for start, end in itertools.pairwise(edges)])
    assert form.fields == [("append", "a=1"), ("append", "m\xfcsli")]
    assert {name: stored.sha256 for name, stored in form.files.items()} == {
        "image": sha256(IMAGE),
        "initrd": sha256(b""),
    }
    assert form.filenames == {"image": "vmlinuz", "initrd": "empty.img"}


def test_byte_by_byte(storage: Storage) -> None:
    form = parse(storage, [WHOLE[at : at + 1] for at in range(len(WHOLE))])
    assert form.files["image"].size == len(IMAGE)


@pytest.mark.parametrize("whole", [True, False], ids=["ends early", "hangs up"])
@pytest.mark.parametrize("place", [1, len(part("append", b"a=1")) + 200, len(part("append", b"a=1")) + 90])
def test_a_form_that_stops_anywhere_before_its_first_file_is_whole_leaves_nothing(
    storage: Storage, place: int, whole: bool
) -> None:
    with pytest.raises(BadInputError, match="nothing of it was kept"):
        parse(storage, [WHOLE[:place]], whole=whole)
    assert kept(storage) == []


def test_a_file_over_its_limit(storage: Storage) -> None:
    chunks = [part("image", bytes(10_001), "v") + b"--XX--\r\n"]
    with pytest.raises(TooLargeError) as told:
        parse(storage, chunks)
    assert told.value.where == "v"
    assert kept(storage) == []


def test_a_field_at_and_over_its_limit(storage: Storage) -> None:
    assert len(parse(storage, [part("append", b"x" * FIELD_LIMIT) + b"--XX--\r\n"]).fields[0][1]) == FIELD_LIMIT
    with pytest.raises(TooLargeError):
        parse(storage, [part("append", b"x" * (FIELD_LIMIT + 1)) + b"--XX--\r\n"])


def test_too_many_fields(storage: Storage) -> None:
    with pytest.raises(TooLargeError, match="fields"):
        parse(storage, [part("append", b"x") * 2000 + b"--XX--\r\n"])


def test_a_fault_of_the_farm_leaves_nothing_either(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("farm.core.storage.os.fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        parse(storage, [WHOLE])
    assert kept(storage) == []


def test_a_body_that_its_sender_breaks_off_is_told_with_how_much_came() -> None:
    async def read() -> list[bytes]:
        return [chunk async for chunk in body(request([b"12345", b"678"], whole=False))]

    with pytest.raises(BadInputError, match="ended after 8 of 8 bytes; nothing of it was kept"):
        asyncio.run(read())
