# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Firmware and loaders: each row is tried on what the program prints, written from its own format strings."""

import pytest

from farm.core.words import Outcome
from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.formats.firmware import FIRMWARE
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain, title

ERRORS = [
    # PXE ROMs: Intel Boot Agent, and EDK2 with other meanings under some of the same codes
    ("PXE-E51: No DHCP or proxyDHCP offers were received.", "dhcp", "PXE-E51: no DHCP or proxyDHCP offers received"),
    ("PXE-E52: proxyDHCP offers were received. No DHCP offers were received.", "dhcp", "PXE-E52: proxyDHCP offers but no DHCP offers received"),
    ("PXE-E53: No boot filename received", "dhcp", "PXE-E53: no boot filename received"),
    ("PXE-E55: ProxyDHCP service did not reply to request on port 4011.", "dhcp", "PXE-E55: proxyDHCP service did not reply"),
    ("PXE-E32: TFTP open timeout", "tftp", "PXE-E32: TFTP open timeout"),
    ("PXE-T01: File not found PXE-E3B: TFTP Error - File Not found", "tftp", "PXE-E3B: TFTP file not found"),
    ("PXE-E61: Media test failure, check cable", "loader", "PXE-E61: media test failure, check cable"),
    ("PXE-E11: ARP timeout", "loader", "PXE-E11: ARP timeout"),
    ("PXE-E05: EEPROM checksum error.", "loader", "PXE-E05: EEPROM checksum error"),
    ("  PXE-E05: Buffer size is smaller than the requested file.", "loader", "PXE-E05: buffer is smaller than the file"),
    (">>Start PXE over IPv4.  PXE-E16: No valid offer received.", "dhcp", "PXE-E16: no DHCP offer received"),
    ("  PXE-E18: Server response timeout.", "tftp", "PXE-E18: server response timeout"),
    ("  PXE-E23: Client received TFTP error from server.", "tftp", "PXE-E23: TFTP error from server"),
    ("PXE-EC8: !PXE structure was not found in UNDI driver code segment.", "loader", "PXE ROM failed"),
    ("PXE-EC6: UNDI driver image is invalid.", "loader", "PXE ROM: UNDI driver image is invalid"),
    ("PXE-M0F: Exiting PXE ROM.", "loader", "PXE ROM gave up"),
    # UEFI
    ('BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM" from PciRoot(0x0)/Pci(0x1,0x1): Not Found', "loader", "UEFI could not load a boot option"),
    ("BdsDxe: No bootable option or device was found.", "no-boot-device", "no bootable device"),
    ("Failed to load image \\EFI\\debian\\grubx64.efi: Not Found", "loader", "UEFI: failed to load image"),
    ("start_image() returned Not Found", "loader", "UEFI: failed to start image"),
    ("Verification failed: (0x1A) Security Violation", "loader", "secure boot refused the image"),
    ("Error loading \\vmlinuz-6.1: Not Found", "loader", "systemd-boot could not load the image"),
    # iPXE: the error number says which file raised it
    ("Configuring (net0 52:54:00:12:34:56)...... No configuration methods succeeded (http://ipxe.org/040ee119)", "dhcp", "iPXE: no DHCP answer"),
    ("DHCP (net0 52:54:00:12:34:56)............. Connection timed out (http://ipxe.org/4c106035)", "dhcp", "iPXE: DHCP: Connection timed out"),
    ("tftp://192.0.2.1/bzImage... Error 0x2d126001 (http://ipxe.org/2d126001)", "tftp", "iPXE: TFTP: Error 0x2d126001"),
    ("http://192.0.2.1/bzImage... No such file or directory (http://ipxe.org/2d0c618e)", "loader", "iPXE: HTTP: No such file or directory"),
    ("http://192.0.2.1/bzImage..... Connection timed out (https://ipxe.org/4c0a6035)", "loader", "iPXE: Connection timed out"),
    ("http://farm/bzImage... No such name (http://ipxe.org/2d116001)", "loader", "iPXE: DNS: No such name"),
    ("Waiting for link-up on net0...... Down (http://ipxe.org/38086193)", "loader", "iPXE: link is down"),
    ("Could not boot image: Exec format error (http://ipxe.org/2e008081)", "loader", "iPXE: Exec format error"),
    ("Nothing to boot: No such file or directory (http://ipxe.org/2d03e13b)", "loader", "iPXE: No such file or directory"),
    ("(https://ipxe.org/2d03e13b)", "loader", "iPXE failed"),
    ("Nothing to boot", "loader", "iPXE: nothing to boot"),
    ("Could not boot", "loader", "iPXE could not boot the image"),
    ("No more network devices", "loader", "iPXE gave up"),
    ("iPXE> ", "loader", "iPXE waits at its prompt"),
    # SYSLINUX, PXELINUX, ISOLINUX
    ("Could not find kernel image: linux", "loader", "SYSLINUX found no kernel"),
    ("Could not find ramdisk image: initrd.gz", "loader", "SYSLINUX found no initramfs"),
    ("Invalid or corrupt kernel image.", "loader", "SYSLINUX: invalid or corrupt kernel image"),
    ("Not enough memory to load specified image.", "loader", "SYSLINUX: image does not fit into memory"),
    ("Loading bzImage... failed!", "loader", "SYSLINUX could not load a file"),
    ("Loading initrd.gz...failed!", "loader", "SYSLINUX could not load a file"),
    ("Kernel load failure (insufficient memory?)", "loader", "SYSLINUX could not load the kernel"),
    ("Failed to load ldlinux.c32", "loader", "SYSLINUX found no module"),
    ("Failed to load COM32 file vesamenu.c32", "loader", "SYSLINUX found no module"),
    ("No DEFAULT or UI configuration directive found!", "loader", "SYSLINUX found no configuration"),
    ("Unable to locate configuration file", "loader", "SYSLINUX found no configuration"),
    ("ERROR: No configuration file found", "loader", "SYSLINUX found no configuration"),
    ("menu.c32: not a COM32R image", "loader", "SYSLINUX: module of another version"),
    ("isolinux: Image checksum error, sorry...", "loader", "ISOLINUX could not read its disc"),
    ("Boot failed: press a key to retry, or wait for reset...", "loader", "PXELINUX gave up"),
    ("boot: ", "loader", "the loader waits at its prompt"),
    ("boot:", "loader", "the loader waits at its prompt"),
    ("LILO 22.8 boot: ", "loader", "the loader waits at its prompt"),
    # GRUB 2 and GRUB legacy
    ("error: file `/boot/vmlinuz' not found.", "loader", "GRUB: file not found"),
    ("error: ../../grub-core/fs/fshelp.c:257:file `/boot/vmlinuz' not found.", "loader", "GRUB: file not found"),
    ("error: disk `hd0,msdos1' not found.", "loader", "GRUB: disk not found"),
    ("error: no such device: 1b2c.", "loader", "GRUB: no such device"),
    ("error: unknown filesystem.", "loader", "GRUB: unknown filesystem"),
    ("error: ../../grub-core/loader/i386/linux.c:1:you need to load the kernel first.", "loader", "GRUB: you need to load the kernel first"),
    ("error: symbol `grub_calloc' not found.", "loader", "GRUB: symbol `grub_calloc' not found"),
    ("alloc magic is broken at 0x7ff24ee0: 0", "loader", "GRUB: alloc magic is broken"),
    ("Failed to boot both default and fallback entries.", "loader", "GRUB gave up"),
    ("Error 15: File not found", "loader", "GRUB: File not found"),
    ("Error 13: Invalid or unsupported executable format", "loader", "GRUB: Invalid or unsupported executable format"),
    ("GRUB loading, please wait... Error 17", "loader", "GRUB stage 1.5 failed"),
    ("Error 17", "loader", "GRUB stage 1.5 failed"),
    ("GRUB Hard Disk Error", "loader", "GRUB could not read the disk"),
    ("GRUB loading. Read Error", "loader", "GRUB could not read the disk"),
    ("grub rescue> ", "loader", "GRUB waits at its rescue prompt"),
    ("grub> ", "loader", "GRUB waits at its prompt"),
    ("grubdom> ", "loader", "GRUB waits at its prompt"),
    # LILO
    ("L 40 40 40 40 40 40 40", "loader", "LILO could not read the disk"),
    ("L 01 01 01", "loader", "LILO could not read the disk"),
    ("LIL?", "loader", "LILO's second stage was loaded at a wrong address"),
    ("LIL-", "loader", "LILO's descriptor table is corrupt"),
    ("No such image. [Tab] shows a list.", "loader", "LILO found no image"),
    ("EBDA too big", "loader", "LILO: EBDA too big"),
    # BIOSes and boot sectors
    ("No bootable device.", "no-boot-device", "no bootable device"),
    ("No bootable device.  Retrying in 60 seconds.", "no-boot-device", "no bootable device"),
    ("FATAL: No bootable medium found! System halted.", "no-boot-device", "no bootable device"),
    ("No boot device available - strike F1 to retry boot, F2 for setup utility", "no-boot-device", "no bootable device"),
    ("Boot failed: not a bootable disk", "no-boot-device", "no bootable device"),
    ("Boot failed: Could not read from CDROM (code 0003)", "no-boot-device", "no bootable device"),
    ("FATAL: INT18: BOOT FAILURE", "no-boot-device", "no bootable device"),
    ("Missing operating system.", "no-boot-device", "no bootable device"),
    ("Error loading operating system", "no-boot-device", "no bootable device"),
    ("Operating system load error.", "no-boot-device", "the boot sector could not be read"),
    ("Operating System not found", "no-boot-device", "no bootable device"),
    ("No operating system found", "no-boot-device", "no bootable device"),
    ("Non-System disk or disk error", "no-boot-device", "no bootable device"),
    ("Invalid system disk", "no-boot-device", "no bootable device"),
    ("Invalid partition table", "no-boot-device", "no bootable device"),
    ("DISK BOOT FAILURE, INSERT SYSTEM DISK AND PRESS ENTER", "no-boot-device", "no bootable device"),
    ("Reboot and Select proper Boot device", "no-boot-device", "no bootable device"),
    ("BOOTMGR is missing", "no-boot-device", "no bootable device"),
    ("This is not a bootable disk.  Please insert a bootable floppy and", "no-boot-device", "no bootable device"),
    # U-Boot
    ("Wrong Image Format for bootm command", "loader", "U-Boot: wrong image format"),
    ("Wrong Image Type for bootm command", "loader", "U-Boot: wrong image format"),
    ("ERROR: can't get kernel image!", "loader", "U-Boot: no kernel image"),
    ("Bad Linux ARM zImage magic!", "loader", "U-Boot: bad image magic"),
    ("Bad Linux ARM64 Image magic!", "loader", "U-Boot: bad image magic"),
    ("Bad Magic Number", "loader", "U-Boot: bad image"),
    ("   Verifying Checksum ... Bad Data CRC", "loader", "U-Boot: bad image"),
    ("Bad Header Checksum", "loader", "U-Boot: bad image"),
    ("Ramdisk image is corrupt or invalid", "loader", "U-Boot: bad initramfs"),
    ("ERROR: RD image overlaps OS image (OS=0x82000000..0x82800000)", "loader", "U-Boot: initramfs overlaps the kernel"),
    ("Could not find a valid device tree", "loader", "U-Boot: no device tree"),
    ("ERROR: Did not find a cmdline Flattened Device Tree", "loader", "U-Boot: no device tree"),
    ("FDT and ATAGS support not compiled in - hanging", "loader", "U-Boot: no device tree"),
    ("TFTP error: 'File not found' (1)", "tftp", "U-Boot: TFTP error"),
    ("Retry count exceeded; starting again", "tftp", "U-Boot: no answer from the server"),
    ("Retry time exceeded; starting again", "dhcp", "U-Boot: no DHCP answer"),
    ("*** ERROR: `serverip' not set", "loader", "U-Boot: no server address"),
    ("### ERROR ### Please RESET the board ###", "loader", "U-Boot gave up"),
]  # fmt: skip

