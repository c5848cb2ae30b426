# ruff: noqa: E501, PLR0917 - a row of the table reads best on few lines, a helper for rows as rows do
"""Formats of exceptions that a running x86 kernel met in its own code, and of machine checks.

`die()` prints `NAME: ERRORCODE [#COUNT]` (`Oops: ` before it since 6.10, `[COUNT]` on x86-64 to 2.6.24); a page fault has
a line before that which says of what. The same exceptions in user space carry a program's name first (`traps: cat[12]
general protection fault ip:...`) and do not match. Knows no state; other architectures are in `arches.py`.
"""

from jobs.outcome.formats.row import FUNCTION, OFFSET, Arch, Blame, Format, Severity, Type

# A record's start, or where a fault broke into a line that had no end yet: `Checking 'hlt' instruction... <1>BUG: `
_AT = r"^(?:.{0,120}?(?:\.\. |<[0-7]>))?"
_CODE = r": [0-9a-f]{4,8} \[#?\d{1,5}\]"  # error code and count of deaths
_BAD_ACCESS = ("bad-access",)
_NULL = "BUG: unable to handle kernel NULL pointer dereference"
_PAGING = "BUG: unable to handle kernel paging request"
_FAULT_C = "arch/x86/mm/fault.c show_fault_oops"


def _page(needle: str, pattern: str, title: str, source: str) -> Format:
    return Format("page-fault", Type.PAGE_FAULT, Severity.OOPS, needle, _AT + pattern, title, Blame.IP, source, Arch.X86,
                  alternates=_BAD_ACCESS)  # fmt: skip


_PAGE_FAULTS = (
    # x86-64 to 2.6.24, and i386 to 2.6.19, write no `BUG: `; other architectures still do not: arches.py
    _page("NULL pointer deref", r"BUG: unable to handle kernel NULL pointer dereference", _NULL,
          f"{_FAULT_C}; `at virtual address %08lx` i386 2.6.20-24, `at %p` 2.6.25-5.0"),
    _page("kernel paging request", r"BUG: unable to handle kernel paging request", _PAGING,
          f"{_FAULT_C}; `at virtual address %08lx` i386 2.6.20-24, `at %p` 2.6.25-5.0"),
    _page("BUG: kernel NULL pointer", r"BUG: kernel NULL pointer dereference, address: ", _NULL, f"{_FAULT_C}; 5.1-7.0"),
    _page("unable to handle page fault", r"BUG: unable to handle page fault for address: ", _PAGING, f"{_FAULT_C}; 5.1-7.0"),
    # To 4.19 the header is two printks: another processor's text may stand between them
    _page("BUG: unable to handle kernel", r"BUG: unable to handle kernel ?$", "BUG: unable to handle kernel", f"{_FAULT_C}, torn; 2.6.20-4.19"),
    Format("page-table", Type.BAD_PAGE, Severity.OOPS, "Corrupted page table at", r"^.{1,40}: Corrupted page table at address [0-9a-f]+",
           "Corrupted page table", Blame.IP, "arch/x86/mm/fault.c pgtable_bad; x86-64 to 2.6.24, both since 2.6.25", Arch.X86),
    Format("page-fault-nx", Type.PAGE_FAULT, Severity.CONTEXT, "kernel tried to execute NX", r"^kernel tried to execute NX-protected page",
           _PAGING, Blame.NOTHING, f"{_FAULT_C}; 2.6.11-7.0", Arch.X86, traced=False),
    Format("page-fault-smep", Type.PAGE_FAULT, Severity.CONTEXT, "unable to execute userspace", r"^unable to execute userspace code \(SMEP\?\)",
           _PAGING, Blame.NOTHING, f"{_FAULT_C}; 3.18-7.0", Arch.X86, traced=False),
    Format("stack-guard", Type.PAGE_FAULT, Severity.OOPS, "stack guard page was hit", r"^BUG: (?:[\w#]{2,24} )?stack guard page was hit at ",
           "BUG: stack guard page was hit", Blame.STALL, "arch/x86/kernel/traps.c handle_stack_overflow; 4.9-7.0, the stack's name 5.16+", Arch.X86,
           alternates=("stack-overflow",)),
    Format("stack-guard", Type.PAGE_FAULT, Severity.OOPS, "PANIC: exception stack guard", r"^(?:traps: )?PANIC: exception stack guard: 0x",
           "BUG: stack guard page was hit", Blame.STALL, "arch/x86/kernel/traps.c exc_double_fault; in some vendors' 5.10", Arch.X86,
           alternates=("stack-overflow",)),
)  # fmt: skip


