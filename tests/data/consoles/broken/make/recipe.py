"""What one console is made of, and what is known of it before it is made: the tables of recipes/*.toml, typed.

The expectation is by construction: it says what was broken and where, not what some reader made of the console.
Strict: a key that is not known is an error. Knows no QEMU.
"""

import hashlib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parent / "recipes"

# i386 machine code that is put over a function's first bytes, by name.
CODES = {
    "ud2": b"\x0f\x0b",
    "null": b"\x31\xc0\x89\x00",  # xor %eax,%eax; mov %eax,(%eax)
    "divide": b"\x31\xc9\xf7\xf1",  # xor %ecx,%ecx; div %ecx
    "gpf": b"\x66\xb8\x00\x7f\x8e\xc0",  # mov $0x7f00,%ax; mov %ax,%es
    "loop": b"\xeb\xfe",
    "dead": b"\xfa\xeb\xfe",  # cli; and a loop
    "triple": b"\x31\xc0\x50\x50\x0f\x01\x1c\x24\xcc",  # push two zeros; lidt (%esp); int3
}


@dataclass(frozen=True, slots=True)
class Injection:
    """Machine code written over the start of a kernel function when it is first reached, through QEMU's gdb stub."""

    function: str
    code: str  # a name of CODES


@dataclass(frozen=True, slots=True)
class Reaction:
    """A command for QEMU, given when `pattern` (a regular expression) is first seen on the console."""

    pattern: str
    command: str  # of QMP: system_reset, inject-nmi
    monitor: bool = False  # it is one of the human monitor


@dataclass(frozen=True, slots=True)
class Recipe:
    """One console: how it is made, and what its header says.

    The capture ends `linger` seconds after `stop` (a regular expression) was seen `stops` times, when QEMU ends, or
    after `silence` seconds without a byte, or after `limit` seconds.
    """

    name: str
    done: str  # a sentence for people; the maker adds plan, injected bytes and reactions
    outcome: str
    type: str = "none"
    function: str = "none"
    stage: str | None = None
    culprit: str | None = None
    note: str | None = None
    kernel: str = "6.1"  # a branch of `make kernels`, or amd64
    handed_in: str | None = None  # another kernel, which the boot was meant to be of
    console: str = "console=ttyS0,115200"  # the first words of the command line
    append: str = ""  # and the next ones
    plan: str | None = None  # for plan.c; without one farm-init is /init
    token: bool = True  # whether farm-init's markers are to be expected
    files: dict[str, str] = field(default_factory=dict)  # more of the initramfs
    ballast: int = 0  # MB of zeros behind everything else in the initramfs
    initramfs: bool = True
    module: bool = False  # farm_broken.ko is in the initramfs
    qemu: tuple[str, ...] = ()
    bios: bool = False  # SeaBIOS writes its screen to the serial port
    memory: int = 256  # MB
    break_kernel: str | None = None  # a function of damage.py
    break_initramfs: str | None = None
    inject: Injection | None = None
    reactions: tuple[Reaction, ...] = ()
    stop: str = "reboot: Power down|end Kernel panic|System halted"
    stops: int = 1
    linger: float = 0.5
    silence: float = 12
    limit: float = 90

    @property
    def secret(self) -> str:
        """The token: sixteen hexadecimal digits of this console's own."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]

    @property
    def options(self) -> tuple[str, ...]:
        """QEMU's options that are this recipe's own."""
        bios = ("-machine", "pc,graphics=off") if self.bios else ()
        return ("-m", str(self.memory), *self.qemu, *bios)


def read(name: str, table: dict[str, Any]) -> Recipe:
    """One table. Raises ValueError for a key that is not known, TypeError for one that is missing."""
    if unknown := set(table) - {one.name for one in fields(Recipe)}:
        raise ValueError(f"{name}: no key is called {', '.join(sorted(unknown))}")
    given = dict(table)
    if "inject" in given:
        given["inject"] = Injection(**given["inject"])
    if "qemu" in given:
        given["qemu"] = tuple(given["qemu"].split())
    given["reactions"] = tuple(Reaction(**one) for one in given.get("reactions", ()))
    return Recipe(name=name, **given)


def load(folder: Path = RECIPES) -> dict[str, Recipe]:
    """All recipes by name, in the order of files and tables. Raises ValueError for a name that is there twice."""
    found: dict[str, Recipe] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"{path.name}: {name} is there twice")
            found[name] = read(name, table)
    return found
