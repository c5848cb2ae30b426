# ruff: noqa: E501 - a row of the table reads best on few lines
"""Formats of WARN() and BUG() in all their dresses, and, last of the whole table, of any other `BUG: text`.

A place in the source decides the kind: refcounts, debug objects, lockdep's own checks and the like have titles of their
own, and helpers that are passed over. Other texts that begin with `WARNING: ` are advice (mitigations, options, BIOS
tables), not reports: what does not name a place in the source does not match. Knows no state.
"""

from jobs.outcome.formats.row import FUNCTION, OFFSET, Blame, Format, Severity, Type

_WARN = "kernel/panic.c __warn (2.6.26-38: warn_on_slowpath, warn_slowpath; 2.6.22-25: WARN_ON in asm-generic/bug.h)"
_CONDITION = r"(?:\[.{1,200}?\] )?"  # the condition, with CONFIG_DEBUG_BUGVERBOSE_DETAILED, 6.18+
# `func()` before 2.6.26, `func+0x1/0x2()` to 4.2, `func+0x1/0x2` since; 2.6.26 and 2.6.27 `:module:func+0x1/0x2()`
# A bare address where kallsyms knew no name: `at 0x0, CPU#1` of 6.19
_WHERE = rf"(?:(?::[\w-]+:)?(?P<function>{FUNCTION})(?:{OFFSET}|\(\))|0x[0-9a-f]{{1,16}}\b)"


def _at(path: str, function: str = "", *, begins: bool = False) -> str:
    """A WARN's header for a file and, by a regex its name must match (or begin with), a function: all dresses, 2.6.22 to 7.0."""
    wanted = rf"(?={'(?::[^ ]+:)?' if begins else '[^ +]{0,60}?'}{function})" if function else ""
    return rf"^WARNING: (?:CPU: \d+ PID: \d+ )?(?:at )?{_CONDITION}\S{{0,200}}?{path}:\d+ (?:at )?{wanted}{_WHERE}"


_DEBUG_OBJECTS = r"^_*debug_|rcu|hrtimer_|timer_|work_|_work|^percpu_|kmem_|slab_|kfree|vunmap|vfree|^__free_|kobject_"
_ALLOCATORS = r"^_*(?:[kv].?[mczr]e?alloc|vmalloc|kv?alloc|kmem_|alloc_pages|folio_alloc|get_free_pages)|slab"
_SPECIAL = (
    Format("refcount", Type.WARNING, Severity.WARNING, "lib/refcount.c:", _at(r"lib/refcount\.c"),
           "WARNING: refcount bug", Blame.NAMED, "lib/refcount.c refcount_warn_saturate; 4.11+", skip=r"refcount_|kobject_|kref_|^(?:put|get)_device$"),
    Format("odebug", Type.WARNING, Severity.WARNING, "lib/debugobjects.c:", _at(r"lib/debugobjects\.c", "debug_"),
           "WARNING: ODEBUG bug", Blame.NAMED, "lib/debugobjects.c debug_print_object; 2.6.26+", skip=_DEBUG_OBJECTS),
    Format("usercopy-warn", Type.KERNEL_BUG, Severity.WARNING, "mm/usercopy.c:", _at(r"mm/usercopy\.c", "usercopy_warn"),
           "WARNING: bad usercopy", Blame.NAMED, "mm/usercopy.c usercopy_warn; 4.16-5.16", skip=r"^_*usercopy|^_*check_"),
    Format("kobject", Type.WARNING, Severity.WARNING, "lib/kobject.c:", _at(r"lib/kobject\.c", "kobject_"),
           "WARNING: kobject bug", Blame.NAMED, "lib/kobject.c kobject_add_internal and others", skip=r"kobject_"),
    Format("proc-register", Type.WARNING, Severity.WARNING, "fs/proc/generic.c:", _at(r"fs/proc/generic\.c", "proc_register"),
           "WARNING: proc registration bug", Blame.NAMED, "fs/proc/generic.c proc_register", skip=r"proc_"),
    Format("lockdep-bug", Type.LOCKDEP, Severity.WARNING, "/lockdep.c:", _at(r"/lockdep\.c", "lock_"),
           "WARNING: locking bug", Blame.NAMED, "kernel/locking/lockdep.c DEBUG_LOCKS_WARN_ON in __lock_acquire, lock_release and others", skip=r"^_*lock_|^lock_sock|^release_sock|^register_lock|lock_class"),
    Format("vmalloc-size", Type.WARNING, Severity.WARNING, "mm/vmalloc.c:", _at(r"mm/vmalloc\.c", "__vmalloc_node_range"),
           "WARNING: zero-size vmalloc", Blame.NAMED, "mm/vmalloc.c __vmalloc_node_range; 5.12+", skip=_ALLOCATORS),
    Format("kmalloc", Type.WARNING, Severity.WARNING, "WARNING: ", _at(r"\bmm/\w{1,30}\.c", "k?v?malloc", begins=True),
           "WARNING: kmalloc bug", Blame.NAMED, "mm/slab_common.c kmalloc_slab, mm/util.c kvmalloc_node", skip=_ALLOCATORS),
    Format("usb-submit", Type.WARNING, Severity.WARNING, "usb_submit_urb", _at(r"drivers/usb/core/urb\.c", "usb_submit_urb"),
           "WARNING", Blame.NAMED, "drivers/usb/core/urb.c usb_submit_urb", skip=r"^usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg)"),
)  # fmt: skip

