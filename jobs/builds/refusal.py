"""Say what a file is that is no bootable x86 Linux image. Pure: its bytes in, one sentence out."""

import struct

_WHAT_WE_TAKE = "the farm boots arch/x86/boot/bzImage, or a distribution's /boot/vmlinuz-*"
_MACHINES = {
    3: "x86",
    62: "x86-64",
    40: "arm",
    183: "arm64",
    243: "RISC-V",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC64",
    22: "s390",
}
_PACKED = (
    (b"\x1f\x8b", "a gzip"),
    (b"BZh", "a bzip2"),
    (b"\xfd7zXZ\0", "an xz"),
    (b"\x28\xb5\x2f\xfd", "a zstd"),
    (b"\x02\x21\x4c\x18", "an lz4"),
    (b"\x04\x22\x4d\x18", "an lz4"),
    (b"\x89LZO\0", "an lzop"),
    (b"\x5d\0\0", "an lzma"),
    (b"PK\x03\x04", "a zip"),
)
_STARTS = (
    (b"07070", "a cpio archive, so an initramfs: hand it in as the initramfs, with a kernel"),
    (b"!<arch>\ndebian", "a Debian package: hand in the boot/vmlinuz-* inside it"),
    (b"\xed\xab\xee\xdb", "an RPM package: hand in the vmlinuz inside it"),
    (b"\x27\x05\x19\x56", "a U-Boot uImage, for another architecture"),
    (b"\xd0\x0d\xfe\xed", "a device tree or FIT image, for another architecture"),
    (b"hsqs", "a squashfs file system"),
)


def what_it_is(start: bytes, size: int) -> str:
    """One sentence on a file without the boot protocol's "HdrS". `start` is its first 36 KB, `size` its length."""
    if not start:
        return "The file is empty."
    for look in (_elf, _foreign_kernel, _packed, _container, _pe, _boot_sector, _text):
        if said := look(start):
            return said
    if not start.strip(b"\0"):
        return f"The file holds only zero bytes at its start ({size} bytes in all): {_WHAT_WE_TAKE}."
    return (
        f"This is no kernel image the farm knows: its {size} bytes start with {start[:16].hex(' ')}; {_WHAT_WE_TAKE}."
    )


def _elf(start: bytes) -> str | None:
    if not start.startswith(b"\x7fELF") or len(start) < 20:
        return None
    order = ">" if start[5] == 2 else "<"
    kind, machine = struct.unpack_from(f"{order}HH", start, 16)
    name = _MACHINES.get(machine, f"machine {machine}")
    if kind == 1:
        return f"This is an ELF object or module ({name}), not a kernel: {_WHAT_WE_TAKE}."
    if machine in {3, 62}:
        return f"This is an ELF vmlinux ({name}), which no boot loader starts: take arch/x86/boot/bzImage instead."
    return f"This is an ELF program for {name}, and the farm's machines are x86: {_WHAT_WE_TAKE}."


def _foreign_kernel(start: bytes) -> str | None:
    if start[0x38:0x3C] == b"ARM\x64":
        return "This is an arm64 Image, and the farm's machines are x86: build with ARCH=i386 or ARCH=x86_64."
    if start[0x24:0x28] in {b"\x18\x28\x6f\x01", b"\x01\x6f\x28\x18"}:
        return "This is an arm zImage, and the farm's machines are x86: build with ARCH=i386 or ARCH=x86_64."
    if start[0x38:0x3C] == b"RSC\x05":
        return "This is a RISC-V Image, and the farm's machines are x86: build with ARCH=i386 or ARCH=x86_64."
    return None


def _packed(start: bytes) -> str | None:
    for magic, name in _PACKED:
        if start.startswith(magic):
            return f"This is {name} file, not an image that boots as it is: unpack it and hand in what is inside."
    return None


def _container(start: bytes) -> str | None:
    for magic, said in _STARTS:
        if start.startswith(magic):
            return f"This is {said}."
    if start[257:262] == b"ustar":
        return "This is a tar archive: unpack it and hand in the kernel image inside."
    if start[0x8001:0x8006] == b"CD001":
        return "This is a CD image: hand in the kernel inside it, usually named vmlinuz or bzImage."
    return None


def _pe(start: bytes) -> str | None:
    if not start.startswith(b"MZ"):
        return None
    return f"This is an EFI program without the Linux boot header (a unified image, a loader?): {_WHAT_WE_TAKE}."


def _boot_sector(start: bytes) -> str | None:
    if start[0x1FE:0x200] != b"\x55\xaa":
        return None
    return "This starts with a boot sector but has no Linux boot header: a disk image, or a kernel before 1.3.73."


def _text(start: bytes) -> str | None:
    """Text is what decodes and has no control bytes but white space; a cut character at the end is forgiven."""
    head = start[:512]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) - error.start >= 4 or len(head) < 512:
            return None
        text = head[: error.start].decode("utf-8")
    if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text):
        return None
    first = text.strip().splitlines()[0][:60] if text.strip() else ""
    if first.lower().startswith(("<!doctype html", "<html")):
        return "This is a web page, not a kernel image: the download went wrong."
    return f"This is text, not a kernel image; it starts with {first!r}."
