# ruff: noqa: E501 - a row of the table reads best on one or two lines
"""Lines that a boot prints when it gets to a stage, from the firmware to user space, for kernels from 2.6.24 to 7.0.

Few and sure ones: a line is here only if no era prints it before the stage begins; many come again later (a module's
driver, a second mount), which changes nothing since stages only go up. The banner is the reader's own business.

Left out on purpose: `Booting paravirtualized kernel on ` (core_initcall time up to 2.6.29, before the command line
since), arm's `Booting Linux on physical CPU` (before the banner) and `Serial: AMBA PL011` (an arch_initcall), `Warning: unable to open an initial console` (before
the root is looked for, or after it), `Write protecting the kernel` (2.6.24: only with DEBUG_RODATA, and says nothing
that `Freeing unused kernel` has not said).
"""

import re

from farm.core.words import Stage

from .row import Milestone


def _text(stage: Stage, text: str, source: str) -> Milestone:
    """Printed by a kernel at a record's start."""
    return Milestone(stage, text, "^" + re.escape(text), source)


def _other(stage: Stage, needle: str, pattern: str, source: str) -> Milestone:
    """Printed without printk: firmware, loader, set-up code, user space."""
    return Milestone(stage, needle, pattern, source, untrusted=True)


_FIRMWARE = (
    _other(Stage.FIRMWARE, "SeaBIOS (version", r"SeaBIOS \(version \d", "seabios src/bootsplash.c, src/post.c"),
    _other(Stage.FIRMWARE, "American Megatrends", r"^(?:AMIBIOS|.{0,40}American Megatrends, Inc)", "AMI BIOS"),
    _other(Stage.FIRMWARE, "PhoenixBIOS", r"^PhoenixBIOS \d", "Phoenix BIOS; VMware"),
    _other(Stage.FIRMWARE, "Modular BIOS", r"^Award Modular BIOS", "Award BIOS"),
    _other(Stage.FIRMWARE, "coreboot-", r"^(?:\[\w+ *\] +)?coreboot-\S+ ", "coreboot src/console/init.c"),
    _other(Stage.FIRMWARE, "UEFI firmware (vers", r"^UEFI firmware \(version", "edk2 ArmVirtPkg, ArmPlatformPkg PrePi.c"),
    _other(Stage.FIRMWARE, "SecCoreStartup", r"^SecCoreStartup", "edk2 OvmfPkg/Sec/SecMain.c"),
    _other(Stage.FIRMWARE, "NOTICE:  B", r"^NOTICE:  BL\d", "trusted-firmware-a bl1, bl2, bl31"),
    _other(Stage.FIRMWARE, "U-Boot SPL ", r"^U-Boot SPL \d{4}\.", "u-boot common/spl/spl.c preloader_console_init"),
    _other(Stage.FIRMWARE, "OpenSBI v", r"^OpenSBI v\d", "opensbi lib/sbi/sbi_init.c"),
)  # fmt: skip

_NETBOOT = (
    _other(Stage.NETBOOT, "iPXE", r"^(?:iPXE (?:initiali[sz]ing devices|.{1,40} -- Open Source)|.{0,20}iPXE \(http)", "ipxe src/usr/autoboot.c, src/arch/x86/prefix/romprefix.S"),
    _other(Stage.NETBOOT, "gPXE", r"^gPXE (?:initiali[sz]ing devices|.{1,40} -- Open Source)", "gPXE src/usr/autoboot.c"),
    _other(Stage.NETBOOT, "PXELINUX ", r"^PXELINUX \d", "syslinux core/pxelinux.asm"),
    _other(Stage.NETBOOT, "Boot Agent", r"^(?:Initializing )?Intel\(R\) Boot Agent", "Intel Boot Agent"),
    _other(Stage.NETBOOT, "Start PXE over IP", r"^ ?>> ?Start PXE over IPv", "edk2 NetworkPkg/UefiPxeBcDxe"),
    _other(Stage.NETBOOT, "Start HTTP Boot", r"^ ?>> ?Start HTTP Boot over IPv", "edk2 NetworkPkg/HttpBootDxe"),
    _other(Stage.NETBOOT, "TFTP from server", r"^TFTP from server ", "u-boot net/tftp.c tftp_start"),
    _other(Stage.NETBOOT, "BOOTP broadcast", r"^BOOTP broadcast \d", "u-boot net/bootp.c bootp_request"),
)  # fmt: skip

