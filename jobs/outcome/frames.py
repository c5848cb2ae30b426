"""The lines of a report to its places: instruction pointers, trace entries, and the labels between them.

Layouts, by the kernel's arch/*/kernel/{traps,process,dumpstack,stacktrace}*.c:

    EIP is at f+0x5/0x10 [mod]          i386 to 4.13      EIP: f+0x5/0x10                  i386 from 4.14
    RIP: 0010:[<addr>]  [<addr>] f+0x5  x86-64 to 4.9     RIP: 0010:f+0x5/0x10             x86-64 from 4.10
    IP: [<addr>] f+0x5/0x10             2.6.25 to 4.12    RIP [<addr>] {f+5}               x86-64 to 2.6.17
    PC is at f+0x5/0x10                 arm, old arm64    pc : f+0x5/0x10                  arm64
    NIP [addr] f+0x5/0x10               ppc               epc : f+0x5/0x10                 riscv, mips
    Krnl PSW : mask addr (f+0x5/0x10)   s390
    [<addr>] ? f+0x5/0x10 [mod]         most, to 4.9      ? f+0x5/0x10 [mod]               most, from 4.10
    [<addr>] (f) from [<addr>] (g+0x5/0x10)   arm         f from g+0x5/0x10                arm from 5.18
    f file.c:12 [inline]                a symbolizer's

Knows text only: which function is to blame is blame.py's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from jobs.outcome.formats.row import FUNCTION, PLACE
from jobs.outcome.model import Frame

MOST = 240  # places kept of one report

_OFF = r"\+(?P<hex>0x)?(?P<off>[0-9a-f]{1,8})(?:/(?:0x)?(?P<size>[0-9a-f]{1,8}))?"
_ADDR = r"(?:\[?<?(?:0x)?(?P<addr>[0-9a-f]{6,16})>?\]?:? *)"
_MOD = r"[\])} ]{0,3}(?:\[(?P<mod>[\w-]+)[^\]]{0,80}\])?"
_SYM = rf"\{{?(?::(?P<oldmod>[\w-]+):)?(?P<f>{FUNCTION}){_OFF}\}}?"

_IP = re.compile(
    r"(?:(?P<at>(?:EIP|PC|IP) is at)|\b[ER]?IP\b:?|^NIP:?|^pc *:|^e?pc *:|^Krnl PSW *:|^PC is at|--- interrupt: \w+ at)"
    rf"(?:[ (]|[0-9a-f]{{2,4}}:(?! *0x)|\[?<?(?:0x)?[0-9a-f]{{8,16}}>?\]?:?(?=[ (\[<{{])){{0,8}}{_SYM}{_MOD}"
)
_IP_MARK = re.compile(r"\bR?E?IP\b|is at |^NIP|pc *:|Krnl PSW|interrupt:")
_USER_IP = re.compile(r"\bRIP: 00(?:33|2b|23):|\bEIP: 0073:|^--- interrupt: (?:c00|3000)\b")
# No kernel function: a jump to nowhere. In 2.6 `EIP: 0060:[<c0123456>] EFLAGS` is followed by `EIP is at f+0x5/0x10`.
_NOWHERE = re.compile(
    r"\bRIP: 0010:(?:0x|\[<0+>\]|\(null|\[< *\(null)|\bIP: (?:0x|\(null|\[< *\(null)"
    r"|\bIP: *\[<[0-9a-f]+>\] *(?:0x|\(null)|\bEIP: 0x"
)
# What most lines of most traces are: the short way.
_PLAIN = re.compile(
    r"(?:\[<([0-9a-f]{8,16})>\] )?(\? )?([A-Za-z_][\w$]*(?:\.[\w.$]+)?)"
    r"\+0x([0-9a-f]{1,8})/0x([0-9a-f]{1,8})(?: \[([\w-]+)\])?"
)
_ENTRY = re.compile(
    rf"^[ |(]*(?:\[[0-9a-f]{{8,16}}\] (?=\[))?(?:{_ADDR})?(?:\((?={FUNCTION}\+))?(?P<guess>\? )?{_SYM}{_MOD}"
    rf" ?(?P<unsure>\(unreliable\))?(?: ?(?P<place>{PLACE}))?"
)
_FROM = re.compile(
    rf"^ *(?:\[<[0-9a-f]+>\] )?\(?(?P<f>{FUNCTION})(?:\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?)?(?: \[\w+\])?\)? from "
    rf"(?:\[<(?P<addr>[0-9a-f]+)>\] )?\(?(?P<caller>{FUNCTION})\+0x"
)
_INLINE = re.compile(rf"^ *(?:\[<? *inline *>?\] *)?(?P<f>{FUNCTION}) (?P<place>{PLACE})(?: \[inline\])?$")
_MANY = re.compile(rf"(?:\[<(?P<addr>[0-9a-f]{{6,16}})>\] ?(?P<guess>\? ?)?|<[0-9a-f]{{8,16}}>){_SYM}")
# kernel/locking/lockdep.c print_lock; the list of held locks (`#0: `) is another story.
_LOCK = re.compile(rf"^(?!#\d).{{0,200}}, at: *(?:\[<[0-9a-f]+>\] *)?{_SYM}")
_LABEL = re.compile(
    r"^ *(?P<label>Call [Tt]race|Call Backtrace|Backtrace|stack backtrace|backtrace|Trace|Stack traceback"
    r"|Allocated by|Allocated:|Freed by|Freed:|Last (?:potentially )?related work|Uninit was|origin:|Local variable"
    r"|the existing dependency chain|-> #\d+|the (?:hard|soft|[A-Z_]{1,20})-irq-|the dependencies between|to a "
    r"|\{[\w -]+\} state was registered"
    r"|Preemption disabled at|#PF: supervisor instruction fetch|Showing all locks|NMI backtrace for cpu"
    r"|Task dump for CPU|Last Breaking-Event|Workqueue"
    r"|<(?:/?IRQ|EOI|<EOE>|/?TASK|/?NMI|/?#\w+)>|Krnl Code|Code|-{3}\[ end|-{3}\[ cut)"
)


class Kind(Enum):
    """What a place is."""

    IP = auto()  # where the processor was
    USER_IP = auto()  # in user space: the traces below are another's
    FRAME = auto()
    LABEL = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """One instruction pointer, trace entry or label, in the order of the lines; `row` is the line's index."""

    kind: Kind
    row: int
    frame: Frame | None = None
    label: str = ""


