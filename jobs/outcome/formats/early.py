# ruff: noqa: E501, PLR0917 - a row of the table reads best on few lines, a helper for rows as rows do
"""Formats of faults that a kernel meets before it can handle faults, and of double faults, where it no longer can.

Early ones are printed by early_printk: no printk time, no level, and nothing at all without an early console. What the
kernel does next is to halt: no panic line, no reboot. Knows no state.
"""

from farm.core.words import Outcome
from jobs.outcome.formats.row import Arch, Blame, Format, Severity, Type

# A record's start, or where a fault broke into a line that had no end yet: `Checking 'hlt' instruction... <0>BUG: `
_AT = r"^(?:.{0,120}?(?:\.\. |<[0-7]>))?"
_HEAD_32 = "arch/x86/kernel/head_32.S early_fault; 2.6.24-4.5"
_HEAD_64 = "arch/x86/kernel/head_64.S early_idt_handler 2.6.15-4.5, mm/extable.c early_fixup_exception 4.6+ (i386 too)"
# (word for people, vector in decimal, in hexadecimal, coarser titles)
_VECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("page fault", "14", "0e", ("bad-access",)),
    ("general protection fault", "13", "0d", ("bad-access",)),
    ("invalid opcode", "6", "06", ()),
    ("divide error", "0", "00", ()),
)


def _early(
    needle: str, pattern: str, title: str, blame: Blame, source: str, alternates: tuple[str, ...] = ()
) -> Format:
    """A row for an exception before trap_init. It follows a BUG() of the same moment, which ends in a ud2."""
    return Format("early-exception", Type.EARLY_EXCEPTION, Severity.FATAL, needle, _AT + pattern, title, blame, source,
                  Arch.X86, follows=True, outcome=Outcome.EARLY_EXCEPTION, alternates=alternates)  # fmt: skip


_INT = tuple(
    _early("BUG: Int ", rf"BUG: Int {vector}: CR2 ", f"BUG: early exception: {word}", Blame.EIP_ENTRY, _HEAD_32, alternates)
    for word, vector, _, alternates in _VECTORS
)  # fmt: skip
# `PANIC: early exception 0e rip 10:...` 2.6.26 to 4.5, `PANIC: early exception 0x0e IP 10:... error 0 cr2 0x0` since
_PANIC = tuple(
    _early("PANIC: early exception ", rf"PANIC: early exception (?:0x)?{vector} (?:rip|IP) ", f"PANIC: early exception: {word}", Blame.IP,
           _HEAD_64, alternates)
    for word, _, vector, alternates in _VECTORS
)  # fmt: skip

# arch/arm/kernel/head-common.S, through the port that the decompressor found (CONFIG_DEBUG_LL), or early_print
_ARM = tuple(
    Format("arm-unsupported", Type.WRONG_CPU, Severity.FATAL, needle, rf"^Error: {pattern}", title, Blame.NOTHING, source, Arch.ARM,
           untrusted=True, outcome=Outcome.WRONG_CPU, traced=False)
    for needle, pattern, title, source in (
        ("processor variant", r"unrecognized/unsupported processor variant \(0x[0-9a-f]+\)", "kernel requires another CPU",
         "arch/arm/kernel/head-common.S __error_p; 2.6.24-7.0"),
        ("machine ID", r"(?:invalid dtb and )?unrecognized/unsupported machine ID", "kernel does not support this machine",
         "arch/arm/kernel/head-common.S __error_a, setup.c setup_machine; 2.6.24-7.0"),
        ("device tree compatible", r"unrecognized/unsupported device tree compatible list", "kernel does not support this machine",
         "arch/arm/kernel/devtree.c setup_machine_fdt; 3.0-7.0"),
        ("with LPAE support", r"Kernel with LPAE support, but CPU does not support LPAE", "kernel requires another CPU",
         "arch/arm/kernel/head-common.S __error_lpae; 3.3-7.0"),
    )
)  # fmt: skip

EARLY: tuple[Format, ...] = (
    *_INT,
    _early("BUG: Int ", r"BUG: Int \d{1,3}: CR2 ", "BUG: early exception", Blame.EIP_ENTRY, _HEAD_32),
    *_PANIC,
    _early("PANIC: early exception ", r"PANIC: early exception (?:(?:0x)?[0-9a-f]{2} )?(?:rip|IP) ", "PANIC: early exception", Blame.IP,
           f"{_HEAD_64}; without a vector before 2.6.26"),
    # It returns from the interrupt and may go on; the words after EIP are EFLAGS, CS and EIP in a muddled order
    Format("unknown-interrupt", Type.EARLY_EXCEPTION, Severity.OOPS, "Unknown interrupt or", _AT + r"Unknown interrupt or fault at(?: EIP|:) ",
           "unknown interrupt or fault", Blame.NOTHING, "arch/x86/kernel/head_32.S ignore_int; 2.6.20+: three words, `at EIP` in 2.6.x, `at:` in 3.x-6.x",
           Arch.X86, outcome=Outcome.EARLY_EXCEPTION, traced=False),
    Format("unknown-interrupt", Type.EARLY_EXCEPTION, Severity.OOPS, "Unknown interrupt", r"^Unknown interrupt$",
           "unknown interrupt or fault", Blame.NOTHING, "arch/i386/kernel/head.S, x86_64 early ignore_int; 2.4-2.6.19",
           Arch.X86, outcome=Outcome.EARLY_EXCEPTION, traced=False),
    *_ARM,
    # Its own task, no symbols, no trace: `eip = c013efeb, esp = fec80000`
    Format("double-fault", Type.DOUBLE_FAULT, Severity.FATAL, "PANIC: double fault, gdt", _AT + r"PANIC: double fault, gdt at [0-9a-f]+",
           "PANIC: double fault", Blame.IP, "arch/x86/kernel/doublefault_32.c doublefault_fn; 2.6.0-5.5", Arch.X86, traced=False),
    # Dies, and then panics: `double fault: 0000 [#1]`, `Machine halted.`
    Format("double-fault", Type.DOUBLE_FAULT, Severity.OOPS, "PANIC: double fault", _AT + r"(?:traps: )?PANIC: double fault",
           "PANIC: double fault", Blame.IP, "arch/x86/kernel/traps.c exc_double_fault; 3.9-7.0 (i386 from 5.6), `traps: ` from 4.17", Arch.X86),
    Format("double-fault", Type.DOUBLE_FAULT, Severity.OOPS, "double fault: ", r"^(?:Oops: )?double fault: [0-9a-f]{4} \[#?\d+\]",
           "PANIC: double fault", Blame.IP, "arch/x86/kernel/traps.c do_double_fault, through die(); 2.6.0-7.0 on x86_64", Arch.X86, follows=True),
)  # fmt: skip
