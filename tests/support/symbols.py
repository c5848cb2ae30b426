"""Files of a build's symbols, small ones, and the console of an early fault that only they can put a name to."""

import struct

EARLY_RELEASE = "2.6.28-rc8"
EARLY_BANNER = f"Linux version {EARLY_RELEASE} (farm@lab) (gcc version 4.1.3) #1 Thu Dec 11 12:00:00 UTC 2008\n"
# arch/x86/kernel/head_32.S early_fault, of a kernel without CONFIG_KALLSYMS.
EARLY_FAULT = """\
BUG: Int 14: CR2 ffb4b000
     EDI c0252f61  ESI ffb4b000  EBP ffb4b000  ESP c0252f4c
     EBX ffb4b000  EDX 0000000e  ECX 00000003  EAX ffb4b000
     err 00000000  EIP c026b45a   CS 00000060  flg 00000006
Stack: 00001000 c02629bf 0fcbfbfd 80002209 0000002c 00000800 00000000 00000000
[    0.000000] Call Trace:
[    0.000000]  [<c0253251>]
[    0.000000]  [<c026b45a>]
[    0.000000]  [<c0258891>]
"""
EARLY_FUNCTION = "dmi_scan_machine"  # c026b45a, by the map below
SYSTEM_MAP = b"""\
c0100000 T _text
c0101000 T _stext
c0101000 t run_init_process
c024d000 T _etext
c0253000 T _sinittext
c0253000 t start_kernel
c0253200 t early_fault
c0253251 t hlt_loop
c0258500 T setup_arch
c026b400 T dmi_scan_machine
c026b600 t dmi_save
c026c000 T _einittext
"""


def vmlinux(release: str) -> bytes:
    """An i386 ELF file as `ld` leaves it: text, init text, and a banner that names the release. No DWARF."""
    text, banner = bytes(64), f"Linux version {release} (farm@lab) (gcc) #1\n\0".encode()
    symbols = [  # name, value, type (elf.h STT_), section
        ("_stext", 0xC1000000, 0, 1), ("start_kernel", 0xC1000000, 2, 1), ("_etext", 0xC1000020, 0, 1),
        ("_sinittext", 0xC1000020, 0, 1), ("setup_arch", 0xC1000020, 2, 1), ("_einittext", 0xC1000040, 0, 1),
        ("linux_banner", 0xC1001000, 1, 2),
    ]  # fmt: skip
    names, entries = b"\0", bytes(16)
    for name, value, kind, section in symbols:
        entries += struct.pack("<IIIBBH", len(names), value, 0, 0x10 | kind, 0, section)
        names += name.encode() + b"\0"
    section_names = b"\0.text\0.rodata\0.symtab\0.strtab\0.shstrtab\0"
    parts = [  # name, type (SHT_), flags, address, link, size of an entry, bytes
        (b".text", 1, 6, 0xC1000000, 0, 0, text), (b".rodata", 1, 2, 0xC1001000, 0, 0, banner),
        (b".symtab", 2, 0, 0, 4, 16, entries), (b".strtab", 3, 0, 0, 0, 0, names),
        (b".shstrtab", 3, 0, 0, 0, 0, section_names),
    ]  # fmt: skip
    body, headers = b"", bytes(40)
    for section_name, kind, flags, address, link, each, data in parts:
        place = (section_names.index(section_name), kind, flags, address, 52 + len(body), len(data), link, 0, 1, each)
        headers += struct.pack("<10I", *place)
        body += data
    count = len(parts) + 1
    fields = (2, 3, 1, 0xC1000000, 0, 52 + len(body), 0, 52, 32, 0, 40, count, count - 1)
    return b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", *fields) + body + headers
