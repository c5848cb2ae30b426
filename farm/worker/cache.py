"""Kernel images, initramfs and symbols on the lab's disk, by sha256, so that no box waits for the server's line."""

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.client import LabClient
from farm.worker.telling import patiently

# The least recently used files that no boot is using go when there are more than this.
MOST_FILES = 64


class FileCache:
    """A folder of files named by their sha256."""

    def __init__(self, folder: Path, client: LabClient) -> None:
        self._folder = folder
        self._client = client
        self._in_use: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.part"):
            left.unlink()

    def path(self, sha256: str) -> Path:
        return self._folder / sha256

    @contextmanager
    def in_use(self, *names: str) -> Iterator[None]:
        """Keep these files, there already or still to come, however many others come meanwhile."""
        self._in_use.update(names)
        try:
            yield
        finally:
            self._in_use.subtract(names)

    def put(self, data: bytes) -> str:
        """Keep these bytes; their sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            part = self._part()
            part.write_bytes(data)
            part.replace(path)
        return sha256

    async def fetch(self, sha256: str) -> Path:
        """The file, from here or else from the server; OSError where the disk is full or the bytes are wrong."""
        path = self.path(sha256)
        if path.exists():
            os.utime(path)
            return path
        self._make_room()
        return await patiently(f"file {sha256[:12]}", lambda: self._download(sha256, path))

    async def _download(self, sha256: str, path: Path) -> Path:
        part, digest = self._part(), hashlib.sha256()
        try:
            with part.open("wb") as file:
                async for chunk in self._client.download(sha256):
                    file.write(chunk)
                    digest.update(chunk)
            if digest.hexdigest() != sha256:
                raise OSError(f"the server sent {digest.hexdigest()} for file {sha256}: is its disk damaged?")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _part(self) -> Path:
        return self._folder / f"{secrets.token_hex(8)}.part"

    def _make_room(self) -> None:
        files = list(self._folder.iterdir())
        idle = [path for path in files if not self._in_use[path.name] and path.suffix != ".part"]
        idle.sort(key=lambda path: path.stat().st_mtime)
        for old in idle[: max(0, len(files) - MOST_FILES + 1)]:
            old.unlink()
