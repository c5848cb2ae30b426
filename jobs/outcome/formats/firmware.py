# ruff: noqa: E501 - a row of the table reads best on one or two lines
"""What firmware and boot loaders say when they cannot start the image: nothing here is a kernel's fault.

BIOS, PXE ROM, UEFI, iPXE, SYSLINUX and its kin, GRUB legacy and GRUB 2, LILO, boot sectors, U-Boot. Read only while no
kernel has spoken. `kind` tells a network without an answer (`dhcp`), a file server without the file (`tftp`) and a
machine with nothing to boot (`no-boot-device`) from the rest (`loader`). Knows no kernel's words.

Left out on purpose: LILO's bare `LI` and U-Boot's prompt `=> ` are too short to be looked for in bytes; GRUB's
complaints about a missing theme, terminal or video mode, since it boots on after them. A prompt counts only where nobody
typed after it.
"""

from farm.core.words import Outcome

from .row import Blame, Format, Severity, Type


def _row(kind: str, needle: str, pattern: str, title: str, source: str) -> Format:
    return Format(kind, Type.LOADER, Severity.LOADER_ERROR, needle, pattern, title, Blame.NOTHING, source,
                  untrusted=True, outcome=Outcome.LOADER_FAILED, traced=False)  # fmt: skip


def _ok(needle: str, pattern: str, source: str) -> Format:
    return Format("loader-ok", Type.LOADER, Severity.LOADER_OK, needle, pattern, "the loader went on", Blame.NOTHING, source,
                  untrusted=True, traced=False)  # fmt: skip


# Codes of Intel's PXE 2.1 boot agents. Those that EDK2 uses for something else carry the words that tell them apart.
_PXE_21 = (
    ("E00", "", "loader", "not enough free base memory"),
    ("E01", "", "loader", "PCI vendor and device IDs do not match"),
    ("E04", "", "loader", "error reading PCI configuration space"),
    ("E05", "EEPROM", "loader", "EEPROM checksum error"),
    ("E06", "", "loader", "option ROM requires DDIM support"),
    ("E07", "PCI BIOS", "loader", "PCI BIOS calls not supported"),
    ("E08", "", "loader", "unexpected API error"),
    ("E09", "Unexpected UNDI", "loader", "unexpected UNDI loader error"),
    ("E11", "", "loader", "ARP timeout"),
    ("E20", "", "loader", "BIOS extended memory copy error"),
    ("E21", "BIS", "loader", "BIS integrity check failed"),
    ("E22", "BIS", "loader", "BIS image or credential validation failed"),
    ("E23", "BIS", "loader", "BIS initialization failed"),
    ("E24", "", "loader", "BIS shutdown failed"),
    ("E32", "", "tftp", "TFTP open timeout"),
    ("E35", "", "tftp", "TFTP read timeout"),
    ("E36", "", "tftp", "error received from TFTP server"),
    ("E38", "", "tftp", "TFTP cannot open connection"),
    ("E39", "", "tftp", "TFTP cannot read from connection"),
    ("E3A", "", "tftp", "TFTP too many packages"),
    ("E3B", "", "tftp", "TFTP file not found"),
    ("E3C", "", "tftp", "TFTP access violation"),
    ("E3F", "", "tftp", "TFTP packet size is invalid"),
    ("E51", "", "dhcp", "no DHCP or proxyDHCP offers received"),
    ("E52", "", "dhcp", "proxyDHCP offers but no DHCP offers received"),
    ("E53", "", "dhcp", "no boot filename received"),
    ("E54", "", "dhcp", "DHCP request not acknowledged"),
    ("E55", "", "dhcp", "proxyDHCP service did not reply"),
    ("E60", "", "loader", "invalid UNDI API function number"),
    ("E61", "", "loader", "media test failure, check cable"),
    ("E63", "", "loader", "error while initializing the network card"),
    ("E64", "", "loader", "error while initializing the PHY"),
    ("E67", "", "loader", "uninitialized MAC address"),
    ("E68", "", "loader", "invalid EEPROM checksum"),
    ("E74", "", "loader", "bad or missing PXE menu"),
    ("E76", "", "loader", "bad or missing multicast discovery address"),
    ("E77", "", "loader", "bad or missing discovery server list"),
    ("E78", "", "loader", "could not locate boot server"),
    ("E79", "", "loader", "boot program is too big for base memory"),
)  # fmt: skip