_LOADER = (
    _other(Stage.LOADER, "Booting from ", r"^Booting from (?:Floppy|Hard Disk|DVD/CD|CD-Rom|ROM|USB|\w{4}:)", "seabios src/boot.c do_boot"),
    _other(Stage.LOADER, "GRUB", r"^(?:GRUB loading|GRUB Loading stage|Welcome to GRUB!|.{0,30}GNU GRUB  ?version)", "grub boot/i386/pc/boot.S, kern/main.c, normal/main.c; legacy stage1.S, stage2/stage2.c"),
    _other(Stage.LOADER, "Booting ", r"^ {0,4}Booting [`']\S.{0,120}'", "grub normal/menu.c; legacy stage2/stage2.c (boot_entry)"),
    _other(Stage.LOADER, "Loading ", r"^Loading (?:Linux \S|initial ramdisk|\S{1,120}\.{3})", "grub's configuration of Debian; syslinux kernel.c; lilo second.S"),
    _other(Stage.LOADER, "... ok", r"^\S+\.{3} ok$", "ipxe src/usr/imgmgmt.c imgdownload: a name without blanks, and its bytes came"),
    _other(Stage.LOADER, "LINUX ", r"^(?:SYS|ISO|EXT)LINUX \d", "syslinux core/ldlinux.asm, isolinux.asm, extlinux"),
    _other(Stage.LOADER, "LILO ", r"^LILO \d", "lilo second.S"),
    _other(Stage.LOADER, "U-Boot ", r"^U-Boot \d{4}\.\d", "u-boot common/main.c, lib/display_options.c"),
    _other(Stage.LOADER, "Starting kernel ...", r"^Starting kernel \.\.\.", "u-boot arch/*/lib/bootm.c announce_and_cleanup"),
    _other(Stage.LOADER, "BdsDxe: starting", r"^BdsDxe: starting Boot", "edk2 MdeModulePkg UefiBootManagerLib"),
)  # fmt: skip

_DECOMPRESS = (
    _other(Stage.DECOMPRESS, "Probing EDD", r"^Probing EDD", "arch/x86/boot/edd.c query_edd"),
    _other(Stage.DECOMPRESS, "early console in", r"^early console in (?:setup code|\w{1,40})", "arch/x86/boot/main.c, compressed/misc.c; 2.6.36-"),
    _other(Stage.DECOMPRESS, "ompressing Linux", r"^(?:Dec|Unc)ompressing Linux", "arch/x86/boot/compressed/misc.c; arch/{arm,mips,sh}/boot/compressed/misc.c"),
    _other(Stage.DECOMPRESS, "KASLR disabled", r"^(?:Physical )?KASLR disabled(?:: | by )", "arch/x86/boot/compressed/kaslr.c (aslr.c) choose_random_location: `by` 3.14-4.x, then a colon"),
    _other(Stage.DECOMPRESS, "EFI stub: ", r"^EFI stub: ", "drivers/firmware/efi/libstub efi_info, efi_err (pr_efi)"),
    _other(Stage.DECOMPRESS, "OF stdout device", r"^OF stdout device is: ", "arch/powerpc/kernel/prom_init.c prom_init_stdout"),
    _other(Stage.DECOMPRESS, "zImage starting", r"^zImage starting: loaded at ", "arch/powerpc/boot/main.c start"),
    _other(Stage.DECOMPRESS, "kernel requires a", r"^This kernel requires an? ", "arch/x86/boot/cpu.c validate_cpu"),
    _other(Stage.DECOMPRESS, "features not present", r"^This kernel requires the following features not present", "arch/x86/boot/cpu.c validate_cpu"),
    _other(Stage.DECOMPRESS, "Unable to boot - please", r"^Unable to boot - please use a kernel", "arch/x86/boot/main.c main"),
    _other(Stage.DECOMPRESS, "-- System halted", r"^ {0,2}-- System halted", "arch/{x86,arm,sh}/boot/compressed/misc.c error"),
)  # fmt: skip

