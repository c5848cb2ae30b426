# ruff: noqa: E501 - a row of the table reads best on few lines
"""Formats of the locking checks: lockdep, RCU's own checks, spinlock, rt mutex and preemption debugging.

Lockdep's reports wore brackets up to 4.10 (`[ INFO: possible circular locking dependency detected ]`, `[ BUG: held lock
freed! ]`) and are `WARNING: ...` since 4.11; both dresses are one row, and have one title. Where a report names the
place of the lock (`..., at: [<c0123456>] func+0x1/0x2`; without the address since 4.19), that function is blamed.
Knows no state: whether a report costs a boot its clean pass is its severity's to say, and the reader's to apply.
"""

from jobs.outcome.formats.row import FUNCTION, OFFSET, Blame, Format, Severity, Type

_DRESS = r"^(?:\[ (?:INFO|BUG): |WARNING: )"
# kernel/locking/lockdep.c print_lock, print_ip_sym: ` (lock){+.+.}, at: [<c0123456>] func+0x1/0x2`; 2.6.27 `:module:func`
_AT = rf"\bat:\s{{1,4}}(?:\[<[^>\n]{{1,20}}>\] {{0,8}})?(?::[\w-]+:)?(?P<function>{FUNCTION}){OFFSET}"
# `... which became HARDIRQ-irq-safe at:` and its trace, without the functions of the lock itself
_BECAME = (
    r"became HARDIRQ-irq-safe at:\n(?: *(?:\[<[^>\n]{1,20}>\] )?_*(?:lock_acquire|raw_|spin_|read_|write_)[^\n]*\n){0,8}"
    rf" *(?:\[<[^>\n]{{1,20}}>\] )?(?P<function>{FUNCTION}){OFFSET}"
)
_LOCKDEP = "kernel/locking/lockdep.c (2.6.18-3.10: kernel/lockdep.c)"
# What stands between the check and the code that broke the rule
_SCHEDULE = r"schedule|resched|^_*might_|^_*cant_|^wait_for_|mutex_lock|^_*down_|^rwsem_|^rt_|^_*io_"
_KEY = r"^complete|^(?:un)?register_lock|^assign_lock_key|^_*lock_|^_*raw_|^_*(?:spin|read|write)_|^_*mutex_|^_*down_"

_ORDER = (
    Format("lockdep-circular", Type.LOCKDEP, Severity.WARNING, "circular locking dependency", _DRESS + r"possible circular locking dependency detected",
           "possible deadlock", Blame.NAMED, f"{_LOCKDEP} print_circular_bug_header", detail=_AT),
    Format("lockdep-recursive", Type.LOCKDEP, Severity.WARNING, "possible recursive locking", _DRESS + r"possible recursive locking detected",
           "possible deadlock", Blame.NAMED, f"{_LOCKDEP} print_deadlock_bug", detail=_AT),
    Format("lockdep-inversion", Type.LOCKDEP, Severity.WARNING, "irq lock inversion", _DRESS + r"possible irq lock inversion dependency detected",
           "possible deadlock", Blame.NAMED, f"{_LOCKDEP} print_irq_inversion_bug", detail=_AT),
    # irqclass: "hard", "soft" up to 2.6.29; HARDIRQ, SOFTIRQ and (to 4.13) RECLAIM_FS since
    # What takes the lock in a hard interrupt is the rarer, and the more telling, of its users
    Format("lockdep-irq-order", Type.LOCKDEP, Severity.WARNING, "unsafe lock order detected", _DRESS + r"HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
           "possible deadlock", Blame.NAMED, f"{_LOCKDEP} print_bad_irq_dependency; 2.6.30+", detail=_BECAME),
    Format("lockdep-irq-order", Type.LOCKDEP, Severity.WARNING, "unsafe lock order detected", _DRESS + r"[\w-]{1,20}-safe -> [\w-]{1,20}-unsafe lock order detected",
           "possible deadlock", Blame.NAMED, f"{_LOCKDEP} print_bad_irq_dependency", detail=_AT),
    Format("lockdep-inconsistent", Type.LOCKDEP, Severity.WARNING, "inconsistent lock state", _DRESS + r"inconsistent lock state",
           "inconsistent lock state", Blame.NAMED, f"{_LOCKDEP} print_usage_bug", detail=_AT, skip=r"^trace_hardirqs_"),
    # The second line of the report before, or of one whose header is lost
    Format("lockdep-usage", Type.LOCKDEP, Severity.WARNING, "inconsistent {", r"^inconsistent \{[\w -]{1,40}\} -> \{[\w -]{1,40}\} usage",
           "inconsistent lock state", Blame.NAMED, f"{_LOCKDEP} print_usage_bug", detail=_AT, follows=True),
    Format("lockdep-wait-context", Type.LOCKDEP, Severity.WARNING, "Invalid wait context", r"^(?:\[ BUG: |WARNING: )Invalid wait context",
           "BUG: Invalid wait context", Blame.NAMED, "kernel/locking/lockdep.c print_lock_invalid_wait_context; 5.7+", detail=_AT),
)  # fmt: skip

