# ruff: noqa: E501 - a row of the table reads best on few lines
"""Formats of what does not go on: soft and hard lockups, RCU stalls, hung tasks, and waits that the kernel complains of.

A stall is the culprit where a boot ends in silence, and harmless where it comes to its end: hence its own severity.
Knows no state and no time.
"""

from jobs.outcome.formats.row import FUNCTION, OFFSET, Arch, Blame, Format, Severity, Type

_STALL = ("stall",)
_HANG = ("hang",)
_WATCHDOG = r"^(?:(?:NMI )?watchdog: )?"  # pr_fmt: "NMI watchdog: " 3.6-4.14, "watchdog: " 4.15+

_LOCKUPS = (
    Format("soft-lockup", Type.HANG, Severity.STALL, "BUG: soft lockup", _WATCHDOG + r"BUG: soft lockup(?: - CPU#\d| detected on CPU#\d)",
           "BUG: soft lockup", Blame.STALL, "kernel/watchdog.c watchdog_timer_fn (2.6.36+), kernel/softlockup.c softlockup_tick (`- CPU#` 2.6.24-35, `detected on CPU#` before)",
           alternates=_STALL),
    # A line of its own since 4.3; a WARN's text before (it continues that report), or a panic's
    Format("hard-lockup", Type.HANG, Severity.STALL, "detected hard LOCKUP", r"^(?:NMI )?watchdog: (?:CPU ?\d+: )?Watchdog detected hard LOCKUP on cpu ?\d",
           "BUG: hard lockup", Blame.IP, "kernel/watchdog.c watchdog_hardlockup_check (6.5+; `CPU%u: ` 6.9+), kernel/watchdog_hld.c watchdog_overflow_callback (4.3+)", alternates=_STALL),
    Format("hard-lockup", Type.HANG, Severity.STALL, "detected hard LOCKUP", r"^Watchdog detected hard LOCKUP on cpu ?\d",
           "BUG: hard lockup", Blame.IP, "kernel/watchdog.c watchdog_overflow_callback; 2.6.36-4.2", follows=True, alternates=_STALL),
    Format("hard-lockup", Type.HANG, Severity.STALL, "self-detected hard LOCKUP", _WATCHDOG + rf"CPU \d+ self-detected hard LOCKUP @ (?P<function>{FUNCTION})",
           "BUG: hard lockup", Blame.IP, "arch/powerpc/kernel/watchdog.c soft_nmi_interrupt; 4.14+", arch=Arch.PPC, alternates=_STALL),
    Format("hard-lockup", Type.HANG, Severity.STALL, "hard LOCKUP on other CPUs", _WATCHDOG + r"CPU \d+ detected hard LOCKUP on other CPUs",
           "BUG: hard lockup", Blame.IP, "arch/powerpc/kernel/watchdog.c watchdog_smp_panic; 4.14+", arch=Arch.PPC, alternates=_STALL),
    # The die_nmi of an NMI watchdog: dies, or panics, where it was
    Format("nmi-lockup", Type.HANG, Severity.OOPS, "detected LOCKUP on CPU", r"^(?:BUG: )?NMI Watchdog detected LOCKUP on CPU ?\d",
           "BUG: NMI watchdog lockup", Blame.IP, "arch/x86/kernel/dumpstack.c die_nmi (2.6.28-37), traps_32.c and traps_64.c before", arch=Arch.X86, alternates=_STALL),
)  # fmt: skip