WENT_ON = [
    "http://192.0.2.1/bzImage... ok",
    "Waiting for link-up on net0... ok",
    "Loading bzImage... ok",
    "Ready.",
    "Booting from ROM...",
    "  Booting `Debian GNU/Linux'",
    "DHCP client bound to address 192.0.2.14 (258 ms)",
    "Bytes transferred = 11260416 (abd200 hex)",
    "Starting kernel ...",
    'BdsDxe: starting Boot0002 "UEFI PXEv4" from PciRoot(0x0)/Pci(0x3,0x0)',
]

HARMLESS = [
    "  [Link status: Unknown (http://ipxe.org/1a086194)]",  # a card's statistics: ifstat
    '  [RXE: 3 x "The socket is not connected (http://ipxe.org/38086001)"]',
    "iPXE 1.21.1+ -- Open Source Network Boot Firmware -- https://ipxe.org",
    "iPXE initialising devices...",
    "PXE-M0E: Retrying network boot; press ESC to cancel.",
    "Booting from Hard Disk...",
    "*** Warning - bad CRC, using default environment",  # U-Boot boots on
    "error: no suitable video mode found.",  # GRUB boots on
    "error: terminal `serial' isn't found.",
    "smpboot: CPU0: Intel",
    "Loading bzImage... ",
    "reboot: Power down",
    "Machine is ready.",
    "Error 404: page",
    "Filename: pxelinux.0",
    "L 40 41",
    "iPXE> set console ttyS0",  # somebody, or a lab, is at work
    "grub> linux /vmlinuz",
]