_HELD = (
    Format("lockdep-unlock-balance", Type.LOCKDEP, Severity.WARNING, "bad unlock balance", _DRESS + r"bad unlock balance detected",
           "WARNING: bad unlock balance", Blame.NAMED, f"{_LOCKDEP} print_unlock_imbalance_bug", detail=_AT, alternates=("BUG: bad unlock balance",)),
    Format("lockdep-contention", Type.LOCKDEP, Severity.WARNING, "bad contention detected", _DRESS + r"bad contention detected",
           "WARNING: bad contention", Blame.NAMED, f"{_LOCKDEP} print_lock_contention_bug", detail=_AT),
    Format("lockdep-freed", Type.LOCKDEP, Severity.WARNING, "held lock freed", _DRESS + r"held lock freed",
           "WARNING: held lock freed", Blame.NAMED, f"{_LOCKDEP} print_freed_lock_bug", detail=_AT, alternates=("BUG: held lock freed",)),
    Format("lockdep-still-held", Type.LOCKDEP, Severity.WARNING, "still has locks held", _DRESS + r".{1,40} still has locks held",
           "WARNING: still has locks held", Blame.NAMED, f"{_LOCKDEP} print_held_locks_bug; 3.10+", detail=_AT, alternates=("BUG: still has locks held",)),
    Format("lockdep-exit", Type.LOCKDEP, Severity.WARNING, "lock held at task exit", _DRESS + r"lock held at task exit time",
           "WARNING: lock held at task exit", Blame.NAMED, "kernel/lockdep.c print_held_locks_bug; 2.6.18-3.9", detail=_AT),
    Format("lockdep-user", Type.LOCKDEP, Severity.WARNING, "returning to user space", _DRESS + r"lock held when returning to user space",
           "WARNING: lock held when returning to user space", Blame.NAMED, f"{_LOCKDEP} lockdep_sys_exit; 2.6.24+", detail=_AT, traced=False),
    Format("lockdep-nested", Type.LOCKDEP, Severity.WARNING, "ested lock was not taken", _DRESS + r"[Nn]ested lock was not taken",
           "WARNING: nested lock was not taken", Blame.NAMED, f"{_LOCKDEP} print_lock_nested_lock_not_held; 3.10+", detail=_AT),
)  # fmt: skip

