# ruff: noqa: E501 - a row of the table reads best on few lines
"""Formats of memory and object bookkeeping found corrupt or used up: pages, slabs, lists, copies, OOM, vmalloc, MCE, VFS.

`list_add corruption` and `usercopy: ...` are evidence and no report: the BUG or WARNING that follows at once has the
registers and the trace, and titles it (warnings.py). Knows no state.
"""

from jobs.outcome.formats.row import FUNCTION, OFFSET, Arch, Blame, Format, Severity, Type

_PAGES = r"^_*bad_page|^_*free_|^_*check_(?:free|new)|^_*release_|^_*put_page|^_*folio_put|page_frag|^rmqueue|page_owner|page_pool|^post_alloc|^alloc_pages_bulk|^free_unref|^get_page_from|^_*alloc_page|^prep_new|^_*folio_batch|^page_del|^zap_|^unmap_|^print_bad_pte|^vm_normal_page|^tlb_"
_PAGE = (
    # `N messages suppressed` comes before the next report
    Format("bad-page-suppressed", Type.BAD_PAGE, Severity.CONTEXT, "messages suppressed", r"^BUG: Bad page (?:state|map): \d+ messages suppressed",
           "BUG: Bad page", Blame.NOTHING, "mm/page_alloc.c bad_page, mm/memory.c print_bad_pte; 2.6.29+", traced=False),
    Format("bad-page-state", Type.BAD_PAGE, Severity.OOPS, "Bad page state in", r"^(?:BUG: )?Bad page state in process ",
           "BUG: Bad page state", Blame.TRACE, "mm/page_alloc.c bad_page; `BUG: ` since 2.6.29", skip=_PAGES),
    Format("bad-page-map", Type.BAD_PAGE, Severity.OOPS, "BUG: Bad page map", r"^BUG: Bad page map in process ",
           "BUG: Bad page map", Blame.TRACE, "mm/memory.c print_bad_pte; 2.6.29+", skip=_PAGES),
    Format("bad-page-cache", Type.BAD_PAGE, Severity.OOPS, "BUG: Bad page cache", r"^BUG: Bad page cache in process ",
           "BUG: Bad page cache", Blame.TRACE, "mm/filemap.c unaccount_page_cache_page; 4.5+", skip=_PAGES + r"|^_*delete_from_page_cache|^unaccount_|^filemap_"),
    Format("bad-rss", Type.BAD_PAGE, Severity.OOPS, "Bad rss-counter state", r"^BUG: Bad rss-counter state mm:",
           "BUG: Bad rss-counter state", Blame.NOTHING, "kernel/fork.c check_mm; 3.3+", traced=False),
    Format("bad-rss", Type.BAD_PAGE, Severity.OOPS, " on freeing mm", r"^BUG: non-zero (?P<what>nr_p[tmu]ds|nr_ptes|pgtables_bytes) on freeing mm",
           "BUG: non-zero {what} on freeing mm", Blame.NOTHING, "kernel/fork.c check_mm; nr_ptes 3.13+, nr_pmds 4.0+, pgtables_bytes 4.15+", traced=False),
)  # fmt: skip

