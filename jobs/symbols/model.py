"""The words of this room: a place in the kernel's text, and what finds it. Knows nothing of file formats."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Inlined:
    """A function that the compiler copied into its caller; `file`:`line` is the call, in that caller."""

    function: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """An address of the kernel's text: `offset` bytes into a function of `size` bytes.

    Name and size are what the kernel itself would print: of symbols at one address the one that kallsyms takes, and a
    size that reaches to the next symbol, padding included. `file` and `line` are the instruction's own, and are None
    without DWARF; where code of inlined functions stands at the address, they lie in the innermost of those.
    """

    function: str
    offset: int
    size: int
    file: str | None = None  # relative to the source tree where the build's folder is a part of it
    line: int | None = None  # from 1
    inlined: tuple[Inlined, ...] = ()  # innermost first; the last was called by `function` itself

    def __str__(self) -> str:
        return f"{self.function}+0x{self.offset:x}/0x{self.size:x}"


class Symbols(Protocol):
    """The symbols of one build."""

    @property
    def release(self) -> str | None:
        """What `uname -r` says on this build, where the file has its banner: a vmlinux has, a System.map never."""

    def find(self, address: int, *, source: bool = True) -> Place | None:
        """What stands at an address; None outside of the kernel's own text (data, modules, user space).

        `source`: with file, line and inlined functions, where there is DWARF. The first time, that may take a second.

        A trace's entries are return addresses: after a call that never returns, that is the first byte of the *next*
        function. Ask for `address - 1` there, as the kernel does since 2.6.33 (lib/vsprintf.c, `%pB`).
        """

    def start(self, function: str, size: int | None = None) -> int | None:
        """Where a function begins: kernels since 4.10 print names and offsets, and no addresses.

        Static functions may share a name: then `size` decides, as the kernel printed it; None where it does not.
        """

    def relocated(self, delta: int) -> "Symbols":
        """The same build where it runs `delta` bytes higher than it was linked (KASLR)."""


class Lines(Protocol):
    """Source lines by address, as linked."""

    def at(self, address: int) -> tuple[str | None, int | None, tuple[Inlined, ...]]:
        """File, line and the inlined functions around an address; (None, None, ()) where that is not known."""
