"""Addresses of a report to functions and source lines, where the build's symbols are at hand.

Kernels without CONFIG_KALLSYMS, and early faults, print bare addresses (`[<c0355640>]`, `EIP c0355640`). Knows the
lines of one report and a build's symbols; what the functions mean is blame.py's.
"""

import re
from dataclasses import replace

from jobs.outcome.frames import MOST, Kind, Place
from jobs.outcome.model import Frame
from jobs.symbols.model import Symbols

_SOURCED = 40  # places of a report that get their source line: with DWARF each costs up to a second
_IP = re.compile(r"(?:\b[ER]?IP\b(?: is at)?:? +|\b[ER]IP: +)(?:[0-9a-f]{2,4}:)?\[?<?(?:0x)?(?P<addr>[0-9a-f]{8,16})\b")
_ENTRY = re.compile(r"^ *\[<(?:0x)?(?P<addr>[0-9a-f]{8,16})>\](?P<guess> \?)? *(?:0x[0-9a-f]+)?$")


def named(lines: list[str], found: list[Place], symbols: Symbols) -> list[Place]:
    """The places, with those added whose lines show addresses only; each with its source line where it is known."""
    known = {place.row for place in found if place.frame is not None}
    added = [place for row, line in enumerate(lines) if row not in known and (place := _place(line, row, symbols))]
    every = sorted([*found, *added], key=lambda place: place.row)[:MOST]
    return [_with_source(place, symbols) if number < _SOURCED else place for number, place in enumerate(every)]


def _place(line: str, row: int, symbols: Symbols) -> Place | None:
    if entry := _ENTRY.match(line):
        address = int(entry["addr"], 16)
        frame = _frame(address, symbols, back=1)
        return Place(Kind.FRAME, row, replace(frame, reliable=not entry["guess"])) if frame else None
    if pointer := _IP.search(line):
        frame = _frame(int(pointer["addr"], 16), symbols, back=0)
        return Place(Kind.IP, row, frame) if frame else None
    return None


def _frame(address: int, symbols: Symbols, *, back: int) -> Frame | None:
    """`back`: a trace's entries are return addresses, the call is the instruction before."""
    place = symbols.find(address - back, source=False)
    return Frame(place.function, place.offset + back, place.size, address=address) if place is not None else None


def _with_source(place: Place, symbols: Symbols) -> Place:
    frame = place.frame
    if frame is None or frame.file is not None or frame.module is not None:
        return place
    address = frame.address
    if address is None and frame.offset is not None:
        start = symbols.start(frame.function, frame.size)
        address = start + frame.offset if start is not None else None
    at = symbols.find(address - (place.kind is Kind.FRAME)) if address is not None else None
    if at is None or at.file is None:
        return place
    return replace(place, frame=replace(frame, file=at.file, line=at.line))
