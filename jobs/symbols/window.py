"""A part of a file's bytes as a stream for pyelftools, without a copy: a vmlinux has 300 MB, most of them never read.

It also counts: each read spends one of a budget, so that a file made for it cannot keep its reader busy for hours.
Knows nothing of what it holds.
"""

import io
import mmap
from typing import BinaryIO

Data = bytes | mmap.mmap


class TooMuchWorkError(Exception):
    """The budget of reads is spent."""


class Budget:
    """How many reads are left; shared by the windows of one file."""

    __slots__ = ("left",)

    def __init__(self, reads: int) -> None:
        self.left = reads

    def spend(self) -> None:
        """Take one away. TooMuchWorkError when there is none."""
        if self.left <= 0:
            raise TooMuchWorkError
        self.left -= 1


class Window(io.BufferedIOBase, BinaryIO):
    """`size` bytes of `data` from `start` on, or what there is of them; readable and seekable."""

    def __init__(self, data: Data, budget: Budget, start: int = 0, size: int | None = None) -> None:
        self._data = data
        self._budget = budget
        self._start = min(start, len(data))
        self._size = len(data) - self._start if size is None else min(size, len(data) - self._start)
        self._at = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As io.BufferedIOBase."""
        self._budget.spend()
        left = max(self._size - self._at, 0)
        take = left if size is None or size < 0 else min(size, left)
        start = self._start + self._at
        self._at += take
        return self._data[start : start + take]

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """As io.BufferedIOBase; ValueError before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"seek to {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """As io.BufferedIOBase."""
        return self._at

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True