_SLABS = r"slab|kmem|object_err|^_*k[mczv]+alloc|^_*k[vz]*free|^check_(?:bytes|pad|object)|_debug_processing|^print_(?:trailer|tracking)|^_*cache_|^on_freelist|redzone|^kfree_debugcheck"
_SLUB = "mm/slub.c"
_OBJECTS = (
    Format("slub-remaining", Type.BAD_PAGE, Severity.OOPS, "Objects remaining ", r"^BUG \S{1,60}(?: \([^)\n]{1,80}\))?: Objects remaining ",
           "BUG: Objects remaining in cache", Blame.TRACE, f"{_SLUB} list_slab_objects: `on kmem_cache_close()` 2.6.26-3.4, `in %s on kmem_cache_close()` 3.5+, `__kmem_cache_shutdown()` 4.8+", skip=_SLABS),
    # `BUG kmalloc-64: ...` 2.6.22-3.x, `BUG kmalloc-64 (Not tainted): ...` since
    Format("slub", Type.BAD_PAGE, Severity.OOPS, "BUG ",
           r"^BUG \S{1,60}(?: \([^)\n]{1,80}\))?: (?P<what>[A-Z][A-Za-z ]{0,30}\boverwritten|Object already free|Free(?:pointer|chain) corrupt|Freelist Pointer check fails|Not a valid slab page"
           r"|Invalid object pointer|Attempt to free object|Wrong (?:number of objects|object count)|page slab pointer corrupt|(?:objects|inuse) \d+ > max|Slab has \d+ allocated objects|Bulk free expected)",
           "BUG: {what}", Blame.TRACE, f"{_SLUB} slab_bug, and the texts of object_err, slab_err, check_bytes_and_report", skip=_SLABS),
    Format("slab", Type.BAD_PAGE, Severity.OOPS, "slab error in ", r"^slab error in \w{1,60}\(\): cache [`']\S{1,60}': (?P<what>.{3,80})",
           "slab error: {what}", Blame.TRACE, "mm/slab.c __slab_error; to 6.7", skip=_SLABS),
    Format("slab-corruption", Type.BAD_PAGE, Severity.OOPS, "Slab corruption", r"^Slab corruption(?: \([^)\n]{1,80}\))?: (?:\S{1,60} )?start=",
           "Slab corruption", Blame.NOTHING, "mm/slab.c check_poison_obj; the name since 2.6.23, the taint since 3.3, to 6.7", traced=False),
    Format("slab-double-free", Type.BAD_PAGE, Severity.OOPS, "double free detected in", r"^slab: double free detected in cache ",
           "slab: double free detected", Blame.TRACE, "mm/slab.c slab_put_obj; 2.6.23-6.7", skip=_SLABS),
    # A line out of a SLUB or old KASAN report whose header is lost
    Format("slab-track", Type.OTHER, Severity.WARNING, " age=", rf"^(?:INFO: )?(?P<what>Allocated|Freed) in (?::[\w-]+:)?(?P<function>{FUNCTION}){OFFSET}\S{{0,12}}(?: \[[\w-]+\])? age=\d+ cpu=\d+ pid=",
           "INFO: {what} object", Blame.NAMED, f"{_SLUB} print_track; `INFO: ` to 5.12", follows=True, skip=_SLABS),
)  # fmt: skip

_EVIDENCE = (
    Format("list-corruption", Type.KERNEL_BUG, Severity.CONTEXT, "list_add ", r"^list_add (?:corruption|double add|attempted)",
           "BUG: corrupted list", Blame.NOTHING, "lib/list_debug.c __list_add_valid_or_report (before 4.10: __list_add)", traced=False),
    Format("list-corruption", Type.KERNEL_BUG, Severity.CONTEXT, "list_del ", r"^list_del (?:corruption|attempted)",
           "BUG: corrupted list", Blame.NOTHING, "lib/list_debug.c __list_del_entry_valid_or_report (before 4.10: list_del)", traced=False),
    Format("usercopy", Type.KERNEL_BUG, Severity.CONTEXT, "attempt detected", r"^usercopy: [Kk]ernel memory (?:exposure|overwrite) attempt detected",
           "BUG: bad usercopy", Blame.NOTHING, "mm/usercopy.c usercopy_abort (4.8-4.15: report_usercopy)", traced=False),
)  # fmt: skip

_ALLOC = "mm/page_alloc.c warn_alloc (before 4.9: warn_alloc_failed)"
_SHORT = (
    Format("oom", Type.OOM, Severity.WARNING, "invoked oom-killer", r"^.{1,40} invoked oom-killer: ",
           "out of memory", Blame.NOTHING, "mm/oom_kill.c dump_header", traced=False),
    # `Out of memory: kill process` to 2.6.35, `Kill process` to 5.2, `Killed process` since
    Format("oom", Type.OOM, Severity.WARNING, "ut of memory", r"^(?:Memory cgroup out of memory|Out of memory)(?: \([^)\n]{1,60}\))?: [Kk]ill(?:ed)? process \d",
           "out of memory", Blame.NOTHING, "mm/oom_kill.c oom_kill_process", follows=True, traced=False),
    Format("alloc-failure", Type.OOM, Severity.WARNING, "page allocation failure", r"^.{1,40}: page allocation failure[.:] ?order:\d",
           "page allocation failure", Blame.TRACE, f"{_ALLOC}; `failure. order` to 3.0", skip=_PAGES + "|" + _SLABS, traced=False),
    Format("alloc-stall", Type.OOM, Severity.WARNING, "page allocation stalls", r"^.{1,40}: page allocation stalls for \d",
           "page allocation stalls", Blame.TRACE, "mm/page_alloc.c __alloc_pages_slowpath; 4.10-4.14", skip=_PAGES + "|" + _SLABS, traced=False),
    # The farm's own question: does `vmalloc=` leave enough room? lowmem machines run out of addresses, not of memory
    Format("vmalloc-space", Type.OOM, Severity.WARNING, "vmalloc=<size>", r"^(?:vmap allocation (?:for size \d+ )?failed: use|allocation failed: out of vmalloc space - use) vmalloc=<size>",
           "vmap allocation failed: use vmalloc=<size> to increase size", Blame.NOTHING, "mm/vmalloc.c alloc_vmap_area (2.6.28+), __get_vm_area_node (before)", traced=False),
    Format("vmalloc-space", Type.OOM, Severity.WARNING, "vmalloc_node_range for size", r"^vmalloc_node_range for size \d+ failed: Address range restricted",
           "vmap allocation failed: address range restricted", Blame.NOTHING, "mm/vmalloc.c alloc_vmap_area; 6.10+", traced=False),
    Format("page-poison", Type.BAD_PAGE, Severity.OOPS, "pagealloc: ", r"^pagealloc: (?:single bit error|memory corruption)",
           "pagealloc: memory corruption", Blame.TRACE, "mm/page_poison.c (mm/debug-pagealloc.c) check_poison_mem; 2.6.30+", skip=r"poison|^_*kernel_unpoison"),
    Format("vmalloc-failure", Type.OOM, Severity.WARNING, ": vmalloc", r"^.{1,40}: vmalloc(?:: allocation failure| error: size \d| size \d+ allocation failure)",
           "vmalloc allocation failure", Blame.TRACE, "mm/vmalloc.c __vmalloc_node_range, __vmalloc_area_node; `vmalloc: ` 2.6.39-4.8 and to 5.12, `vmalloc size` and `vmalloc error` since", skip=r"^_*vmalloc|^_*vmap|^warn_alloc|^_*alloc_pages", traced=False),
)  # fmt: skip

