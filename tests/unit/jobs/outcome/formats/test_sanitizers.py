# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Sanitizers: each row is tried on what the kernel prints, written from its format strings, in every era's wording."""

from collections import defaultdict

import pytest

from jobs.outcome.formats.row import Format, Severity
from jobs.outcome.formats.sanitizers import SANITIZERS
from tests.support.excerpts import first, needles_are_plain

REPORTS = [
    # mm/kasan/report.c: `at addr` 4.0-4.11, the access on the next line by `of size %zu by task`; `of size %zu at addr` since
    ("BUG: KASAN: use-after-free in foo+0x1a3/0x1d0 at addr ffff8801c464b568", "Write of size 4 by task sh/3100", "kasan", "KASAN: use-after-free Write", "foo"),
    ("BUG: KASAN: slab-out-of-bounds in foo+0x1a3/0x1d0", "Read of size 8 at addr ffff8801c464b568 by task sh/3100", "kasan", "KASAN: slab-out-of-bounds Read", "foo"),
    ("BUG: KASAN: global-out-of-bounds in foo+0x1a3/0x1d0 [bar]", " Read of size 1 at addr ffff8801c464b568 by task sh/3100", "kasan", "KASAN: global-out-of-bounds Read", "foo"),
    ("BUG: KASAN: slab-use-after-free in foo+0x1a3/0x1d0", "Read at addr f7ff000001234560 by task sh/3100", "kasan", "KASAN: slab-use-after-free Read", "foo"),
    ("BUG: KASAN: null-ptr-deref in foo+0x1a3/0x1d0", "", "kasan", "KASAN: null-ptr-deref", "foo"),
    ("BUG: KASAN: wild-memory-access on address dead000000000100", "Read of size 4 by task sh/3100", "kasan", "KASAN: wild-memory-access Read", None),
    ("BUG: KASAN: user-memory-access on address 0000000000000010", "Write of size 4 by task sh/3100", "kasan", "KASAN: user-memory-access Write", None),
    ("BUG: KASAN: invalid-access", "Asynchronous fault: no details available", "kasan", "KASAN: invalid-access", None),
    ("BUG: KASAN: double-free or invalid-free in foo+0x10/0x20", "", "kasan-free", "KASAN: invalid-free", "foo"),
    ("BUG: KASAN: double-free in foo+0x10/0x20", "Free of addr ffff888003c2d000 by task sh/3100", "kasan-free", "KASAN: double-free", "foo"),
    ("BUG: KASAN: invalid-free in foo+0x10/0x20", "Free of addr ffff888003c2d000 by task sh/3100", "kasan-free", "KASAN: invalid-free", "foo"),
    ("BUG: Double free or freeing an invalid pointer", "Unexpected shadow byte: 0xFB", "kasan-free", "KASAN: invalid-free", None),
    ("BUG kmalloc-64 (Tainted: G    B          ): kasan: bad access detected", "", "kasan-object", "KASAN: bad access", None),
    # mm/kmsan, kernel/kcsan, mm/kfence
    ("BUG: KMSAN: uninit-value in foo+0x12/0x30", "", "kmsan", "KMSAN: uninit-value", "foo"),
    ("BUG: KMSAN: kernel-infoleak-after-free in foo+0x12/0x30", "", "kmsan", "KMSAN: kernel-infoleak-after-free", "foo"),
    ("BUG: KCSAN: data-race in bar / foo", "", "kcsan", "KCSAN: data-race in bar / foo", "bar"),
    ("BUG: KCSAN: data-race in bar+0x7b/0x2d0 / foo+0x1/0x2", "", "kcsan", "KCSAN: data-race in bar / foo", "bar"),
    ("BUG: KCSAN: data-race in foo+0x7b/0x2d0", "", "kcsan", "KCSAN: data-race", "foo"),
    ("BUG: KCSAN: assert: race in bar / foo", "", "kcsan", "KCSAN: assert: race in bar / foo", "bar"),
    ("BUG: KCSAN: assert: race in foo+0x7b/0x2d0", "", "kcsan", "KCSAN: assert: race", "foo"),
    ("BUG: KFENCE: out-of-bounds read in foo+0x17/0x20", "", "kfence", "KFENCE: out-of-bounds read", "foo"),
    ("BUG: KFENCE: use-after-free write in foo+0x17/0x20", "", "kfence", "KFENCE: use-after-free write", "foo"),
    ("BUG: KFENCE: invalid read in foo+0x17/0x20", "", "kfence", "KFENCE: invalid read", "foo"),
    ("BUG: KFENCE: invalid free in foo+0x17/0x20", "", "kfence-free", "KFENCE: invalid free", "foo"),
    ("BUG: KFENCE: memory corruption in foo+0x17/0x20", "", "kfence-corruption", "KFENCE: memory corruption", "foo"),
    # lib/ubsan.c
    ("UBSAN: Undefined behaviour in ./include/linux/mm.h:1195:50", "index 7 is out of range for type 'zone [5]'", "ubsan", "UBSAN: undefined-behaviour", None),
    ("UBSAN: shift-out-of-bounds in fs/ext4/super.c:2112:10", "shift exponent 64 is too large for 32-bit type 'int'", "ubsan", "UBSAN: shift-out-of-bounds", None),
    ("UBSAN: array-index-out-of-bounds in drivers/net/foo.c:12:3", "", "ubsan", "UBSAN: array-index-out-of-bounds", None),
    # mm/kmemleak.c, and whoever reads it out
    ("BUG: memory leak", "unreferenced object 0xffff88810a1b2c00 (size 64):", "leak", "memory leak", None),
    ("unreferenced object 0xc1a2b3c4 (size 64):", "", "leak", "memory leak", None),
    ("kmemleak: unreferenced object 0xffff88810a1b2c00 (size 64):", "", "leak", "memory leak", None),
    ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", "", "leak-count", "kmemleak: new suspected memory leaks", None),
    # rust/kernel/lib.rs
    ("rust_kernel: panicked at 'attempt to subtract with overflow', drivers/foo/bar.rs:12:5", "", "rust-panic", "rust panic: attempt to subtract with overflow", None),
    ("rust_kernel: panicked at drivers/foo/bar.rs:877:13:", "attempt to subtract with overflow", "rust-panic", "rust panic: attempt to subtract with overflow", None),
    ("rust_kernel: panicked at drivers/foo/bar.rs:877:13:", " explicit panic", "rust-panic", "rust panic: explicit panic", None),
    ("kernel BUG at rust/helpers/bug.c:7!", "", "rust-bug", "kernel BUG", None),
]  # fmt: skip

