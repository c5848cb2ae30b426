"""From the places of a report to the function that is to blame, in syzbot's manner.

What is passed over everywhere is generic.py's; a kind of report can have more of them (`Format.skip`). Stalls and hung
tasks have ways of their own: where a loop is interrupted, or which of the waiting tasks is named, is chance, so the
function that entered the subsystem stands for it. Knows one report's places, not what kind of boot it was in.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from jobs.outcome.formats.row import Blame, Format, Type
from jobs.outcome.frames import Kind, Place
from jobs.outcome.generic import clock, generic, trapped
from jobs.outcome.model import Frame
from jobs.outcome.signature import bare_function, syscall

# Labels of traces that tell another story: who allocated the object, which locks there are.
_OTHER_STORY = re.compile(
    r"Allocated|Freed|Last |Uninit|the existing|-> #|the (?:hard|soft|[A-Z_]{1,20})-irq-|the dependencies|to a "
    r"|origin|Showing|Local var|Preemption disabled|\{"
)
# A stalled processor is interrupted here; what it did before is below.
_INTERRUPTED = re.compile(
    r"^_*(?:(?:asm_)?(?:smp_|sysvec_|exc_)?(?:trace_)?(?:apic_timer|local_timer|hyperv|reschedule)\w*"
    r"|(?:asm_)?sysvec_\w+|(?:smp_)?call_function(?:_single)?_interrupt|apic_timer_interrupt|ret_from_intr|common_interrupt|irq_svc|el1h?_(?:64_)?irq\w*|end_repeat_nmi|nmi|nmi_stack_correct"
    r"|decrementer_common\w*|handle_exception|handle_int|ret_from_exception|timer_interrupt)$"
)
# The callers of what differs from stall to stall: system calls, file operations, soft interrupts, work queues.
_ANCHOR = re.compile(
    r"process_one_work|hrtimer_run_queues|_apic_timer_interrupt$|do_syscall_|do_fast_syscall_|sysenter_|tracesys|entry_(?:SYSCALL|SYSENTER|INT80)|system_call|ret_fast_syscall|el0_svc"
    r"|netif_receive_skb|do_softirq|call_timer_fn|_run_timers|run_timer_softirq|run_ksoftirqd|smpboot_thread_fn|^kthread$"
    r"|start_secondary|cpu_startup_entry|ret_from_fork|vfs_(?:write|read|iter_read|iter_write|ioctl|open)$|do_iter_(?:read|write)"
    r"|blkdev_(?:driver_)?ioctl|^call_(?:read|write)_iter|^call_mmap|mmap_region|^do_mmap|do_dentry_open|^new_sync_(?:read|write)|^do_loop_readv|^sys_"
    r"|^sock_(?:sendmsg|recvmsg|release|mmap|do_ioctl|ioctl)|^__sock_(?:release|sendmsg)|__sys_setsockopt|do_sock_setsockopt|kernel_setsockopt"
    r"|sock_common_setsockopt|__sys_(?:listen|accept)|kernel_(?:listen|accept)|sk_common_release|^compat_sock_ioctl"
    r"|^nfnetlink_rcv_msg|^(?:compat_)?(?:SYSC|SyS|_+sys|_+do_sys|_+se_sys|_+x64_sys|_+arm64_sys)_(?:socketpair|connect|ioctl)"
    r"|__do_fault|rtnetlink_rcv_msg|_compat_ioctl$|__fput|task_work_run|exit_to_user|do_one_initcall|^__do_softirq|irq_exit"
    r"|^invoke_syscall|^handle_softirqs"
)
# The outermost function of a stack: what comes after it is another's.
_ROOT = re.compile(
    r"ret_from_fork|ret_fast_syscall|entry_(?:SYSCALL|SYSENTER|INT80)|el0_svc$|el0t_64_sync$|syscall_call$"
)
# Everybody waits for these; what is wrong is not with whoever does.
_WAITED_FOR = (("rtnl_lock", None), ("synchronize_rcu", None), ("synchronize_srcu", "synchronize_rcu"),
               ("synchronize_net", "synchronize_rcu"), ("synchronize_sched", "synchronize_rcu"))  # fmt: skip
_CALLS_ALL_CPUS = "smp_call_function"  # and waits for them: another one does not answer
_WAITS = re.compile(
    r"sched|_lock|_slowlock|down|completion|kthread|wait|synchronize|context_switch|__switch_to|cancel_delayed_work"
    r"|rwbase|folio_lock|_sleep$|^__refrigerator"
)


def blame(row: Format, places: list[Place], named: str | None, address: int | None) -> str | None:
    """The blamed function's bare name. `named`: by the header; `address`: the EIP of an early fault."""

    def passed(name: str) -> bool:
        return generic(name) or (row.skip_regex is not None and row.skip_regex.search(name) is not None)

    if row.blame is Blame.NOTHING:
        return None
    if row.blame is Blame.EIP_ENTRY:
        # The trace's first entry is the handler's own; on kernels with a register block the EIP line has the name.
        found = next((place.frame for place in places if place.frame and place.frame.address == address), None)
        return bare_function(found.function) if found else _ip(places, passed)
    if row.blame is Blame.STALL or row.recursive:
        return _stall(places, passed)
    if row.blame is Blame.TASK:
        return _task(places)
    if row.blame is Blame.NAMED and named is not None:
        bare = bare_function(named)
        if row.type is Type.KCSAN or clock(bare) or not passed(bare):  # a race is between the two that are named
            return bare
        below = _below(list(_story(places)), bare, passed)
        if below is None and row.type is Type.LOCKDEP:  # the last stack is lost: the chain has it, too
            below = _below(places, bare, passed)
        return below or bare
    if row.blame is Blame.TRACE:
        return _first(_names(_story(places)), passed)
    return _ip(places, passed)


