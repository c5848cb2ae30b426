# ruff: noqa: E501 - an excerpt is the line as it is printed
"""The image's own words before its kernel runs: each row is tried on lines written from arch/x86/boot and lib/."""

import pytest

from farm.core.words import Outcome
from jobs.outcome import Ending, Expectation, Reader, Reading
from jobs.outcome.formats.image import IMAGE
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain

CPU = [
    "This kernel requires an i686 CPU, but only detected an i586 CPU.",
    "This kernel requires an x86-64 CPU, but only detected an i686 CPU.",
    "This kernel requires an i586 CPU, ",  # the second printf is torn off
    "This kernel requires the following features not present on the CPU:",
    "Unable to boot - please use a kernel appropriate for your CPU.",
    "Your CPU does not support long mode. Use a 32bit distribution.",
    "This linux kernel as configured requires 5-level paging",
    "EFI stub: ERROR: This 64 KB granular kernel is not supported by your CPU",
    "EFI stub: ERROR: This LPAE kernel is not supported by your CPU",
]  # fmt: skip
REASONS = [
    # lib/inflate.c and fill_inbuf
    "ran out of input data", "out of input data", "crc error", "length error", "out of memory", "Out of memory", "Malloc error",
    "invalid compressed format (err=1)", "invalid compressed format (err=2)", "invalid compressed format (other)",
    "incomplete literal tree", "incomplete distance tree", "bad gzip magic numbers", "internal error, invalid method",
    "Input is encrypted", "Multi part input", "Input has invalid flags",
    # misc.c, 2.6 and later
    "Kernel is not a valid ELF file", "Failed to allocate space for phdrs", "Destination address not CONFIG_PHYSICAL_ALIGN aligned",
    "Destination address too large", "Wrong destination address", "Destination physical address inappropriately aligned",
    "Destination virtual address is beyond the kernel mapping area", "32-bit relocation outside of kernel!",
    "inverse 32-bit relocation outside of kernel!", "64-bit relocation outside of kernel!",
    "Alignment of LOAD segment isn't multiple of 2MB", "Failed to allocate space for tmp_cmdline", "detected buffer overflow",
    "decompressor returned an error", "stack-protector: Kernel stack is corrupted", "Unexpected page-fault:",
    "Page-fault on GHCB page:", "Error: kernel_ident_mapping_init() failed",
    "EFI support advertised, but unable to locate system table.", "EFI config table not found.", "SEV-ES CPU Features missing.",
    "SEV-SNP support indicated by CC blob, but not CPUID.", "SEV-SNP supported indicated by CC blob, but not SEV status MSR.",
    # lib/decompress_*.c
    "Out of memory while allocating output buffer", "Out of memory while allocating z_stream", "Not a gzip file", "header error",
    "uncompression error", "Could not allocate output buffer", "Could not allocate input buffer",
    "Data integrity error when decompressing.", "Compressed file ends unexpectedly", "data corrupted", "file corrupted",
    "invalid header", "chunk length is longer than allocated", "Decoding failed", "unexpected EOF", "LZMA data is corrupt",
    "dest len longer than block size", "Compressed data violation", "XZ decompressor ran out of memory",
    "Bug in the XZ decompressor", "Input is not in the XZ format (wrong magic bytes)", "Input was encoded with settings that are not ",
    "XZ-compressed data is corrupt", "ZSTD decompressor ran out of memory", "Input is not in the ZSTD format (wrong magic bytes)",
    "ZSTD-compressed data is corrupt", "ZSTD-compressed data is probably corrupt", "ZSTD-compressed data has too large a window size",
]  # fmt: skip
CONTEXT = [
    "Probing EDD (edd=off to disable)... ",
    "WARNING: Ancient bootloader, some functionality may be limited!",
    "Undefined video mode number: 31a",
]  # fmt: skip
# Ordinary boots, running kernels and user space
NOT_THESE = [
    "Probing EDD (edd=off to disable)... ok",
    "early console in setup code",
    "Decompressing Linux... Parsing ELF... done.",
    "Initramfs unpacking failed: XZ-compressed data is corrupt",
    "Initramfs unpacking failed: junk within compressed archive",
    "Input/output error: crc error in block 7",
    "EFI stub: ERROR: Could not determine UEFI Secure Boot status.",
    "EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path",
    "this package says: This kernel requires an i686 CPU, but only detected an i586 CPU.",
    "This kernel requires the package linux-firmware",
    "reboot: System halted",
    "myprog: out of memory",
    "error: out of memory.",
    "Data corrupted? no",
]  # fmt: skip


