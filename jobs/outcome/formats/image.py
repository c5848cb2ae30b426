# ruff: noqa: E501, PLR0917 - a row of the table reads best on few lines, a helper for rows as rows do
"""Formats of an image before its kernel runs: real-mode set-up code, the decompressor around the kernel, the EFI stub.

All of it is printed through the firmware or straight to the port: no printk prefix, ever, hence `untrusted`. The same
reasons (`crc error`) can come from a running kernel that unpacks an initrd: rows of this family are for a machine that
has no kernel yet. Knows no state.
"""

from farm.core.words import Outcome
from jobs.outcome.formats.row import Arch, Blame, Format, Severity, Type


def _image(kind: str, type_: Type, needle: str, pattern: str, title: str, source: str, arch: Arch = Arch.X86,
           follows: bool = False) -> Format:  # fmt: skip
    """A row for what ends a boot before the kernel: fatal, without function or trace."""
    outcome = Outcome.WRONG_CPU if type_ is Type.WRONG_CPU else Outcome.DECOMPRESSOR
    return Format(kind, type_, Severity.FATAL, needle, pattern, title, Blame.NOTHING, source, arch,
                  follows=follows, untrusted=True, outcome=outcome, traced=False)  # fmt: skip


def _context(kind: str, needle: str, pattern: str, title: str, source: str) -> Format:
    """A row for what is no event, but tells why the image then went no further."""
    return Format(kind, Type.OTHER, Severity.CONTEXT, needle, pattern, title, Blame.NOTHING, source, Arch.X86,
                  untrusted=True, traced=False)  # fmt: skip


_OTHER_CPU = "kernel requires another CPU"

_CPU = (
    _image("cpu-level", Type.WRONG_CPU, "This kernel requires a", r"^This kernel requires an? (?:i\d86|x86-64) CPU, ?(?:but only|$)",
           _OTHER_CPU, "arch/x86/boot/cpu.c validate_cpu; 2.6.23-7.0"),
    _image("cpu-features", Type.WRONG_CPU, "following features", r"^This kernel requires the following features ?(?:not present on the CPU:|$)",
           _OTHER_CPU, "arch/x86/boot/cpu.c validate_cpu; 2.6.23-7.0"),
    _image("cpu-refused", Type.WRONG_CPU, "Unable to boot - please use", r"^Unable to boot - please use a kernel appropriate",
           _OTHER_CPU, "arch/x86/boot/main.c main; 2.6.23-7.0", follows=True),
    _image("cpu-long-mode", Type.WRONG_CPU, "does not support long mode", r"^Your CPU does not support long mode\. +Use a 32bit distribution",
           _OTHER_CPU, "arch/x86_64/boot/setup.S no_longmode; 2.6.0-2.6.22"),
    _image("cpu-la57", Type.WRONG_CPU, "requires 5-level paging", r"^This linux kernel as configured requires 5-level paging",
           _OTHER_CPU, "arch/x86/boot/compressed/misc.c extract_kernel, through error(); 4.14-4.16"),
    _image("cpu-pages", Type.WRONG_CPU, "not supported by your CPU", r"^EFI stub: ERROR: This (?:\d+ KB granular|LPAE) kernel is not supported by your CPU",
           _OTHER_CPU, "drivers/firmware/efi/libstub/arm64-stub.c, arm32-stub.c check_platform_features; 4.5+", Arch.ANY),
)  # fmt: skip

_SETUP = (
    _image("a20", Type.DECOMPRESSOR, "A20 gate not responding", r"^A20 gate not responding, unable to boot",
           "A20 gate not responding", "arch/x86/boot/pm.c go_to_protected_mode; 2.6.23-7.0"),
    # With `ok` on the same line the probe came back. Some BIOSes hang in it.
    _context("edd", "Probing EDD (edd=off", r"^Probing EDD \(edd=off to disable\)\.{3} *$", "EDD probe",
             "arch/x86/boot/edd.c query_edd; 2.6.23-7.0"),
    _context("old-loader", "Ancient bootloader", r"^WARNING: Ancient bootloader, some functionality may be limited",
             "ancient boot loader", "arch/x86/boot/main.c init_heap; 2.6.23-7.0"),
    _context("video-mode", "Undefined video mode", r"^Undefined video mode number: [0-9a-f]+", "undefined video mode",
             "arch/x86/boot/video.c set_video; 2.6.23-7.0"),
    _image("efi-stub", Type.DECOMPRESSOR, "exit_boot() failed", r"^(?:EFI stub: ERROR: )?(?P<reason>exit_boot\(\) failed)", "EFI stub: {reason}",
           "drivers/firmware/efi/libstub/x86-stub.c efi_main; 3.6+"),
    _image("efi-stub", Type.DECOMPRESSOR, "() failed", r"^(?:EFI stub: ERROR: )?(?P<reason>efi_(?:main|stub_entry)\(\) failed)", "EFI stub: {reason}",
           "drivers/firmware/efi/libstub/x86-stub.c efi_main; 3.6+", follows=True),
    _image("efi-stub", Type.DECOMPRESSOR, "EFI stub: ERROR: ", r"^EFI stub: ERROR: (?P<reason>Failed to relocate kernel|Exit boot services failed"
           r"|Failed to update FDT and exit boot services|Failed to decompress kernel|Unable to construct new device tree)", "EFI stub: {reason}",
           "drivers/firmware/efi/libstub/efi-stub.c, fdt.c; 4.12+", Arch.ANY),
    _image("no-signature", Type.DECOMPRESSOR, "No setup signature", r"^No setup signature found", "no setup signature found",
           "arch/x86/boot/header.S setup_bad; 2.4-7.0"),
    # The image's first sector, which a BIOS ran as if it were a loader
    Format("boot-sector", Type.LOADER, Severity.LOADER_ERROR, "se a boot", r"^(?:Direct floppy boot is not supported\. )?(?:Please use|Use) a boot ?loader(?: program instead)?\.$",
           "the image was booted without a loader", Blame.NOTHING, "arch/x86/boot/header.S bugger_off_msg; 2.6.0-7.0", Arch.X86, untrusted=True, traced=False),
)  # fmt: skip


