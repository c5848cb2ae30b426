# ruff: noqa: E501, PLR0917 - a row of the table reads best on few lines, a helper for rows as rows do
"""Formats of exceptions in kernel code on arm, arm64, ppc, s390, riscv, mips, loongarch, sparc, alpha, parisc, ia64, sh.

Most have two lines: `Unable to handle kernel ...` says of what, and a line with `[#1]` that the kernel died. The first
decides. Titles are those of x86, so that the same bug has the same name. Knows no state; x86 is in `faults.py`.
"""

from jobs.outcome.formats.row import Arch, Blame, Format, Severity, Type

_AT = r"^(?:.{0,120}?(?:\.\. |<[0-7]>))?"  # as in faults.py
_COUNT = r" ?\[#?\d{1,5}\]"
_BAD_ACCESS = ("bad-access",)
_NULL = "BUG: unable to handle kernel NULL pointer dereference"
_PAGING = "BUG: unable to handle kernel paging request"
_DIE_KERNEL_FAULT = "arch/{arm,arm64,riscv}/mm/fault.c die_kernel_fault"


def _page(needle: str, pattern: str, title: str, source: str, arch: Arch = Arch.ANY) -> Format:
    return Format("page-fault", Type.PAGE_FAULT, Severity.OOPS, needle, _AT + pattern, title, Blame.IP, source, arch,
                  alternates=_BAD_ACCESS)  # fmt: skip


def _context(kind: str, needle: str, pattern: str, title: str, source: str, arch: Arch) -> Format:
    return Format(kind, Type.PAGE_FAULT, Severity.CONTEXT, needle, pattern, title, Blame.NOTHING, source, arch, traced=False)  # fmt: skip


def _died(kind: str, type_: Type, needle: str, pattern: str, title: str, source: str, arch: Arch,
          alternates: tuple[str, ...] = ()) -> Format:  # fmt: skip
    """A row for the line with the count of deaths, or another that follows from the first."""
    return Format(kind, type_, Severity.OOPS, needle, pattern, title, Blame.IP, source, arch, follows=True,
                  alternates=alternates)  # fmt: skip


_UNABLE = r"(?:CPU \d+ )?Unable to handle kernel "
_PAGE_FAULTS = (
    _page("NULL pointer deref", _UNABLE + r"NULL pointer dereference", _NULL,
          f"{_DIE_KERNEL_FAULT}; sparc64, m68k, ia64, nios2; x86 to 2.6.24; 2.4-7.0"),
    _page("kernel paging request", _UNABLE + r"paging request", _PAGING,
          f"{_DIE_KERNEL_FAULT}; mips, loongarch, sparc, alpha, s390; ppc `for data at address` to 5.1; x86 to 2.6.24; 2.4-7.0"),
    _page("kernel pointer dereference", _UNABLE + r"pointer dereference (?:in|at) virtual kernel address", _PAGING,
          "arch/s390/mm/fault.c do_no_context; `at virtual kernel address %p` to 3.9", Arch.S390),
    _page("to handle kernel access", _UNABLE + r"access to user memory", "BUG: unable to handle kernel access to user memory",
          f"{_DIE_KERNEL_FAULT}; arm64 4.20+, arm and riscv 5.x+"),
    _page("to handle kernel exec", _UNABLE + r"execution of (?:user )?memory", "BUG: unable to handle kernel execution of memory",
          f"{_DIE_KERNEL_FAULT}; arm64 4.20+, arm 5.11+"),
    _page("to handle kernel ", _UNABLE + r"(?P<what>write to read-only|execute from non-executable|read from unreadable) memory",
          "BUG: unable to handle kernel {what} memory", "arch/arm64/mm/fault.c __do_kernel_fault; 4.15+", Arch.ARM64),
    _page("to handle kernel ", _UNABLE + r"(?:access|unaligned access|data access|instruction fetch|unknown fault)\b", _PAGING,
          "arch/{m68k,openrisc,powerpc}/mm/fault.c; 2.4-7.0"),
    # ppc writes BUG: since 5.1, `on read at` since 5.3
    _page("BUG: Kernel NULL pointer", r"BUG: Kernel NULL pointer dereference (?:on (?:read|write) )?at ", _NULL,
          "arch/powerpc/mm/fault.c bad_page_fault; 5.1-7.0", Arch.PPC),
    _page("BUG: Unable to handle", r"BUG: Unable to handle (?:kernel (?:data access|instruction fetch|unaligned access)|unknown paging fault)", _PAGING,
          "arch/powerpc/mm/fault.c bad_page_fault; 5.1-7.0", Arch.PPC),
    _context("page-fault-user", "Kernel attempted to ", r"^Kernel attempted to (?:read|write|access|execute) user page \([0-9a-f]+\) - exploit attempt\?",
             _PAGING, "arch/powerpc/mm/fault.c bad_kernel_fault; 5.2-7.0", Arch.PPC),
    _context("page-fault-nx", "kernel tried to execute ", r"^kernel tried to execute (?:exec-protected|user) page \([0-9a-f]+\) - exploit attempt\?",
             _PAGING, "arch/powerpc/mm/fault.c bad_kernel_fault; 2.6.26-7.0", Arch.PPC),
)  # fmt: skip

