"""The ways in which consoles get broken: by lines, cables, terminals and loops. Each is bytes in, bytes out.

A mutator takes the generator that decides everything, the bytes, and a pool for more bytes. Sizes are the caller's to
bound; a mutator may at most multiply them by a few. Knows no reader.
"""

import random
import re
from collections.abc import Callable

from jobs.outcome.formats.table import needles
from tests.fuzz.sources import MOST, Pool

Mutator = Callable[[random.Random, bytes, Pool], bytes]

_NUMBER = re.compile(rb"[0-9a-fA-F]{2,}|\d+")
_PREFIX = re.compile(rb"(?m)^(?:<\d>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_WORDS = tuple(word.encode() for word in needles().words)
_NOISE = (
    b"\0", b"\0" * 40, b"\r", b"\r\r", b"\x1b[0m", b"\x1b[31;1m", b"\x1b[", b"\x1b", b"\x1b]0;title\x07",
    b"\x1b[2J\x1b[H", b"\x08\x08\x08", b"\xff", b"\xff\xfe\xc3", b"\x85", b"\xe2\x80\xa8", b"\x0b", b"\x0c", b"\x1c",
    b"\t", b" ", b"<4>", b"<", b"[", b"]", b"<0>[", b"[   12.345678] ", b"[    0.000000] ", b"[99999999.999999] ",
    b"[    T1]", b"[   12.345678][    C0] ", b"\n", b"\r\n", b"\n\n\n", b"--", b"===", b"+0x", b"?", b"(", b"%s",
)  # fmt: skip


def _span(rng: random.Random, data: bytes, most: int = 600) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(most))


def cut(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """The head, the tail or something between is lost."""
    start, end = _span(rng, data, len(data) + 1)
    return rng.choice((data[:start], data[start:], data[:start] + data[end:]))


def splice(rng: random.Random, data: bytes, pool: Pool) -> bytes:
    """One console goes over into another in mid-line."""
    other = pool.piece(rng)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def lines(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Lines come twice, get lost or change places."""
    rows = data.split(b"\n")
    for _ in range(rng.randrange(1, 8)):
        at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
        match rng.randrange(4):
            case 0:
                rows.insert(to, rows[at])
            case 1 if len(rows) > 1:
                del rows[at]
            case 2:
                rows[at], rows[to] = rows[to], rows[at]
            case _:
                rows[min(at, to) : max(at, to)] = rng.sample(rows[min(at, to) : max(at, to)], abs(at - to))
    return b"\n".join(rows)


def flip(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """A bad line: bits of some bytes are wrong."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 3, 10, len(data) // 50)) if data else 0):
        found[rng.randrange(len(found))] ^= rng.choice((1, 2, 4, 8, 16, 32, 64, 128, rng.randrange(1, 256)))
    return bytes(found)


def noise(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Escapes, NULs, carriage returns, level and time prefixes, anywhere."""
    return _insert(rng, data, _NOISE, rng.choice((1, 3, 10, 40)))


def words(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Texts that wake the reader, where they do not belong."""
    return _insert(rng, data, _WORDS, rng.choice((1, 2, 5, 20)))


def _insert(rng: random.Random, data: bytes, choices: tuple[bytes, ...], times: int) -> bytes:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(times))
    parts = [data[start:end] + rng.choice(choices) for start, end in zip([0, *cuts], cuts, strict=False)]
    return b"".join(parts) + data[cuts[-1] :]


def wrap(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """A terminal of so many columns breaks the lines."""
    width, end = rng.choice((80, 80, 80, 79, 40, 132)), rng.choice((b"\n", b"\r\n", b"\r"))
    return b"\n".join(end.join(_pieces(line, width)) for line in data.split(b"\n"))


def _pieces(line: bytes, width: int) -> list[bytes]:
    return [line[at : at + width] for at in range(0, max(len(line), 1), width)]


def interleave_lines(rng: random.Random, data: bytes, pool: Pool) -> bytes:
    """Two processors, or a kernel and its user space, print in turns."""
    return b"\n".join(_merge(rng, data.split(b"\n"), pool.piece(rng, len(data) + 1)[: len(data)].split(b"\n")))


def interleave_words(rng: random.Random, data: bytes, pool: Pool) -> bytes:
    """... and nobody holds the lock of the console."""
    return b" ".join(_merge(rng, data.split(b" "), pool.piece(rng, len(data) + 1)[: len(data)].split(b" ")))


def _merge(rng: random.Random, one: list[bytes], two: list[bytes]) -> list[bytes]:
    merged, share = [], rng.random()
    one, two = one[::-1], two[::-1]
    while one and two:
        merged.append((one if rng.random() < share else two).pop())
    return merged + (one or two)[::-1]


def repeat(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """A loop prints the same again and again."""
    start, end = _span(rng, data, rng.choice((2, 20, 200, 2000)))
    times = rng.choice((2, 10, 100, 1000))
    return data[:end] + (data[start:end] * times)[:MOST] + data[end:]


def grow(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Numbers and addresses have more digits than anybody expects."""
    digit, most = rng.choice((b"0", b"9", b"f", b"1")), rng.choice((1, 1, 8, 100, 3000))
    chance = rng.choice((0.02, 0.3))
    return _NUMBER.sub(lambda found: found[0] + digit * most if rng.random() < chance else found[0], data)


def encode(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Another encoding, another line end, an eighth bit."""
    return rng.choice(_ENCODINGS)(data)


_ENCODINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: data.decode("latin-1").encode("utf-16-le"),
    lambda data: data.decode("latin-1").encode(),
    lambda data: data.decode("latin-1").encode("cp037", "replace"),
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: bytes(byte | 0x80 for byte in data),
    lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data.replace(b"\n", b"\r"),
    lambda data: data.replace(b"\n", b"\n\r"),
)


def times(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """printk times where there were none, none where they were; levels and processors beside them."""
    match rng.randrange(4):
        case 0:
            return _PREFIX.sub(b"", data)
        case 1:
            return _PREFIX.sub(b"<%d>" % rng.randrange(8), data)
        case 2:
            return b"\n".join(b"[%5d.%06d] %b" % (at // 9, at * 7919 % 999983, row) for at, row in _rows(data))
        case _:
            return b"\n".join(b"<%d>[%5d.%06d][ T%d] %b" % (at % 8, at, at, at % 3, row) for at, row in _rows(data))


def _rows(data: bytes) -> list[tuple[int, bytes]]:
    return list(enumerate(data.split(b"\n")))


def join(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """One line without an end."""
    return data.replace(b"\n", rng.choice((b"", b" ", b"\0")))


def double(rng: random.Random, data: bytes, _pool: Pool) -> bytes:
    """Firmware and kernel both write to the line: every letter comes twice."""
    start, end = _span(rng, data, 2000)
    return data[:start] + b"".join(bytes((byte, byte)) for byte in data[start:end]) + data[end:]


MUTATORS: tuple[Mutator, ...] = (
    cut, splice, lines, flip, noise, words, wrap, interleave_lines, interleave_words, repeat, grow, encode, times, join,
    double,
)  # fmt: skip
