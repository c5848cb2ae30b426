# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Milestones: each is tried on the line that a kernel, a loader or user space prints, written from its format string."""

from itertools import pairwise

import pytest

from farm.core.words import Stage
from jobs.outcome.formats.milestones import MILESTONES
from tests.support.excerpts import first, needles_are_plain

LINES: dict[Stage, list[str]] = {
    Stage.FIRMWARE: [
        "SeaBIOS (version 1.16.2-debian-1.16.2-1)",
        "AMIBIOS(C)2006 American Megatrends, Inc.",
        "PhoenixBIOS 4.0 Release 6.0",
        "Award Modular BIOS v6.00PG",
        "coreboot-4.12 Tue May 12 00:00:00 UTC 2020 bootblock starting (log level: 7)...",
        "[NOTE ]  coreboot-4.19 Fri Jan 13 00:00:00 UTC 2023 ramstage starting",
        "UEFI firmware (version 2022.11 built at 10:00:00 on Dec 1 2022)",
        "SecCoreStartupWithStack(0xFFFCC000, 0x820000)",
        "NOTICE:  BL31: v2.8(release):",
        "U-Boot SPL 2023.01 (Jan 09 2023 - 16:07:33 +0000)",
        "OpenSBI v1.1",
    ],
    Stage.NETBOOT: [
        "iPXE initialising devices...",
        "iPXE 1.21.1+ (g4bd06) -- Open Source Network Boot Firmware -- https://ipxe.org",
        "iPXE (http://ipxe.org) 00:03.0 C900 PCI2.10 PnP PMM",
        "gPXE 0.9.7 -- Open Source Boot Firmware -- http://etherboot.org",
        "PXELINUX 6.04 PXE 20200816 Copyright (C) 1994-2015 H. Peter Anvin et al",
        "Intel(R) Boot Agent GE v1.3.22",
        ">>Start PXE over IPv4.",
        ">>Start HTTP Boot over IPv4.",
        "TFTP from server 192.0.2.1; our IP address is 192.0.2.14",
        "BOOTP broadcast 1",
    ],
    Stage.LOADER: [
        "Booting from Hard Disk...",
        "Booting from ROM...",
        "Booting from 0000:7c00",
        "GRUB loading.",
        "Welcome to GRUB!",
        "    GNU GRUB  version 0.97  (639K lower / 260032K upper memory)",
        "                             GNU GRUB  version 2.06-13",
        "  Booting `Debian GNU/Linux'",
        "Loading Linux 6.1.0-50-686 ...",
        "Loading initial ramdisk ...",
        "Loading vmlinuz.........",
        "bzImage... ok",
        "http://192.0.2.1/bzImage... ok",
        "SYSLINUX 4.05 20140113 Copyright (C) 1994-2011 H. Peter Anvin et al",
        "ISOLINUX 6.04 20200816 Copyright (C) 1994-2015 H. Peter Anvin et al",
        "LILO 22.8 boot:",
        "U-Boot 2016.03 (Feb 09 2016 - 16:39:49 +0000)",
        "Starting kernel ...",
        'BdsDxe: starting Boot0002 "UEFI PXEv4" from PciRoot(0x0)',
    ],
    Stage.DECOMPRESS: [
        "Probing EDD (edd=off to disable)... ok",
        "early console in setup code",
        "early console in decompress_kernel",
        "Decompressing Linux... Parsing ELF... done.",
        "Uncompressing Linux... done, booting the kernel.",
        "Physical KASLR disabled: no suitable memory region!",
        "KASLR disabled: 'nokaslr' on cmdline.",
        "KASLR disabled by cmdline...",
        "EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path",
        "OF stdout device is: /vdevice/vty@71000000",
        "zImage starting: loaded at 0x00400000 (sp: 0x07ffffa0)",
        "This kernel requires an x86-64 CPU, but only detected an i686 CPU.",
        "This kernel requires the following features not present on the CPU:",
        "Unable to boot - please use a kernel appropriate for your CPU.",
        " -- System halted",
    ],
    Stage.SETUP_ARCH: [
        "BIOS-provided physical RAM map:",
        "user-defined physical RAM map:",
        "Determined physical RAM map:",
        "Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1",
        "KERNEL supported cpus:",
        "DMI 2.8 present.",
        "DMI present.",
        "SMBIOS 3.0.0 present.",
        "last_pfn = 0x9fe0 max_arch_pfn = 0x100000",
        "e820: last_pfn = 0x120000 max_arch_pfn = 0x400000000",
        "159MB LOWMEM available.",
        "Zone PFN ranges:",
        "Zone ranges:",
        "Machine: ARM-Versatile PB",
        "OF: fdt: Machine model: Raspberry Pi 2 Model B",
        "Machine model: linux,dummy-virt",
        "Memory policy: ECC disabled, Data cache writeback",
        "psci: probing for conduit method from DT.",
        "Using pSeries machine description",
        "setup: Linux is running under KVM in 64-bit mode",
        "riscv: SBI specification v0.3 detected",
        "SBI specification v1.0 detected",
        "CPU0 revision is: 00019300 (MIPS 24Kc)",
    ],
    Stage.START_KERNEL: [
        "Kernel command line: console=ttyS0,115200",
        "Built 1 zonelists in Zone order, mobility grouping on.  Total pages: 40511",
        "PID hash table entries: 1024 (order: 10, 4096 bytes)",
        "Dentry cache hash table entries: 32768 (order: 5, 131072 bytes)",
        "Console: colour VGA+ 80x25",
        "Console: colour dummy device 80x30",
        "Memory: 158880k/163712k available (1449k kernel code, 4292k reserved)",
        "Memory: 145436K/163320K available (9327K kernel code, 1246K rwdata)",
        "SLUB: Genslabs=12, HWalign=32, Order=0-3, MinObjects=0, CPUs=1, Nodes=1",
        "SLUB: HWalign=32, Order=0-3, MinObjects=0, CPUs=1, Nodes=1",
        "NR_IRQS: 2304, nr_irqs: 256, preallocated irqs: 16",
        "Calibrating delay loop (skipped), value calculated using timer frequency.. 5192.29 BogoMIPS",
        "pid_max: default: 32768 minimum: 301",
        "Mount-cache hash table entries: 512",
        "Brought up 2 CPUs",
        "smp: Brought up 1 node, 1 CPU",
    ],
    Stage.INITCALLS: [
        "NET: Registered protocol family 16",
        "NET: Registered PF_NETLINK/PF_ROUTE protocol family",
        "devtmpfs: initialized",
        "PCI: Using configuration type 1 for base access",
        "ACPI: Interpreter enabled",
        "SCSI subsystem initialized",
        "pnp: PnP ACPI init",
        "usbcore: registered new interface driver usbfs",
        "TCP: Hash tables configured (established 8192 bind 8192)",
        "checking if image is initramfs... it is",
        "Trying to unpack rootfs image as initramfs...",
        "io scheduler noop registered",
    ],
    Stage.DRIVERS: [
        "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled",
        "serial8250: ttyS0 at I/O 0x3f8 (irq = 4) is a 16550A",
        "00:04: ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A",
        "44e09000.serial: ttyS0 at MMIO 0x44e09000 (irq = 19, base_baud = 3000000) is a 8250",
        "brd: module loaded",
        "loop: module loaded",
        "RAMDISK driver initialized: 16 RAM disks of 4096K size 1024 blocksize",
        "scsi0 : ata_piix",
        "scsi host0: ahci",
        "ata1: PATA max MWDMA2 cmd 0x1f0 ctl 0x3f6 bmdma 0xc000 irq 14",
        "ata1: SATA max UDMA/133 abar m4096@0xfebf1000 port 0xfebf1100 irq 24",
        "Uniform Multi-Platform E-IDE driver",
        "virtio_blk virtio1: [vda] 20480 512-byte logical blocks (10.5 MB/10.0 MiB)",
        "Intel(R) PRO/1000 Network Driver - version 7.3.20-k3-NAPI",
        "e1000: Intel(R) PRO/1000 Network Driver",
        "8139cp: 10/100 PCI Ethernet driver v1.3 (Mar 22, 2004)",
        "serio: i8042 KBD port at 0x60,0x64 irq 1",
        "i8042: PNP: PS/2 Controller [PNP0303:KBD,PNP0f13:MOU] at 0x60,0x64 irq 1,12",
        "PNP: PS/2 Controller [PNP0303:KBD,PNP0f13:MOU] at 0x60,0x64 irq 1,12",
        "mousedev: PS/2 mouse device common for all mice",
        "mice: PS/2 mouse device common for all mice",
        "input: AT Translated Set 2 keyboard as /class/input/input0",
        "input: Power Button as /devices/LNXSYSTM:00/LNXPWRBN:00/input/input0",
    ],
    Stage.ROOT: [
        "VFS: Mounted root (ext3 filesystem) readonly.",
        "VFS: Mounted root (ext4 filesystem) readonly on device 8:1.",
        'VFS: Cannot open root device "sda1" or unknown-block(0,0)',
        'VFS: Cannot open root device "(null)" or unknown-block(0,0): error -6',
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "Waiting for root device /dev/mmcblk0p2...",
        "Waiting 5sec before mounting root device...",
        "Waiting 5 sec before mounting root device...",
        "List of all partitions:",
        "No filesystem could mount root, tried:  ext3 ext2",
        'Please append a correct "root=" boot option; here are the available partitions:',
        "check access for rdinit=/nope failed: -2, ignoring",
        "RAMDISK: Compressed image found at block 0",
        "RAMDISK: gzip image found at block 0",
        "RAMDISK: ext2 filesystem found at block 0",
        "Root-NFS: No NFS server available, giving up.",
        "EXT3-fs: mounted filesystem with ordered data mode.",
        "EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: (null)",
        "devtmpfs: mounted",
    ],
    Stage.INIT: [
        "Freeing unused kernel memory: 216k freed",
        "Freeing unused kernel memory: 912K (c1234000 - c1318000)",
        "Freeing unused kernel image (initmem) memory: 912K",
        "Freeing init memory: 120K",
        "Run /init as init process",
        "Kernel panic - not syncing: No init found.  Try passing init= option to kernel.",
        "Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.",
        "Kernel panic - not syncing: Requested init /nope failed (error -2).",
        "Failed to execute /init",
    ],
    Stage.USERSPACE: [
        "INIT: version 2.86 booting",
        "INIT: Entering runlevel: 2",
        "systemd[1]: Started Journal Service.",
        "debian login: ",
        "Starting version 252.39-1~deb12u1",
        "udevd[65]: starting version 173",
        "dracut: dracut-011-15.fc16",
        "dracut-initqueue[310]: Warning: dracut-initqueue timeout",
        "Welcome to Debian GNU/Linux 12 (bookworm)!",
        "[  OK  ] Reached target Local File Systems.",
        "Starting auditd: [  OK  ]",
        "\t\tPress 'I' to enter interactive startup.",
        "/dev/sda1 has gone 361 days without being checked, check forced.",
        "/dev/sda1 was not cleanly unmounted, check forced.",
        "init started: BusyBox v1.13.3",
        "Loading, please wait...",
        "Begin: Running /scripts/init-premount ...",
        ":: Starting udevd...",
        "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)",
        "init: init first stage started!",
    ],
}  # fmt: skip