_ARM_TRAPS = "arch/{arm,arm64}/kernel/traps.c"
_INTERNAL = r"^Internal error: "
_DEATH = r": [0-9a-f]{1,16}" + _COUNT  # `%s: %x [#%d]`, arm64 `%016lx` 5.16+
_ARM = (
    # Those that a panic follows are not FATAL themselves: the panic's line is, and belongs to them.
    # Not `Alignment trap: prog (12) PC=...`: that is a program's, and mended
    Format("alignment-trap", Type.TRAP, Severity.OOPS, "Alignment trap: not", r"^Alignment trap: not handling (?:instruction [0-9a-f]+ at|ldm|swp)",
           "Alignment trap", Blame.IP, "arch/arm/mm/alignment.c do_alignment; 2.6.0-7.0", Arch.ARM),
    # A program's too: it is an oops only if `Internal error: : ` follows
    Format("unhandled-fault", Type.PAGE_FAULT, Severity.WARNING, "Unhandled ", r"^Unhandled (?:fault|prefetch abort): .{1,60} \(0x[0-9a-f]{3,16}\) at 0x[0-9a-f]{8,16}",
           "Unhandled fault", Blame.IP, "arch/arm/mm/fault.c do_DataAbort, do_PrefetchAbort; arm64 do_mem_abort to 4.14", alternates=_BAD_ACCESS),
    Format("unhandled-fault", Type.PAGE_FAULT, Severity.OOPS, "Unhandled fault at 0x", r"^Unhandled fault at 0x[0-9a-f]{8,16}$",
           "Unhandled fault", Blame.IP, "arch/arm64/mm/fault.c do_mem_abort, the kernel's only; 4.15-7.0", Arch.ARM64, alternates=_BAD_ACCESS),
    Format("bad-mode", Type.TRAP, Severity.OOPS, "Bad mode in ", r"^Bad mode in (?P<what>[\w /-]{2,30}?) ?handler detected",
           "Bad mode in {what} handler", Blame.IP, f"{_ARM_TRAPS} bad_mode; arm 2.4-7.0, arm64 to 5.12 with `on CPU%d, code 0x%08x`"),
    Format("bad-mode", Type.TRAP, Severity.OOPS, " exception on CPU", r"^Unhandled (?P<what>[\w -]{4,40}) exception on CPU\d+, ESR ",
           "Unhandled {what} exception", Blame.IP, "arch/arm64/kernel/entry-common.c __panic_unhandled; 5.13-7.0", Arch.ARM64),
    Format("serror", Type.PANIC, Severity.OOPS, "SError Interrupt on CPU", r"^SError Interrupt on CPU\d+, code 0x[0-9a-f]+",
           "kernel panic: Asynchronous SError Interrupt", Blame.IP, "arch/arm64/kernel/traps.c arm64_serror_panic; 4.16-7.0", Arch.ARM64),
    Format("stack-overflow", Type.OTHER, Severity.OOPS, "Insufficient stack space", r"^Insufficient stack space to handle exception!",
           "kernel stack overflow", Blame.STALL, "arch/{arm64,riscv,arm}/kernel/traps.c handle_bad_stack; 4.14+, 5.14+, 5.18+", alternates=("stack-overflow",)),
    Format("divide", Type.DIVIDE, Severity.WARNING, "Division by zero in kernel", r"^Division by zero in kernel\.", "divide error",
           Blame.TRACE, "arch/arm/kernel/traps.c __div0; 2.4-7.0", Arch.ARM),
    _died("oops", Type.OOPS, "Internal error: Oops", rf"{_INTERNAL}Oops{_DEATH}", "Oops", f"{_ARM_TRAPS} die; 2.4-7.0", Arch.ARM),
    _died("bug", Type.KERNEL_BUG, "Internal error: Oops - BUG", rf"{_INTERNAL}Oops - BUG{_DEATH}", "kernel BUG", f"{_ARM_TRAPS} arm_notify_die, bug_handler; 3.2+", Arch.ARM),
    _died("invalid-op", Type.INVALID_OP, "ndefined instruction", rf"{_INTERNAL}(?:Oops - )?[Uu]ndefined instruction{_DEATH}", "invalid opcode",
          f"{_ARM_TRAPS} do_undefinstr; 2.4-7.0", Arch.ARM),
    _died("page-fault", Type.PAGE_FAULT, "user space memory", rf"{_INTERNAL}Accessing user space memory .{{5,40}}{_DEATH}",
          "BUG: unable to handle kernel access to user memory", "arch/arm64/mm/fault.c do_page_fault; 4.6-4.19", Arch.ARM64, _BAD_ACCESS),
    _died("page-fault", Type.PAGE_FAULT, "userspace memory", rf"{_INTERNAL}Attempting to execute userspace memory{_DEATH}",
          "BUG: unable to handle kernel execution of memory", "arch/arm64/mm/fault.c do_page_fault; 4.6-4.19", Arch.ARM64, _BAD_ACCESS),
    _died("stack-overflow", Type.OTHER, "Internal error: kernel stack", rf"{_INTERNAL}kernel stack overflow{_DEATH}", "kernel stack overflow",
          "arch/arm/kernel/traps.c handle_bad_stack; 5.18+", Arch.ARM, ("stack-overflow",)),
    # synchronous external abort, Oops - bad mode, Oops - BTI, Oops - CFI, SP/PC alignment exception, branch through zero
    _died("internal-error", Type.TRAP, "Internal error: ", rf"{_INTERNAL}(?P<what>[\w(][\w()/, -]{{2,60}}?){_DEATH}", "Internal error: {what}",
          f"{_ARM_TRAPS} die; 2.4-7.0", Arch.ARM, ("Internal error", "bad-access")),
    # arm_notify_die gets an empty text after `Unhandled fault`
    _died("unhandled-fault", Type.PAGE_FAULT, "Internal error: ", rf"{_INTERNAL}(?:: |, )?[0-9a-f]{{1,16}}{_COUNT}", "Unhandled fault", "arch/arm/mm/fault.c do_DataAbort; 2.4-7.0", Arch.ARM, _BAD_ACCESS),
)  # fmt: skip

