"""Whole reports of locking, stalls, sanitizers, memory and warnings, read by the reader: one report each, its function.

Written from the kernel's format strings, with and without printk times.
"""

import pytest

from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.formats.locking import LOCKING
from jobs.outcome.formats.memory import MEMORY
from jobs.outcome.formats.sanitizers import SANITIZERS
from jobs.outcome.formats.stalls import STALLS
from jobs.outcome.formats.warnings import WARNINGS

TRACE_2_6 = """Pid: 1, comm: swapper Not tainted 2.6.27 #1
 [<c0104a2b>] dump_stack+0x1/0x2
{frames} [<c0103b2c>] kernel_thread_helper+0x7/0x10
 ======================="""
TRACE = """CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
Call Trace:
 dump_stack_lvl+0x1/0x2
{frames} kernel_init+0x7/0x10"""


def _old(*names: str) -> str:
    return TRACE_2_6.format(frames="".join(f" [<c0123456>] {name}+0x1/0x2\n" for name in names))


def _new(*names: str) -> str:
    return TRACE.format(frames="".join(f" {name}+0x1/0x2\n" for name in names))


REPORTS = [
    (
        f"""[ INFO: possible recursive locking detected ]
2.6.27 #1
---------------------------------------------
swapper/1 is trying to acquire lock:
 (&foo->lock){{--..}}, at: [<c0212345>] foo_probe+0x1/0x2

but task is already holding lock:
 (&foo->lock){{--..}}, at: [<c0212399>] foo_init+0x1/0x2

stack backtrace:
{_old("__lock_acquire", "lock_acquire", "_spin_lock", "foo_probe")}""",
        ("lockdep", "possible deadlock in foo_probe"),
    ),
    (
        f"""WARNING: inconsistent lock state
6.1.0 #1 Not tainted
--------------------------------
inconsistent {{SOFTIRQ-ON-W}} -> {{IN-SOFTIRQ-W}} usage.
swapper/0/1 [HC0[0]:SC1[1]:HE1:SE0] takes:
c1a2b3c4 (&foo->lock){{+.?.}}-{{2:2}}, at: foo_timer+0x1/0x2

stack backtrace:
{_new("print_usage_bug", "mark_lock", "__lock_acquire", "foo_timer")}""",
        ("lockdep", "inconsistent lock state in foo_timer"),
    ),
    (
        f"""BUG: using smp_processor_id() in preemptible [00000000] code: swapper/1
caller is foo_probe+0x1/0x2
{_old("debug_smp_processor_id", "foo_probe")}""",
        ("lockdep", "BUG: using smp_processor_id() in preemptible code in foo_probe"),
    ),
    (
        f"""BUG: sleeping function called from invalid context at kernel/mutex.c:94
in_atomic():1, irqs_disabled():0
{_old("__might_sleep", "mutex_lock", "foo_probe")}""",
        ("atomic-sleep", "BUG: sleeping function called from invalid context in foo_probe"),
    ),
    (
        f"""BUG: KASAN: use-after-free in foo_read+0x1/0x2
Read of size 4 at addr c1a2b3c4 by task swapper/0/1

{_new("print_report", "kasan_report", "foo_read")}""",
        ("kasan", "KASAN: use-after-free Read in foo_read"),
    ),
    (
        f"""UBSAN: shift-out-of-bounds in drivers/foo/foo.c:12:3
shift exponent 64 is too large for 32-bit type 'int'
{_new("ubsan_epilogue", "__ubsan_handle_shift_out_of_bounds", "foo_probe")}""",
        ("ubsan", "UBSAN: shift-out-of-bounds in foo_probe"),
    ),
    (
        f"""BUG: Bad page state in process swapper/0  pfn:00123
page:c1a2b3c4 count:0 mapcount:-128 mapping:00000000 index:0x0
{_new("bad_page", "free_pages_prepare", "__free_pages", "foo_release")}""",
        ("bad-page", "BUG: Bad page state in foo_release"),
    ),
    (
        f"""BUG kmalloc-64 (Not tainted): Redzone overwritten
-----------------------------------------------------------------------------

INFO: 0xc1a2b3c4-0xc1a2b3c7. First byte 0x0 instead of 0xbb
{_old("check_bytes_and_report", "check_object", "free_debug_processing", "kfree", "foo_release")}""",
        ("bad-page", "BUG: Redzone overwritten in foo_release"),
    ),
    (
        f"""------------[ cut here ]------------
WARNING: at drivers/foo/foo.c:12 foo_probe+0x1/0x2()
Modules linked in:
{_old("warn_on_slowpath", "foo_probe")}
---[ end trace 4eaa2a86a8e2da22 ]---""",
        ("warning", "WARNING in foo_probe"),
    ),
    (
        f"""------------[ cut here ]------------
refcount_t: underflow; use-after-free.
WARNING: lib/refcount.c:28 at refcount_warn_saturate+0x1/0x2, CPU#0: swapper/0/1
{_new("refcount_warn_saturate", "kobject_put", "foo_release")}
---[ end trace 0000000000000000 ]---""",
        ("warning", "WARNING: refcount bug in foo_release"),
    ),
    (
        f"""INFO: task swapper/0:1 blocked for more than 120 seconds.
      Not tainted 6.1.0 #1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:swapper/0       state:D stack:0     pid:1     ppid:0      flags:0x00004000
{_new("__schedule", "schedule", "__mutex_lock", "foo_probe")}""",
        ("hang", "INFO: task hung in foo_probe"),
    ),
]
BANNER = "Linux version 6.1.0 (a@b) (gcc) #1\n"


def _timed(text: str) -> str:
    return "".join(f"[{12 + n / 1000:12.6f}] {line}\n" for n, line in enumerate(text.split("\n")))


@pytest.mark.parametrize("timed", [False, True], ids=["bare", "timed"])
@pytest.mark.parametrize(("text", "wanted"), REPORTS, ids=[wanted[1] for _, wanted in REPORTS])
def test_a_report_is_one_with_its_function(text: str, wanted: tuple[str, str], timed: bool) -> None:
    reader = Reader(Expectation())
    reader.feed((BANNER + (_timed(text) if timed else text + "\n")).encode())
    reports = reader.conclude(Ending.END_OF_FILE, image_fetched=None).reports
    assert [(str(report.type), report.title) for report in reports] == [wanted]
    assert not reports[0].corrupted


def test_a_list_found_corrupt_is_titled_by_the_bug_that_follows() -> None:
    text = f"""list_del corruption. prev->next should be c1a2b3c4, but was 6b6b6b6b
------------[ cut here ]------------
kernel BUG at lib/list_debug.c:51!
invalid opcode: 0000 [#1] SMP
EIP: __list_del_entry_valid+0x1/0x2
{_new("foo_release")}
"""
    reader = Reader(Expectation())
    reader.feed((BANNER + text).encode())
    reports = reader.conclude(Ending.END_OF_FILE, image_fetched=None).reports
    assert [report.title for report in reports] == ["BUG: corrupted list in foo_release"]


def test_nothing_matches_in_the_middle_of_a_record() -> None:
    """A quoted report, a search for one, a command line: only what a record begins with is said by the kernel."""
    rows = (*LOCKING, *STALLS, *SANITIZERS, *MEMORY, *WARNINGS)
    assert [row.kind for row in rows if not row.pattern.startswith("^")] == []