_GENERAL = (
    Format("warning", Type.WARNING, Severity.WARNING, "WARNING: ", rf"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?:{_CONDITION}[^\s:]{{1,300}}:\d+ )?{_WHERE}",
           "WARNING", Blame.NAMED, f"{_WARN}; `CPU: %d PID: %d` 3.11-6.18"),
    # report_bug knows no caller, the registers do; `at c0123456 [verbose debug info unavailable]` without the tables
    Format("warning", Type.WARNING, Severity.WARNING, "WARNING: ", rf"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?:{_CONDITION}[^\s:]{{1,300}}:\d+|(?:0x)?[0-9a-f]{{8,16}} \[verbose)",
           "WARNING", Blame.IP, "lib/bug.c report_bug of ppc, s390, parisc, sh, arm; 2.6.36-4.x (`Badness at` before)"),
    Format("warning", Type.WARNING, Severity.WARNING, "WARNING: ", rf"^WARNING: (?:{_CONDITION}[^\s:]{{1,300}}:\d+ )?at {_WHERE}[^,\n]{{0,80}}, CPU#\d",
           "WARNING", Blame.NAMED, "kernel/panic.c __warn; 6.19+"),
    Format("badness", Type.WARNING, Severity.WARNING, "Badness ", r"^Badness (?:at|in) (?:[^\s:]{1,300}:\d+|\w{1,60} at |[0-9a-f]{8,16} \[verbose)",
           "WARNING", Blame.IP, "lib/bug.c report_bug; 2.6.20-35 (`Badness in func at file:line` 2.6.0-17)"),
    Format("msr", Type.WARNING, Severity.WARNING, "unchecked MSR", rf"^unchecked MSR access error: (?:RDMSR from|WRMSR to) 0x[0-9a-f]{{1,8}} .{{0,60}}at rIP: 0x[0-9a-f]{{1,16}} \((?P<function>{FUNCTION}){OFFSET}",
           "unchecked MSR access error", Blame.NAMED, "arch/x86/mm/extable.c ex_handler_msr; 4.6+", skip=r"^(?:__|native_|paravirt_)?(?:read|write|rd|wr)_?msr"),
    # The unwinder's own trouble, most often in the middle of another report's trace
    Format("stack-regs", Type.WARNING, Severity.WARNING, "WARNING: kernel stack regs", r"^WARNING: kernel stack regs at +\S{1,24} in .{1,40} has bad '(?P<what>\w{1,4})' value",
           "WARNING: kernel stack regs has bad '{what}' value", Blame.NOTHING, "arch/x86/kernel/unwind_frame.c unwind_next_frame; 4.9+", follows=True, traced=False),
    Format("stack-frame", Type.WARNING, Severity.WARNING, "WARNING: kernel stack frame", r"^WARNING: kernel stack frame pointer at +\S{1,24} in .{1,40} has bad value",
           "WARNING: kernel stack frame pointer has bad value", Blame.NOTHING, "arch/x86/kernel/unwind_frame.c unwind_next_frame; 4.9+", follows=True, traced=False),
    Format("stack-recursion", Type.WARNING, Severity.WARNING, "WARNING: stack recursion", r"^WARNING: stack recursion on stack type \d",
           "WARNING: stack recursion", Blame.NOTHING, "arch/x86/kernel/dumpstack_32.c, dumpstack_64.c get_stack_info; 4.9+", follows=True, traced=False),
)  # fmt: skip