_SIG = r", sig: \d+" + _COUNT
_PPC = (
    _died("page-fault", Type.PAGE_FAULT, "access of bad area", rf"^Oops: [Kk]ernel access of bad area{_SIG}", _PAGING,
          "arch/powerpc/mm/fault.c bad_page_fault; 2.4-7.0, microblaze", Arch.PPC, _BAD_ACCESS),
    _died("machine-check", Type.MCE, "achine check", rf"^Oops: (?:Unrecoverable )?Machine check(?: \(early boot\))?{_SIG}", "Machine check",
          "arch/powerpc/kernel/traps.c machine_check_exception; 2.4-7.0", Arch.PPC),
    _died("stack-overflow", Type.OTHER, "ernel stack overflow, sig", rf"^Oops: [Kk]ernel stack overflow{_SIG}", "kernel stack overflow",
          "arch/powerpc/kernel/traps.c StackOverflow; 2.4-7.0", Arch.PPC, ("stack-overflow",)),
    # a trap instruction, most often BUG()'s, which has said so before
    _died("invalid-op", Type.INVALID_OP, "Exception in kernel mode", rf"^Oops: Exception in kernel mode, sig: 4{_COUNT}", "invalid opcode",
          "arch/powerpc/kernel/traps.c _exception; 2.4-7.0", Arch.PPC),
    _died("die", Type.TRAP, ", sig: ", rf"^Oops: (?P<what>[\w/ ()-]{{4,60}}){_SIG}", "{what}", "arch/powerpc/kernel/traps.c __die; 2.4-7.0", Arch.PPC),
    _died("oops", Type.OOPS, "Oops: sig: ", rf"^Oops: sig: \d+{_COUNT}", "Oops", "arch/xtensa/kernel/traps.c die; 2.6.13-7.0", Arch.ANY),
)  # fmt: skip