_MACHINE = (
    # Printed before the panic that it ends in, by a processor that cannot go on; `Machine Check: ` is of a corrected one
    Format("mce", Type.MCE, Severity.OOPS, "Machine Check Exception", r"^(?:mce: )?(?:\[Hardware Error\]: )?CPU ?\d+: Machine Check Exception: ",
           "Machine Check Exception", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c print_mce (2.6: mcheck/mce_64.c; p4.c, p5.c, p6.c: `CPU 0: Machine Check Exception: %016Lx`)", arch=Arch.X86, traced=False),
    Format("mce-corrected", Type.MCE, Severity.WARNING, "Machine Check: ", r"^(?:mce: )?\[Hardware Error\]: CPU ?\d+: Machine Check: ",
           "Machine Check", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c print_mce; 4.9+", arch=Arch.X86, traced=False),
    Format("mce-logged", Type.MCE, Severity.WARNING, "achine check events logged", r"^(?:mce: )?(?:\[Hardware Error\]: )?Machine check events logged",
           "Machine check events logged", Blame.NOTHING, "arch/x86/kernel/cpu/mce/core.c mce_notify_irq", arch=Arch.X86, traced=False),
    Format("ghes", Type.MCE, Severity.WARNING, "Hardware error from APEI", r"^(?:\{\d+\})?\[Hardware Error\]: Hardware error from APEI",
           "Hardware error from APEI", Blame.NOTHING, "drivers/acpi/apei/ghes.c __ghes_print_estatus; 2.6.39+", traced=False),
)  # fmt: skip

_FILES = (
    # WARN_ON(1) has the trace since 3.12; before, BUG() follows
    Format("dentry-in-use", Type.KERNEL_BUG, Severity.OOPS, "still in use (", r"^BUG: Dentry .{1,120} {1,2}still in use \(-?\d+\) \[unmount of ",
           "BUG: Dentry still in use", Blame.TRACE, "fs/dcache.c umount_check (before 3.12: shrink_dcache_for_umount_subtree)", traced=False),
    Format("dentry-warning", Type.KERNEL_BUG, Severity.CONTEXT, "umount_check", r"^WARNING: .{0,200}\bfs/dcache\.c:\d+ (?:at )?umount_check\+0x",
           "BUG: Dentry still in use", Blame.NOTHING, "fs/dcache.c umount_check; 3.12+", traced=False),
    Format("busy-inodes", Type.OTHER, Severity.OOPS, "VFS: Busy inodes", r"^VFS: Busy inodes after unmount of ",
           "VFS: Busy inodes after unmount (use-after-free)", Blame.NOTHING, "fs/super.c generic_shutdown_super; BUG() or WARN() follows since 6.3", traced=False),
    Format("file-count", Type.OTHER, Severity.OOPS, "VFS: Close: file count", r"^VFS: Close: file count is (?:0|zero)",
           "VFS: Close: file count is zero (use-after-free)", Blame.NOTHING, "fs/open.c filp_close, filp_flush; BUG() or WARN() follows since 6.3", traced=False),
)  # fmt: skip

MEMORY: tuple[Format, ...] = (*_PAGE, *_OBJECTS, *_EVIDENCE, *_SHORT, *_MACHINE, *_FILES)