def sure(places: list[Place]) -> list[Place]:
    """The places, where a trace is all guesses as if it were none.

    Kernels of 2.6.30 to 4.8 without frame pointers print `? ` before every entry (arch/x86/kernel/dumpstack.c).
    """
    if any(p.kind is Kind.FRAME and p.frame and p.frame.reliable and not p.frame.inlined for p in places):
        return places
    return [replace(place, frame=replace(place.frame, reliable=True)) if place.frame else place for place in places]


def chain(places: list[Place], function: str | None) -> tuple[Frame, ...]:
    """The frames of the report's own story, from the blamed function outwards where it is among them."""
    frames: list[Frame] = []
    pointers: set[str] = set()
    for place in places:
        frame = place.frame
        if frame is None or not (frame.reliable or place.kind is Kind.IP):
            continue
        if place.kind is Kind.IP:
            if frame.function in pointers:
                continue  # said again: `IP:`, `EIP is at`, and `EIP:` behind the code
            pointers.add(frame.function)
        frames.append(frame)
    names = [syscall(bare_function(frame.function)) for frame in frames]
    if function in names:
        return tuple(frames[names.index(function) :])
    begin = next((number for number, name in enumerate(names) if not generic(name)), 0)
    return tuple(frames[begin:])


def _story(places: list[Place]) -> Iterator[Place]:
    """The places that belong to the event itself."""
    other = False
    for place in places:
        if place.kind is Kind.LABEL:
            other = _OTHER_STORY.match(place.label) is not None
        if not other:
            yield place


def _names(places: Iterable[Place]) -> Iterator[str]:
    """Of what was inlined the caller counts: the next build may inline something else."""
    for place in places:
        if place.frame is not None and (place.frame.reliable or place.kind is Kind.IP) and not place.frame.inlined:
            yield bare_function(place.frame.function)


def _first(names: Iterable[str], passed: Callable[[str], bool]) -> str | None:
    return next((name for name in names if not passed(name)), None)