_ILC = r": [0-9a-f]{4} (?:ilc:\d )?\[#\d{1,5}\]"  # `ilc:` since 3.17
_S390 = (
    _died("invalid-op", Type.INVALID_OP, "illegal operation: ", rf"^illegal operation{_ILC}", "invalid opcode", "arch/s390/kernel/traps.c illegal_op, after every BUG() to 5.1; 2.6.0-7.0", Arch.S390),
    _died("bug", Type.KERNEL_BUG, "monitor event: ", rf"^monitor event{_ILC}", "kernel BUG", "arch/s390/kernel/traps.c monitor_event_exception; 5.2-7.0", Arch.S390),
    _died("divide", Type.DIVIDE, "point divide exception: ", rf"^fixpoint divide exception{_ILC}", "divide error", "arch/s390/kernel/traps.c divide_exception; 2.6.0-7.0", Arch.S390),
    _died("oops", Type.OOPS, "Oops: ", rf"^Oops{_ILC}", "Oops", "arch/s390/mm/fault.c do_no_context; 3.17-7.0", Arch.S390),
    _died("page-fault", Type.PAGE_FAULT, "Low-address protection: ", rf"^Low-address protection{_ILC}", _NULL, "arch/s390/mm/fault.c do_low_address; 2.6.0-7.0", Arch.S390, _BAD_ACCESS),
    _died("die", Type.TRAP, " ilc:", r"^(?P<what>[A-Za-z][\w -]{4,40}): [0-9a-f]{4} ilc:\d \[#\d{1,5}\]", "{what}", "arch/s390/kernel/dumpstack.c die; 3.17-7.0", Arch.S390),
    Format("stack-overflow", Type.OTHER, Severity.OOPS, "Kernel stack overflow.", r"^Kernel stack overflow\.$", "kernel stack overflow",
           Blame.STALL, "arch/s390/kernel/traps.c kernel_stack_overflow; 2.6.27-7.0", Arch.S390, alternates=("stack-overflow",)),
)  # fmt: skip