_EDK2 = (
    ("E05", "(?:Download buffer|Buffer size) is smaller", "loader", "buffer is smaller than the file"),
    ("E07", "Network device", "loader", "network device error"),
    ("E09", "Could not allocate", "loader", "could not allocate I/O buffers"),
    ("E12", "", "loader", "no network connection"),
    ("E16", "", "dhcp", "no DHCP offer received"),
    ("E18", "", "tftp", "server response timeout"),
    ("E21", "Remote boot", "loader", "remote boot cancelled"),
    ("E22", "Client", "loader", "ICMP error from server"),
    ("E23", "Client", "tftp", "TFTP error from server"),
    ("E99", "", "loader", "unexpected network error"),
)  # fmt: skip


def _pxe(rows: tuple[tuple[str, str, str, str], ...], source: str) -> tuple[Format, ...]:
    return tuple(_row(kind, f"PXE-{code}", rf"PXE-{code}\b:?" + (f" {{0,2}}{words}" if words else ""),
                      f"PXE-{code}: {meaning}", source) for code, words, kind, meaning in rows)  # fmt: skip


_ROMS = (
    *_pxe(_EDK2, "edk2 NetworkPkg/UefiPxeBcDxe/PxeBcBoot.c PxeBcLoadBootFile"),
    *_pxe(_PXE_21, "Intel Boot Agent messages, PXE 2.1"),
    _row("loader", "PXE-E", r"PXE-E[0-9A-F]{2}: {0,2}(?P<error>[A-Za-z][\w ,/-]{2,60})", "PXE ROM: {error}", "Intel Boot Agent messages, PXE 2.1"),
    _row("loader", "PXE-E", r"PXE-E[0-9A-F]{2}\b", "PXE ROM failed", "Intel Boot Agent messages, PXE 2.1"),
    _row("loader", "PXE-M0F", r"PXE-M0F\b", "PXE ROM gave up", "Intel Boot Agent messages: `PXE-M0F: Exiting PXE ROM.`"),
    _ok("BdsDxe: start", r"^BdsDxe: starting Boot", "edk2 MdeModulePkg BdsDxe"),
    _row("no-boot-device", "BdsDxe: No", r"^BdsDxe: No bootable option", "no bootable device", "edk2 MdeModulePkg BdsDxe BdsEntry.c"),
    _row("loader", "BdsDxe: failed", r"^BdsDxe: failed to (?:load|start) Boot", "UEFI could not load a boot option", "edk2 MdeModulePkg BdsDxe, UefiBootManagerLib"),
    _row("loader", "ailed to load image", r"[Ff]ailed to load image\b", "UEFI: failed to load image", "shim shim.c start_image; edk2 shell"),
    _row("loader", "start_image() ret", r"^start_image\(\) returned ", "UEFI: failed to start image", "shim shim.c efi_main"),
    _row("loader", "Security Violation", r"Security Violation", "secure boot refused the image", "shim, edk2 SecurityStubDxe"),
    _row("loader", "r loading \\", r"^Error loading \\\S{1,120}: ", "systemd-boot could not load the image", "systemd src/boot/boot.c image_start"),
)  # fmt: skip