def _ip(places: list[Place], passed: Callable[[str], bool]) -> str | None:
    """The first instruction pointer's function, or the first one below it in the trace."""
    story = list(_story(places))
    fetched = any(place.label.startswith("#PF") for place in places)  # the processor was to run what is no code
    for number, place in enumerate(story):
        if place.kind is Kind.USER_IP:
            break
        if place.kind is Kind.IP:
            if place.frame is None or fetched:  # a jump to nowhere: whoever called is the next in the trace
                return _first(_names(each for each in story[number + 1 :] if each.kind is Kind.FRAME), passed)
            name = bare_function(place.frame.function)
            if trapped(name):
                return name  # the trap handler itself faulted
            return _first(_names(story[number:]), passed) or name
    return _first(_names(story), passed)


def _below(places: list[Place], name: str, passed: Callable[[str], bool]) -> str | None:
    """The first function below `name` in the trace; of the whole trace where it is not in it."""
    names = [(bare_function(place.frame.function) if place.frame else "") for place in places]
    start = names.index(name) + 1 if name in names else 0
    return _first(_names(places[start:]), passed)


def _stall(places: list[Place], passed: Callable[[str], bool]) -> str | None:
    """Out of the stack of the stalled processor, the last function before its anchor.

    A soft lockup's report begins with its own registers. An RCU stall's begins with the reporter's trace: what the
    clock interrupted stands below, or in a dump of another processor.
    """
    best: str | None = None
    for stack in _stacks(_story(places)):
        if "rcu_gp_kthread" in stack.names:
            continue  # the grace period's own thread: it only waits
        found = _before_anchor(stack.names, passed)
        if found is not None and (stack.interrupted or (stack.at_once and best is None)):
            return found
        best = best or found
    return best


@dataclass(slots=True)
class _Stack:
    """Functions from where a processor was, outwards."""

    names: list[str] = field(default_factory=list)
    interrupted: bool = False  # a clock's interrupt came in there
    at_once: bool = False  # the report began with these registers


def _stacks(places: Iterable[Place]) -> Iterator[_Stack]:
    stack = _Stack()
    first, rooted = True, False
    for place in places:
        label = place.label if place.kind is Kind.LABEL else ""
        if label.startswith(("NMI", "Task dump", "Stack")) or (
            label.startswith(("Call", "Back")) and len(stack.names) > 1
        ):
            yield stack
            stack, first, rooted = _Stack(), False, False
        if place.frame is None or not _counts(place) or place.frame.inlined:
            continue
        name = bare_function(place.frame.function)
        if _INTERRUPTED.match(name) and not (stack.interrupted and stack.names):
            stack.names, stack.interrupted = [], True
            continue
        if rooted:
            yield stack
            stack, first = _Stack(), False
        rooted = _ROOT.match(name) is not None
        stack.at_once = stack.at_once or (first and not stack.names and place.kind is Kind.IP)
        stack.names.append(name)
    yield stack


def _before_anchor(names: list[str], passed: Callable[[str], bool]) -> str | None:
    before: str | None = None
    for name in names:
        if name.startswith(_CALLS_ALL_CPUS):
            return _CALLS_ALL_CPUS
        if _ANCHOR.search(name):
            if before is not None:
                return before
        elif not passed(name):
            before = name
    return next((name for name in names if not passed(name)), None)


def _counts(place: Place) -> bool:
    return place.kind is Kind.IP or (place.frame is not None and place.frame.reliable)


def _task(places: list[Place]) -> str | None:
    names = list(_names(_until_next_trace(places)))
    for name in names:
        for start, stands in _WAITED_FOR:
            if name.lstrip("_").startswith(start):
                return stands or start
    return next((name for name in names if not _WAITS.search(name) and not generic(name)), None)


def _until_next_trace(places: list[Place]) -> Iterator[Place]:
    traces = 0
    for place in places:
        traces += place.kind is Kind.LABEL and place.label.startswith("Call")
        if traces > 1 or place.kind is Kind.USER_IP:
            return
        yield place
