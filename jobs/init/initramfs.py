"""The default initramfs: farm-init and the few nodes it needs, as the bytes of a newc cpio archive.

Written by a function of our own: the well-kept archive libraries (tarfile's neighbours, libarchive bindings, GNU cpio)
take a device node from a file system, which needs root to make it there. Knows the archive format and nothing of jobs.

Format: Documentation/driver-api/early-userspace/buffer-format.rst and usr/gen_init_cpio.c of the kernel. Uncompressed,
since it is small: every kernel reads it, and its bytes do not depend on the version of a compressor.
"""

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

_TRAILER = "TRAILER!!!"
_BLOCK = 512  # what gen_init_cpio and GNU cpio pad an archive to


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: a path without leading "/", file type and permissions, and contents (of a file or a link)."""

    name: str
    mode: int  # as in st_mode, e.g. stat.S_IFREG | 0o755
    data: bytes = b""
    device: tuple[int, int] = (0, 0)  # major, minor; of device nodes only


def directory(name: str, permissions: int = 0o755) -> Entry:
    return Entry(name, stat.S_IFDIR | permissions)


def regular(name: str, data: bytes, permissions: int = 0o644) -> Entry:
    return Entry(name, stat.S_IFREG | permissions, data)


def character_device(name: str, major: int, minor: int, permissions: int = 0o600) -> Entry:
    return Entry(name, stat.S_IFCHR | permissions, device=(major, minor))


def cpio_newc(entries: Iterable[Entry]) -> bytes:
    """The archive of `entries`, in their order: owned by root, time stamp 0, inode numbers from 1. Same in, same out.

    Raises ValueError for what the kernel would drop in silence or GNU cpio refuse: an absolute or doubled name, a
    member whose directory is not there before it, contents in a directory or a device.
    """
    archive = bytearray()
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries, start=1):
        _check(entry, seen)
        seen[entry.name] = entry.mode
        archive += _member(entry, number)
    archive += _member(Entry(_TRAILER, 0), 0)
    archive += bytes(-len(archive) % _BLOCK)
    return bytes(archive)


def default_initramfs() -> bytes:
    """The initramfs of a job that brings none: /init is the shipped farm-init. A few KiB, the same bytes every time."""
    init = files("jobs.init").joinpath("farm-init").read_bytes()
    return cpio_newc(
        [
            directory("dev"),
            character_device("dev/console", 5, 1),
            character_device("dev/null", 1, 3, 0o666),
            directory("proc"),
            directory("sys"),
            directory("tmp", 0o1777),
            regular("init", init, 0o755),
        ]
    )


def _check(entry: Entry, seen: dict[str, int]) -> None:
    parts = entry.name.split("/")
    if "\0" in entry.name or any(part in {"", ".", ".."} for part in parts) or entry.name == _TRAILER:
        raise ValueError(f"{entry.name!r} cannot be a name in an initramfs: give a relative path such as 'dev/console'")
    if entry.name in seen:
        raise ValueError(f"{entry.name!r} is in this initramfs twice")
    parent = "/".join(parts[:-1])
    if parent and not stat.S_ISDIR(seen.get(parent, 0)):
        raise ValueError(f"{entry.name!r} needs the directory {parent!r} before it: the kernel makes none by itself")
    if entry.data and not (stat.S_ISREG(entry.mode) or stat.S_ISLNK(entry.mode)):
        raise ValueError(f"{entry.name!r} has contents, but is neither a file nor a link")


def _member(entry: Entry, inode: int) -> bytes:
    """Header, name and contents, each padded to four bytes with NULs."""
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (inode, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % value for value in fields) + name
    return _padded(header) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
