# ruff: noqa: E501 - an excerpt is the line as it is printed
"""Locking checks: each row is tried on what the kernel prints, written from its format strings, in every era's wording."""

import pytest

from jobs.outcome.formats.locking import LOCKING
from jobs.outcome.formats.row import Severity, Type
from jobs.outcome.formats.table import by_kind
from tests.support.excerpts import first, needles_are_plain, title

REPORTS = [
    # kernel/lockdep.c to 4.10, kernel/locking/lockdep.c since
    ("[ INFO: possible circular locking dependency detected ]", "lockdep-circular", "possible deadlock"),
    ("WARNING: possible circular locking dependency detected", "lockdep-circular", "possible deadlock"),
    ("[ INFO: possible recursive locking detected ]", "lockdep-recursive", "possible deadlock"),
    ("WARNING: possible recursive locking detected", "lockdep-recursive", "possible deadlock"),
    ("[ INFO: possible irq lock inversion dependency detected ]", "lockdep-inversion", "possible deadlock"),
    ("WARNING: possible irq lock inversion dependency detected", "lockdep-inversion", "possible deadlock"),
    ("[ INFO: hard-safe -> hard-unsafe lock order detected ]", "lockdep-irq-order", "possible deadlock"),
    ("[ INFO: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected ]", "lockdep-irq-order", "possible deadlock"),
    ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "lockdep-irq-order", "possible deadlock"),
    ("[ INFO: RECLAIM_FS-safe -> RECLAIM_FS-unsafe lock order detected ]", "lockdep-irq-order", "possible deadlock"),
    ("[ INFO: inconsistent lock state ]", "lockdep-inconsistent", "inconsistent lock state"),
    ("WARNING: inconsistent lock state", "lockdep-inconsistent", "inconsistent lock state"),
    ("inconsistent {in-softirq-W} -> {softirq-on-W} usage.", "lockdep-usage", "inconsistent lock state"),
    ("inconsistent {INITIAL USE} -> {IN-NMI} usage.", "lockdep-usage", "inconsistent lock state"),
    ("[ BUG: Invalid wait context ]", "lockdep-wait-context", "BUG: Invalid wait context"),
    ("[ BUG: bad unlock balance detected! ]", "lockdep-unlock-balance", "WARNING: bad unlock balance"),
    ("WARNING: bad unlock balance detected!", "lockdep-unlock-balance", "WARNING: bad unlock balance"),
    ("[ BUG: bad contention detected! ]", "lockdep-contention", "WARNING: bad contention"),
    ("[ BUG: held lock freed! ]", "lockdep-freed", "WARNING: held lock freed"),
    ("WARNING: held lock freed!", "lockdep-freed", "WARNING: held lock freed"),
    ("[ BUG: bash/1547 still has locks held! ]", "lockdep-still-held", "WARNING: still has locks held"),
    ("WARNING: kworker/u8:1/44 still has locks held!", "lockdep-still-held", "WARNING: still has locks held"),
    ("[ BUG: lock held at task exit time! ]", "lockdep-exit", "WARNING: lock held at task exit"),
    (
        "[ BUG: lock held when returning to user space! ]",
        "lockdep-user",
        "WARNING: lock held when returning to user space",
    ),
    (
        "WARNING: lock held when returning to user space!",
        "lockdep-user",
        "WARNING: lock held when returning to user space",
    ),
    ("[ BUG: Nested lock was not taken ]", "lockdep-nested", "WARNING: nested lock was not taken"),
    ("WARNING: Nested lock was not taken", "lockdep-nested", "WARNING: nested lock was not taken"),
    ("[ INFO: suspicious rcu_dereference_check() usage. ]", "rcu-usage", "WARNING: suspicious RCU usage"),
    ("[ INFO: suspicious RCU usage. ]", "rcu-usage", "WARNING: suspicious RCU usage"),
    ("WARNING: suspicious RCU usage", "rcu-usage", "WARNING: suspicious RCU usage"),
    ("INFO: trying to register non-static key.", "lockdep-key", "INFO: trying to register non-static key"),
    ("BUG: key f7c0a1d4 not in .data!", "lockdep-key", "BUG: lock key not registered"),
    ("BUG: key ffff888102a3c058 has not been registered!", "lockdep-key", "BUG: lock key not registered"),
    ("BUG: looking up invalid subclass: 8", "lockdep-subclass", "BUG: looking up invalid subclass"),
    ("BUG: MAX_LOCKDEP_ENTRIES too low!", "lockdep-exhausted", "BUG: MAX_LOCKDEP_ENTRIES too low!"),
    ("BUG: MAX_STACK_TRACE_ENTRIES too low!", "lockdep-exhausted", "BUG: MAX_STACK_TRACE_ENTRIES too low!"),
    ("BUG: MAX_LOCK_DEPTH too low!", "lockdep-exhausted", "BUG: MAX_LOCK_DEPTH too low!"),
    ("WARNING: chain_key collision", "lockdep-chain-key", "WARNING: chain_key collision"),
    ("[ BUG: circular locking deadlock detected! ]", "rtmutex-deadlock", "BUG: rt mutex deadlock"),
    ("WARNING: circular locking deadlock detected!", "rtmutex-deadlock", "BUG: rt mutex deadlock"),
    # lib/spinlock_debug.c, kernel/locking/spinlock_debug.c
    ("BUG: spinlock bad magic on CPU#0, swapper/1", "spinlock", "BUG: spinlock bad magic"),
    ("BUG: spinlock wrong owner on CPU#1, bash/812", "spinlock", "BUG: spinlock wrong owner"),
    ("BUG: spinlock wrong CPU on CPU#1, bash/812", "spinlock", "BUG: spinlock wrong CPU"),
    ("BUG: spinlock recursion on CPU#0, kworker/0:1/15", "spinlock", "BUG: spinlock recursion"),
    ("BUG: spinlock cpu recursion on CPU#0, bash/812", "spinlock", "BUG: spinlock cpu recursion"),
    ("BUG: spinlock already unlocked on CPU#0, bash/812", "spinlock", "BUG: spinlock already unlocked"),
    ("BUG: spinlock trylock failure on UP on CPU#0, bash/812", "spinlock", "BUG: spinlock trylock failure on UP"),
    ("BUG: spinlock lockup on CPU#1, bash/812, c0412345", "spinlock-lockup", "BUG: spinlock lockup"),
    ("BUG: spinlock lockup suspected on CPU#1, bash/812", "spinlock-lockup", "BUG: spinlock lockup"),
    ("BUG: write-lock lockup on CPU#1, bash/812, c0412345", "spinlock-lockup", "BUG: write-lock lockup"),
    ("BUG: rwlock bad magic on CPU#1, bash/812, c0412345", "rwlock", "BUG: rwlock bad magic"),
    ("BUG: rwlock cpu recursion on CPU#1, bash/812, c0412345", "rwlock", "BUG: rwlock cpu recursion"),
    # lib/smp_processor_id.c
    (
        "BUG: using smp_processor_id() in preemptible [00000000] code: swapper/1",
        "preemptible",
        "BUG: using smp_processor_id() in preemptible code",
    ),
    (
        "BUG: using __this_cpu_add() in preemptible [00000000] code: udevd/77",
        "preemptible",
        "BUG: using __this_cpu_add() in preemptible code",
    ),
    # kernel/workqueue.c, kernel/sched, init/main.c
    (
        "BUG: workqueue leaked lock or atomic: events/0/0x00000001/4",
        "atomic-leak",
        "BUG: workqueue leaked lock or atomic",
    ),
    (
        "BUG: workqueue leaked atomic, lock or RCU: kworker/2:1[106]",
        "atomic-leak",
        "BUG: workqueue leaked lock or atomic",
    ),
    (
        "BUG: sleeping function called from invalid context at mm/slab.c:3044",
        "atomic-sleep",
        "BUG: sleeping function called from invalid context",
    ),
    ("BUG: scheduling while atomic: swapper/1/0x10000002", "atomic-schedule", "BUG: scheduling while atomic"),
    (
        "BUG: scheduling in a non-blocking section: bash/812/1",
        "atomic-schedule",
        "BUG: scheduling in a non-blocking section",
    ),
    ("bad: scheduling from the idle thread!", "atomic-idle", "bad: scheduling from the idle thread"),
    ("BUG: assuming atomic context at kernel/bpf/core.c:1912", "atomic-assumed", "BUG: assuming atomic context"),
    (
        "BUG: assuming non migratable context at ./include/linux/filter.h:637",
        "atomic-assumed",
        "BUG: assuming non migratable context",
    ),
    (
        "initcall init_foo+0x0/0x20 returned with preemption imbalance ",
        "initcall-imbalance",
        "WARNING: initcall returned with preemption imbalance",
    ),
    (
        "initcall init_foo+0x0/0x20 [foo] returned with error code -19 disabled interrupts ",
        "initcall-imbalance",
        "WARNING: initcall returned with preemption imbalance",
    ),
]