# The rest of the PXE 2.1 boot agents' list, in its own words, and EDK2's.
CODES = [
    ("PXE-E00: Could not find enough free base memory.", "loader"),
    ("PXE-E01: PCI Vendor and Device IDs do not match!", "loader"),
    ("PXE-E04: Error reading PCI configuration space.", "loader"),
    ("PXE-E06: Option ROM requires DDIM support.", "loader"),
    ("PXE-E07: PCI BIOS calls not supported.", "loader"),
    ("  PXE-E07: Network device error.", "loader"),
    ("PXE-E08: Unexpected API error. API: 0001h Status: 0002h", "loader"),
    ("PXE-E09: Unexpected UNDI loader error. Status: 0001h", "loader"),
    ("  PXE-E09: Could not allocate I/O buffers.", "loader"),
    ("  PXE-E12: Could not detect network connection.", "loader"),
    ("PXE-E20: BIOS extended memory copy error. AH == 01h", "loader"),
    ("PXE-E21: BIS integrity check failed.", "loader"),
    ("  PXE-E21: Remote boot cancelled.", "loader"),
    ("PXE-E22: BIS image/credential validation failed.", "loader"),
    ("  PXE-E22: Client received ICMP error from server.", "loader"),
    ("PXE-E23: BIS initialization failed.", "loader"),
    ("PXE-E24: BIS shutdown failed.", "loader"),
    ("PXE-E35: TFTP read timeout.", "tftp"),
    ("PXE-E36: Error received from TFTP server.", "tftp"),
    ("PXE-E38: TFTP cannot open connection.", "tftp"),
    ("PXE-E39: TFTP cannot read from connection.", "tftp"),
    ("PXE-E3A: TFTP too many packages.", "tftp"),
    ("PXE-E3C: TFTP Error - Access Violation", "tftp"),
    ("PXE-E3F: TFTP packet size is invalid.", "tftp"),
    ("PXE-E54: DHCP ACK not received", "dhcp"),
    ("PXE-E60: Invalid UNDI API function number.", "loader"),
    ("PXE-E63: Error while initializing the NIC.", "loader"),
    ("PXE-E64: Error while initializing the PHY.", "loader"),
    ("PXE-E67: The MAC address is uninitialized.", "loader"),
    ("PXE-E68: Invalid EEPROM checksum.", "loader"),
    ("PXE-E74: Bad or missing PXE menu and/or prompt information.", "loader"),
    ("PXE-E76: Bad or missing multicast discovery address.", "loader"),
    ("PXE-E77: Bad or missing discovery server list.", "loader"),
    ("PXE-E78: Could not locate boot server.", "loader"),
    ("PXE-E79: NBP is too big to fit in free base memory.", "loader"),
    ("  PXE-E99: Unexpected network error.", "loader"),
]