_BUG = rf"^[Kk]ernel BUG at {_CONDITION}"
_BUGS = (
    Format("list-bug", Type.KERNEL_BUG, Severity.OOPS, "lib/list_debug.c:", _BUG + r"\S{0,200}?lib/list_debug\.c:\d+",
           "BUG: corrupted list", Blame.IP, "lib/list_debug.c with CONFIG_BUG_ON_DATA_CORRUPTION; 4.10+, and 2.6", skip=r"^_*list_|^_*hlist_|swait|^wait_for_completion|^(?:prepare_to|finish)_", alternates=("bad-access",)),
    Format("usercopy-bug", Type.KERNEL_BUG, Severity.OOPS, "mm/usercopy.c:", _BUG + r"\S{0,200}?mm/usercopy\.c:\d+",
           "BUG: bad usercopy", Blame.IP, "mm/usercopy.c usercopy_abort; 4.8+", skip=r"^_*usercopy|^_*check_(?:object|heap|page|stack)"),
    # BUG() of architectures without one of their own: a panic follows
    Format("bug", Type.KERNEL_BUG, Severity.OOPS, "BUG: failure at", rf"^BUG: failure at [^\s:]{{1,300}}:\d+/(?P<function>{FUNCTION})\(\)!",
           "kernel BUG", Blame.NAMED, "include/asm-generic/bug.h BUG"),
    # `kernel BUG at file:line!`, `Kernel BUG at c0358996 [verbose debug info unavailable]`
    Format("bug", Type.KERNEL_BUG, Severity.OOPS, "ernel BUG at ", r"^[Kk]ernel BUG at \S",
           "kernel BUG", Blame.IP, "lib/bug.c report_bug; 2.6.20+ (2.4-2.6.19: arch/i386/kernel/traps.c handle_BUG)"),
)  # fmt: skip

_REST = (
    # snd_printd_ratelimit puts the source in front; dev_err of 3.18+ the device
    Format("alsa", Type.KERNEL_BUG, Severity.WARNING, "BUG: ", r"^(?:ALSA \S{1,200}:\d+|snd[\w-]{0,40} \S{1,40}|[\w-]{1,30} [\w:.-]{1,40}): BUG: .{0,40}, pos = ",
           "ALSA: BUG: position beyond the buffer", Blame.NOTHING, "sound/core/pcm_lib.c snd_pcm_update_hw_ptr0; 2.6.30+", traced=False),
    # Android's secure side dies, and its driver relays its words before it warns of the call that failed
    Format("trusty", Type.OTHER, Severity.OOPS, "trusty: panic", r"^trusty: panic(?: \(caller 0x[0-9a-f]+\))?:(?: DEBUG)? ?(?P<what>ASSERT FAILED|\S.{0,40})?",
           "trusty: panic: {what}", Blame.NOTHING, "drivers/trusty/trusty-log.c (Android)", traced=False),
    # 2.6.17-2.6.21 called a WARN_ON so
    Format("warning", Type.WARNING, Severity.WARNING, "BUG: ", rf"^BUG: (?:warning )?at [^\s:]{{1,300}}:\d+[ /](?P<function>{FUNCTION})\(\)",
           "WARNING", Blame.NAMED, "include/asm-generic/bug.h WARN_ON; 2.6.17-21"),
    Format("bug-other", Type.KERNEL_BUG, Severity.OOPS, "BUG: ", r"^BUG: (?!no syscalls can create resource)(?P<what>\S.{2,80})",
           "BUG: {what}", Blame.NOTHING, "any", traced=False),
    # Nothing is left of the header but its first word
    Format("torn", Type.OTHER, Severity.WARNING, "BUG:", r"^BUG: ?$", "BUG: corrupted", Blame.NOTHING, "any, torn"),
    Format("torn", Type.WARNING, Severity.WARNING, "WARNING:", r"^WARNING: ?$", "WARNING: corrupted", Blame.NOTHING, "any, torn"),
    Format("torn", Type.OTHER, Severity.WARNING, "INFO:", r"^INFO: ?$", "INFO: corrupted", Blame.NOTHING, "any, torn"),
)  # fmt: skip

WARNINGS: tuple[Format, ...] = (*_SPECIAL, *_GENERAL, *_BUGS, *_REST)