# (http://ipxe.org/PPFFFxxx): PP the POSIX error, FFF (and a bit) the file that raised it: ipxe src/include/errno.h,
# src/include/ipxe/errfile.h. Lines in brackets are a card's statistics, no end of a try: usr/ifmgmt.c ifstat.
_ERROR = r"(?:^|[.:%] ?)(?P<error>[A-Z][\w ,/'-]{2,60}) \(https?://ipxe\.org/[0-9a-f]{2}"
_END = r'[0-9a-f]{3}\)(?![]"])'
_IPXE = (
    _row("dhcp", "No configuration meth", r"No configuration methods", "iPXE: no DHCP answer", "ipxe src/usr/ifmgmt.c ifconf_progress"),
    _row("dhcp", "ipxe.org/", _ERROR + r"(?:10|3b)[67]" + _END, "iPXE: DHCP: {error}", "ipxe src/net/udp/dhcp.c, dhcpv6.c (ERRFILE_dhcp, ERRFILE_dhcpv6)"),
    _row("tftp", "ipxe.org/", _ERROR + r"12[67]" + _END, "iPXE: TFTP: {error}", "ipxe src/net/udp/tftp.c (ERRFILE_tftp)"),
    _row("loader", "ipxe.org/", _ERROR + r"0c[67]" + _END, "iPXE: HTTP: {error}", "ipxe src/net/tcp/httpcore.c (ERRFILE_httpcore)"),
    _row("loader", "ipxe.org/", _ERROR + r"11[67]" + _END, "iPXE: DNS: {error}", "ipxe src/net/udp/dns.c (ERRFILE_dns)"),
    _row("loader", "ipxe.org/3808", r"(?:Down|not connected) \(https?://ipxe\.org/38086[0-9a-f]{3}\)(?![]\"])", "iPXE: link is down", "ipxe src/net/netdevice.c EUNKNOWN_LINK_STATUS, ENOTCONN_LINK_DOWN"),
    _row("loader", "ipxe.org/", _ERROR + r"[0-9a-f]{3}" + _END, "iPXE: {error}", "ipxe src/core/errno.c strerror"),
    _row("loader", "ipxe.org/", r"\(https?://ipxe\.org/[0-9a-f]{8}\)(?![]\"])", "iPXE failed", "ipxe src/core/errno.c strerror"),
    _row("loader", "Nothing to boot", r"^Nothing to boot", "iPXE: nothing to boot", "ipxe src/usr/autoboot.c netboot"),
    _row("loader", "Could not boot", r"^Could not boot", "iPXE could not boot the image", "ipxe src/usr/autoboot.c uriboot"),
    _row("loader", "No more network dev", r"^No more network devices", "iPXE gave up", "ipxe, gPXE src/usr/autoboot.c autoboot"),
    _row("loader", "iPXE>", r"^iPXE> ?$", "iPXE waits at its prompt", "ipxe src/hci/shell.c shell"),
    _ok("... ok", r"\.{3} ok$", "ipxe src/core/monojob.c monojob_wait; syslinux com32/elflink/ldlinux/kernel.c, 5.0-"),
)  # fmt: skip

_SYSLINUX = (
    _row("loader", "ould not find kernel", r"^[Cc]ould not find kernel image", "SYSLINUX found no kernel", "syslinux core/ui.inc, 2.x-4.x"),
    _row("loader", "ould not find ramdisk", r"^[Cc]ould not find ramdisk image", "SYSLINUX found no initramfs", "syslinux core/runkernel.inc, 2.x-4.x"),
    _row("loader", "corrupt kernel image", r"^Invalid or corrupt kernel image", "SYSLINUX: invalid or corrupt kernel image", "syslinux core/ui.inc, 2.x-4.x"),
    _row("loader", "Not enough memory to load", r"^Not enough memory to load specified", "SYSLINUX: image does not fit into memory", "syslinux core/runkernel.inc"),
    _row("loader", "Kernel load failure", r"^Kernel load failure", "SYSLINUX could not load the kernel", "syslinux com32/elflink/ldlinux/kernel.c, 5.0-"),
    _row("loader", "... failed", r"^Loading \S{1,120}\.\.\. failed[!:]", "SYSLINUX could not load a file", "syslinux com32/elflink/ldlinux/kernel.c new_linux_kernel, 5.0-"),
    _row("loader", "...failed", r"^Loading \S{1,120}\.\.\.failed[!:]", "SYSLINUX could not load a file", "syslinux com32/elflink/ldlinux/kernel.c new_linux_kernel (initrd), 5.0-"),
    _row("loader", "Failed to load ", r"^Failed to load (?:COM32 file )?\S{1,60}\.c32", "SYSLINUX found no module", "syslinux core/elflink/load_env32.c, com32/elflink/ldlinux/execute.c"),
    _row("loader", "No DEFAULT or UI", r"^No DEFAULT or UI configuration directive found", "SYSLINUX found no configuration", "syslinux com32/elflink/ldlinux/ldlinux.c"),
    _row("loader", "configuration file", r"^(?:Unable to locate configuration file|ERROR: No configuration file found)", "SYSLINUX found no configuration", "syslinux core/pxelinux.asm, readconfig.c"),
    _row("loader", "not a COM32R", r"not a COM32R? image", "SYSLINUX: module of another version", "syslinux core/com32.inc"),
    _row("loader", "olinux: ", r"^isolinux: (?:Image checksum error|Disk error|No boot info|.{0,40}missing or corrupt)", "ISOLINUX could not read its disc", "syslinux core/isolinux.asm"),
    _row("loader", "Boot failed: press", r"^Boot failed: press a key to retry", "PXELINUX gave up", "syslinux core/pxelinux.asm kaboom"),
    _row("loader", "boot:", r"^(?:LILO \S{1,12} )?boot: ?$", "the loader waits at its prompt", "syslinux com32/elflink/ldlinux/cli.c; lilo second.S"),
    _ok("eady.", r"^[Rr]eady\.$", "syslinux core/runkernel.inc, 2.x-4.x"),
)  # fmt: skip

