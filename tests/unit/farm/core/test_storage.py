"""Files by hash and consoles by boot: real folders, and a real full disk."""

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.core.errors import BadInputError, NotFoundError, StorageFullError, TooLargeError
from farm.core.storage import Storage

DATA = b"a kernel image, say" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


def put(storage: Storage, data: bytes, *, limit: int = 1 << 30, expect: str | None = None, piece: int = 4096) -> str:
    with storage.receive(limit=limit, what="image", expect=expect) as upload:
        for at in range(0, len(data), piece):
            upload.write(data[at : at + piece])
    return upload.sha256


def files(storage: Storage) -> list[str]:
    """Everything that is kept of files, whole or not."""
    return sorted(
        path.name for part in ("files", "incoming") for path in (storage.root / part).rglob("*") if path.is_file()
    )


def test_a_file_is_kept_under_its_hash(storage: Storage) -> None:
    assert not storage.has(DIGEST)
    assert put(storage, DATA) == DIGEST
    assert storage.has(DIGEST)
    assert storage.path(DIGEST).read_bytes() == DATA
    assert files(storage) == [DIGEST]


def test_the_same_file_twice_is_stored_once(storage: Storage) -> None:
    assert put(storage, DATA) == put(storage, DATA, expect=DIGEST)
    assert files(storage) == [DIGEST]


def test_an_empty_file_is_a_file(storage: Storage) -> None:
    assert put(storage, b"") == hashlib.sha256(b"").hexdigest()
    assert len(files(storage)) == 1


def test_one_file_sent_by_several_at_once(storage: Storage) -> None:
    together = threading.Barrier(4)

    def send() -> None:
        together.wait(30)
        put(storage, DATA, piece=100)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert files(storage) == [DIGEST]
    assert storage.path(DIGEST).read_bytes() == DATA


@pytest.mark.parametrize("came", [DATA[:-1], b"", DATA + b"x"], ids=["truncated", "empty", "longer"])
def test_another_hash_than_promised_leaves_nothing(storage: Storage, came: bytes) -> None:
    with pytest.raises(BadInputError, match=f"the {len(came)} bytes that arrived have sha256 .*, not {DIGEST}") as told:
        put(storage, came, expect=DIGEST)
    assert told.value.where == "image"
    assert files(storage) == []


def test_the_limit_is_the_largest_size_that_is_taken(storage: Storage) -> None:
    assert put(storage, DATA, limit=len(DATA)) == DIGEST


def test_over_the_limit_leaves_nothing(storage: Storage) -> None:
    with pytest.raises(TooLargeError, match=f"larger than the {len(DATA) - 1} bytes this farm accepts"):
        put(storage, DATA, limit=len(DATA) - 1)
    assert files(storage) == []


def test_a_sender_that_fails_leaves_nothing(storage: Storage) -> None:
    def cut() -> None:
        with storage.receive(limit=1 << 20, what="image") as upload:
            upload.write(DATA)
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        cut()
    assert files(storage) == []


def test_what_is_not_here_is_told(storage: Storage) -> None:
    with pytest.raises(NotFoundError, match=f"no file {DIGEST} is stored here; upload it first"):
        storage.require(DIGEST, "image")
    put(storage, DATA)
    assert storage.require(DIGEST, "image") == storage.path(DIGEST)


def test_a_sweep_throws_half_uploads_away_and_nothing_else(storage: Storage) -> None:
    put(storage, DATA)
    storage.append_console(1, 0, 0.0, b"hello")
    (storage.root / "incoming" / "left").write_bytes(b"half")
    Storage(storage.root).sweep()
    assert files(storage) == [DIGEST]
    assert storage.read_console(1) == b"hello"


def test_a_sweep_leaves_alone_what_another_server_is_receiving(storage: Storage) -> None:
    with storage.receive(limit=1 << 20, what="image") as upload:
        upload.write(DATA)
        Storage(storage.root).sweep()
    assert files(storage) == [DIGEST]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Storage]:
    """A storage on a real file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "farm-test", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Storage(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("piece", [1 << 16, 1000], ids=["large pieces", "pieces that wait in a buffer"])
def test_a_full_disk_is_told_and_leaves_nothing(full: Storage, piece: int) -> None:
    with pytest.raises(StorageFullError, match="no space left on the farm's disk; nothing of it was kept") as told:
        put(full, bytes(2 << 20), piece=piece)
    assert told.value.where == "image"
    assert told.value.status == 507
    assert files(full) == []
    assert put(full, DATA) == DIGEST


def test_a_disk_that_is_full_at_the_last_byte(full: Storage) -> None:
    """The last bytes wait in a buffer: the fault comes when the file is closed."""
    free = os.statvfs(full.root)
    with pytest.raises(StorageFullError):
        put(full, bytes(free.f_bavail * free.f_bsize + 100), piece=1 << 14)
    assert files(full) == []


def test_a_console_on_a_full_disk_goes_on_where_it_stopped(full: Storage) -> None:
    filler = full.root / "filler"
    free = os.statvfs(full.root)
    filler.write_bytes(bytes((free.f_bavail - 3) * free.f_bsize))
    console = os.urandom(100_000)
    with pytest.raises(StorageFullError, match="no space left"):
        full.append_console(5, 0, 1.0, console)
    kept = full.console_size(5)
    assert full.read_console(5) == console[:kept]
    filler.unlink()
    assert full.append_console(5, 0, 1.0, console) == len(console)
    assert full.read_console(5) == console
