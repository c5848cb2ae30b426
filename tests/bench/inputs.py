"""What the reader is fed when it is measured: real boots, real crashes, floods, and a console without an end."""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jobs.outcome.formats.table import needles
from tests.score.consoles import Console, corpus_logs, own_consoles

MIB = 1 << 20
_TIMED = re.compile(rb"(?m)^(?:<\d>)?\[ *\d+\.\d+\] ?([^\r\n]+)")
_ENDS = re.compile(rb"Linux version |login: |BOOT-OK|farm-init: |Power down|reboot: ")


@dataclass(frozen=True, slots=True)
class Input:
    """Consoles that are read one after the other, each by a reader of its own."""

    what: str
    consoles: tuple[bytes, ...]


def clean_boots() -> list[Console]:
    """The project's own boots that came up and reported nothing."""
    return [console for console in own_consoles() if console.is_clean_boot]


def crashes() -> Input:
    """Consoles with a report on them: of the shared corpus where it is there, else of the project's own."""
    shared = tuple(log for row, log in corpus_logs() if row["expect"]["report"])
    if shared:
        return Input(f"crash corpus ({len(shared)} logs)", shared)
    own = tuple(console.data for console in own_consoles() if console.truth.get("report"))
    return Input(f"own crashes ({len(own)} logs)", own)


def floods(size: int = MIB) -> list[Input]:
    """Hostile consoles of `size` bytes each, with the kernel's first line before the flood."""
    rng = random.Random(1)  # noqa: S311  to be the same each time
    words = [word.encode() for word in needles().words]
    soup = b" ".join(rng.choices(words, k=4000))
    soup_lines = b"\n".join(b"[   12.345678] %b" % word for word in rng.choices(words, k=4000))
    warning = b"[   12.%06d] WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 bar%d+0x12/0x30\n"
    named = {
        "NUL bytes": b"\0" * 4096,
        "random bytes": rng.randbytes(size),
        "one endless line": b"0123456789 abcdef " * 100,
        "flood of WARNINGs": b"".join(warning % (at, at) for at in range(5000)),
        "flood of escape sequences": b"\x1b[31m\x1b[0;1mx\x1b[" * 100,
        "flood of needles, one line": soup,
        "flood of needles, a line each": soup_lines,
    }
    banner = b"[    0.000000] Linux version 6.1.0 (farm@lab) #1\n"
    return [Input(what, (banner + (block * (size // len(block) + 1))[:size],)) for what, block in named.items()]


def long_console(size: int, chunk: int = 1 << 16) -> Iterator[bytes]:
    """One boot that talks for `size` bytes, in chunks: lines of clean boots with rising times, now and then a report.

    Each report is another one, so that a reader that kept them all would grow.
    """
    lines = list(_quiet_lines())
    begun = bytearray(b"[    0.000000] Linux version 6.1.0 (farm@lab) #1\n")
    given = 0
    for number, line in enumerate(itertools.cycle(lines), 1):
        begun += b"[%5d.%06d] %b\n" % (number // 1000, number % 1000 * 1000, line)
        if number % 20_000 == 0:
            begun += _report(number)
        if len(begun) >= chunk:
            yield bytes(begun[:chunk])
            del begun[:chunk]
            given += chunk
            if given >= size:
                return


def _quiet_lines() -> Iterator[bytes]:
    """What kernels said in clean boots, without their times, and without what begins or ends a boot."""
    for console in clean_boots():
        for line in _TIMED.findall(console.data):
            if not _ENDS.search(line):
                yield line


def _report(number: int) -> bytes:
    at = b"[%5d.%06d] " % (number // 1000, number % 1000 * 1000)
    name = b"driver_%b_probe" % b"".join(bytes((97 + int(digit),)) for digit in str(number))
    block = (
        b"------------[ cut here ]------------",
        b"WARNING: CPU: 0 PID: 1 at drivers/base/dd.c:%d %b+0x12/0x30" % (number, name),
        b"Modules linked in:",
        b"CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1",
        b"EIP: %b+0x12/0x30" % name,
        b"Call Trace:",
        *(b" %b_%d+0x1/0x2" % (name, frame) for frame in range(12)),
        b"---[ end trace 0000000000000000 ]---",
    )
    return b"".join(at + line + b"\n" for line in block)