_GRUB_LEGACY = (
    r"(?P<error>Filename must be|Bad file or directory type|Bad or (?:corrupt|incompatible)|Partition table invalid|Mismatched or corrupt|"
    r"Loading below 1MB|Kernel must be loaded|Unknown boot failure|Unsupported Multiboot|Unrecognized (?:device string|command)|"
    r"Invalid (?:argument|device requested|or unsupported executable format)|Disk (?:read|write) error|Too many symbolic links|"
    r"File(?:system compatibility error| not found| is not sector aligned)|Inconsistent filesystem|Cannot mount selected partition|"
    r"Selected (?:cylinder exceeds|disk does not exist|item cannot fit)|Linux kernel must be|No (?:such partition|spare sectors)|"
    r"Attempt to access block outside)"
)
_GRUB_2 = (
    r"(?P<error>you need to load the kernel first|you need to load the multiboot kernel first|unknown filesystem|invalid magic number|"
    r"invalid arch-(?:in)?dependent ELF magic|not an assigned|couldn't find suitable memory target|out of memory|no such (?:device|partition|disk)|"
    r"no server is specified|couldn't find a DHCP|(?:bad|invalid) (?:shim )?signature|shim_lock protocol not found|cannot (?:allocate kernel buffer|load image)|"
    r"cannot find (?:a device for|command)|premature end of file|incorrect extent|couldn't autoconfigure|unrecognized number|no network card found|"
    r"timeout (?:reading|opening)|couldn't send network packet|unresolved symbol|symbol `?.{1,40}' not found|(?:failure|error) reading|attempt to read or write outside)"
)
_GRUB = (
    _row("loader", "error: ", r"^error: (?:\S{1,80}:\d{1,5}:)?file [`'].{1,120}' not found", "GRUB: file not found", "grub grub-core/fs/fshelp.c; with file and line since 2.06"),
    _row("loader", "error: ", r"^error: (?:\S{1,80}:\d{1,5}:)?disk [`'].{1,80}' not found", "GRUB: disk not found", "grub grub-core/kern/disk.c grub_disk_open"),
    _row("loader", "error: ", r"^error: (?:\S{1,80}:\d{1,5}:)?" + _GRUB_2, "GRUB: {error}", "grub grub-core"),
    _row("loader", "alloc magic is broken", r"^(?:error: )?alloc magic is broken", "GRUB: alloc magic is broken", "grub grub-core/kern/mm.c get_header_from_pointer"),
    _row("loader", "Failed to boot both", r"^Failed to boot both default and fallback entries", "GRUB gave up", "grub grub-core/normal/menu.c"),
    _row("loader", "Error ", r"^Error \d{1,2}: " + _GRUB_LEGACY, "GRUB: {error}", "grub legacy stage2/common.c err_list"),
    _row("loader", "Error ", r"^(?:GRUB loading,? please wait\.\.\. ?)?Error \d{1,2}$", "GRUB stage 1.5 failed", "grub legacy stage2/stage1_5.c, stage2/disk_io.c"),
    _row("loader", "GRUB ", r"^(?:GRUB|GRUB Loading stage1\.5\. ?|GRUB loading\.? ?) ?(?:Hard Disk|Floppy|Geom|Read) Error", "GRUB could not read the disk", "grub legacy stage1/stage1.S; grub boot/i386/pc/boot.S"),
    _row("loader", "grub rescue>", r"^grub rescue> ?$", "GRUB waits at its rescue prompt", "grub grub-core/kern/rescue_reader.c"),
    _row("loader", "grubdom>", r"^grubdom> ?$", "GRUB waits at its prompt", "Xen stubdom/grub (pv-grub)"),
    _row("loader", "grub>", r"^grub> ?$", "GRUB waits at its prompt", "grub grub-core/normal/cmdline.c; legacy stage2/cmdline.c"),
)  # fmt: skip

