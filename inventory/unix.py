"""Unix sockets, however deep their folder lies. Knows nothing of who listens there."""

import asyncio
import os
from pathlib import Path

_LINE_LIMIT = 64 << 10  # asyncio's own


async def open_unix(path: Path, *, limit: int = _LINE_LIMIT) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the socket at `path`, by an address that fits sun_path's 107 bytes (unix(7)).

    `limit`: bytes in the longest line, as for asyncio. OSError where nobody listens.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}", limit=limit)
    finally:
        os.close(folder)
