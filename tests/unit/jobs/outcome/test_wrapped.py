"""A console of 80 columns breaks a line at its edge, wherever that falls: what is read must be the same."""

import re
from pathlib import Path

import pytest

from jobs.outcome.explain import read
from jobs.outcome.lines import WIDTH

TRACE = """CPU: 0 PID: 12 Comm: kworker/0:1 Not tainted 6.1.0 #1
RIP: 0010:farm_use_after_free+0x20/0x90
Call Trace:
 <TASK>
 farm_work_that_has_quite_a_long_name+0x20/0x90
 process_one_work+0x1c2/0x380
 </TASK>
---[ end trace 0000000000000000 ]---
"""
HEADERS = {  # arch/x86/kernel/traps.c, mm/kasan/report.c, lib/refcount.c; each with the text that must not be cut
    "gpf": ("general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] PREEMPT SMP",
            "general protection fault"),
    "kasan": ("BUG: KASAN: slab-use-after-free in farm_use_after_free+0x20/0x90 [farm_broken_module]", "BUG: KASAN: "),
    "warning": ("WARNING: CPU: 0 PID: 12 at drivers/net/ethernet/farm.c:28 farm_use_after_free+0x20/0x90", "WARNING: "),
}  # fmt: skip
CONSOLES = Path(__file__).parents[3] / "data" / "consoles"
ODD = {
    # These BIOSes print each letter twice, and break their own lines before they do.
    "cpu-486-bios.console",
    "wrongcpu-doubled.log",
    # A program's output and a header share a line, and the header's beginning falls on the edge.
    "module-null-chatter.console",
}
LOGS = sorted(path for path in CONSOLES.rglob("*") if path.suffix in {".console", ".log"} and path.name not in ODD)
PREFIXES = {"plain": rb"\1", "level": rb"<4>\1", "caller": rb"\1[    T1]"}  # each puts the edge elsewhere
_STAMP = re.compile(rb"(?m)^(\[ *\d+\.\d+\])(?!\[ *[TC])")


def _wrapped(data: bytes) -> bytes:
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    return b"\r\n".join(line[at : at + WIDTH] for line in lines for at in range(0, max(len(line), 1), WIDTH))


def _said(data: bytes) -> tuple[object, ...]:
    reading = read(data)
    report = reading.report
    told = (report.type, report.function, report.title, report.signature) if report else None
    return reading.outcome, told, [each.title for each in reading.reports]


@pytest.mark.parametrize("worn", PREFIXES.values(), ids=PREFIXES)
@pytest.mark.parametrize("path", LOGS, ids=lambda path: str(path.relative_to(CONSOLES)))
def test_a_broken_console_says_what_the_whole_one_says(path: Path, worn: bytes) -> None:
    data = _STAMP.sub(worn, path.read_bytes())
    assert _said(_wrapped(data)) == _said(data)


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_broken_anywhere_behind_its_words_is_one_report(kind: str) -> None:
    header, words = HEADERS[kind]
    wanted = _said(f"Linux version 6.1.0 (farm@lab)\n{header}\n{TRACE}".encode())
    edges = 0
    for host in range(1, WIDTH):
        worn = f"Jan  1 00:00:00 {'h' * host} kernel: [    1.234567] "
        if len(worn) + header.index(words) + len(words) > WIDTH:
            break
        lines = ["Linux version 6.1.0 (farm@lab)", header, *TRACE.splitlines()]
        assert _said(_wrapped("".join(f"{worn}{line}\n" for line in lines).encode())) == wanted, host
        edges += 1
    assert edges >= 8
