"""Whatever a console holds and however it arrives: the same outcome, bounded memory, no exception."""

import itertools
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.outcome import Ending, Evidence, Expectation, Reader, Reading
from jobs.outcome.formats.table import needles
from jobs.outcome.lines import PIECE, WIDTH

CONSOLES = Path(__file__).parents[3] / "data" / "consoles"
TOKEN = "feedc0de"
EXPECTATIONS = [
    Expectation(TOKEN),
    Expectation(TOKEN, release="2.6.27.6"),
    Expectation(pattern="login: $|^FARM-BOOT-OK"),
]
# What consoles are made of, whole and torn, with what breaks parsers between
PARTS = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\0" * 100,
    b"\x1b[0;31m",
    b"\x1b[",
    b"\xff\xfe\xc3",
    b" " * 50,
    b"a" * (PIECE - 1),
    b"b" * PIECE,
    b"\0" * (PIECE + 1),
    b"<4>",
    b"[    0.000000] ",
    b"[    5.123456] ",
    b"[    5.123456][    T1] ",
    b"Linux version 2.6.27.6 (farm@lab)",
    b"Linux version 2.6.26 (farm@lab)",
    b"SeaBIOS (version 1.16.2)",
    b"iPXE initialising devices...ok",
    b"x... No such file (http://ipxe.org/2d12603b)",
    b"Probing EDD",
    b"This kernel requires an i686 CPU, but only detected an i486 CPU.",
    b"XZ-compressed data is corrupt",
    b" -- System halted",
    b"BUG: Int 14: CR2 fbe00000",
    b"     err 00000000  EIP c026b45a   CS 00000060  flg 00000006",
    b" [<c026b45a>] dmi_scan_machine+0x3d/0x147",
    b"BUG: unable to handle kernel NULL pointer dereference at 00000000",
    b"EIP is at foo+0x0/0xc5",
    b"Oops: 0000 [#1]",
    b"---[ end trace 5871f91f961cb6c6 ]---",
    b"WARNING: at kernel/foo.c:12 bar+0x12/0x30()",
    b"Kernel panic - not syncing: Attempted to kill init!",
    b"Initramfs unpacking failed: write error",
    b"Console: colour VGA+ 80x25",
    b"BIOS-provided physical RAM map:",
    b"NET: Registered protocol family 16",
    b"Freeing unused kernel memory: 196k freed",
    b"farm-init: start token=feedc0de release=2.6.27.6 machine=i686 init=1",
    b"farm-init: check smp FAILED: 1 of 2",
    b"farm-init: end token=feedc0de failed=0",
    b"farm-init: end token=feedc0de failed=1",
    b"Power down.",
    b"tfguest login: ",
    b"\x1b[0;31m",
    b"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)",
    b"WARNING: at /build/linux-2.6-4aDeRv/linux-2.6-2.6.32/debian/build/source/kernel/so",
    b"w" * WIDTH,
    b"[    0.252018] calling  pci_arch_init+0x0/0x46",
    b"[    0.252018] initcall pci_arch_init+0x0/0x46 returned 0 after 12 usecs",
    b"calling  net_ns_init+0x0/0xab @ 1",
    b"[    1.494082] calling  f+0x" + b"1" * PIECE,
    b"c" * 20_000,
]


def conclude(reader: Reader, ending: Ending = Ending.SILENCE, *, fetched: bool | None = True) -> tuple[Reading, object]:
    return reader.conclude(ending, image_fetched=fetched), (
        reader.settled,
        reader.stage,
        reader.version,
        reader.start_seen,
    )


def consoles(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(PARTS), st.booleans()), max_size=40))
    return b"".join(one + two + (b"\n" if ended else b"") for one, two, ended in lines)


@settings(deadline=None, max_examples=150)
@given(
    st.data(),
    st.composite(consoles)(),
    st.sampled_from(EXPECTATIONS),
    st.sampled_from(Ending),
    st.sampled_from([True, False, None]),
)
def test_any_split_gives_the_same_outcome(
    data: st.DataObject, console: bytes, expect: Expectation, ending: Ending, fetched: bool | None
) -> None:
    whole = Reader(expect)
    whole.feed(console)
    parts = Reader(expect)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(console)), max_size=20)))
    for start, end in zip([0, *cuts], [*cuts, len(console)], strict=True):
        parts.feed(console[start:end])
    assert conclude(whole, ending, fetched=fetched) == conclude(parts, ending, fetched=fetched)


