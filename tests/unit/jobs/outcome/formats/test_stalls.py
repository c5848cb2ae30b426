# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Stalls: each row is tried on what the kernel prints, written from its format strings, in every era's wording."""

import pytest

from jobs.outcome.formats.row import Severity, Type
from jobs.outcome.formats.stalls import STALLS
from jobs.outcome.formats.table import by_kind
from tests.support.excerpts import first, needles_are_plain, title

RCU = "INFO: rcu detected stall"
REPORTS = [
    # kernel/softlockup.c, kernel/watchdog.c
    ("BUG: soft lockup detected on CPU#1!", "soft-lockup", "BUG: soft lockup"),
    ("BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]", "soft-lockup", "BUG: soft lockup"),
    ("NMI watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:181]", "soft-lockup", "BUG: soft lockup"),
    ("watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:181]", "soft-lockup", "BUG: soft lockup"),
    ("Watchdog detected hard LOCKUP on cpu 0", "hard-lockup", "BUG: hard lockup"),
    ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 2", "hard-lockup", "BUG: hard lockup"),
    ("watchdog: Watchdog detected hard LOCKUP on cpu 3", "hard-lockup", "BUG: hard lockup"),
    ("watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3", "hard-lockup", "BUG: hard lockup"),
    ("watchdog: CPU 19 self-detected hard LOCKUP @ _raw_spin_lock_irq+0x60/0x100", "hard-lockup", "BUG: hard lockup"),
    ("watchdog: CPU 2 detected hard LOCKUP on other CPUs 19", "hard-lockup", "BUG: hard lockup"),
    ("BUG: NMI Watchdog detected LOCKUP on CPU0, ip c0104a2b, registers:", "nmi-lockup", "BUG: NMI watchdog lockup"),
    ("NMI Watchdog detected LOCKUP on CPU 0", "nmi-lockup", "BUG: NMI watchdog lockup"),
    # kernel/rcuclassic.c, kernel/rcutree.c, kernel/rcu
    ("RCU detected CPU 0 stall (t=4294705259/1000 jiffies)", "rcu-stall", RCU),
    ("INFO: RCU detected CPU 0 stall (t=1000 jiffies)", "rcu-stall", RCU),
    ("INFO: RCU detected CPU stalls: 1 (detected by 0, t=1002 jiffies)", "rcu-stall", RCU),
    ("INFO: rcu_sched_state detected stall on CPU 1 (t=6500 jiffies)", "rcu-stall", RCU),
    ("INFO: rcu_bh_state detected stalls on CPUs/tasks: { 1} (detected by 0, t=6502 jiffies)", "rcu-stall", RCU),
    ("INFO: rcu_sched self-detected stall on CPU { 0}  (t=60000 jiffies)", "rcu-stall", RCU),
    ("INFO: rcu_sched stall on CPU (2 ticks this GP) idle=40000000000000 (t=2100 jiffies q=11)", "rcu-stall", RCU),
    ("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu-stall", RCU),
    ("rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu-stall", RCU),
    (
        "INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 0-... } 26 jiffies s: 29 root: 0x1/.",
        "rcu-stall",
        RCU,
    ),
    (
        "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-...D } 29 jiffies s: 33 root: 0x2/.",
        "rcu-stall",
        RCU,
    ),
    ("INFO: rcu_tasks detected stalls on tasks:", "rcu-stall", RCU),
    ("rcu: INFO: rcu_tasks_trace detected stalls on tasks:", "rcu-stall", RCU),
    ("INFO: rcu_tasks_trace detected stalls? (Late IPI?)", "rcu-stall", RCU),
    (
        "rcu_sched kthread starved for 2101 jiffies! g18446744073709551385 c18446744073709551384 f0x0",
        "rcu-starved",
        RCU,
    ),
    (
        "rcu: rcu_preempt kthread starved for 10503 jiffies! g1457 f0x2 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=1",
        "rcu-starved",
        RCU,
    ),
    (
        "rcu: rcu_preempt kthread timer wakeup didn't happen for 10502 jiffies! g9225 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402",
        "rcu-starved",
        RCU,
    ),
    # kernel/hung_task.c
    ("INFO: task mount:812 blocked for more than 120 seconds.", "hung-task", "INFO: task hung"),
    ("INFO: task kworker/u8:1:44 blocked for more than 143 seconds.", "hung-task", "INFO: task hung"),
    ("INFO: task mount:812 blocked in I/O wait for more than 122 seconds.", "hung-task", "INFO: task hung"),
    ("INFO: task cat:115 is blocked on a mutex likely owned by task cat:114.", "hung-owner", "INFO: task hung"),
    ("INFO: task cat:115 blocked on a semaphore likely last held by task cat:114", "hung-owner", "INFO: task hung"),
    (
        "INFO: task cat:115 <writer> blocked on an rw-semaphore likely owned by task cat:114 <reader>",
        "hung-owner",
        "INFO: task hung",
    ),
    ("INFO: task syz-executor.3:9931 can't die for more than 143 seconds.", "hung-exit", "INFO: task can't die"),
    (
        "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!",
        "workqueue-lockup",
        "BUG: workqueue lockup",
    ),
    (
        "smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000003 ns for CPU#01 flush+0x0/0x40(0x0).",
        "csd-lockup",
        "smp: csd: non-responsive CSD lock",
    ),
    (
        "unregister_netdevice: waiting for lo to become free. Usage count = 2",
        "netdev-wait",
        "unregister_netdevice: waiting for DEV to become free",
    ),
    ('irq 11: nobody cared (try booting with the "irqpoll" option)', "irq-nobody", "irq NUM: nobody cared"),
]

