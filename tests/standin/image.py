"""A small image with a true boot header (Documentation/arch/x86/boot.rst), for boxes that only pretend to boot it."""

import struct


def tiny_image(release: str = "6.1.0-50-686", fill: bytes = b"\x90") -> bytes:
    """A bzImage of protocol 2.15 whose kernel is `fill` repeated: readable, and of no use to a machine."""
    setup_sects, kernel = 4, (fill * 4096)[:4096]
    head = bytearray(512 * (setup_sects + 1))
    head[0x1F1] = setup_sects
    struct.pack_into("<I", head, 0x1F4, len(kernel) // 16)  # syssize
    struct.pack_into("<H", head, 0x1FE, 0xAA55)  # boot_flag
    head[0x200:0x202] = b"\xeb\x6a"  # jump over the header
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, 0x020F)  # protocol version
    text = f"{release} (test@farm) #1 SMP Debian\0".encode()
    struct.pack_into("<H", head, 0x20E, 0x300)  # kernel_version, from 0x200
    head[0x500 : 0x500 + len(text)] = text
    head[0x211] = 1  # loadflags: LOADED_HIGH
    struct.pack_into("<I", head, 0x214, 0x100000)  # code32_start
    struct.pack_into("<I", head, 0x22C, 0x7FFFFFFF)  # initrd_addr_max
    struct.pack_into("<I", head, 0x230, 0x1000000)  # kernel_alignment
    head[0x234] = 1  # relocatable_kernel
    struct.pack_into("<I", head, 0x238, 2047)  # cmdline_size
    struct.pack_into("<Q", head, 0x258, 0x1000000)  # pref_address
    struct.pack_into("<I", head, 0x260, 1 << 20)  # init_size
    return bytes(head) + kernel