@pytest.mark.parametrize("line", CPU)
def test_a_cpu_that_is_too_old_is_the_wrong_machine(line: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    assert (row.type, row.severity, row.outcome, row.title) == (
        Type.WRONG_CPU, Severity.FATAL, Outcome.WRONG_CPU, "kernel requires another CPU",
    )  # fmt: skip


@pytest.mark.parametrize("line", REASONS)
def test_every_reason_of_the_decompressor_is_named(line: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    found = row.regex.search(line)
    assert (row.type, row.severity, row.outcome) == (Type.DECOMPRESSOR, Severity.FATAL, Outcome.DECOMPRESSOR)
    assert found is not None
    assert found["reason"] == line.rstrip(".")


@pytest.mark.parametrize("line", [" -- System halted", "-- System halted"])
def test_the_decompressors_last_words_take_the_reason_from_the_line_before(line: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    assert (row.type, row.title, row.follows) == (Type.DECOMPRESSOR, "decompressor: {before}", True)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("A20 gate not responding, unable to boot...", "A20 gate not responding"),
        ("exit_boot() failed!", "EFI stub: {reason}"),
        ("EFI stub: ERROR: exit_boot() failed!", "EFI stub: {reason}"),
        ("EFI stub: ERROR: efi_main() failed!", "EFI stub: {reason}"),
        ("EFI stub: ERROR: efi_stub_entry() failed!", "EFI stub: {reason}"),
        ("EFI stub: ERROR: Exit boot services failed.", "EFI stub: {reason}"),
        ("EFI stub: ERROR: Failed to decompress kernel", "EFI stub: {reason}"),
        ("No setup signature found...", "no setup signature found"),
    ],
)
def test_set_up_code_that_gives_up_ends_the_boot(line: str, title: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    assert (row.severity, row.title) == (Severity.FATAL, title)


@pytest.mark.parametrize(
    "line",
    [
        "Please use a boot loader program instead.",
        "Direct floppy boot is not supported. Use a boot loader program instead.",
        "Use a boot loader.",
    ],
)
def test_an_image_that_was_booted_as_a_disk_never_ran(line: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    assert (row.type, row.severity, row.title) == (
        Type.LOADER,
        Severity.LOADER_ERROR,
        "the image was booted without a loader",
    )


@pytest.mark.parametrize("line", CONTEXT)
def test_what_may_explain_a_hang_is_only_kept(line: str) -> None:
    row = first(IMAGE, line)
    assert row is not None
    assert row.severity is Severity.CONTEXT


@pytest.mark.parametrize("line", NOT_THESE)
def test_ordinary_lines_are_none_of_these(line: str) -> None:
    assert first(IMAGE, line) is None


def test_no_row_asks_for_a_printk_prefix() -> None:
    assert all(row.untrusted for row in IMAGE)
    assert needles_are_plain(IMAGE)


def _read(console: str) -> Reading:
    reader = Reader(Expectation())
    reader.feed(console.encode())
    return reader.conclude(Ending.END_OF_FILE, image_fetched=None)


@pytest.mark.parametrize(
    "reason", ["XZ-compressed data is corrupt", "crc error", "something that no kernel said before"]
)
def test_the_decompressors_reason_is_the_title(reason: str) -> None:
    reading = _read(f"Decompressing Linux... \n\n{reason}\n\n -- System halted")
    assert (reading.outcome, reading.title) == (Outcome.DECOMPRESSOR, f"decompressor: {reason}")


@pytest.mark.parametrize(
    "line", ["crc error", " -- System halted", "Unable to boot - please use a kernel appropriate for your CPU."]
)
def test_once_a_kernel_runs_these_are_not_the_images_words(line: str) -> None:
    reading = _read(f"[    0.000000] Linux version 2.6.27.57 (root@build) #3\n[    1.000000] {line}\n{line}\n")
    assert reading.reports == ()


def test_set_up_code_refuses_the_cpu() -> None:
    reading = _read(
        "Probing EDD (edd=off to disable)... ok\n"
        "This kernel requires an x86-64 CPU, but only detected an i686 CPU.\n"
        "Unable to boot - please use a kernel appropriate for your CPU.\n"
    )
    assert (reading.outcome, reading.title) == (Outcome.WRONG_CPU, "kernel requires another CPU")
