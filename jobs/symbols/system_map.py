"""Read a System.map: `nm -n vmlinux` (scripts/mksysmap), a line `ADDRESS TYPE NAME` for each symbol.

    c1000000 T _stext
    c10001ec t verify_cpu

T t W w are text: global, local, and weak. Everything else is data, or is relative to a CPU's area (0 and up on x86-64).
It has no release, and no source lines. Knows nothing of ELF.
"""

import re

from farm.core.errors import BadInputError
from jobs.symbols.table import MARKERS, Symbol, Table, build_table
from jobs.symbols.window import Data

MAX_SIZE = 64 * 2**20  # bytes; the largest seen is an eighth of it
_WHAT = "This System.map"
_TEXT = re.compile(rb"^([0-9a-f]{8}|[0-9a-f]{16}) ([tTwW]) ([!-~]{1,511})$", re.MULTILINE)
_ANY = re.compile(rb"(?:[0-9a-f]{8}|[0-9a-f]{16}) [A-Za-z] [!-~]{1,511}(?:\n|\Z)")
# Debian's kernel packages hold this one line in place of the map; the real one comes with the debug files.
_STUB = re.compile(rb"The real System\.map is in the (\S{1,100}) package")


def is_system_map(data: bytes) -> bool:
    """Whether the first line is one of a System.map."""
    return _ANY.match(data) is not None or _STUB.search(data, 0, 200) is not None


def read_system_map(data: Data) -> Table:
    """Read a whole System.map. BadInputError for a part of one, and for Debian's stand-in."""
    if stub := _STUB.search(data, 0, 200):
        package = stub[1].decode("ascii", "backslashreplace")
        raise BadInputError(
            f"This is Debian's stand-in for a System.map. The real one is in the package {package}, below "
            "/usr/lib/debug/boot; take it, or the vmlinux beside it."
        )
    if len(data) > MAX_SIZE:
        raise BadInputError(f"{_WHAT} has {len(data)} bytes, more than any kernel's ({MAX_SIZE}).")
    found = _TEXT.findall(data)
    symbols: list[Symbol] = [(int(address, 16), name, kind in b"wW") for address, kind, name in found]
    return build_table(symbols, _markers(data), _WHAT)


def _markers(data: Data) -> dict[str, int]:
    """The addresses of MARKERS, of whatever type: some linker scripts of 2.6 make them absolute (A)."""
    markers = {}
    for name in MARKERS:
        at = data.find(b" %b\n" % name.encode())  # a plain search is ten times faster here than a regular expression
        line = _ANY.match(data, data.rfind(b"\n", 0, at) + 1) if at >= 0 else None
        if line:
            markers[name] = int(line[0].split(b" ")[0], 16)
    return markers
