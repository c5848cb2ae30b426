"""Console bytes on the lab's own disk until the server has them all: a server that is away loses nothing.

One file a boot, `BOOT@DEVICE.log`: the name tells a restarted worker what its predecessor was doing.
"""

from bisect import bisect_right
from pathlib import Path


class Spool:
    """The console of one boot: appended by the capture, read by the uploader."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self.size = self._file.tell()
        self._offsets: list[int] = []
        self._times: list[float] = []

    @staticmethod
    def name(boot: int, device: str) -> str:
        return f"{boot}@{device}.log"

    @staticmethod
    def owner(path: Path) -> tuple[int, str]:
        """(boot, device) of a spool file; ValueError for any other file."""
        boot, _, device = path.stem.partition("@")
        return int(boot), device

    def write(self, at: float, data: bytes) -> None:
        """Append bytes that came `at` seconds after power-on."""
        self._offsets.append(self.size)
        self._times.append(at)
        self._file.write(data)
        self.size += len(data)

    def read(self, offset: int, limit: int) -> tuple[bytes, float]:
        """Up to `limit` bytes from `offset` that came at about the same time, and when (0 where unknown)."""
        index = bisect_right(self._offsets, offset) - 1
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(limit), self._times[index] if index >= 0 else 0.0

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)