HARMLESS = [
    "INFO: Stall ended before state dump start",
    "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.356 msecs",
    "sched: RT throttling activated",
    "sysrq: Show Blocked State",
    "clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable because the skew is too large:",
    "watchdog: Delayed init of the lockup detector failed: -19",
    "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
    "rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.",
    "RCU CPU stall detection is enabled.",
    "Testing NMI watchdog ... OK.",
    '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    "csd: CSD lock (#1) got unstuck on CPU#00, CPU#01 released the lock.",
    "systemd[1]: A start job is blocked for more than 90 seconds",
    "Kernel panic - not syncing: hung_task: blocked tasks",
    "Kernel panic - not syncing: Watchdog detected hard LOCKUP on cpu 0",
]


@pytest.mark.parametrize(("record", "kind", "wanted"), REPORTS)
def test_a_stall_has_its_row_and_title(record: str, kind: str, wanted: str) -> None:
    row = first(STALLS, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, wanted)


def test_every_row_is_tried() -> None:
    assert {row.pattern for row in STALLS} == {
        row.pattern for record, _, _ in REPORTS if (row := first(STALLS, record))
    }
    assert needles_are_plain(STALLS)


@pytest.mark.parametrize("record", HARMLESS)
def test_what_watches_is_no_stall(record: str) -> None:
    assert first(STALLS, record) is None


def test_a_stall_decides_nothing_alone() -> None:
    severities = {row.kind: row.severity for row in STALLS}
    assert severities["soft-lockup"] is severities["rcu-stall"] is severities["hung-task"] is Severity.STALL
    assert severities["irq-nobody"] is Severity.WARNING
    assert {row.type for row in STALLS if row.severity is Severity.STALL} == {Type.HANG, Type.OTHER}


@pytest.mark.parametrize(
    "block",
    [
        "handlers:\n[<c02d1234>] (usb_hcd_irq+0x0/0x50)\nDisabling IRQ #11",
        " handlers:\n [<ffffffff8145d8c0>] usb_hcd_irq\n Disabling IRQ #11",
        "handlers:\n[<(____ptrval____)>] usb_hcd_irq threaded [<(____ptrval____)>] usb_thread",
    ],
)
def test_an_interrupt_that_nobody_wants_names_its_handler(block: str) -> None:
    row = by_kind("irq-nobody", STALLS)
    assert row.detail_regex is not None
    found = row.detail_regex.search("Call Trace:\n" + block)
    assert found is not None
    assert found["function"] == "usb_hcd_irq"