# LILO's first stage prints `L` and the BIOS's disk error code until it is stopped (lilo first.S, README).
_LILO = (
    *(_row("loader", f"L {code} {code}", rf"^L {code} {code}(?: {code}|$)", "LILO could not read the disk", "lilo first.S")
      for code in ("00", "01", "02", "04", "07", "08", "09", "0C", "10", "20", "40", "80", "99", "9A", "AA", "BB", "CC", "E0", "FF")),
    _row("loader", "LIL?", r"^LIL\?$", "LILO's second stage was loaded at a wrong address", "lilo second.S"),
    _row("loader", "LIL-", r"^LIL-$", "LILO's descriptor table is corrupt", "lilo second.S"),
    _row("loader", "No such image.", r"^No such image\. \[Tab\]", "LILO found no image", "lilo second.S"),
    _row("loader", "EBDA too big", r"^EBDA too big", "LILO: EBDA too big", "lilo second.S"),
)  # fmt: skip

_BOOT_SECTORS = (
    _ok("ooting from ROM", r"^Booting from ROM", "seabios src/boot.c boot_rom"),
    _row("no-boot-device", "ootable ", r"^(?:FATAL: )?No bootable (?:device|medium)", "no bootable device", "seabios src/boot.c; VirtualBox BIOS; Intel BIOS"),
    _row("no-boot-device", "oot device available", r"^No boot device available", "no bootable device", "Dell BIOS"),
    _row("no-boot-device", "Boot failed: ", r"^Boot failed: (?:could not read the boot disk|not a bootable disk|Could not read from CDROM)", "no bootable device", "seabios src/boot.c boot_disk, boot_cdrom"),
    _row("no-boot-device", "INT18: BOOT FAIL", r"^(?:FATAL: )?INT18: BOOT FAILURE", "no bootable device", "seabios src/boot.c, Bochs rombios.c"),
    _row("no-boot-device", "perating system", r"^(?:Missing|Error loading) operating system\b", "no bootable device", "MBR (syslinux mbr/, DOS)"),
    _row("no-boot-device", "perating system load", r"^Operating system load error", "the boot sector could not be read", "syslinux mbr/mbr.S"),
    _row("no-boot-device", "perating ", r"^(?:No operating system found|Operating System not found)", "no bootable device", "Phoenix BIOS, VMware"),
    _row("no-boot-device", "on-System disk", r"^Non-System disk or disk error", "no bootable device", "DOS boot sector"),
    _row("no-boot-device", "nvalid system disk", r"^Invalid system disk", "no bootable device", "Windows 9x boot sector"),
    _row("no-boot-device", "nvalid partition table", r"^Invalid partition table", "no bootable device", "DOS MBR"),
    _row("no-boot-device", "BOOT FAILURE", r"^DISK BOOT FAILURE, INSERT SYSTEM DISK", "no bootable device", "Award BIOS"),
    _row("no-boot-device", "elect proper Boot", r"^Reboot and Select proper Boot device", "no bootable device", "AMI BIOS"),
    _row("no-boot-device", " is missing", r"^(?:NTLDR|BOOTMGR) is missing", "no bootable device", "Windows boot sector"),
    _row("no-boot-device", "not a bootable disk", r"^This is not a bootable disk", "no bootable device", "mkfs.fat boot sector"),
)  # fmt: skip

