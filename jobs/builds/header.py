"""The x86 boot protocol's header: what a boot loader reads before it starts an image. Pure.

Source: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". Field names are its own; a field that the
image's protocol version does not have is None.
"""

import mmap
import re
import struct
from dataclasses import dataclass
from typing import Any, Literal

from farm.core.errors import BadInputError
from jobs.builds.refusal import what_it_is

Image = bytes | bytearray | memoryview | mmap.mmap

_SECTOR = 512
_HEADER_END = 0x26C  # behind the last field, kernel_info_offset
_LOADED_HIGH = 0x01  # loadflags
_XLF_KERNEL_64 = 0x01  # xloadflags; set for CONFIG_X86_64, and for nothing else (arch/x86/boot/header.S)
_VERSION_TEXT = re.compile(rb"[\x20-\x7e]{1,512}")  # two fields of utsname and a user@host; true ones stay below 200

# name: (offset, struct format, first protocol version that has it)
_FIELDS = {
    "loadflags": (0x211, "<B", 0x200),
    "kernel_alignment": (0x230, "<I", 0x205),
    "relocatable_kernel": (0x234, "<B", 0x205),
    "xloadflags": (0x236, "<H", 0x20C),
    "cmdline_size": (0x238, "<I", 0x206),
    "payload_offset": (0x248, "<I", 0x208),
    "payload_length": (0x24C, "<I", 0x208),
    "pref_address": (0x258, "<Q", 0x20A),
    "init_size": (0x260, "<I", 0x20A),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BootHeader:
    """The header of one image. Sizes and addresses are bytes."""

    protocol: str  # "2.15"
    format: Literal["bzImage", "zImage"]
    setup_sects: int
    protected_size: int | None  # of all behind the set-up code; None below 2.04, which cannot say
    version_text: str | None  # "RELEASE (USER@HOST) #1 SMP DATE"
    relocatable: bool | None  # from 2.05
    kernel_alignment: int | None  # from 2.05
    cmdline_size: int | None  # longest command line, without its NUL; from 2.06 (255 before)
    payload_offset: int | None  # into the protected-mode code; from 2.08
    payload_length: int | None  # from 2.08
    pref_address: int | None  # from 2.10
    init_size: int | None  # memory needed from the load address on before the kernel can look around; from 2.10
    xloadflags: int | None  # from 2.12

    @property
    def setup_size(self) -> int:
        """Bytes before the protected-mode code: the boot sector and the set-up code."""
        return (self.setup_sects + 1) * _SECTOR

    @property
    def bits(self) -> Literal[32, 64] | None:
        """Of the CPU it needs. A 64-bit kernel's 32-bit entry only switches over, so it still needs a 64-bit CPU.

        None below 2.12, which has no flag for it.
        """
        if self.xloadflags is None:
            return None
        return 64 if self.xloadflags & _XLF_KERNEL_64 else 32

    @property
    def payload_place(self) -> tuple[int, int] | None:
        """Offset in the file and length of the packed kernel; None below 2.08."""
        if self.payload_offset is None or self.payload_length is None:
            return None
        return self.setup_size + self.payload_offset, self.payload_length

    @property
    def memory_needed(self) -> int | None:
        """Bytes of memory, from address 0, that the machine must have for it to unpack; None below 2.10."""
        if self.pref_address is None or self.init_size is None:
            return None
        return self.pref_address + self.init_size


def read_header(data: Image) -> BootHeader:
    """Read the header, and check that the file is as long as it says.

    Raises BadInputError, with one sentence, for what no boot loader can start.
    """
    size = len(data)
    start = bytes(data[:0x9000])
    if start[0x202:0x206] != b"HdrS" or start[0x1FE:0x200] != b"\x55\xaa":
        raise BadInputError(what_it_is(start, size))
    if size < _HEADER_END:
        raise BadInputError(
            f"The image is truncated: it has {size} bytes, and the boot header alone needs {_HEADER_END}."
        )
    (version,) = struct.unpack_from("<H", start, 0x206)
    if not 0x200 <= version < 0x300:
        raise BadInputError(f"The boot protocol version 0x{version:04x} is not one the farm knows; 2.00 to 2.15 are.")
    values = {
        name: struct.unpack_from(form, start, offset)[0] if version >= since else None
        for name, (offset, form, since) in _FIELDS.items()
    }
    setup_sects = start[0x1F1] or 4  # boot.rst: "if the setup_sects field contains 0, the real value is 4"
    header = _build(start, version, setup_sects, values)
    _check_length(header, size)
    return header


def _build(start: bytes, version: int, setup_sects: int, values: dict[str, Any]) -> BootHeader:
    return BootHeader(
        protocol=f"{version >> 8}.{version & 0xFF:02d}",
        format="bzImage" if values["loadflags"] & _LOADED_HIGH else "zImage",
        setup_sects=setup_sects,
        protected_size=struct.unpack_from("<I", start, 0x1F4)[0] * 16 if version >= 0x204 else None,
        version_text=_version_text(start, setup_sects),
        relocatable=None if values["relocatable_kernel"] is None else bool(values["relocatable_kernel"]),
        kernel_alignment=values["kernel_alignment"],
        cmdline_size=values["cmdline_size"],
        payload_offset=values["payload_offset"],
        payload_length=values["payload_length"],
        pref_address=values["pref_address"],
        init_size=values["init_size"],
        xloadflags=values["xloadflags"],
    )


def _version_text(start: bytes, setup_sects: int) -> str | None:
    """The text kernel_version points at, "less 0x200"; it must lie inside the set-up code."""
    (pointer,) = struct.unpack_from("<H", start, 0x20E)
    if not 0 < pointer < _SECTOR * setup_sects:
        return None
    found = _VERSION_TEXT.match(start, pointer + _SECTOR)
    return found.group().decode("ascii").strip() or None if found else None


def _check_length(header: BootHeader, size: int) -> None:
    """The set-up and protected-mode code must be there; syssize counts 16-byte units, the last may be short."""
    needed = header.setup_size + (header.protected_size or 1)
    missing = needed - size
    if missing >= 16 or size <= header.setup_size:
        raise BadInputError(
            f"The image is truncated: its header says {needed} bytes, the file has {size}; hand in the whole file."
        )