NONE = [
    "Booting paravirtualized kernel on bare hardware",  # after initcalls began in 2.6.28, before zonelists in 6.1
    "Booting Linux on physical CPU 0x0",  # before the banner
    "Serial: AMBA PL011 UART driver",  # an arch_initcall
    "ttyAMA0 at MMIO 0x101f1000 (irq = 28) is a PL011 rev1",
    "Warning: unable to open an initial console.",
    "Freeing SMP alternatives memory: 32K",
    "Freeing initrd memory: 4K",
    'Unknown kernel command line parameters "nokaslr tf=ok", will be passed to user space.',
    "KASLR disabled due to lack of seed",  # arm64, long after its decompressor
    "RAMDISK: 09fdf000 - 09fdf55e",  # where the initramfs lies: setup_arch
    "Console: switching to colour frame buffer device 128x48",
    "Welcome to the Debian installer!",  # a boot menu's text
    "password login: failed",
    "VFS: Disk quotas dquot_6.6.0",
    "printk: console [ttyS0] enabled",
    "smpboot: CPU0: Intel QEMU Virtual CPU version 2.5+",
    "DMI: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014",
    "Loading compiled-in X.509 certificates",
]


@pytest.mark.parametrize(("stage", "line"), [(stage, line) for stage, lines in LINES.items() for line in lines])
def test_a_line_marks_its_stage(stage: Stage, line: str) -> None:
    mark = first(MILESTONES, line)
    assert mark is not None
    assert mark.stage is stage