_U_BOOT = (
    _row("loader", "Wrong Image ", r"^Wrong Image (?:Format|Type) for \w{1,12} command", "U-Boot: wrong image format", "u-boot boot/bootm.c (common/cmd_bootm.c) boot_get_kernel"),
    _row("loader", "an't get kernel image", r"^ERROR: can't get kernel image", "U-Boot: no kernel image", "u-boot boot/bootm.c bootm_find_os"),
    _row("loader", " Image magic!", r"^Bad Linux (?:ARM64|RISCV) Image magic!", "U-Boot: bad image magic", "u-boot arch/arm/lib/image.c, arch/riscv/lib/image.c booti_setup"),
    _row("loader", " zImage magic!", r"^Bad Linux ARM zImage magic!", "U-Boot: bad image magic", "u-boot arch/arm/lib/zimage.c bootz_setup"),
    *(_row("loader", what, rf"^ {{0,8}}(?:Verifying Checksum \.\.\. ?)?{what}$", "U-Boot: bad image", "u-boot boot/bootm.c image_get_kernel")
      for what in ("Bad Magic Number", "Bad Header Checksum", "Bad Data CRC")),
    _row("loader", "amdisk image is corrupt", r"^Ramdisk image is corrupt or invalid", "U-Boot: bad initramfs", "u-boot boot/bootm.c bootm_find_images"),
    _row("loader", "RD image overlaps", r"^ERROR: RD image overlaps OS image", "U-Boot: initramfs overlaps the kernel", "u-boot boot/bootm.c"),
    _row("loader", "device tree", r"^Could not find a valid device tree", "U-Boot: no device tree", "u-boot boot/bootm.c bootm_find_images"),
    _row("loader", "lattened Device Tree", r"^ERROR: Did not find a cmdline Flattened Device Tree", "U-Boot: no device tree", "u-boot boot/image-fdt.c boot_get_fdt"),
    _row("loader", "ATAGS support", r"^FDT and ATAGS support not compiled in", "U-Boot: no device tree", "u-boot arch/arm/lib/bootm.c boot_prep_linux"),
    _row("tftp", "TFTP error: ", r"^(?:.{0,20} )?TFTP error: ", "U-Boot: TFTP error", "u-boot net/tftp.c tftp_handler"),
    _row("tftp", "Retry count exceeded", r"^Retry count exceeded", "U-Boot: no answer from the server", "u-boot net/tftp.c, net/net.c"),
    _row("dhcp", "Retry time exceeded", r"^Retry time exceeded", "U-Boot: no DHCP answer", "u-boot net/bootp.c bootp_timeout_handler"),
    _row("loader", "serverip' not set", r"^\*\*\* ERROR: `serverip' not set", "U-Boot: no server address", "u-boot net/net.c net_check_prereq"),
    _row("loader", "Please RESET the board", r"^### ERROR ### Please RESET the board", "U-Boot gave up", "u-boot lib/hang.c hang"),
)  # fmt: skip

# What was said before one of these ended a try that is over: GRUB complains of fonts and modules before its menu.
_ON_AGAIN = (
    _ok("Booting ", r"^ {0,4}Booting [`']\S.{0,120}'", "grub normal/menu.c; legacy stage2/stage2.c"),
    _ok("DHCP client bound", r"^DHCP client bound to address ", "u-boot net/bootp.c dhcp_handler"),
    _ok("Bytes transferred = ", r"^Bytes transferred = \d", "u-boot net/net.c net_loop"),
    _ok("Starting kernel ...", r"^Starting kernel \.\.\.", "u-boot arch/*/lib/bootm.c announce_and_cleanup"),
)  # fmt: skip

FIRMWARE: tuple[Format, ...] = (*_ROMS, *_IPXE, *_SYSLINUX, *_GRUB, *_LILO, *_BOOT_SECTORS, *_U_BOOT, *_ON_AGAIN)