_TREE = "kernel/rcu/tree_stall.h (before 5.1: kernel/rcu/tree.c; before 3.13: kernel/rcutree.c)"
_INFO = r"^(?:rcu: )?INFO: "  # pr_fmt "rcu: " 4.19+
_RCU = (
    Format("rcu-stall", Type.HANG, Severity.STALL, "detected stall", _INFO + r"rcu\w* (?:self-)?detected stalls? on (?:CPU|tasks)",
           "INFO: rcu detected stall", Blame.STALL, f"{_TREE} print_other_cpu_stall, print_cpu_stall (`detected stall on CPU %d` before 3.3, `self-detected` since); tasks: kernel/rcu/tasks.h", alternates=_STALL),
    Format("rcu-stall", Type.HANG, Severity.STALL, "detected expedited stall", _INFO + r"rcu\w* detected expedited stalls? on CPUs",
           "INFO: rcu detected stall", Blame.STALL, "kernel/rcu/tree_exp.h synchronize_rcu_expedited_stall; 4.2+", alternates=_STALL),
    Format("rcu-stall", Type.HANG, Severity.STALL, "rcu_tasks", _INFO + r"rcu_tasks\w* detected stalls\?",
           "INFO: rcu detected stall", Blame.STALL, "kernel/rcu/tasks.h rcu_tasks_trace_postgp; 5.7-6.9", alternates=_STALL, traced=False),
    Format("rcu-stall", Type.HANG, Severity.STALL, "RCU detected CPU", r"^(?:INFO: )?RCU detected CPU (?:stalls:|\d+ stall )",
           "INFO: rcu detected stall", Blame.STALL, "kernel/rcuclassic.c, kernel/rcutree.c print_cpu_stall; 2.6.28-34", alternates=_STALL),
    Format("rcu-stall", Type.HANG, Severity.STALL, " stall on CPU", _INFO + r"rcu_\w+ stall on CPU \(",
           "INFO: rcu detected stall", Blame.STALL, "kernel/rcu/tiny_plugin.h check_cpu_stall; 3.10-4.13", alternates=_STALL),
    # Part of a stall's report, and all that is left where its header is lost
    Format("rcu-starved", Type.HANG, Severity.STALL, "kthread starved for", r"^(?:rcu: )?rcu\w* kthread starved for \d+ jiffies",
           "INFO: rcu detected stall", Blame.STALL, f"{_TREE} rcu_check_gp_kthread_starvation; 4.1+", follows=True, alternates=_STALL),
    Format("rcu-starved", Type.HANG, Severity.STALL, "timer wakeup didn't happen", r"^(?:rcu: )?rcu\w* kthread timer wakeup didn't happen for \d+ jiffies",
           "INFO: rcu detected stall", Blame.STALL, f"{_TREE} rcu_check_gp_kthread_expired_fqs_timer; 5.11+", follows=True, alternates=_STALL),
)  # fmt: skip

_HUNG = "kernel/hung_task.c check_hung_task (2.6.30+), kernel/softlockup.c (2.6.24-29)"
_TASKS = (
    Format("hung-task", Type.HANG, Severity.STALL, "INFO: task ", r"^INFO: task .{1,40}:\d+ blocked(?: in I/O wait)? for more than \d+ seconds",
           "INFO: task hung", Blame.TASK, f"{_HUNG}; `in I/O wait` 6.19+", alternates=_HANG),
    # Who holds the lock: the owner's trace follows, the report is that of the task before
    Format("hung-owner", Type.HANG, Severity.STALL, "INFO: task ", r"^INFO: task .{1,60} (?:is )?blocked on an? (?:mutex|semaphore|rw-semaphore)",
           "INFO: task hung", Blame.TASK, "kernel/hung_task.c debug_show_blocker; 6.16+", follows=True, alternates=_HANG, traced=False),
    Format("hung-exit", Type.HANG, Severity.STALL, "can't die for more", r"^INFO: task .{1,40}:\d+ can't die for more than \d+ seconds",
           "INFO: task can't die", Blame.TASK, "kernel/hung_task.c check_killed_task; linux-next 2018-2020", alternates=_HANG),
)  # fmt: skip

_WAITS = (
    Format("workqueue-lockup", Type.HANG, Severity.STALL, "BUG: workqueue lockup", r"^BUG: workqueue lockup - pool",
           "BUG: workqueue lockup", Blame.NOTHING, "kernel/workqueue.c wq_watchdog_timer_fn; 4.5+", traced=False, alternates=_STALL),
    Format("csd-lockup", Type.HANG, Severity.STALL, "non-responsive CSD lock", r"^(?:smp: )?csd: Detected non-responsive CSD lock \(#\d",
           "smp: csd: non-responsive CSD lock", Blame.STALL, "kernel/smp.c csd_lock_wait_toolong; 5.9+", alternates=_STALL),
    Format("netdev-wait", Type.OTHER, Severity.STALL, "unregister_netdevice: waiting", r"^unregister_netdevice: waiting for \S{1,16} to become free",
           "unregister_netdevice: waiting for DEV to become free", Blame.NOTHING, "net/core/dev.c netdev_wait_allrefs", traced=False, alternates=_HANG),
    # What was interrupted is chance: the handlers that did not want it are the trace
    Format("irq-nobody", Type.OTHER, Severity.WARNING, ": nobody cared", r"^irq \d+: nobody cared",
           "irq NUM: nobody cared", Blame.NAMED, "kernel/irq/spurious.c __report_bad_irq",
           detail=rf"^ ?handlers:\n ?\[<[^>\n]{{1,20}}>\] \(?(?::[\w-]+:)?(?P<function>{FUNCTION})(?:{OFFSET})?"),
)  # fmt: skip

STALLS: tuple[Format, ...] = (*_LOCKUPS, *_RCU, *_TASKS, *_WAITS)
