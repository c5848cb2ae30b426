# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Facts of the machine below a kernel: each row on the line that the kernel prints, written from its format string."""

import pytest

from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.formats.paravirt import FACTS
from jobs.outcome.formats.row import Fact
from tests.support.excerpts import needles_are_plain

SAID = [
    ("VMI: Found VMware, Inc. VMI, API version 3.0, ROM version 1.0", {"vmi": "Found VMware, Inc. VMI, API version 3.0, ROM version 1.0"}),
    ("VMI: Found UNKNOWN UNKNOWN, API version 3.1, ROM version 0.0", {"vmi": "Found UNKNOWN UNKNOWN, API version 3.1, ROM version 0.0"}),
    ("VMI: Found mismatched rom version 2.0", {"vmi": "refused: mismatched ROM version"}),
    ("VMI: ROM does not contain PCI header.", {"vmi": "refused: ROM without PCI header"}),
    ("VMI: Non GPL license `BSD' found for ROM. Not used.", {"vmi": "refused: licence is not the GPL"}),
    ("VMI ROM failed to initialize!", {"vmi": "refused: ROM failed to initialize"}),
    ("Booting paravirtualized kernel on vmi", {"vmi": "engaged", "platform": "vmi"}),
    ("vmi: registering clock event vmi-timer. mult=9483317 shift=22", {"vmi": "engaged", "vmi_timer": "vmi-timer"}),
    ("vmi: registering clock source khz=2261000", {"vmi": "engaged", "vmi_timer": "2261000"}),
    ("Booting paravirtualized kernel on bare hardware", {"platform": "bare hardware"}),
    ("Booting paravirtualized kernel on KVM", {"platform": "KVM"}),
    ("Booting paravirtualized kernel on Xen", {"platform": "Xen"}),
    ("Booting paravirtualized kernel on lguest", {"platform": "lguest"}),
    ("Booting paravirtualized kernel on VMware hypervisor", {"platform": "VMware hypervisor"}),
    ("Booting paravirtualized kernel with PVH extensions on Xen", {"platform": "Xen"}),
    ("Booting kernel on Xen PV", {"platform": "Xen PV"}),
    ("Hypervisor detected: KVM", {"hypervisor": "KVM"}),
    ("Hypervisor detected: Microsoft Hyper-V", {"hypervisor": "Microsoft Hyper-V"}),
    ("Hypervisor detected: VMware", {"hypervisor": "VMware"}),
    ("smccc: KVM: hypervisor services detected (0x00000000 0x00000000 0x00000000 0x00000003)", {"hypervisor": "KVM"}),
    ("setup: Linux is running under KVM in 64-bit mode", {"hypervisor": "KVM"}),
    ("setup: Linux is running as a z/VM guest operating system in 64-bit mode", {"hypervisor": "z/VM"}),
    ("Xen version: 4.14.2 (preserve-AD)", {"xen": "4.14.2 (preserve-AD)"}),
    ("Xen version 4.2.", {"xen": "4.2"}),
    ("kvm-clock: Using msrs 4b564d01 and 4b564d00", {"kvm_clock": "4b564d01 and 4b564d00"}),
    ("kvm-clock: cpu 0, msr 0:3ff87001, boot clock", {"kvm_clock": "0:3ff87001"}),
    ("TSC freq read from hypervisor : 2926.000 MHz", {"vmware": "2926.000 MHz"}),
    ("vmware: TSC freq read from hypervisor : 2195.872 MHz", {"vmware": "2195.872 MHz"}),
    ("vmware: Failed to get TSC freq from the hypervisor", {"vmware": "TSC frequency not given"}),
    ("Reserving virtual address space above 0xfc000000", {"reserved_top": "0xfc000000"}),
    ("Reserving virtual address space above 0xff83f000 (rounded to 0xff800000)", {"reserved_top": "0xff83f000"}),
    ("128MB HIGHMEM available.", {"highmem": "128MB"}),
    ("896MB LOWMEM available.", {"lowmem": "896MB"}),
    ("Kernel Offset: disabled", {"kernel_offset": "disabled"}),
    ("Kernel Offset: 0x1c000000 from 0xc1000000", {"kernel_offset": "0x1c000000 from 0xc1000000"}),
    ("Kernel Offset: 0x1f000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)", {"kernel_offset": "0x1f000000 from 0xffffffff81000000"}),
    ("Kernel command line: console=ttyS0,115200 panic=5", {"command_line": "console=ttyS0,115200 panic=5"}),
    ("Kernel command line: ", {"command_line": ""}),
]  # fmt: skip

NOTHING_SAID = [
    "VMI: ROM from unknown manufacturer",  # a warning, and on it goes
    "clocksource: Switched to clocksource kvm-clock",
    "kvm-clock: using sched offset of 359320737 cycles",
    "vmware: hypercall mode: 0x00",
    "echo Booting paravirtualized kernel on vmi",
    "setup: Linux is running natively in 64-bit mode",
    "Unknown kernel command line parameters tf=ok, will be passed to user space.",
    "KASLR disabled: 'nokaslr' on cmdline.",
]


def said(record: str) -> dict[str, str]:
    """Name -> value, by every row with needle and pattern in the record; in conflict the one that overrules."""
    values: dict[str, str] = {}
    for row in FACTS:
        found = row.regex.search(record)
        if found is None:
            continue
        assert row.needle in record
        if row.name not in values or row.overrules:
            values[row.name] = found["value"] if row.value is None else row.value
    return values


@pytest.mark.parametrize(("record", "expected"), SAID, ids=[record for record, _ in SAID])
def test_a_line_says(record: str, expected: dict[str, str]) -> None:
    assert said(record) == expected


@pytest.mark.parametrize("record", NOTHING_SAID)
def test_what_says_nothing(record: str) -> None:
    assert said(record) == {}


def test_every_row_is_tried() -> None:
    records = [record for record, _ in SAID]
    assert [row.pattern for row in FACTS if not any(row.regex.search(record) for record in records)] == []
    assert needles_are_plain(FACTS)


def test_a_row_takes_its_value_from_the_line_or_brings_one() -> None:
    def ways(row: Fact) -> int:
        return ("value" in row.regex.groupindex) + (row.value is not None)

    assert all(ways(row) == 1 for row in FACTS)


def test_a_refusal_and_an_engagement_go_over_what_was_found() -> None:
    final = [row for row in FACTS if row.name == "vmi" and row.value is not None]
    assert len(final) == 6
    assert all(row.overrules for row in final)


def test_the_reader_files_facts() -> None:
    reader = Reader(Expectation())
    lines = [
        "Linux version 2.6.27.4 (a@b) (gcc) #1",
        "VMI: Found VMware, Inc. VMI, API version 3.0, ROM version 1.0",
        "Reserving virtual address space above 0xfc000000",
        "159MB LOWMEM available.",
        "Booting paravirtualized kernel on vmi",
        "vmi: registering clock event vmi-timer. mult=9483317 shift=22",
    ]
    reader.feed("".join(f"[    0.000000] {line}\n" for line in lines).encode())
    facts = reader.conclude(Ending.END_OF_FILE, image_fetched=None).paravirt
    assert (facts.vmi, facts.platform, facts.vmi_timer) == ("engaged", "vmi", "vmi-timer")
    assert (facts.reserved_top, facts.lowmem, facts.highmem, facts.xen) == ("0xfc000000", "159MB", None, None)