def _die(kind: str, type_: Type, name: str, title: str, source: str, alternates: tuple[str, ...] = ()) -> Format:
    """A row for die(`name`). It follows the line that said of what, where there was one."""
    return Format(kind, type_, Severity.OOPS, f"{name}: ", rf"^(?:Oops: )?{name}{_CODE}", title, Blame.IP,
                  f"arch/x86/kernel/traps.c {source}", Arch.X86, follows=True, alternates=alternates)  # fmt: skip


_GPF = "general protection fault"
_DIES = (
    # `segment-related` and the address hints: 5.6+ (`for non-canonical address` in 5.5-rc). Neither the executive summary
    # nor user space has a `[#`. KASAN's hint before it has no line end in 4.0-4.20.
    Format("gpf", Type.GPF, Severity.OOPS, _GPF, rf"^(?:Oops: |kasan: GPF could be caused by NULL-ptr deref or user memory access)?(?:segment-related )?{_GPF}"
           rf"(?:,? (?:probably |maybe )?for .{{0,20}}address 0x[0-9a-f]+)?{_CODE}",
           _GPF, Blame.IP, "arch/x86/kernel/traps.c exc_general_protection; 2.4-7.0", Arch.X86, follows=True, alternates=_BAD_ACCESS),
    # Torn after the address
    Format("gpf", Type.GPF, Severity.OOPS, _GPF, rf"^(?:Oops: )?{_GPF}, probably for non-canonical address(?: 0x[0-9a-f]*| )?$",
           _GPF, Blame.IP, "arch/x86/kernel/traps.c exc_general_protection, torn; 5.6+", Arch.X86, follows=True, alternates=_BAD_ACCESS),
    _die("divide", Type.DIVIDE, "divide error", "divide error", "exc_divide_error; 2.4-5.7, 5.17-7.0"),
    _die("divide", Type.DIVIDE, "divide_error", "divide error", "exc_divide_error; 5.8-5.16"),
    _die("invalid-op", Type.INVALID_OP, "invalid opcode", "invalid opcode", "exc_invalid_op, after every BUG(); 2.6.18-7.0"),
    _die("invalid-op", Type.INVALID_OP, "invalid operand", "invalid opcode", "do_invalid_op; 2.4-2.6.17"),
    _die("stack-segment", Type.GPF, "stack segment", "stack segment fault", "exc_stack_segment; 2.4-7.0", _BAD_ACCESS),
    _die("int3", Type.TRAP, "int3", "int3", "exc_int3; 2.4-7.0"),
    _die("overflow", Type.TRAP, "overflow", "overflow", "exc_overflow; 2.4-7.0"),
    _die("bounds", Type.TRAP, "bounds", "bounds", "exc_bounds; 2.4-7.0"),
    _die("coprocessor", Type.TRAP, "coprocessor segment overrun", "coprocessor segment overrun", "exc_coproc_segment_overrun; 2.4-7.0"),
    _die("coprocessor", Type.TRAP, "device not available", "device not available", "math_state_restore callers; 2.6.25-3.x"),
    _die("coprocessor", Type.TRAP, "unexpected #NM exception", "unexpected #NM exception", "exc_device_not_available; 4.9-7.0"),
    _die("coprocessor", Type.TRAP, "fpu exception", "fpu exception", "math_error; 2.6.35-7.0"),
    _die("coprocessor", Type.TRAP, "simd exception", "simd exception", "math_error; 2.6.35-7.0"),
    _die("coprocessor", Type.TRAP, "kernel fpu math error", "fpu exception", "math_error; x86-64 to 2.6.24"),
    _die("coprocessor", Type.TRAP, "kernel simd math error", "simd exception", "simd_math_error; x86-64 to 2.6.24"),
    _die("segment", Type.TRAP, "invalid TSS", "invalid TSS", "exc_invalid_tss; 2.4-7.0"),
    _die("segment", Type.TRAP, "segment not present", "segment not present", "exc_segment_not_present; 2.4-7.0"),
    _die("alignment", Type.TRAP, "alignment check", "alignment check", "exc_alignment_check; 2.4-7.0"),
    _die("iret", Type.TRAP, "iret exception", "iret exception", "iret_error; 2.4-7.0"),
    _die("control-protection", Type.TRAP, "control protection fault", "control protection fault", "exc_control_protection; 5.17+"),
    _die("ve", Type.TRAP, "VE fault", "VE fault", "exc_virtualization_exception (TDX); 5.19+"),
    _die("page-table", Type.BAD_PAGE, "Bad pagetable", "Corrupted page table", "mm/fault.c pgtable_bad; 2.6.5-7.0"),
    _die("stack-guard", Type.PAGE_FAULT, "stack guard page", "BUG: stack guard page was hit", "handle_stack_overflow; 5.16-7.0", ("stack-overflow",)),
    Format("stack-guard", Type.PAGE_FAULT, Severity.OOPS, "kernel stack overflow (", rf"^kernel stack overflow \((?:page fault|double-fault)\){_CODE}",
           "BUG: stack guard page was hit", Blame.STALL, "arch/x86/kernel/traps.c handle_stack_overflow; 4.9-5.15", Arch.X86, follows=True,
           alternates=("stack-overflow",)),
    # Its text ends in a line feed: the code stands on a line of its own
    Format("split-lock", Type.TRAP, Severity.OOPS, "Split lock detected", r"^(?:Oops: )?Split lock detected$", "split lock",
           Blame.IP, "arch/x86/kernel/traps.c exc_alignment_check; 5.7-7.0", Arch.X86, follows=True),
    # `Oops: 0000 [#1]`, `Oops: Oops: 0000 [#1]`: a page fault, said before
    Format("oops", Type.OOPS, Severity.OOPS, "Oops: ", r"^Oops: (?:Oops: )?[0-9a-f]{4,8} \[#?\d{1,5}\]", "Oops",
           Blame.IP, "arch/x86/mm/fault.c page_fault_oops (m68k, sh and others alike); 2.4-7.0, twice `Oops: ` 6.10+", follows=True),
    Format("oops", Type.OOPS, Severity.OOPS, "Oops: 0", r"^Oops: 0[0-9a-f]{3}$", "Oops", Blame.IP, "arch/i386/kernel/traps.c die; 2.4-2.6.5", Arch.X86, follows=True),
    Format("die-recursive", Type.OOPS, Severity.CONTEXT, "Recursive die() failure", r"^Recursive die\(\) failure, output suppressed", "Recursive die() failure",
           Blame.NOTHING, "arch/i386/kernel/traps.c die; 2.6.7-2.6.27", Arch.X86, traced=False),
)  # fmt: skip