_SETUP_ARCH = (
    Milestone(Stage.SETUP_ARCH, "hysical RAM map:", r"^(?:BIOS-provided|user-defined|Determined|User-defined) physical RAM map:", "arch/x86/kernel/{setup,e820}*.c; arch/mips/kernel/setup.c"),
    _text(Stage.SETUP_ARCH, "Command line: ", "arch/x86/kernel/setup.c setup_arch (64 bits only)"),
    _text(Stage.SETUP_ARCH, "KERNEL supported cpus:", "arch/x86/kernel/cpu/common.c early_cpu_init; 2.6.28-"),
    Milestone(Stage.SETUP_ARCH, " present.", r"^(?:DMI|SMBIOS)(?: \d+\.\d+(?:\.\d+)?)? present\.", "drivers/firmware/dmi_scan.c dmi_present"),
    Milestone(Stage.SETUP_ARCH, "last_pfn = 0x", r"^(?:e820: )?last_pfn = 0x", "arch/x86/kernel/e820.c e820_end_pfn; 2.6.26-"),
    Milestone(Stage.SETUP_ARCH, "MB LOWMEM avail", r"^\d+MB LOWMEM available", "arch/x86/mm/init_32.c, numa_32.c, setup_32.c"),
    Milestone(Stage.SETUP_ARCH, "Zone ", r"^Zone (?:PFN )?ranges:", "mm/page_alloc.c free_area_init_nodes (from paging_init; later free_area_init)"),
    Milestone(Stage.SETUP_ARCH, "Machine", r"^(?:OF: fdt: ?)?Machine(?: model)?: \S", "arch/arm/kernel/setup.c setup_machine (-3.x); drivers/of/fdt.c; arch/arm64/kernel/setup.c"),
    _text(Stage.SETUP_ARCH, "Memory policy: ", "arch/arm/mm/mmu.c build_mem_type_table"),
    _text(Stage.SETUP_ARCH, "psci: probing for conduit method", "drivers/firmware/psci/psci.c psci_dt_init"),
    Milestone(Stage.SETUP_ARCH, "machine description", r"^Using .{1,40} machine description", "arch/powerpc/kernel/setup-common.c probe_machine"),
    Milestone(Stage.SETUP_ARCH, "Linux is running", r"^(?:setup: )?Linux is running ", "arch/s390/kernel/setup.c setup_arch"),
    Milestone(Stage.SETUP_ARCH, "SBI specification", r"^(?:riscv: )?SBI specification v\d", "arch/riscv/kernel/sbi.c sbi_init"),
    _text(Stage.SETUP_ARCH, "CPU0 revision is: ", "arch/mips/kernel/cpu-probe.c cpu_report"),
)  # fmt: skip

