"""What the fuzz breaks: pieces of real consoles, mostly from where something happens. Knows no reader and no clock."""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.score.consoles import corpus_logs, own_consoles

MOST = 64 << 10  # bytes of the largest input
_MEDIAN = 2500  # bytes of the piece an input begins with
_SPREAD = 1.1  # of the logarithm of its size
_SMALLEST = 1500  # weight in bytes of a short console when one is drawn
_HAPPENS = re.compile(
    rb"BUG|Oops|panic|WARNING|cut here|Call Trace|INFO: |EIP|RIP|Linux version|PANIC|VFS: |farm-init: |login: |ipxe|"
    rb"exception|Unable to|segfault|unpack|Power down|stuck for|end trace|CPU#|halted"
)


@dataclass(frozen=True, slots=True)
class Pool:
    """Consoles to take pieces from, with the offsets in each at which something happens."""

    consoles: tuple[bytes, ...]
    places: tuple[tuple[int, ...], ...]
    weights: tuple[int, ...]  # running sums: a long console is drawn more often
    digest: str  # of all bytes: an input can only be made again from the same pool

    def piece(self, rng: random.Random, median: int = _MEDIAN) -> bytes:
        """Some lines of one console: half of the time anywhere, half of the time where something happens."""
        number = rng.choices(range(len(self.consoles)), cum_weights=self.weights)[0]
        data, places = self.consoles[number], self.places[number]
        size = max(1, min(int(rng.lognormvariate(0, _SPREAD) * median), MOST))
        eventful = places and rng.random() < 0.5
        start = rng.choice(places) - rng.randrange(size) if eventful else rng.randrange(len(data))
        start = data.rfind(b"\n", 0, max(start, 0)) + 1
        return data[start : start + size]


def pool(*, shared: bool) -> Pool:
    """Of the project's own consoles; with `shared` of the shared corpus too, where that is there."""
    found = [console.data for console in own_consoles()]
    if shared:
        found += [log for _, log in corpus_logs()]
    return pool_of([data for data in found if data])


def pool_of(consoles: Sequence[bytes]) -> Pool:
    """Consoles must not be empty."""
    total, weights = 0, []
    for data in consoles:
        total += min(max(len(data), _SMALLEST), MOST)
        weights.append(total)
    places = tuple(tuple(found.start() for found in _HAPPENS.finditer(data)) for data in consoles)
    digest = hashlib.sha256(b"\0".join(consoles)).hexdigest()[:12]
    return Pool(tuple(consoles), places, tuple(weights), digest)