def places(lines: list[str], most: int = MOST) -> list[Place]:
    """All places in a report's lines (prefixes off), at most `most`."""
    found: list[Place] = []
    for row, line in enumerate(lines):
        if "+" not in line:
            found += _of_text(line, row)
        elif plain := _PLAIN.fullmatch(line):
            address, guess, name, off, size, module = plain.groups()
            frame = Frame(name, int(off, 16), int(size, 16), module, _hex(address), reliable=not guess)
            found.append(Place(Kind.FRAME, row, frame))
        else:
            found += _of_symbols(line, row)
        if len(found) >= most:
            break
    return found


def _of_symbols(line: str, row: int) -> Iterator[Place]:
    """A line that may name functions with offsets."""
    if "irqs last " in line:  # kernel/locking/lockdep.c print_irqtrace_events: a place of another time
        return
    if _IP_MARK.search(line) and (found := _IP.search(line)):
        yield Place(Kind.IP, row, replace(_frame(found), module=found["mod"] or found["oldmod"]))
    elif ", at: " in line and (lock := _LOCK.search(line)):
        yield Place(Kind.FRAME, row, _frame(lock))
    elif " from " in line and (chain := _FROM.match(line)):
        yield Place(Kind.FRAME, row, Frame(chain["f"]))
        yield Place(Kind.FRAME, row, Frame(chain["caller"], address=_hex(chain["addr"])))
    else:
        yield from _of_trace(line, row)


def _of_trace(line: str, row: int) -> Iterator[Place]:
    label = _LABEL.match(line)
    if label is not None:
        yield Place(Kind.LABEL, row, label=label["label"])
    if label is not None or (line.count("+") > 1 and line.lstrip().startswith(("[<", "<"))):
        yield from (Place(Kind.FRAME, row, _of_many(each)) for each in _MANY.finditer(line))
    elif entry := _ENTRY.match(line):
        yield Place(Kind.FRAME, row, _entry(entry))


def _of_text(line: str, row: int) -> Iterator[Place]:
    """A line without offsets: a label, user space's pointer, or what a symbolizer wrote."""
    if (label := _LABEL.match(line)) is not None:
        yield Place(Kind.LABEL, row, label=label["label"])
    elif "IP: " in line and _NOWHERE.search(line):
        yield Place(Kind.IP, row)
    elif ("IP: 00" in line or line.startswith("--- int")) and _USER_IP.search(line):
        yield Place(Kind.USER_IP, row)
    elif (".c:" in line or ".h:" in line or ".rs:" in line) and (entry := _INLINE.match(line)):
        file, _, number = entry["place"].rpartition(":")
        yield Place(Kind.FRAME, row, Frame(entry["f"], file=file, line=int(number), inlined=True))


def _frame(found: re.Match[str]) -> Frame:
    """Of a match of _IP, _LOCK or _MANY."""
    name, off, size, oldmod, prefix = found.group("f", "off", "size", "oldmod", "hex")
    return Frame(name.lstrip("."), _offset(off, prefix), _hex(size), oldmod)  # ppc64's symbols have a dot


def _of_many(found: re.Match[str]) -> Frame:
    return replace(_frame(found), address=_hex(found["addr"]), reliable=not found["guess"])


def _entry(found: re.Match[str]) -> Frame:
    name, off, size, oldmod, module, address, guess, unsure, place, prefix = found.group(
        "f", "off", "size", "oldmod", "mod", "addr", "guess", "unsure", "place", "hex"
    )
    file, _, number = place.rpartition(":") if place else ("", "", "")
    return Frame(
        name.lstrip("."),
        _offset(off, prefix),
        _hex(size),
        module or oldmod,
        _hex(address),
        file or None,
        int(number) if number else None,
        reliable=not (guess or unsure),
    )


def _offset(text: str, prefix: str | None) -> int:
    """x86-64 to 2.6.17 printed decimal offsets, without a prefix."""
    return int(text, 10 if prefix is None and text.isdecimal() else 16)


def _hex(text: str | None) -> int | None:
    return int(text, 16) if text else None