_START_KERNEL = (
    _text(Stage.START_KERNEL, "Kernel command line: ", "init/main.c start_kernel"),
    Milestone(Stage.START_KERNEL, "zonelists", r"^Built \d+ zonelists", "mm/page_alloc.c build_all_zonelists"),
    _text(Stage.START_KERNEL, "PID hash table entries:", "kernel/pid.c pidhash_init; -4.14"),
    _text(Stage.START_KERNEL, "Dentry cache hash table", "fs/dcache.c dcache_init_early"),
    Milestone(Stage.START_KERNEL, "Console: ", r"^Console: (?:colour|mono) (?:VGA|EGA|CGA|MDA|dummy)", "drivers/char/vt.c con_init (drivers/tty/vt/vt.c)"),
    Milestone(Stage.START_KERNEL, "available (", r"^Memory: \d+[kK]/\d+[kK] available \(", "arch/x86/mm/init_{32,64}.c mem_init; mm/page_alloc.c mem_init_print_info"),
    Milestone(Stage.START_KERNEL, "SLUB: ", r"^SLUB: (?:Genslabs|HWalign)=", "mm/slub.c kmem_cache_init"),
    _text(Stage.START_KERNEL, "NR_IRQS:", "kernel/irq/handle.c, irqdesc.c early_irq_init; 2.6.29-"),
    _text(Stage.START_KERNEL, "Calibrating delay ", "init/calibrate.c calibrate_delay"),
    _text(Stage.START_KERNEL, "pid_max: default: ", "kernel/pid.c pid_idr_init (pidmap_init)"),
    _text(Stage.START_KERNEL, "Mount-cache hash table", "fs/namespace.c mnt_init"),
    Milestone(Stage.START_KERNEL, "rought up ", r"^(?:x86: |smp: |SMP: )?[Bb]rought up \d+ (?:CPUs|node)", "init/main.c smp_init; kernel/smp.c"),
)  # fmt: skip

_INITCALLS = (
    Milestone(Stage.INITCALLS, "NET: Registered ", r"^NET: Registered (?:protocol family \d|PF_\w)", "net/socket.c sock_register; netlink's is the first, a core_initcall"),
    _text(Stage.INITCALLS, "devtmpfs: initialized", "drivers/base/devtmpfs.c; 2.6.32-"),
    _text(Stage.INITCALLS, "PCI: Using configuration type", "arch/x86/pci/direct.c pci_direct_init (arch_initcall)"),
    Milestone(Stage.INITCALLS, "Interpreter enabled", r"^ACPI: Interpreter enabled", "drivers/acpi/bus.c acpi_bus_init (subsys_initcall)"),
    _text(Stage.INITCALLS, "SCSI subsystem initialized", "drivers/scsi/scsi.c init_scsi (subsys_initcall)"),
    _text(Stage.INITCALLS, "pnp: PnP ACPI init", "drivers/pnp/pnpacpi/core.c pnpacpi_init"),
    _text(Stage.INITCALLS, "usbcore: registered new ", "drivers/usb/core (subsys_initcall)"),
    _text(Stage.INITCALLS, "TCP: Hash tables configured", "net/ipv4/tcp.c tcp_init (from inet_init, fs_initcall)"),
    Milestone(Stage.INITCALLS, " initramfs...", r"^(?:checking if image is|Trying to unpack rootfs image as) initramfs\.\.\.", "init/initramfs.c populate_rootfs (rootfs_initcall)"),
    Milestone(Stage.INITCALLS, "io scheduler ", r"^io scheduler \S+ registered", "block/elevator.c elv_register: the first of the device_initcalls"),
)  # fmt: skip