_RCU = (
    # `suspicious rcu_dereference_check() usage. ]` 2.6.34-3.1, `suspicious RCU usage. ]` 3.2-4.10
    Format("rcu-usage", Type.LOCKDEP, Severity.WARNING, "suspicious R", _DRESS + r"suspicious RCU usage",
           "WARNING: suspicious RCU usage", Blame.TRACE, f"{_LOCKDEP} lockdep_rcu_suspicious; 3.2+",
           skip=r"rcu|kmem|slab|[ckzv]_?m?alloc", alternates=("INFO: suspicious RCU usage",)),
    Format("rcu-usage", Type.LOCKDEP, Severity.WARNING, "suspicious rcu_", _DRESS + r"suspicious rcu_\w+\(\) usage",
           "WARNING: suspicious RCU usage", Blame.TRACE, "kernel/lockdep.c lockdep_rcu_dereference; 2.6.34-3.1",
           skip=r"rcu|kmem|slab|[ckzv]_?m?alloc", alternates=("INFO: suspicious RCU usage",)),
)  # fmt: skip

_VALIDATOR = (
    Format("lockdep-key", Type.LOCKDEP, Severity.WARNING, "register non-static key", r"^INFO: trying to register non-static key",
           "INFO: trying to register non-static key", Blame.TRACE, f"{_LOCKDEP} assign_lock_key (before 4.20: register_lock_class)", skip=_KEY),
    Format("lockdep-key", Type.LOCKDEP, Severity.WARNING, "BUG: key ", r"^BUG: key \S{1,24} (?:not in \.data!|has not been registered!)",
           "BUG: lock key not registered", Blame.TRACE, f"{_LOCKDEP} lockdep_init_map; `not in .data!` before 5.1", skip=_KEY),
    Format("lockdep-subclass", Type.LOCKDEP, Severity.WARNING, "invalid subclass", r"^BUG: looking up invalid subclass: \d",
           "BUG: looking up invalid subclass", Blame.TRACE, f"{_LOCKDEP} look_up_lock_class", skip=_KEY),
    # lockdep has given up, no lock is at fault
    Format("lockdep-exhausted", Type.KERNEL_BUG, Severity.WARNING, "BUG: MAX_", r"^BUG: (?P<what>MAX_(?:LOCK|STACK_TRACE)\w*) too low",
           "BUG: {what} too low!", Blame.NOTHING, f"{_LOCKDEP} print_lockdep_off and its callers", traced=False),
    Format("lockdep-chain-key", Type.LOCKDEP, Severity.WARNING, "chain_key collision", r"^WARNING: chain_key collision",
           "WARNING: chain_key collision", Blame.NOTHING, "kernel/locking/lockdep.c print_collision; 4.7+", traced=False),
    Format("rtmutex-deadlock", Type.LOCKDEP, Severity.OOPS, "circular locking deadlock", _DRESS + r"circular locking deadlock detected",
           "BUG: rt mutex deadlock", Blame.TRACE, "kernel/locking/rtmutex-debug.c debug_rt_mutex_print_deadlock; 2.6.18-5.11", skip=r"^(?:debug_)?_*rt_(?:mutex|spin)"),
)  # fmt: skip

_SPIN = "kernel/locking/spinlock_debug.c (2.6: lib/spinlock_debug.c)"
_DEBUG = (
    Format("spinlock-lockup", Type.HANG, Severity.OOPS, "lock lockup", r"^BUG: (?P<what>spinlock|read-lock|write-lock|rwlock) lockup(?: suspected)? on CPU#\d",
           "BUG: {what} lockup", Blame.TRACE, f"{_SPIN} __spin_lock_debug; `suspected` 3.7-4.11", skip=_KEY),
    Format("spinlock", Type.LOCKDEP, Severity.OOPS, "BUG: spinlock ", r"^BUG: spinlock (?P<what>[a-z][a-zA-Z ]{1,30}?) on CPU#\d",
           "BUG: spinlock {what}", Blame.TRACE, f"{_SPIN} spin_bug: bad magic, wrong owner, wrong CPU, recursion, cpu recursion, already unlocked", skip=_KEY),
    Format("rwlock", Type.LOCKDEP, Severity.OOPS, "BUG: rwlock ", r"^BUG: rwlock (?P<what>[a-z][a-zA-Z ]{1,30}?) on CPU#\d",
           "BUG: rwlock {what}", Blame.TRACE, f"{_SPIN} rwlock_bug", skip=_KEY),
    Format("preemptible", Type.LOCKDEP, Severity.OOPS, "in preemptible [", r"^BUG: using (?P<what>\w{3,40})\(\) in preemptible \[",
           "BUG: using {what}() in preemptible code", Blame.NAMED, "lib/smp_processor_id.c check_preemption_disabled; __this_cpu_*: 3.15+",
           detail=rf"^ ?caller is (?::[\w-]+:)?(?P<function>{FUNCTION}){OFFSET}", skip=r"preempt|smp_processor_id|this_cpu"),
)  # fmt: skip

