# ruff: noqa: E501 - a row of the table reads best on few lines
"""Formats of the sanitizers: KASAN, KMSAN, KCSAN, KFENCE, UBSAN, kmemleak, and the checks compiled into Rust code.

Each names the function in its header; where that is a helper (a copy, a lock, a free) the blame goes on in the trace.
Knows no state.
"""

from jobs.outcome.formats.row import FUNCTION, Blame, Format, Severity, Type

_IN = rf" in (?::[\w-]+:)?(?P<function>{FUNCTION})"
_ACCESS = r"^ ?(?P<access>Read|Write) (?:of size \d|at addr )"
_BAD = ("bad-access",)
_FREE = ("invalid-free",)
# Frees, and what allocators put between them and who asked for it
_FREES = r"^_*k[vz]?free|^kv?realloc|^_*vfree|^_*kmem_cache_free|^_*slab|kasan|^_*cache_free|^do_slab_free|^_*mempool|^free_large|^poison_"
_KASAN = "mm/kasan/report.c"

_ADDRESS_SANITIZER = (
    Format("kasan-free", Type.KASAN, Severity.OOPS, "BUG: KASAN: double-free or", r"^BUG: KASAN: double-free or invalid-free(?:" + _IN + ")?",
           "KASAN: invalid-free", Blame.NAMED, f"{_KASAN} kasan_report_invalid_free; 4.12-6.1", skip=_FREES, alternates=_FREE),
    Format("kasan-free", Type.KASAN, Severity.OOPS, "BUG: KASAN: ", r"^BUG: KASAN: (?P<what>double-free|invalid-free)\b(?:" + _IN + ")?",
           "KASAN: {what}", Blame.NAMED, f"{_KASAN} print_error_description; 5.19+", skip=_FREES, alternates=_FREE),
    Format("kasan-free", Type.KASAN, Severity.OOPS, "BUG: Double free or", r"^BUG: Double free or freeing an invalid pointer",
           "KASAN: invalid-free", Blame.TRACE, f"{_KASAN} kasan_report_double_free; 4.9-4.11", skip=_FREES, alternates=_FREE),
    # `wild-memory-access on address`, `user-memory-access on address`, `null-ptr-deref on address`: no function in the header
    Format("kasan", Type.KASAN, Severity.OOPS, "BUG: KASAN: ", r"^BUG: KASAN: (?P<what>[\w-]{3,40}) on address \S",
           "KASAN: {what} {access}", Blame.TRACE, f"{_KASAN} kasan_report_error; 4.0-4.11", detail=_ACCESS, alternates=_BAD),
    # 4.0-4.11 ` in f+0x1/0x2 at addr ADDR`, the access on the next line by `of size N by task`; since: `of size N at addr`
    Format("kasan", Type.KASAN, Severity.OOPS, "BUG: KASAN: ", r"^BUG: KASAN: (?P<what>[\w-]{3,40})" + _IN,
           "KASAN: {what} {access}", Blame.NAMED, f"{_KASAN} print_error_description; 4.0+", detail=_ACCESS, alternates=_BAD),
    # `invalid-access` of an asynchronous fault (hardware tags), or a torn header
    Format("kasan", Type.KASAN, Severity.OOPS, "BUG: KASAN: ", r"^BUG: KASAN: (?P<what>[\w-]{3,40})",
           "KASAN: {what} {access}", Blame.TRACE, f"{_KASAN} kasan_report_async; 5.12+", detail=_ACCESS, alternates=_BAD),
    # Part of a KASAN report: it had SLUB print the object
    Format("kasan-object", Type.KASAN, Severity.CONTEXT, "kasan: bad access", r"^BUG \S{1,60}(?: \([^)\n]{1,80}\))?: kasan: bad access detected",
           "KASAN: bad access", Blame.NOTHING, f"{_KASAN} print_address_description; 4.0-4.8", traced=False),
)  # fmt: skip

