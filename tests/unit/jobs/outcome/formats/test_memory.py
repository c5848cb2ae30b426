# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Memory and object checks: each row is tried on what the kernel prints, written from its format strings."""

import pytest

from jobs.outcome.formats.memory import MEMORY
from jobs.outcome.formats.row import Severity, Type
from tests.support.excerpts import first, needles_are_plain, title

VMAP = "vmap allocation failed: use vmalloc=<size> to increase size"
REPORTS = [
    # mm/page_alloc.c, mm/memory.c, mm/filemap.c, kernel/fork.c
    ("Bad page state in process 'swapper'", "bad-page-state", "BUG: Bad page state"),
    ("BUG: Bad page state in process swapper  pfn:00123", "bad-page-state", "BUG: Bad page state"),
    ("BUG: Bad page state: 12 messages suppressed", "bad-page-suppressed", "BUG: Bad page"),
    ("BUG: Bad page map: 3 messages suppressed", "bad-page-suppressed", "BUG: Bad page"),
    ("BUG: Bad page map in process sh  pte:00000067 pmd:01234567", "bad-page-map", "BUG: Bad page map"),
    ("BUG: Bad page cache in process sh  pfn:1a2b3", "bad-page-cache", "BUG: Bad page cache"),
    ("BUG: Bad rss-counter state mm:f6a1b2c0 idx:1 val:3", "bad-rss", "BUG: Bad rss-counter state"),
    ("BUG: Bad rss-counter state mm:(____ptrval____) type:MM_ANONPAGES val:1", "bad-rss", "BUG: Bad rss-counter state"),
    ("BUG: non-zero nr_ptes on freeing mm: 2", "bad-rss", "BUG: non-zero nr_ptes on freeing mm"),
    ("BUG: non-zero nr_pmds on freeing mm: -1", "bad-rss", "BUG: non-zero nr_pmds on freeing mm"),
    ("BUG: non-zero pgtables_bytes on freeing mm: 8192", "bad-rss", "BUG: non-zero pgtables_bytes on freeing mm"),
    # mm/slub.c: the taint since 3.1
    ("BUG kmalloc-64: Redzone overwritten", "slub", "BUG: Redzone overwritten"),
    ("BUG kmalloc-64 (Not tainted): Poison overwritten", "slub", "BUG: Poison overwritten"),
    ("BUG kmalloc-64 (Tainted: G        W        ): Right Redzone overwritten", "slub", "BUG: Right Redzone overwritten"),
    ("BUG :t-0000064 (Not tainted): Object padding overwritten", "slub", "BUG: Object padding overwritten"),
    ("BUG dentry (Not tainted): Padding overwritten. 0xf6a1b2c0-0xf6a1b2c3", "slub", "BUG: Padding overwritten"),
    ("BUG dentry (Not tainted): Object already free", "slub", "BUG: Object already free"),
    ("BUG dentry (Not tainted): Freepointer corrupt", "slub", "BUG: Freepointer corrupt"),
    ("BUG dentry (Not tainted): Freechain corrupt", "slub", "BUG: Freechain corrupt"),
    ("BUG dentry (Not tainted): Invalid object pointer 0xf6a1b2c0", "slub", "BUG: Invalid object pointer"),
    ("BUG dentry (Not tainted): Wrong object count. Counter is 3 but counted were 4", "slub", "BUG: Wrong object count"),
    ("BUG dentry (Not tainted): Attempt to free object(0xf6a1b2c0) outside of slab", "slub", "BUG: Attempt to free object"),
    ("BUG sas_task: Objects remaining on kmem_cache_close()", "slub-remaining", "BUG: Objects remaining in cache"),
    ("BUG sas_task (Not tainted): Objects remaining in sas_task on __kmem_cache_shutdown()", "slub-remaining", "BUG: Objects remaining in cache"),
    ("INFO: Allocated in foo_alloc+0x29/0x90 age=1 cpu=1 pid=6024", "slab-track", "INFO: Allocated object"),
    ("Freed in foo_free+0x14/0x20 [foo] age=57 cpu=0 pid=18338", "slab-track", "INFO: Freed object"),
    # mm/slab.c
    ("slab error in verify_redzone_free(): cache `size-64': double free detected", "slab", "slab error: double free detected"),
    ("Slab corruption: start=c1a2b3c4, len=64", "slab-corruption", "Slab corruption"),
    ("Slab corruption: size-64 start=c1a2b3c4, len=64", "slab-corruption", "Slab corruption"),
    ("Slab corruption (Not tainted): kmalloc-64 start=c1a2b3c4, len=64", "slab-corruption", "Slab corruption"),
    ("slab: double free detected in cache 'size-64', objp c1a2b3c4", "slab-double-free", "slab: double free detected"),
    # lib/list_debug.c, mm/usercopy.c
    ("list_add corruption. next->prev should be prev (c1a2b3c4), but was 00000000. (next=c1a2b3d0).", "list-corruption", "BUG: corrupted list"),
    ("list_del corruption. prev->next should be c1a2b3c4, but was 6b6b6b6b", "list-corruption", "BUG: corrupted list"),
    ("list_del corruption, ffff88810a1b2c00->next is LIST_POISON1 (dead000000000100)", "list-corruption", "BUG: corrupted list"),
    ("list_add double add: new=c1a2b3c4, prev=c1a2b3c4, next=c1a2b3d0.", "list-corruption", "BUG: corrupted list"),
    ("usercopy: kernel memory exposure attempt detected from c1a2b3c4 (kmalloc-64) (96 bytes)", "usercopy", "BUG: bad usercopy"),
    ("usercopy: Kernel memory overwrite attempt detected to SLUB object 'kmalloc-64' (offset 0, size 96)!", "usercopy", "BUG: bad usercopy"),
    # mm/oom_kill.c, mm/page_alloc.c, mm/vmalloc.c
    ("init invoked oom-killer: gfp_mask=0x1201d2, order=0, oomkilladj=0", "oom", "out of memory"),
    ("01-cpu-hotplug invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0", "oom", "out of memory"),
    ("Out of memory: kill process 812 (sh) score 12 or a child", "oom", "out of memory"),
    ("Out of memory: Kill process 812 (sh) score 12 or sacrifice child", "oom", "out of memory"),
    ("Out of memory: Killed process 812 (sh) total-vm:1024kB, anon-rss:12kB", "oom", "out of memory"),
    ("Out of memory (oom_kill_allocating_task): Killed process 812 (sh)", "oom", "out of memory"),
    ("Memory cgroup out of memory: Kill process 812 (sh) score 12 or sacrifice child", "oom", "out of memory"),
    ("swapper: page allocation failure. order:5, mode:0x4020", "alloc-failure", "page allocation failure"),
    ("kworker/u8:1: page allocation failure: order:5, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)", "alloc-failure", "page allocation failure"),
    ("sh: page allocation stalls for 10004ms, order:0, mode:0x14201ca", "alloc-stall", "page allocation stalls"),
    ("allocation failed: out of vmalloc space - use vmalloc=<size> to increase size.", "vmalloc-space", VMAP),
    ("vmap allocation failed: use vmalloc=<size> to increase size.", "vmalloc-space", VMAP),
    ("vmap allocation for size 16781312 failed: use vmalloc=<size> to increase size.", "vmalloc-space", VMAP),
    ("vmalloc_node_range for size 8192 failed: Address range restricted to 0xf8000000 - 0xff000000", "vmalloc-space", "vmap allocation failed: address range restricted"),
    ("pagealloc: memory corruption", "page-poison", "pagealloc: memory corruption"),
    ("pagealloc: single bit error", "page-poison", "pagealloc: memory corruption"),
    ("insmod: vmalloc: allocation failure: 1048576 bytes", "vmalloc-failure", "vmalloc allocation failure"),
    ("insmod: vmalloc: allocation failure, allocated 4096 of 1048576 bytes", "vmalloc-failure", "vmalloc allocation failure"),
    ("insmod: vmalloc error: size 1048576, page order 0, failed to allocate pages", "vmalloc-failure", "vmalloc allocation failure"),
    # arch/x86/kernel/cpu/mcheck, mce; drivers/acpi/apei
    ("CPU 0: Machine Check Exception: 0000000000000004", "mce", "Machine Check Exception"),
    ("CPU 1: Machine Check Exception:                4 Bank 0: b200000000000175", "mce", "Machine Check Exception"),
    ("mce: [Hardware Error]: CPU 3: Machine Check Exception: 5 Bank 4: be00000000800400", "mce", "Machine Check Exception"),
    ("mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 5: fe00000000800400", "mce-corrected", "Machine Check"),
    ("Machine check events logged", "mce-logged", "Machine check events logged"),
    ("mce: [Hardware Error]: Machine check events logged", "mce-logged", "Machine check events logged"),
    ("{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 1", "ghes", "Hardware error from APEI"),
    # fs
    ("BUG: Dentry f6a1b2c0{i=3,n=foo} still in use (1) [unmount of ramfs ramfs]", "dentry-in-use", "BUG: Dentry still in use"),
    ("BUG: Dentry 00000000a1b2c3d4{i=3,n=foo}  still in use (1) [unmount of ramfs ramfs]", "dentry-in-use", "BUG: Dentry still in use"),
    ("WARNING: CPU: 1 PID: 812 at fs/dcache.c:1670 umount_check+0x1/0x2", "dentry-warning", "BUG: Dentry still in use"),
    ("VFS: Busy inodes after unmount of sda1. Self-destruct in 5 seconds.  Have a nice day...", "busy-inodes", "VFS: Busy inodes after unmount (use-after-free)"),
    ("VFS: Busy inodes after unmount of sda1 (ext4)", "busy-inodes", "VFS: Busy inodes after unmount (use-after-free)"),
    ("VFS: Close: file count is 0", "file-count", "VFS: Close: file count is zero (use-after-free)"),
    ("VFS: Close: file count is 0 (f_op=ext4_file_operations)", "file-count", "VFS: Close: file count is zero (use-after-free)"),
]  # fmt: skip