_OTHERS = (
    # %pS: `func+0x0/0x10`; a bare address where there are no symbols
    Format("cfi", Type.TRAP, Severity.OOPS, "CFI failure", rf"^CFI failure (?:at (?:(?P<function>{FUNCTION}){OFFSET}|(?:0x)?[0-9a-f]{{8,16}})|\(target: )",
           "CFI failure", Blame.NAMED, "kernel/cfi.c report_cfi_failure 6.1+, `CFI failure (target: %pS)` 5.13-6.0", traced=False),
    Format("endbr", Type.TRAP, Severity.OOPS, "Missing ENDBR:", rf"^(?:traps: )?Missing ENDBR: (?:(?P<function>{FUNCTION}){OFFSET})?",
           "Missing ENDBR", Blame.NAMED, "arch/x86/kernel/traps.c exc_control_protection, cet.c; 5.18+", Arch.X86),
    Format("control-protection", Type.TRAP, Severity.OOPS, "Unexpected #CP", r"^(?:traps: )?Unexpected #CP", "control protection fault",
           Blame.IP, "arch/x86/kernel/traps.c exc_control_protection; 5.18-6.5", Arch.X86),
    Format("stack-low", Type.OTHER, Severity.WARNING, "do_IRQ: ", r"^do_IRQ: (?:stack overflow: -?\d+|.{1,24} has overflown the kernel stack)",
           "do_IRQ: stack overflow", Blame.TRACE, "arch/x86/kernel/irq_32.c print_stack_overflow 2.4-2.6.38, irq_64.c", alternates=("stack-overflow",)),
    Format("stack-low", Type.OTHER, Severity.WARNING, "low stack detected", r"^low stack detected by irq handler$",
           "low stack detected by irq handler", Blame.TRACE, "arch/x86/kernel/irq_32.c print_stack_overflow; 2.6.39-7.0", Arch.X86, alternates=("stack-overflow",)),
    Format("stack-overrun", Type.OTHER, Severity.CONTEXT, "Thread overran stack", r"^Thread overran stack, or stack corrupted", "stack-overflow",
           Blame.NOTHING, "arch/x86/mm/fault.c, arch/powerpc/mm/fault.c; 2.6.34-7.0", traced=False),
    # Only process 1: its death is the boot's. Others' are their own affair.
    Format("init-segfault", Type.USERSPACE, Severity.CONTEXT, "[1]: segfault at", r"^[^\s\[]{1,16}\[1\]: segfault at ", "init: segfault",
           Blame.NOTHING, "arch/x86/mm/fault.c show_signal_msg; 2.6.24-7.0", traced=False),
    Format("init-trap", Type.USERSPACE, Severity.CONTEXT, "[1] ", r"^(?:traps: )?[^\s\[]{1,16}\[1\] (?:trap )?(?P<what>[a-z][a-z0-9 ]{2,40}) ip:", "init: {what}",
           Blame.NOTHING, "arch/x86/kernel/traps.c show_signal; 2.6.24-7.0", Arch.X86, traced=False),
)  # fmt: skip

