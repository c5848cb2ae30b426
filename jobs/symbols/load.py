"""The door of this room: the symbols of a build, from whichever of its files. The one module that opens a file."""

import mmap
from pathlib import Path

from farm.core.errors import BadInputError
from jobs.symbols.elf import MAGIC, read_elf
from jobs.symbols.model import Symbols
from jobs.symbols.system_map import is_system_map, read_system_map
from jobs.symbols.window import Data

_HINT = "Hand in the build's System.map, vmlinux or .debug file."
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x89LZO": "lzop",
    b"\x02\x21\x4c\x18": "lz4",
    b"\x04\x22\x4d\x18": "lz4",
}


def load(data: bytes | Path) -> Symbols:
    """Tell a System.map, a vmlinux and a .debug file apart by their content, and read it.

    A path is mapped, not read whole; it must not be shortened while the symbols are in use. BadInputError, with one
    sentence, for anything else; OSError for a path that cannot be opened.
    """
    if isinstance(data, bytes):
        return _read(data)
    with data.open("rb") as file:
        if file.seek(0, 2) == 0:
            return _read(b"")
        return _read(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _read(data: Data) -> Symbols:
    if len(data) == 0:
        raise BadInputError(f"This file is empty. {_HINT}")
    head = data[:1024]
    if head.startswith(MAGIC):
        return read_elf(data)
    if is_system_map(head):
        return read_system_map(data)
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise BadInputError(f"This file is packed with {name}. Unpack it first.")
    if head[0x202:0x206] == b"HdrS":  # Documentation/arch/x86/boot.rst, the set-up header
        raise BadInputError(f"This is a kernel image, which has no symbols. {_HINT}")
    raise BadInputError(f"This is no System.map and no ELF file. {_HINT}")