_DRIVERS = (
    Milestone(Stage.DRIVERS, "Serial: ", r"^Serial: 8250/16550 ", "drivers/serial/8250.c serial8250_init (drivers/tty/serial/8250)"),
    *(Milestone(Stage.DRIVERS, f" at {bus}", rf"^(?:[\w:.-]{{1,40}}: )?ttyS\d+ at {bus}\b", "drivers/serial/serial_core.c uart_report_port")
      for bus in ("I/O", "MMIO")),
    Milestone(Stage.DRIVERS, ": module loaded", r"^(?:brd|loop): module loaded", "drivers/block/brd.c, loop.c"),
    _text(Stage.DRIVERS, "RAMDISK driver initialized", "drivers/block/rd.c rd_init; -2.6.24"),
    Milestone(Stage.DRIVERS, "scsi host", r"^scsi host\d+: ", "drivers/scsi/hosts.c scsi_add_host_with_dma; 3.16-"),
    _text(Stage.DRIVERS, "scsi0 : ", "drivers/scsi/hosts.c scsi_add_host; -3.15"),
    Milestone(Stage.DRIVERS, "ata1: ", r"^ata1: (?:[SP]ATA|DUMMY)", "drivers/ata/libata-core.c ata_host_register"),
    _text(Stage.DRIVERS, "Uniform Multi-Platform E-IDE driver", "drivers/ide/ide.c ide_init; -5.13"),
    Milestone(Stage.DRIVERS, "virtio_blk virtio", r"^virtio_blk virtio\d+: \[?\w", "drivers/block/virtio_blk.c virtblk_probe"),
    Milestone(Stage.DRIVERS, "Intel(R) PRO/100", r"^(?:e100\w*: )?Intel\(R\) PRO/1000? Network ", "drivers/net/e1000*, e100.c"),
    _text(Stage.DRIVERS, "8139cp: ", "drivers/net/8139cp.c (ethernet/realtek)"),
    Milestone(Stage.DRIVERS, "i8042", r"^(?:serio: i8042 |i8042: PNP: |i8042\.c: )", "drivers/input/serio/i8042.c, i8042-x86ia64io.h"),
    _text(Stage.DRIVERS, "PNP: PS/2 Controller", "drivers/input/serio/i8042-x86ia64io.h i8042_pnp_init; -4.x"),
    Milestone(Stage.DRIVERS, "PS/2 mouse device common", r"^(?:mice|mousedev): PS/2 mouse device common", "drivers/input/mousedev.c mousedev_init: `mice` in 2.6, `mousedev` later"),
    Milestone(Stage.DRIVERS, "input: ", r"^input: .{1,80} as /(?:class|devices)/", "drivers/input/input.c input_register_device"),
)  # fmt: skip

_ROOT = (
    Milestone(Stage.ROOT, "VFS: Mounted root", r"^VFS: Mounted root \(", "init/do_mounts.c do_mount_root, mount_root"),
    _text(Stage.ROOT, "VFS: Cannot open root device", "init/do_mounts.c mount_block_root, mount_root_generic"),
    Milestone(Stage.ROOT, "VFS: Unable to mount root", r"VFS: Unable to mount root fs", "init/do_mounts.c mount_block_root, mount_root_generic"),
    _text(Stage.ROOT, "Waiting for root device ", "init/do_mounts.c prepare_namespace (rootwait)"),
    Milestone(Stage.ROOT, "before mounting root", r"^Waiting \d+ ?sec before mounting root", "init/do_mounts.c prepare_namespace (rootdelay)"),
    _text(Stage.ROOT, "List of all partitions:", "init/do_mounts.c mount_block_root"),
    _text(Stage.ROOT, "No filesystem could mount root", "init/do_mounts.c mount_block_root"),
    Milestone(Stage.ROOT, 'correct "root=" boot', r'^Please append a correct "root=" boot option', "init/do_mounts.c mount_block_root"),
    Milestone(Stage.ROOT, "rdinit", r"^check access for rdinit=\S+ failed", "init/main.c kernel_init_freeable; after 6.1"),
    Milestone(Stage.ROOT, " found at block ", r"^RAMDISK: \w+ (?:image|filesystem) found", "init/do_mounts_rd.c identify_ramdisk_image"),
    Milestone(Stage.ROOT, "Root-NFS: ", r"^Root-NFS: ", "fs/nfs/nfsroot.c; init/do_mounts.c"),
    *(Milestone(Stage.ROOT, f"EXT{n}-fs", rf"^EXT{n}-fs(?: \(\S+\))?: mounted filesystem", f"fs/ext{n}/super.c ext{n}_fill_super") for n in (3, 4)),
    _text(Stage.ROOT, "devtmpfs: mounted", "drivers/base/devtmpfs.c devtmpfs_mount (from prepare_namespace)"),
)  # fmt: skip