_COPIES = r"kmsan|^instrument_|^_*copy_(?:to|from)|copyout|copyin|^_*copy_page|^_*copy_folio|^simple_copy|^simple_read_from|^_?put_user|iterate_"
_OTHERS = (
    Format("kmsan", Type.KMSAN, Severity.OOPS, "BUG: KMSAN: ", r"^BUG: KMSAN: (?P<what>[\w-]{3,50})(?:" + _IN + ")?",
           "KMSAN: {what}", Blame.NAMED, "mm/kmsan/report.c kmsan_report; 6.1+, out of tree since 2017", skip=_COPIES, alternates=_BAD),
    # Both names, in the kernel's own order (sym_strcmp): stable from one report to the next
    Format("kcsan", Type.KCSAN, Severity.WARNING, "BUG: KCSAN: ", r"^BUG: KCSAN: (?P<what>assert: race|data-race)" + _IN + rf"\S{{0,40}} / (?::[\w-]+:)?(?P<other>{FUNCTION})",
           "KCSAN: {what} in {function} / {other}", Blame.NAMED, "kernel/kcsan/report.c print_report; 5.8+"),
    Format("kcsan", Type.KCSAN, Severity.WARNING, "BUG: KCSAN: ", r"^BUG: KCSAN: (?P<what>assert: race|[\w-]{3,40})(?:" + _IN + ")?",
           "KCSAN: {what}", Blame.NAMED, "kernel/kcsan/report.c print_report, one side unknown; 5.8+"),
    Format("kfence-free", Type.KFENCE, Severity.OOPS, "BUG: KFENCE: invalid free", r"^BUG: KFENCE: invalid free(?:" + _IN + ")?",
           "KFENCE: invalid free", Blame.NAMED, "mm/kfence/report.c kfence_report_error; 5.12+", skip=_FREES, alternates=_FREE),
    Format("kfence-corruption", Type.KFENCE, Severity.OOPS, "BUG: KFENCE: memory", r"^BUG: KFENCE: memory corruption(?:" + _IN + ")?",
           "KFENCE: memory corruption", Blame.NAMED, "mm/kfence/report.c kfence_report_error; 5.12+", skip=_FREES),
    Format("kfence", Type.KFENCE, Severity.OOPS, "BUG: KFENCE: ", r"^BUG: KFENCE: (?P<what>out-of-bounds|use-after-free|invalid) (?P<access>read|write)(?:" + _IN + ")?",
           "KFENCE: {what} {access}", Blame.NAMED, "mm/kfence/report.c kfence_report_error; 5.12+", alternates=_BAD),
)  # fmt: skip

_UBSAN_SKIP = r"ubsan|^handle_overflow|^handle_(?:null|misaligned|object)|^val_to_string"
_UNDEFINED = (
    Format("ubsan", Type.UBSAN, Severity.WARNING, "UBSAN: Undefined behav", r"^UBSAN: Undefined behaviour in \S",
           "UBSAN: undefined-behaviour", Blame.TRACE, "lib/ubsan.c ubsan_prologue; 4.5-5.6", skip=_UBSAN_SKIP),
    Format("ubsan", Type.UBSAN, Severity.WARNING, "UBSAN: ", r"^UBSAN: (?P<what>[a-z][a-z-]{3,40}) in \S",
           "UBSAN: {what}", Blame.TRACE, "lib/ubsan.c ubsan_prologue; 5.7+", skip=_UBSAN_SKIP),
)  # fmt: skip

_ALLOCATORS = (
    r"alloc|kmem|slab|memdup|strn?dup|asprintf|^create_object|^idr_get|^list_lru_init|^pcpu_create|^mmap|^__se_sys_mmap"
)
_LEAKS = (
    # Printed by whoever reads /sys/kernel/debug/kmemleak (syzkaller's executor, a test), in front of kmemleak's own text
    Format("leak", Type.LEAK, Severity.WARNING, "BUG: memory leak", r"^(?:\d{4}/\d\d/\d\d [\d:]{8} )?BUG: memory leak$",
           "memory leak", Blame.TRACE, "syzkaller executor/common_linux.h check_leaks", skip=_ALLOCATORS, untrusted=True),
    Format("leak", Type.LEAK, Severity.WARNING, "unreferenced object", r"^(?:kmemleak: )?unreferenced object 0x[0-9a-f]{4,16} \(size \d",
           "memory leak", Blame.TRACE, "mm/kmemleak.c print_unreferenced", skip=_ALLOCATORS, follows=True),
    Format("leak-count", Type.LEAK, Severity.WARNING, "suspected memory leak", r"^kmemleak: \d+ new suspected memory leaks",
           "kmemleak: new suspected memory leaks", Blame.NOTHING, "mm/kmemleak.c kmemleak_scan; 2.6.31+", traced=False),
)  # fmt: skip

# The place is on the header's line; the reason behind it (to Rust 1.72, in quotes), or on the next line.
_REASON = r"^ ?(?P<what>[a-z][^\n]{3,80})$"
_RUST = (
    # How every Rust panic ends: of the panic's report, which the trap that follows continues
    Format("rust-bug", Type.KERNEL_BUG, Severity.CONTEXT, "rust/helpers", r"^[Kk]ernel BUG at \S{0,200}?rust/helpers(?:/bug)?\.c:\d+",
           "kernel BUG", Blame.NOTHING, "rust/helpers/bug.c rust_helper_BUG; 6.1+", traced=False),
    Format("rust-panic", Type.KERNEL_BUG, Severity.OOPS, "panicked at ", r"^rust_kernel: panicked at '(?P<what>[^'\n]{1,80})'",
           "rust panic: {what}", Blame.TRACE, "rust/kernel/lib.rs panic; 6.1-6.6", skip=r"rust_begin_unwind|core::panicking|rust_helper_|panic"),
    Format("rust-panic", Type.KERNEL_BUG, Severity.OOPS, "panicked at ", r"^rust_kernel: panicked at \S",
           "rust panic: {what}", Blame.TRACE, "rust/kernel/lib.rs panic; 6.7+", detail=_REASON, skip=r"rust_begin_unwind|core::panicking|rust_helper_|panic"),
)  # fmt: skip

SANITIZERS: tuple[Format, ...] = (*_ADDRESS_SANITIZER, *_OTHERS, *_UNDEFINED, *_LEAKS, *_RUST)
