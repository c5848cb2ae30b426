"""Excerpts of consoles, written from the kernel's format strings, and how the tables of formats are tried on them.

`first` takes the first row with needle and pattern in a record, as a reader does. Knows the row types only, so that a
table can be tested without the reader that uses it.
"""

from collections.abc import Sequence
from typing import TypeVar

from jobs.outcome.formats.row import Fact, Format, Milestone

Row = TypeVar("Row", Format, Milestone, Fact)


def first(rows: Sequence[Row], record: str) -> Row | None:
    """The row that a record belongs to. A pattern that matches where its needle is missing is a fault of the table."""
    hits = [row for row in rows if row.regex.search(record)]
    missing = [row.needle for row in hits if row.needle not in record]
    assert not missing, f"needles {missing} are not in {record!r}"
    return hits[0] if hits else None


def title(row: Format, record: str, block: str = "") -> str:
    """The row's title for this record, its groups filled from the header and the lines that follow it."""
    found = row.regex.search(record)
    assert found
    groups = {name: text or "" for name, text in found.groupdict().items()}
    if row.detail_regex and (more := row.detail_regex.search(block)):
        groups |= {name: text for name, text in more.groupdict().items() if text}
    return row.title.format(**groups)


def needles_are_plain(rows: Sequence[Row]) -> bool:
    """Needles are looked for in raw bytes: ASCII, and long enough not to be everywhere."""
    return all(row.needle.isascii() and len(row.needle) >= 4 for row in rows)


BANNER = "Linux version {release} (farm@lab) (gcc version 12.2.0) #1 SMP Sun Nov 22 12:06:48 UTC 2026\n"
RELEASE = "2.6.27.57"
# The lines of a boot up to its first process, without times: banner, setup_arch, initcalls, init
BOOT = (
    BANNER.format(release=RELEASE) + "BIOS-provided physical RAM map:\nKernel command line: ro console=ttyS0\n"
    "NET: Registered protocol family 16\nFreeing unused kernel memory: 196k freed\n"
)
FAULT = "BUG: unable to handle kernel NULL pointer dereference at 00000000"


def timed(text: str, at: float = 1.0, caller: str = "") -> str:
    """The lines as printk shows them with times, a millisecond and 7 us apart; `caller`: `T1`, `C0` (PRINTK_CALLER)."""
    who = f"[{caller:>6}]" if caller else ""
    return "".join(
        f"[{at + 0.001007 * number:12.6f}]{who} {line}" for number, line in enumerate(text.splitlines(keepends=True))
    )


def trace(*names: str, at: int = 0xC0101000) -> str:
    """A trace of i386 2.6.27: an address, an offset and a length that are all its own for each function."""
    return "Call Trace:\n" + "".join(
        f" [<{at + 0x123 * number:08x}>] {name}+0x{(at >> 4) % 97 + number:x}/0x{(at >> 4) % 97 + 64 * number + 9:x}\n"
        for number, name in enumerate(names)
    )


def oops(*names: str, header: str = FAULT, at: int = 0xC0101000, release: str = RELEASE) -> str:
    """An oops of i386 2.6.27 (arch/x86/kernel/traps_32.c die, process_32.c): the first name, called by the rest."""
    place = f"{names[0]}+0x{at % 89:x}/0x{at % 89 + 99:x}"
    fault = f"IP: [<{at:08x}>] {place}\n*pde = 00000000 \nOops: 0000 [#1] SMP \n"  # other headers are die()'s own
    return (
        f"{header}\n{fault if header == FAULT else ''}Modules linked in:\n\n"
        f"Pid: 1, comm: swapper Not tainted ({release} #1)\n"
        f"EIP: 0060:[<{at:08x}>] EFLAGS: 00010246 CPU: 0\nEIP is at {place}\n"
        f"EAX: 00000000 EBX: {at + 64:08x} ECX: 00000000 EDX: {at >> 3:08x}\n"
        "ESI: 00000000 EDI: 00000000 EBP: c7821f94 ESP: c7821f20\n"
        " DS: 007b ES: 007b FS: 0000 GS: 0000 SS: 0068\n"
        "Process swapper (pid: 1, ti=c7820000 task=c781fb20 task.ti=c7820000)\n"
        f"Stack: {at:08x} 00000000 00000000 c7821f94\n"
        f"{trace(*names[1:], at=at + 0x1000)} =======================\n"
        "Code: 55 89 e5 <c7> 05 00 00 00 00\n"
        f"EIP: [<{at:08x}>] {place} SS:ESP 0068:c7821f20\n---[ end trace {at:016x} ]---\n"
    )


def modern_oops(*names: str, at: int = 0x5, release: str = "6.1.0-50-amd64", pid: int = 1) -> str:
    """The same of x86-64 6.1 (arch/x86/mm/fault.c, kernel/dumpstack.c show_regs); `at`: what offsets are made of."""
    return (
        "BUG: kernel NULL pointer dereference, address: 0000000000000000\n#PF: supervisor read access in kernel mode\n"
        "#PF: error_code(0x0000) - not-present page\nPGD 0 P4D 0 \nOops: 0000 [#1] PREEMPT SMP NOPTI\n"
        f"CPU: 0 PID: {pid} Comm: swapper/0 Not tainted {release} #1  Debian 6.1.176-1\n"
        f"RIP: 0010:{names[0]}+0x{at:x}/0x{at + 60:x}\nCode: 00 00 <8b> 04 25 00 00 00 00\n"
        f"RSP: 0018:ffffc90000013e{at % 256:02x} EFLAGS: 00010246\nRAX: 0000000000000000 RBX: {at:016x}\n"
        "Call Trace:\n <TASK>\n"
        + "".join(f" {name}+0x{at + 1:x}/0x{at + 99:x}\n" for name in names[1:])
        + f" </TASK>\nModules linked in:\nCR2: 0000000000000000\n---[ end trace {0:016x} ]---\n"
    )