HARMLESS = [
    "kasan: KernelAddressSanitizer initialized",
    "kfence: initialized - using 2097152 bytes for 255 objects at 0x(____ptrval____)-0x(____ptrval____)",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15829)",
    "kcsan: enabled early",
    "UBSAN: enabled",
    "(XEN) UBSAN: Undefined behaviour in ./include/xen/bitops.h:69:11",
    "valgrind: BUG: memory leak in the test",
    "DEBUG: KASAN: use-after-free in foo",
    "thread 'main' panicked at src/main.rs:4:5:",
    "ok 12 - kasan_tests # BUG: KASAN: expected",
    "KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]",
    "kernel BUG at fs/ext4/inode.c:12!",
]


def _title(row: Format, record: str, block: str) -> str:
    """As a reader fills it: a group that is found nowhere is left out."""
    words: dict[str, str] = defaultdict(str)
    for found in (row.regex.search(record), row.detail_regex and row.detail_regex.search(block)):
        words.update((name, text) for name, text in (found.groupdict() if found else {}).items() if text)
    return row.title.format_map(words).strip()


@pytest.mark.parametrize(("record", "block", "kind", "wanted", "function"), REPORTS)
def test_a_report_has_its_row_title_and_function(
    record: str, block: str, kind: str, wanted: str, function: str | None
) -> None:
    row = first(SANITIZERS, record)
    assert row is not None
    assert (row.kind, _title(row, record, block)) == (kind, wanted)
    found = row.regex.search(record)
    assert found is not None
    assert found.groupdict().get("function") == function


def test_every_row_is_tried() -> None:
    tried = {row.pattern for record, *_ in REPORTS if (row := first(SANITIZERS, record))}
    assert {row.pattern for row in SANITIZERS} == tried
    assert needles_are_plain(SANITIZERS)


@pytest.mark.parametrize("record", HARMLESS)
def test_set_up_and_other_programs_are_no_reports(record: str) -> None:
    assert first(SANITIZERS, record) is None


@pytest.mark.parametrize(
    ("kind", "function", "passed"),
    [
        ("kasan-free", "kfree", True),
        ("kasan-free", "kmem_cache_free", True),
        ("kasan-free", "foo_free", False),
        ("kmsan", "copyout", True),
        ("kmsan", "copy_page_to_iter", True),
        ("kmsan", "foo_copy", False),
        ("leak", "kmalloc_trace", True),
        ("leak", "kmemdup", True),
        ("leak", "foo_probe", False),
        ("ubsan", "__ubsan_handle_shift_out_of_bounds", True),
        ("ubsan", "foo_shift", False),
    ],
)
def test_helpers_are_passed_over_and_others_are_not(kind: str, function: str, passed: bool) -> None:
    row = next(row for row in SANITIZERS if row.kind == kind)
    assert row.skip_regex is not None
    assert (row.skip_regex.search(function) is not None) is passed


def test_what_a_report_ends_in_is_only_evidence() -> None:
    assert {row.kind for row in SANITIZERS if row.severity is Severity.CONTEXT} == {"kasan-object", "rust-bug"}
