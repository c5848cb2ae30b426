"""Files and consoles in a local folder. Knows bytes and names; no SQL, no HTTP.

    files/ab/abcd...    kernel images, initramfs and symbols, each under its sha256, written once
    consoles/12/12345.log, .times    console bytes of a boot, and when they came
    incoming/           uploads on their way, each locked by its receiver; what nobody holds is swept away at start

A file appears under its name only when it is whole and on disk (written aside, fsync, rename).
"""

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from farm.core.errors import BadInputError, ConflictError, NotFoundError, StorageFullError, TooLargeError


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is whole and kept."""

    sha256: str
    size: int  # bytes


class Upload:
    """A file on its way in: hashed as it is written."""

    def __init__(self, path: Path, limit: int, what: str) -> None:
        self.path = path
        self.size = 0
        self._limit = limit
        self._what = what
        self._hash = hashlib.sha256()
        self._file = path.open("xb")
        # Held as long as this process lives and receives: another server's sweep leaves the file alone.
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes; TooLargeError over the limit, StorageFullError where the disk is full."""
        self.size += len(data)
        if self.size > self._limit:
            raise TooLargeError(f"larger than the {self._limit} bytes this farm accepts", where=self._what)
        with _full_disk_told(self._what):
            self._file.write(data)
        self._hash.update(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        with _full_disk_told(self._what):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        with suppress(OSError):  # what could not be written (the disk is full) is not wanted any more
            self._file.close()
        self.path.unlink(missing_ok=True)


class Storage:
    """A folder that holds files by hash and consoles by boot."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("files", "consoles", "incoming"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Throw away half uploads of an earlier life. Another server on the same folder may be receiving: its stay."""
        for left in (self.root / "incoming").iterdir():
            with suppress(BlockingIOError, FileNotFoundError), left.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()

    # Files

    def path(self, sha256: str) -> Path:
        return self.root / "files" / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def require(self, sha256: str, what: str) -> Path:
        if not self.has(sha256):
            raise NotFoundError(f"no file {sha256} is stored here; upload it first", where=what)
        return self.path(sha256)

    @contextmanager
    def receive(self, *, limit: int, what: str, expect: str | None = None) -> Iterator[Upload]:
        """Take a file in; it is kept under its sha256 when the block ends well, else nothing remains.

        `expect` is the sha256 the sender promised; another one is a BadInputError.
        """
        with _full_disk_told(what):
            upload = Upload(self.root / "incoming" / secrets.token_hex(16), limit, what)
        try:
            yield upload
            upload.close()
            if expect is not None and upload.sha256 != expect:
                came = f"the {upload.size} bytes that arrived have sha256 {upload.sha256}"
                raise BadInputError(f"{came}, not {expect}: damaged or cut on the way", where=what)
            self._keep(upload)
        except BaseException:
            upload.discard()
            raise

    def _keep(self, upload: Upload) -> None:
        target = self.path(upload.sha256)
        with _full_disk_told("storage"):
            target.parent.mkdir(exist_ok=True)
            upload.path.replace(target)
            _fsync_folder(target.parent)

    # Consoles

    def console_path(self, boot: int) -> Path:
        return self.root / "consoles" / str(boot // 1000) / f"{boot}.log"

    def console_size(self, boot: int) -> int:
        try:
            return self.console_path(boot).stat().st_size
        except FileNotFoundError:
            return 0

    def append_console(self, boot: int, offset: int, at: float, data: bytes) -> int:
        """Write console bytes that begin at `offset`; the new size. Bytes already there are not written twice.

        `at` is when they came, in seconds since power-on. A gap is a ConflictError: the sender begins again from
        the size it is told.
        """
        path = self.console_path(boot)
        with _full_disk_told(f"console of boot {boot}"):
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as file:
                # A sender that lost the line sends again, perhaps while its first request is still being written.
                fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                if offset > size:
                    raise ConflictError(f"console of boot {boot} has {size} bytes, yours begin at {offset}")
                fresh = data[size - offset :]
                if fresh:
                    file.write(fresh)
                    file.flush()
                    with path.with_suffix(".times").open("a", encoding="ascii") as times:
                        times.write(f"{size} {at:.3f}\n")
            return size + len(fresh)

    def read_console(self, boot: int, start: int = 0, end: int | None = None) -> bytes:
        """Bytes [start, end) of a boot's console; b"" where there are none."""
        try:
            with self.console_path(boot).open("rb") as file:
                file.seek(start)
                return file.read() if end is None else file.read(max(0, end - start))
        except FileNotFoundError:
            return b""

    def console_times(self, boot: int) -> list[tuple[int, float]]:
        """(offset, seconds since power-on) of each stretch that arrived together."""
        try:
            rows = self.console_path(boot).with_suffix(".times").read_text("ascii").splitlines()
        except FileNotFoundError:
            return []
        return [(int(offset), float(at)) for offset, at in (row.split() for row in rows)]


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _full_disk_told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            detail = "no space left on the farm's disk; nothing of it was kept. Free some space and try again"
            raise StorageFullError(detail, where=what) from fault
        raise
