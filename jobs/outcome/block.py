"""One report of the kernel about itself: its header, and what the lines after it say of where it happened.

Layouts by era are in the kernel's arch/x86/kernel/dumpstack*.c, traps*.c, mm/fault.c. Knows one report, not the boot.
"""

import re

from farm.core.words import Stage
from jobs.outcome.lines import Line
from jobs.outcome.model import Evidence
from jobs.outcome.rules import Effect, Rule
from jobs.outcome.signature import bare_function, bare_title

LENGTH = 120  # records looked at after a header; the longest i386 block with its trace is about 90
_TRACE = 24  # trace entries kept
_SYMBOL = r"(?::\w+:)?(?P<f>[A-Za-z_$][\w.$]*)\+0x[0-9a-f]+"

# `EIP is at f+`, `IP: [<addr>] f+`, `EIP: f+`, `RIP: 0010:f+`, `RIP: 0010:[<addr>]  [<addr>] f+`; arm: `PC is at f+`
_WHERE = re.compile(r"(?:(?:EIP|PC) is at|pc :|\b[RE]?IP: ?(?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\] *){0,2}) ?" + _SYMBOL)
# ` [<c026b45a>] ? f+0x3d/0x147 [mod]`, later without the address
_ENTRY = re.compile(r"^\s*(?:\[<(?P<addr>[0-9a-f]+)>\] )?(?P<guess>\? )?" + _SYMBOL + r"/0x[0-9a-f]+")
_EARLY_EIP = re.compile(r"^\s*err \S+ +EIP ([0-9a-f]{8}) ")  # head_32.S, fault_msg
_END = re.compile(r"^---\[ end (?:trace|Kernel panic)")

# Functions that did what their caller asked: the caller is to blame (cf. syzkaller pkg/report/linux.go).
_LEAF = re.compile(
    r"^(?:_{0,3}mem(?:cpy|set|move|cmp)\w*|str\w*(?:cpy|cmp|len|chr|str)|__list_(?:add|del)\w*|list_(?:add|del)\w*"
    r"|_*raw_\w*(?:lock|unlock)\w*|_spin_\w+|do_raw_\w+|__lock_acquire|lock_acquire|native_\w+|refcount_\w+|kobject_get)$"
)
# Functions that report, or that every trace has above the culprit.
_REPORTER = re.compile(
    r"^(?:dump_stack(?:_lvl)?|show_stack|__show_regs|panic|nmi_panic|oops_end|die|__die|do_trap|do_error_trap|do_invalid_op"
    r"|exc_\w+|asm_exc_\w+|handle_exception|error_code|__warn|warn_\w+|report_bug|fixup_bug|handle_bug|bad_page|bad_area\w*"
    r"|no_context|do_page_fault|__do_page_fault|page_fault|_*might_\w+|__schedule_bug|schedule|__schedule|preempt_schedule\w*"
    r"|lockdep_\w+|print_\w+|debug_\w+|check_lock\w*|_*kasan_\w+|__asan_\w+|check_memory_region|hlt_loop"
    r"|(?:io_)?schedule_\w+|io_schedule|_*mutex_lock\w*|wait_for_\w+|rwsem_\w+|_*down_(?:read|write)\w*|spin_(?:dump|bug)"
    r"|early_idt_handler\w*|watchdog_\w+|rcu_check_callbacks|rcu_sched_clock_irq|nmi_\w+|arch_trigger\w+"
    r"|update_process_times|tick_\w+)$"
)


class Block:
    """A report being read. Holds a handful of short strings, whatever its length."""

    def __init__(self, rule: Rule, match: re.Match[str], line: Line, stage: Stage, before: str) -> None:
        self.rule = rule
        self.effect = rule.effect
        self.stage = stage
        self.offset = line.offset
        self.evidence = [line.evidence(match.string)]
        groups = match.groupdict()
        self._word = match.group(1) if match.re.groups > len(groups) else ""
        self._before = before
        self._named: str | None = groups.get("f")
        self._where: str | None = None
        self._eip: str | None = None
        self._trace: list[tuple[str | None, str, bool]] = []
        self._left = LENGTH
        self._died = rule.more

    def absorbs(self, rule: Rule) -> bool:
        """Whether a header of kind `rule` is a later line of this very report."""
        return (
            self.effect is Effect.OOPS and rule.more and not self._died and rule.effect in {Effect.OOPS, Effect.FATAL}
        )

    def absorb(self, rule: Rule, shown: Evidence) -> None:
        self._died = True
        self.effect = rule.effect
        self.evidence.append(shown)

    def add(self, message: str, line: Line) -> bool:
        """One record after the header. False when the report has ended."""
        self._left -= 1
        if _END.match(message) or self._left <= 0:
            return False
        if "+0x" in message:
            self._symbol(message, line)
        elif self.rule.type == "early-fault" and (eip := _EARLY_EIP.match(message)):
            self._eip = eip[1]
            self.evidence.append(line.evidence(message))
        return True

    def _symbol(self, message: str, line: Line) -> None:
        if found := _WHERE.search(message):
            if self._where is None:
                self._where = found["f"]
                self.evidence.append(line.evidence(message))
        elif (found := _ENTRY.match(message)) and len(self._trace) < _TRACE:
            self._trace.append((found["addr"], found["f"], bool(found["guess"])))
            if self._eip and found["addr"] == self._eip and self._eip_function() == found["f"]:
                self.evidence.append(line.evidence(message))

    def _eip_function(self) -> str | None:
        return next((name for addr, name, _ in self._trace if addr == self._eip), None)

    @property
    def function(self) -> str | None:
        """The kernel function to blame, None where the report does not say or its text alone is its identity."""
        if not self.rule.blames:
            return None
        if self._eip:  # the first trace entry is the handler's own: head_32.S, hlt_loop
            name = self._eip_function()
            return bare_function(name) if name else None
        where = bare_function(self._where) if self._where else None
        if where and not self._named and not _LEAF.match(where):
            return where
        names = [self._named or "", *(name for _, name, guess in self._trace if not guess)]
        culprits = (
            name for name in map(bare_function, names) if name and not _LEAF.match(name) and not _REPORTER.match(name)
        )
        return next(culprits, where)

    @property
    def title(self) -> str:
        word = self._word if len(self._word) <= 2 else bare_title(self._word.removesuffix(" ]---"))  # a vector stays
        text = self.rule.title.format(word, before=bare_title(self._before))
        function = self.function
        return f"{text} in {function}" if function else text