@settings(deadline=None, max_examples=30)
@given(st.data(), st.sampled_from(sorted(CONSOLES.rglob("*.log"))))
def test_a_real_console_cut_anywhere(data: st.DataObject, path: Path) -> None:
    """Of a capture that broke off, byte by byte and at once."""
    console = path.read_bytes()
    console = console[: data.draw(st.integers(0, len(console)))][-4000:]
    whole, parts = Reader(EXPECTATIONS[2]), Reader(EXPECTATIONS[2])
    whole.feed(console)
    for byte in console:
        parts.feed(bytes([byte]))
    assert conclude(whole) == conclude(parts)


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=3000),
    st.sampled_from(EXPECTATIONS),
    st.sampled_from(Ending),
    st.sampled_from([True, False, None]),
)
def test_any_bytes_come_to_an_outcome(raw: bytes, expect: Expectation, ending: Ending, fetched: bool | None) -> None:
    reader = Reader(expect)
    reader.feed(raw)
    outcome = reader.conclude(ending, image_fetched=fetched)
    assert outcome.reason
    assert all(item.text.isprintable() for item in outcome.evidence)


def floods() -> Iterator[tuple[str, bytes, int]]:
    yield "text", b"the quick brown fox jumps over the lazy dog 0123456789\n" * 20000, 8
    yield "printk", b"[   12.345678] usb 1-1: new full-speed USB device number 2\n" * 20000, 8
    yield "NUL", b"\0" * (1 << 20), 4
    yield "one MiB lines", (b"a" * (1 << 20)) + b"\n", 4
    yield "ESC", b"\x1b[31m\x1b[" * 20000, 2
    yield "brackets", b"[ [ [ [ 1. [ <" * 20000, 2
    yield "warnings", b"[   12.345678] WARNING: at kernel/foo.c:12 bar+0x12/0x30()\n" * 2000, 2
    yield "oopses", b"[   12.345678] Oops: 0000 [#1]\n[   12.345678] EIP is at foo+0x0/0xc5\n" * 1000, 2
    yield "checks", b"".join(b"farm-init: check c%d FAILED: x\n" % n for n in range(4000)), 2
    yield "loader errors", b"x... failed (http://ipxe.org/2d12603b)\n" * 4000, 2


@pytest.mark.parametrize(
    ("what", "block", "times"), list(floods()), ids=lambda item: item if isinstance(item, str) else ""
)
def test_a_flood_takes_no_memory_and_is_counted_right(what: str, block: bytes, times: int) -> None:
    reader = Reader(Expectation(TOKEN))
    reader.feed(b"[    0.000000] Linux version 2.6.27.6 (farm@lab) x\n" if what != "loader errors" else b"iPXE\n")
    chunks = [block[start : start + 65536] for start in range(0, len(block), 65536)]
    for chunk in chunks:
        reader.feed(chunk)
    tracemalloc.start()
    for _ in range(times - 1):
        for chunk in chunks:
            reader.feed(chunk)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000
    reader.feed(b"\n[   99.000001] Kernel panic - not syncing: at last\n")
    outcome = reader.conclude(Ending.SILENCE, image_fetched=True)
    newlines = 1 + block.count(b"\n") * times + 1
    panic = next(item for item in outcome.evidence if "at last" in item.text)
    assert panic.line == newlines + 1
    assert outcome.verdict == "fail"


def test_lines_that_each_hold_other_needles_take_no_memory() -> None:
    rng = random.Random(1)  # noqa: S311  to be the same each time
    words = [word.encode() for word in needles().words]
    reader = Reader(Expectation(TOKEN))
    reader.feed(b"[    0.000000] Linux version 2.6.27.6 (farm@lab) x\n")
    lines = (b" ".join(rng.choices(words, k=60)) + b"\n" for _ in range(2000))
    for line in itertools.islice(lines, 600):
        reader.feed(line)
    tracemalloc.start()
    for line in lines:
        reader.feed(line)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 3_000_000  # the rows of 1400 more lines would be 7 MB


def test_a_hundred_megabytes_between_two_lines() -> None:
    reader = Reader(Expectation(TOKEN))
    reader.feed(b"[    0.000000] Linux version 2.6.27.6 (farm@lab) x\n")
    block = b"0123456789 the quick brown fox jumps over the lazy dog, again and again and again\n" * 12800
    for _ in range(100):
        reader.feed(block)
    reader.feed(b"farm-init: end token=feedc0de failed=0\n")
    outcome = reader.conclude(Ending.FLOOD, image_fetched=True)
    assert outcome.verdict == "pass"
    assert outcome.evidence == (Evidence(2 + 1280000, 51 + 100 * len(block), "farm-init: end token=feedc0de failed=0"),)