@pytest.mark.parametrize("line", NONE)
def test_what_marks_nothing(line: str) -> None:
    assert first(MILESTONES, line) is None


def test_every_milestone_is_tried() -> None:
    hit = {id(first(MILESTONES, line)) for lines in LINES.values() for line in lines}
    assert [mark.needle for mark in MILESTONES if id(mark) not in hit] == []


def test_every_stage_between_firmware_and_user_space_has_milestones_but_the_banner() -> None:
    wanted = [stage for stage in Stage if stage not in {Stage.NOTHING, Stage.BANNER, Stage.DONE}]
    assert list(dict.fromkeys(mark.stage for mark in MILESTONES)) == wanted


def test_needles_are_plain() -> None:
    assert needles_are_plain(MILESTONES)


# The order in which one kernel prints its milestones, from consoles of boots and from the calls in start_kernel.
ORDERS = {
    "2.6.28 i386": [
        "BIOS-provided physical RAM map:",
        "Zone PFN ranges:",
        "Built 1 zonelists in Zone order, mobility grouping on.  Total pages: 40511",
        "Kernel command line: console=ttyS0",
        "Booting paravirtualized kernel on bare hardware",
        "NET: Registered protocol family 16",
        "checking if image is initramfs... it is",
        "io scheduler cfq registered",
        "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled",
        "VFS: Mounted root (ext3 filesystem) readonly.",
        "Freeing unused kernel memory: 216k freed",
        "INIT: version 2.86 booting",
    ],
    "6.1 i386": [
        "BIOS-provided physical RAM map:",
        "Zone ranges:",
        "Booting paravirtualized kernel on bare hardware",
        "Built 1 zonelists, mobility grouping on.  Total pages: 40430",
        "Kernel command line: console=ttyS0",
        "smp: Brought up 1 node, 1 CPU",
        "devtmpfs: initialized",
        "Trying to unpack rootfs image as initramfs...",
        "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled",
        "Freeing unused kernel image (initmem) memory: 912K",
        "Run /init as init process",
    ],
    "5.10 arm versatile": [
        "Booting Linux on physical CPU 0x0",
        "OF: fdt: Machine model: ARM Versatile PB",
        "Zone ranges:",
        "Kernel command line: console=ttyAMA0",
        "devtmpfs: initialized",
        "NET: Registered protocol family 16",
        "Serial: AMBA PL011 UART driver",
        "101f1000.uart: ttyAMA0 at MMIO 0x101f1000 (irq = 28, base_baud = 0) is a PL011 rev1",
        "SCSI subsystem initialized",
        "brd: module loaded",
    ],
}


@pytest.mark.parametrize("lines", ORDERS.values(), ids=list(ORDERS))
def test_no_era_prints_a_milestone_before_its_time(lines: list[str]) -> None:
    ranks = [mark.stage.rank for line in lines if (mark := first(MILESTONES, line))]
    assert len(ranks) > 6
    assert all(one <= other for one, other in pairwise(ranks))
