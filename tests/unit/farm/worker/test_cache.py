"""Images on the lab's own disk: fetched once, whole or not at all."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from farm.client import LabClient
from farm.worker import cache
from farm.worker.cache import FileCache
from farm.worker.telling import GoneError
from tests.support.images import sha256
from tests.support.serving import Served
from tests.support.talking import Talk

T = TypeVar("T")


def using(served: Served, folder: Path, work: Callable[[FileCache], Awaitable[T]]) -> T:
    async def body() -> T:
        async with LabClient(served.url, "here") as client, asyncio.timeout(60):
            return await work(FileCache(folder, client))

    return asyncio.run(body())


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_fetched_once(talk: Talk, tmp_path: Path) -> None:
    async def work(cache: FileCache) -> bytes:
        first = await cache.fetch(talk.digest)
        talk.farm.storage.path(talk.digest).unlink()
        assert await cache.fetch(talk.digest) == first
        return first.read_bytes()

    assert using(talk.served, tmp_path / "cache", work) == talk.image
    assert names(tmp_path / "cache") == {talk.digest}


def test_one_file_wanted_by_several_boots_at_once(talk: Talk, tmp_path: Path) -> None:
    async def work(cache: FileCache) -> set[Path]:
        return set(await asyncio.gather(*(cache.fetch(talk.digest) for _ in range(4))))

    assert using(talk.served, tmp_path / "cache", work) == {tmp_path / "cache" / talk.digest}
    assert names(tmp_path / "cache") == {talk.digest}


def test_a_file_the_server_has_not(talk: Talk, tmp_path: Path) -> None:
    with pytest.raises(GoneError, match="no file 0000"):
        using(talk.served, tmp_path / "cache", lambda cache: cache.fetch("0" * 64))
    assert names(tmp_path / "cache") == set()


def test_damaged_bytes_are_not_kept(talk: Talk, tmp_path: Path) -> None:
    talk.farm.storage.path(talk.digest).write_bytes(b"a disk that forgets")
    with pytest.raises(OSError, match=f"for file {talk.digest}: is its disk damaged"):
        using(talk.served, tmp_path / "cache", lambda cache: cache.fetch(talk.digest))
    assert names(tmp_path / "cache") == set()


def test_own_bytes_are_kept_by_their_hash(talk: Talk, tmp_path: Path) -> None:
    async def work(cache: FileCache) -> Path:
        assert cache.put(b"init") == cache.put(b"init")
        return await cache.fetch(sha256(b"init"))

    assert using(talk.served, tmp_path / "cache", work).read_bytes() == b"init"
    assert names(tmp_path / "cache") == {sha256(b"init")}


def test_a_new_worker_throws_half_files_away(talk: Talk, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "half.part").write_bytes(b"x")
    (tmp_path / "cache" / "whole").write_bytes(b"x")

    async def work(_cache: FileCache) -> None:
        return None

    using(talk.served, tmp_path / "cache", work)
    assert names(tmp_path / "cache") == {"whole"}


def test_the_least_recently_used_files_go(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_FILES", 3)
    digests = [talk.store(bytes([number]) * 100) for number in range(4)]

    async def work(cache: FileCache) -> None:
        for number, digest in enumerate(digests[:3]):
            path = await cache.fetch(digest)
            os.utime(path, (number, number))
        await cache.fetch(digests[0])  # used again just now
        await cache.fetch(digests[3])

    using(talk.served, tmp_path / "cache", work)
    assert names(tmp_path / "cache") == {digests[0], digests[2], digests[3]}


def test_a_file_in_use_stays_however_old_it_is(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default initramfs is the oldest file of any lab; a boot that waits for its firmware still needs it."""
    monkeypatch.setattr(cache, "MOST_FILES", 2)
    digests = [talk.store(bytes([number]) * 100) for number in range(5)]

    async def work(cache: FileCache) -> None:
        first = cache.put(b"init")
        with cache.in_use(first), cache.in_use(first, digests[0]):
            path = await cache.fetch(first)
            os.utime(path, (1, 1))
            for digest in digests[:3]:
                await cache.fetch(digest)
        assert path.read_bytes() == b"init"
        assert names(tmp_path / "cache") == {first, digests[0], digests[2]}
        await cache.fetch(digests[3])  # the boots are over: the oldest go again
        await cache.fetch(digests[4])

    using(talk.served, tmp_path / "cache", work)
    assert names(tmp_path / "cache") == {digests[3], digests[4]}