_MIPS_TRAPS = "arch/mips/kernel/traps.c; loongarch alike 5.19+; 2.4-7.0"
_OTHERS = (
    # riscv, csky: `%s [#%d]`; mips, loongarch: `%s[#%d]:`
    _died("oops", Type.OOPS, "Oops", rf"^Oops{_COUNT}:?", "Oops", "arch/{riscv,csky,mips,loongarch}/kernel/traps.c die; riscv 4.15+", Arch.ANY),
    _died("bug", Type.KERNEL_BUG, "Kernel BUG", rf"^Kernel BUG(?:: [0-9a-f]{{4}})?{_COUNT}", "kernel BUG", "arch/{riscv,sh}/kernel/traps.c; 4.15+, 2.6.20+", Arch.ANY),
    _died("bug", Type.KERNEL_BUG, "Kernel bug detected", rf"^Kernel bug detected{_COUNT}:", "kernel BUG", f"{_MIPS_TRAPS} do_trap_or_bp", Arch.MIPS),
    _died("invalid-op", Type.INVALID_OP, "Oops - illegal instruction", rf"^Oops - illegal instruction(?: exception)?{_COUNT}", "invalid opcode",
          "arch/{riscv,csky}/kernel/traps.c do_trap_insn_illegal; 4.15+", Arch.RISCV),
    _died("page-fault", Type.PAGE_FAULT, " access fault", rf"^Oops - (?:load|store \(or AMO\)|instruction) access fault{_COUNT}", _PAGING,
          "arch/riscv/kernel/traps.c do_trap_load_fault; 4.15+", Arch.RISCV, _BAD_ACCESS),
    _died("die", Type.TRAP, "Oops - ", rf"^Oops - (?P<what>[\w (),!/-]{{4,60}}?){_COUNT}:?", "{what}", "arch/{riscv,csky,loongarch}/kernel/traps.c do_trap_error; 4.15+", Arch.RISCV),
    _died("invalid-op", Type.INVALID_OP, "Reserved instruction in", rf"^Reserved instruction in kernel code{_COUNT}:", "invalid opcode", f"{_MIPS_TRAPS} do_ri", Arch.MIPS),
    _died("page-fault", Type.PAGE_FAULT, " bus error, epc ==", r"^(?:Data|Instruction) bus error, epc == [0-9a-f]+", "Unhandled fault", f"{_MIPS_TRAPS} do_be", Arch.MIPS, _BAD_ACCESS),
    _died("die", Type.TRAP, "kernel code[#", r"^(?P<what>[A-Za-z][\w ]{4,40} (?:in|from) kernel code)\[#\d{1,5}\]:",
          "{what}", f"{_MIPS_TRAPS} die_if_kernel", Arch.MIPS),
    _died("die", Type.TRAP, "kernel context", rf"^(?P<what>[A-Za-z][\w ]{{4,40}} (?:in|from) kernel context!?){_COUNT}:",
          "{what}", f"{_MIPS_TRAPS} die_if_kernel", Arch.MIPS),
    _died("die", Type.TRAP, "Kernel unaligned", rf"^(?P<what>Kernel unaligned instruction access){_COUNT}:",
          "{what}", f"{_MIPS_TRAPS} die_if_kernel", Arch.MIPS),
    _died("die", Type.TRAP, "kernel unaligned", rf"^(?P<what>Unhandled kernel unaligned access){_COUNT}:",
          "{what}", f"{_MIPS_TRAPS} die_if_kernel", Arch.MIPS),
    _died("page-fault", Type.PAGE_FAULT, "Kernel Fault: Code=", r"^Kernel Fault: Code=\d+ ", _PAGING, "arch/parisc/kernel/traps.c parisc_terminate; 2.6.0-7.0", Arch.ANY, _BAD_ACCESS),
    # sparc: `swapper(1): Oops [#1]`; alpha: `swapper(1): Oops 0`; ia64: `swapper[1]: Oops 8813272891392 [1]`
    _died("oops", Type.OOPS, ": Oops ", r"^[\w/.:-]{1,16}[(\[]\d+[)\]]: Oops (?:\d+ ?)?(?:\[#?\d{1,5}\])?$", "Oops", "arch/{sparc,alpha,ia64}/kernel/traps.c die_if_kernel; 2.4-7.0", Arch.ANY),
    _died("die", Type.TRAP, "): Kernel ", r"^[\w/.:-]{1,16}\(\d+\): (?P<what>Kernel [\w -]{4,40}) \[#\d{1,5}\]$", "{what}", "arch/sparc/kernel/traps_32.c, traps_64.c die_if_kernel; 2.6.0-7.0", Arch.ANY),
    # What no row above has: `%s: %04lx [#%d]` with a module's or a newer kernel's own word
    _died("die", Type.TRAP, "[#1]", r"^(?:Oops: )?(?P<what>[A-Za-z#][\w #()/,.-]{2,60}): [0-9a-f]{4} \[#1\]", "{what}", "arch/x86/kernel/dumpstack.c die; 2.4-7.0", Arch.X86),
)  # fmt: skip

ARCHES: tuple[Format, ...] = (*_PAGE_FAULTS, *_ARM, *_PPC, *_S390, *_OTHERS)