HARMLESS = [
    "ODEBUG: Out of memory. ODEBUG disabled",
    "Out of memory",
    "Memory: 123456k/262144k available (2345k kernel code, 12345k reserved)",
    "mce: CPU supports 10 MCE banks",
    "Intel machine check architecture supported.",
    "Machine check exception polling timer started.",
    "INFO: recovery required on readonly filesystem",
    "INFO: Object 0xc1a2b3c4 @offset=6800 fp=0x00000000",
    "SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1",
    "BUG xyz: see the manual",
    "DEBUG kmalloc-64: Redzone overwritten",
    "Kernel command line: root=/dev/sda1 vmalloc=256M",
    "    vmalloc : 0xd0800000 - 0xfffb9000   ( 759 MB)",
    "OOM killer disabled.",
    "Kernel panic - not syncing: Out of memory and no killable processes...",
]


@pytest.mark.parametrize(("record", "kind", "wanted"), REPORTS)
def test_a_report_has_its_row_and_title(record: str, kind: str, wanted: str) -> None:
    row = first(MEMORY, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, wanted)


def test_every_row_is_tried() -> None:
    assert {row.pattern for row in MEMORY} == {row.pattern for record, *_ in REPORTS if (row := first(MEMORY, record))}
    assert needles_are_plain(MEMORY)