@pytest.mark.parametrize(("record", "kind", "expected"), ERRORS, ids=[record for record, _, _ in ERRORS])
def test_each_failure_is_named(record: str, kind: str, expected: str) -> None:
    row = first(FIRMWARE, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, expected)
    assert row.severity is Severity.LOADER_ERROR
    assert row.outcome is Outcome.LOADER_FAILED


@pytest.mark.parametrize("record", WENT_ON)
def test_a_try_that_went_well(record: str) -> None:
    row = first(FIRMWARE, record)
    assert row is not None
    assert row.severity is Severity.LOADER_OK
    assert row.outcome is None


@pytest.mark.parametrize("record", HARMLESS)
def test_what_is_no_failure(record: str) -> None:
    assert first(FIRMWARE, record) is None


def test_every_row_says_that_firmware_and_loaders_print_it() -> None:
    assert all(row.untrusted and row.type is Type.LOADER and row.source for row in FIRMWARE)
    assert needles_are_plain(FIRMWARE)


@pytest.mark.parametrize(("record", "kind"), CODES)
def test_codes_of_pxe_roms(record: str, kind: str) -> None:
    row = first(FIRMWARE, record)
    assert row is not None
    assert row.kind == kind
    assert row.title.startswith(record.strip()[:7] + ": ")