def _reasons(source: str, *reasons: tuple[str, str]) -> tuple[Format, ...]:
    """Rows for the arguments of the decompressor's error(): (needle, the whole line as a pattern) each."""
    return tuple(
        _image("decompressor", Type.DECOMPRESSOR, needle, rf"^(?P<reason>{pattern})\.?$", "decompressor: {reason}", source, Arch.ANY)
        for needle, pattern in reasons
    )  # fmt: skip


_REASONS = (
    *_reasons(
        "lib/inflate.c, misc.c fill_inbuf; 2.4-2.6.29, other architectures for longer",
        ("out of input data", r"(?:ran )?out of input data"),
        ("crc error", r"crc error"),
        ("length error", r"length error"),
        ("ut of memory", r"[Oo]ut of memory(?: while allocating .{1,40})?"),
        ("invalid compressed format", r"invalid compressed format \((?:err=\d+|other)\)"),
        ("Malloc error", r"Malloc error"),
        ("incomplete literal tree", r"incomplete literal tree"),
        ("incomplete distance tree", r"incomplete distance tree"),
        ("bad gzip magic numbers", r"bad gzip magic numbers"),
        ("internal error, invalid", r"internal error, invalid method"),
        ("Input is encrypted", r"Input is encrypted"),
        ("Multi part input", r"Multi part input"),
        ("Input has invalid flags", r"Input has invalid flags"),
    ),
    *_reasons(
        "arch/x86/boot/compressed/misc.c extract_kernel, handle_relocations, parse_elf; 2.6.20+",
        ("not a valid ELF file", r"Kernel is not a valid ELF file"),
        ("space for phdrs", r"Failed to allocate space for phdrs"),
        ("Destination ", r"Destination (?:(?:virtual |physical )?address|addr) .{5,60}"),
        ("Wrong destination", r"Wrong destination address"),
        ("relocation outside", r"(?:inverse )?(?:32|64)-bit relocation outside of kernel!"),
        ("Alignment of LOAD seg", r"Alignment of LOAD segment isn't multiple of 2MB"),
        ("space for tmp_cmdline", r"Failed to allocate space for tmp_cmdline"),
        ("detected buffer overflow", r"detected buffer overflow"),
        ("decompressor returned an", r"decompressor returned an error"),
        ("Kernel stack is corrupted", r"stack-protector: Kernel stack is corrupted"),
        ("Unexpected page-fault:", r"Unexpected page-fault:"),
        ("Page-fault on GHCB", r"Page-fault on GHCB page:"),
        ("kernel_ident_mapping_init", r"Error: kernel_ident_mapping_init\(\) failed"),
        ("unable to locate system", r"EFI support advertised, but unable to locate system table"),
        ("EFI config table not", r"EFI config table not found"),
        ("SEV-ES CPU Features", r"SEV-ES CPU Features missing"),
        ("SEV-SNP support", r"SEV-SNP support(?:ed)? indicated by CC blob, but not .{4,20}?"),
    ),
    *_reasons(
        "lib/decompress_*.c; bzip2 and lzma 2.6.30+, lzo 2.6.33+, xz 2.6.38+, lz4 3.11+, zstd 5.9+",
        ("Could not allocate ", r"Could not allocate (?:out|in)put buffer"),
        ("Not a gzip file", r"Not a gzip file"),
        ("header error", r"header error"),
        ("uncompression error", r"uncompression error"),
        ("Data integrity error", r"Data integrity error when decompressing"),
        ("ends unexpectedly", r"Compressed file ends unexpectedly"),
        ("data corrupted", r"data corrupted"),
        ("file corrupted", r"file corrupted"),
        ("invalid header", r"invalid header"),
        ("chunk length is longer", r"chunk length is longer than allocated"),
        ("Decoding failed", r"Decoding failed"),
        ("unexpected EOF", r"unexpected EOF"),
        ("LZMA data is corrupt", r"LZMA data is corrupt"),
        ("dest len longer than", r"dest len longer than block size"),
        ("Compressed data violation", r"Compressed data violation"),
        ("XZ decompressor", r"(?:XZ decompressor ran out of memory|Bug in the XZ decompressor)"),
        ("not in the XZ format", r"Input is not in the XZ format \(wrong magic bytes\)"),
        ("Input was encoded with", r"Input was encoded with settings that are not ?(?:supported.{0,40})?"),
        ("XZ-compressed data", r"XZ-compressed data is corrupt"),
        ("ZSTD decompressor ran", r"ZSTD decompressor ran out of memory"),
        ("not in the ZSTD format", r"Input is not in the ZSTD format \(wrong magic bytes\)"),
        ("ZSTD-compressed data", r"ZSTD-compressed data .{8,40}"),
    ),
)

IMAGE: tuple[Format, ...] = (
    *_CPU,
    *_SETUP,
    *_REASONS,
    # `\n\n%s\n\n -- System halted`: with a reason that no row above has, the last line before it is the reason
    _image("decompressor", Type.DECOMPRESSOR, "-- System halted", r"^ ?-- System halted", "decompressor: {before}",
           "arch/*/boot/compressed/misc.c error (arm, mips, sh, x86); x86 since 4.8 error.c; 2.4-7.0", Arch.ANY, follows=True),
)  # fmt: skip