@pytest.mark.parametrize("record", HARMLESS)
def test_sizes_and_set_up_are_no_reports(record: str) -> None:
    assert first(MEMORY, record) is None


def test_a_bug_that_follows_at_once_titles_what_was_found() -> None:
    evidence = {row.kind for row in MEMORY if row.severity is Severity.CONTEXT}
    assert evidence == {"list-corruption", "usercopy", "bad-page-suppressed", "dentry-warning"}


def test_running_out_is_a_warning_and_corruption_is_not() -> None:
    assert {row.severity for row in MEMORY if row.type is Type.OOM} == {Severity.WARNING}
    assert {row.severity for row in MEMORY if row.type is Type.BAD_PAGE} == {Severity.OOPS, Severity.CONTEXT}


@pytest.mark.parametrize(
    ("kind", "function", "passed"),
    [
        ("slub", "kfree", True),
        ("slub", "__slab_alloc", True),
        ("slub", "kmem_cache_alloc", True),
        ("slub", "free_debug_processing", True),
        ("slub", "foo_release", False),
        ("bad-page-state", "free_pages_prepare", True),
        ("bad-page-state", "get_page_from_freelist", True),
        ("bad-page-state", "foo_release", False),
    ],
)
def test_allocators_are_passed_over_and_their_users_are_not(kind: str, function: str, passed: bool) -> None:
    row = next(row for row in MEMORY if row.kind == kind)
    assert row.skip_regex is not None
    assert (row.skip_regex.search(function) is not None) is passed