@pytest.mark.parametrize(
    "code",
    ["00", "01", "02", "04", "07", "08", "09", "0C", "10", "20", "40", "80", "99", "9A", "AA", "BB", "CC", "E0", "FF"],
)
def test_lilo_repeats_the_bios_error(code: str) -> None:
    row = first(FIRMWARE, "L" + 12 * f" {code}")
    assert row is not None
    assert row.title == "LILO could not read the disk"


def test_every_row_is_tried() -> None:
    """LILO's codes stand for each other; every other row has an excerpt of its own."""
    records = [record for record, *_ in [*ERRORS, *CODES]] + WENT_ON
    hit = {id(first(FIRMWARE, record)) for record in records}
    rest = [row.needle for row in FIRMWARE if id(row) not in hit]
    assert [needle for needle in rest if not needle.startswith("L ")] == []


GRUB = "GRUB loading.\nWelcome to GRUB!\n"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (GRUB + "error: no such device: 1b2c.\nEntering rescue mode...\ngrub rescue> ", Outcome.LOADER_FAILED),
        (GRUB + "grub> ", Outcome.LOADER_FAILED),  # a prompt, in the line that was begun
        (GRUB + "error: file `/boot/x.pf2' not found.\n  Booting `Debian'\nLoading Linux 6.1 ...\n", Outcome.SILENT),
        ("Booting from ROM...\nPXE-E51: No DHCP or proxyDHCP offers were received.\n", Outcome.LOADER_FAILED),
        ("net0... No configuration methods succeeded (http://ipxe.org/040ee119)\n", Outcome.LOADER_FAILED),
        ("x... No such file or directory (http://ipxe.org/2d12603b)\nbzImage... ok\n", Outcome.SILENT),
        ("L 40 40 40 40", Outcome.LOADER_FAILED),
    ],
)
def test_how_a_boot_ended(text: str, outcome: Outcome) -> None:
    reader = Reader(Expectation())
    reader.feed(text.encode())
    assert reader.conclude(Ending.END_OF_FILE, image_fetched=None).outcome is outcome