_HARDWARE = r"^(?:\{\d+\})?(?:mce: )?(?:\[Hardware Error\]: )?"
_MACHINE_CHECKS = (
    Format("machine-check", Type.MCE, Severity.OOPS, ": Machine Check", _HARDWARE + r"CPU \d+: Machine Check(?: Exception)?: +[0-9a-f]",
           "Machine Check Exception", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c print_mce, 2.6 mcheck/p4.c, p6.c, k7.c; 2.4-7.0", Arch.X86, traced=False),
    Format("machine-check", Type.MCE, Severity.OOPS, "Unexpected int18", r"^(?:mce: )?CPU#?\d+: Unexpected int18 \(Machine Check\)",
           "Machine Check Exception", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c unexpected_machine_check; 2.4-7.0", Arch.X86, traced=False),
    Format("machine-check-log", Type.MCE, Severity.WARNING, "Machine check events", _HARDWARE + r"Machine check events logged",
           "Machine check events logged", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c mce_notify_irq; 2.6.10-7.0", Arch.X86, traced=False),
    Format("machine-check-log", Type.MCE, Severity.WARNING, "MCE: The hardware reports", r"^MCE: The hardware reports a non fatal, correctable incident",
           "Machine check events logged", Blame.NOTHING, "arch/x86/kernel/cpu/mcheck/non-fatal.c; 2.4-2.6.30", Arch.X86, traced=False),
    Format("apei", Type.MCE, Severity.WARNING, "Hardware error from APEI", _HARDWARE + r"Hardware error from APEI Generic Hardware Error Source",
           "hardware error", Blame.NOTHING, "drivers/acpi/apei/ghes.c __ghes_print_estatus; 2.6.37-7.0", traced=False),
    Format("nmi-reason", Type.MCE, Severity.CONTEXT, "Uhhuh. NMI received", r"^Uhhuh\. NMI received",
           "NMI for a hardware error", Blame.NOTHING, "arch/x86/kernel/nmi.c unknown_nmi_error (traps.c to 3.1); 2.4-7.0", Arch.X86, traced=False),
    Format("nmi-reason", Type.MCE, Severity.CONTEXT, "NMI: ", r"^NMI: (?:PCI system error|IOCK error|memory parity error)",
           "NMI for a hardware error", Blame.NOTHING, "arch/x86/kernel/nmi.c pci_serr_error, io_check_error; 2.6.10-7.0", Arch.X86, traced=False),
)  # fmt: skip

FAULTS: tuple[Format, ...] = (*_PAGE_FAULTS, *_DIES, *_OTHERS, *_MACHINE_CHECKS)