_INIT = (
    _text(Stage.INIT, "Freeing unused kernel ", "init/main.c free_initmem: `memory: 216k freed`, `image (initmem) memory: 912K` since 4.20"),
    _text(Stage.INIT, "Freeing init memory: ", "arch/arm/mm/init.c free_initmem; -3.10"),
    Milestone(Stage.INIT, " as init process", r"^Run \S+ as init process", "init/main.c run_init_process; 4.19-"),
    Milestone(Stage.INIT, "init found", r"No (?:working )?init found\.", "init/main.c init_post (kernel_init)"),
    Milestone(Stage.INIT, "Requested init ", r"Requested init \S+ failed \(error", "init/main.c kernel_init; 4.1-"),
    Milestone(Stage.INIT, "Failed to execute /", r"^Failed to execute /\S", "init/main.c init_post (kernel_init)"),
)  # fmt: skip

_USERSPACE = (
    _other(Stage.USERSPACE, "INIT: ", r"^INIT: (?:version \d|Entering runlevel)", "sysvinit src/init.c"),
    _other(Stage.USERSPACE, "systemd[1]: ", r"^systemd\[1\]: ", "systemd src/core/main.c"),
    _other(Stage.USERSPACE, " login:", r"^[\w.()-]{1,64} login: {0,2}$", "agetty, BusyBox getty, login"),
    _other(Stage.USERSPACE, "tarting version ", r"^(?:(?:systemd-)?udevd(?:\[\d+\])?: )?[Ss]tarting (?:version|systemd-udevd) ", "udev, systemd src/udev"),
    _other(Stage.USERSPACE, "dracut", r"^dracut(?:-[a-z-]+)?(?:\[\d+\])?: ", "dracut modules.d/99base"),
    _other(Stage.USERSPACE, "Welcome to ", r"^Welcome to [A-Z].{1,80}\)!$", "systemd src/core/main.c status_welcome; loaders' menus welcome too, but not like this"),
    _other(Stage.USERSPACE, "[  OK  ]", r"^(?:\S.{0,100})?\[ {2}OK {2}\]", "systemd src/core/job.c job_print_done_status_message; rc.sysinit, at the line's end"),
    _other(Stage.USERSPACE, "interactive startup", r"^\s{0,16}Press 'I' to enter interactive startup", "rc.sysinit of Fedora and RHEL"),
    _other(Stage.USERSPACE, "check forced", r"^\S{1,80} (?:has gone \d+ days without being checked|has been mounted \d+ times without being checked|was not cleanly unmounted|contains a file system with errors), check forced", "e2fsprogs e2fsck/unix.c check_if_skip"),
    _other(Stage.USERSPACE, "init started: B", r"^init started: BusyBox", "busybox init/init.c init_main"),
    _other(Stage.USERSPACE, "Loading, please wait", r"^Loading, please wait\.\.\.", "initramfs-tools init"),
    _other(Stage.USERSPACE, "Begin: ", r"^Begin: [A-Z]\w+ ", "initramfs-tools scripts/functions log_begin_msg"),
    _other(Stage.USERSPACE, "Starting udev", r"^(?::: )?Starting udev", "rc.sysinit; mkinitcpio udev hook"),
    _other(Stage.USERSPACE, "BusyBox v", r"^BusyBox v\d+\.\d+", "busybox shell/ash.c"),
    _other(Stage.USERSPACE, "init first stage", r"^init: init first stage started", "Android system/core/init"),
)  # fmt: skip

MILESTONES: tuple[Milestone, ...] = (
    *_FIRMWARE, *_NETBOOT, *_LOADER, *_DECOMPRESS, *_SETUP_ARCH, *_START_KERNEL,
    *_INITCALLS, *_DRIVERS, *_ROOT, *_INIT, *_USERSPACE,
)  # fmt: skip