HARMLESS = [
    "INFO: lockdep is turned off.",
    "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
    "ksmbd: possible circular locking dependency detected by our own test",
    "initcall init_foo+0x0/0x20 returned with error code -19 ",
    "initcall init_foo+0x0/0x20 returned 0 after 12 usecs",
    "RCU lockdep checking is enabled.",
    "MAX_LOCKDEP_SUBCLASSES:  8",
    "... MAX_LOCK_DEPTH:          48",
    "DEBUG: spinlock bad magic on CPU#0",
    "no locks held by swapper/0/0.",
    "1 lock held by bash/1547:",
    "Kernel command line: lockdep BUG: scheduling while atomic: no",
]


@pytest.mark.parametrize(("record", "kind", "wanted"), REPORTS)
def test_a_report_has_its_row_and_title(record: str, kind: str, wanted: str) -> None:
    row = first(LOCKING, record)
    assert row is not None
    assert (row.kind, title(row, record)) == (kind, wanted)


def test_every_row_is_tried() -> None:
    assert {row.kind for row in LOCKING} == {kind for _, kind, _ in REPORTS}
    assert needles_are_plain(LOCKING)


@pytest.mark.parametrize("record", HARMLESS)
def test_advice_and_numbers_are_no_reports(record: str) -> None:
    assert first(LOCKING, record) is None


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        # print_lock: `(%s){%s}, at: [<%0*lx>] %pS` by print_ip_sym to 4.18, without the address since 4.19
        ("lockdep-circular", "insmod/77 is trying to acquire lock:\n (&q->lock){--..}, at: [<c0123456>] foo_take+0x1f/0x40\n\nbut task is already holding lock:\n (rtnl){--..}, at: [<c0123499>] bar+0x1/0x2"),
        ("lockdep-circular", " insmod/77 is trying to acquire lock:\n f6a1b2c4 (&q->lock){+.+.}-{3:3}, at: foo_take+0x1f/0x40 [foo]"),
        ("lockdep-recursive", " (&q->lock){+.+.}, at: [<(____ptrval____)>] foo_take+0x1f/0x40"),
        ("lockdep-inconsistent", "inconsistent {hardirq-on-W} -> {in-hardirq-W} usage.\nswapper/0 [HC1[1]:SC0[0]:HE0:SE1] takes:\n (&q->lock){+-..}, at: [<f8812345>] :foo:foo_take+0x1f/0x40"),
        ("lockdep-unlock-balance", "bash/812 is trying to release lock (&q->lock) at:\n[<c0123456>] foo_take+0x1f/0x40\nbut there are no more locks to release!"),
        ("lockdep-unlock-balance", "bash/812 is trying to release lock (&q->lock) at:\n [<ffffffff81123456>] foo_take+0x1f/0x40\n but there are no more locks to release!"),
        ("lockdep-still-held", "1 lock held by bash/1547:\n #0:  (&q->lock){+.+...}, at: [<c0123456>]     foo_take+0x1f/0x40"),
        ("lockdep-irq-order", "... which became HARDIRQ-irq-safe at:\n  __lock_acquire+0x1/0x2\n  lock_acquire+0x170/0x3f0\n  _raw_spin_lock_irqsave+0x8c/0xbf\n  foo_take+0x1f/0x40\n  irq+0x1/0x2"),
        ("lockdep-irq-order", " ... which became HARDIRQ-irq-safe at:\n   [<c0123456>] lock_acquire+0x1/0x2\n   [<c0123466>] _spin_lock+0x1/0x2\n   [<c0123499>] foo_take+0x1f/0x40"),
        ("preemptible", "caller is foo_take+0x1f/0x40 [foo]\nPid: 1, comm: swapper"),
        ("atomic-leak", "    last function: foo_take+0x0/0x40\n"),
        ("atomic-leak", "     last function: foo_take\n"),
        ("atomic-leak", "     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=foo_take\n"),
    ],
)  # fmt: skip
def test_the_place_of_the_lock_is_named(kind: str, block: str) -> None:
    assert _named(kind, block) == "foo_take"


def _named(kind: str, block: str) -> str | None:
    """By the first row of that kind whose detail is there."""
    rows = [row for row in LOCKING if row.kind == kind and row.detail_regex]
    found = [match["function"] for row in rows if row.detail_regex and (match := row.detail_regex.search(block))]
    return found[0] if found else None


def test_the_checks_of_locks_are_lockdep_and_what_cannot_go_on_is_not() -> None:
    types = {row.kind: row.type for row in LOCKING}
    assert types["spinlock"] is types["preemptible"] is types["rcu-usage"] is Type.LOCKDEP
    assert types["spinlock-lockup"] is Type.HANG
    assert types["atomic-sleep"] is Type.ATOMIC_SLEEP
    assert by_kind("lockdep-circular", LOCKING).severity is Severity.WARNING
    assert by_kind("spinlock", LOCKING).severity is Severity.OOPS
