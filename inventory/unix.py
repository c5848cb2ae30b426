"""Addresses of Unix sockets. Knows nothing of who listens there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address for the socket at `path` that fits sun_path's 107 bytes (unix(7)), however deep its folder lies.

    Good inside the block only. OSError where the folder is not there.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