_ATOMIC = (
    Format("atomic-leak", Type.ATOMIC_SLEEP, Severity.OOPS, "BUG: workqueue leaked", r"^BUG: workqueue leaked (?:lock or atomic|atomic, lock or RCU)",
           "BUG: workqueue leaked lock or atomic", Blame.NAMED, "kernel/workqueue.c process_one_work; `atomic, lock or RCU`, `workfn=` since 6.9",
           detail=rf"(?:last function: (?::[\w-]+:)?|\bworkfn=)(?P<function>{FUNCTION})", alternates=("BUG: workqueue leaked atomic, lock or RCU",)),
    Format("atomic-sleep", Type.ATOMIC_SLEEP, Severity.OOPS, "BUG: sleeping function", r"^BUG: sleeping function called from invalid context",
           "BUG: sleeping function called from invalid context", Blame.TRACE, "kernel/sched/core.c __might_resched (before 5.17: ___might_sleep; 2.6: kernel/sched.c __might_sleep)",
           skip=_SCHEDULE),
    Format("atomic-schedule", Type.ATOMIC_SLEEP, Severity.OOPS, "scheduling while atomic", r"^(?:BUG: )?scheduling while atomic: ",
           "BUG: scheduling while atomic", Blame.TRACE, "kernel/sched/core.c __schedule_bug (2.6: kernel/sched.c); `BUG: ` since 2.6.16", skip=_SCHEDULE),
    Format("atomic-schedule", Type.ATOMIC_SLEEP, Severity.OOPS, "in a non-blocking section", r"^BUG: scheduling in a non-blocking section: ",
           "BUG: scheduling in a non-blocking section", Blame.TRACE, "kernel/sched/core.c schedule_debug; 5.4+", skip=_SCHEDULE),
    Format("atomic-idle", Type.ATOMIC_SLEEP, Severity.OOPS, "from the idle thread", r"^bad: scheduling from the idle thread",
           "bad: scheduling from the idle thread", Blame.TRACE, "kernel/sched/idle.c dequeue_task_idle (before 4.1: idle_task.c)", skip=_SCHEDULE + r"|^de(?:queue|activate)_task"),
    Format("atomic-assumed", Type.ATOMIC_SLEEP, Severity.OOPS, "BUG: assuming ", r"^BUG: assuming (?P<what>atomic|non migratable) context at ",
           "BUG: assuming {what} context", Blame.TRACE, "kernel/sched/core.c __cant_sleep (5.1+), __cant_migrate (5.7+)", skip=_SCHEDULE),
    # 2.6.24-3.9 by printk; a WARN's text since: then it continues that report. `returned with error code` is harmless.
    Format("initcall-imbalance", Type.WARNING, Severity.WARNING, " returned with ", rf"^initcall (?::[\w-]+:)?(?P<function>{FUNCTION})(?:{OFFSET}/0x[0-9a-f]+)?(?: \[[\w-]+\])? ?returned with .{{0,40}}?(?:preemption imbalance|disabled interrupts)",
           "WARNING: initcall returned with preemption imbalance", Blame.NAMED, "init/main.c do_one_initcall", follows=True, traced=False),
)  # fmt: skip

LOCKING: tuple[Format, ...] = (*_ORDER, *_HELD, *_RCU, *_VALIDATOR, *_DEBUG, *_ATOMIC)
