"""Which function a report blames, era by era."""

import pytest

from farm.core.words import Stage
from jobs.outcome.block import LENGTH, Block
from jobs.outcome.lines import Line
from jobs.outcome.rules import RULES, Effect


def block(text: str) -> tuple[Block, int]:
    """A report read from its header on, and how many of its lines were taken."""
    header, *rest = text.strip("\n").split("\n")
    for rule in RULES:
        if rule.needle in header and (match := rule.regex.search(header)):
            made = Block(rule, match, Line(header, 1, 0), Stage.KERNEL, "")
            break
    else:
        raise AssertionError(header)
    for number, line in enumerate(rest):
        if not made.add(line, Line(line, number + 2, number + 2)):
            return made, number
    return made, len(rest)


I386_2627 = """
BUG: unable to handle kernel NULL pointer dereference at 00000000
IP: [<c01010fc>] init_post+0x0/0xc5
*pde = 00000000
EIP: 0060:[<c01010fc>] EFLAGS: 00000282 CPU: 0
EIP is at init_post+0x0/0xc5
Call Trace:
 [<c033e8a4>] kernel_init+0x0/0xa2
---[ end trace 5871f91f961cb6c6 ]---
"""
EARLY = """
BUG: Int 14: CR2 fbe00000
     EDI c0253f61  ESI fbe00000  EBP fbe00000  ESP c0253f4c
     err 00000000  EIP c026b45a   CS 00000060  flg 00000006
Pid: 0, comm: swapper Not tainted 2.6.27.6 #1
 [<c0254251>] hlt_loop+0x0/0x3
 [<c026b45a>] dmi_scan_machine+0x3d/0x147
 [<c02626a9>] vmi_init+0xe42/0xe4a
"""


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("init_post", I386_2627),
        ("dmi_scan_machine", EARLY),
        (None, EARLY.replace("[<c026b45a>]", "[<c026b45b>]")),  # nobody in the trace is at EIP: blame nobody
        ("bar_probe", "BUG: kernel NULL pointer dereference, address: 00000004\nEIP: bar_probe+0x1f/0x90"),
        ("nvidia_x", "general protection fault: 0000 [#1]\nEIP is at nvidia_x+0x1/0x2 [nvidia]"),
        ("f", "BUG: unable to handle kernel paging request at fbe00000\nIP: [<c01010fc>] :mod:f+0x0/0xc5"),
        ("f", "general protection fault: 0000 [#1]\nRIP: 0010:f+0x0/0xc5"),
        ("f", "general protection fault: 0000 [#1]\nRIP: 0010:[<ffffffff81>]  [<ffffffff81>] f+0x0/0xc5"),
        ("f", "Internal error: Oops: 17 [#1]\nPC is at f+0x8/0x10\nLR is at g+0x1/0x2"),
        ("f", "kernel BUG at kernel/foo.c:12!\nEIP: f.isra.0+0x0/0x5"),
        ("f", "WARNING: at kernel/foo.c:12 f+0x1/0x2()"),
        ("f", "WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 f.cold+0x1/0x2"),
        (
            "f",
            "WARNING: at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2\n dump_stack+0x1/0x2\n f+0x1/0x2",
        ),
        ("f", "BUG: KASAN: use-after-free in f+0x12/0x34\nCall Trace:\n g+0x1/0x2"),
        # a utility did what it was told
        (
            "f",
            "BUG: kernel NULL pointer dereference, address: 8\nEIP: _raw_spin_lock+0x1b/0x40\n ? g+0x1/0x2\n f+0x1/0x2",
        ),
        ("f", "general protection fault: 0000 [#1]\nRIP: 0010:memcpy+0x1b/0x40\n f+0x1/0x2"),
        # nothing at the address: a jump through a bad pointer; the caller is the first sure entry
        (
            "f",
            "BUG: unable to handle kernel paging request at 0\nEIP is at 0x0\n [<c0>] ? g+0x1/0x2\n [<c0>] f+0x1/0x2",
        ),
        (None, "BUG: unable to handle kernel paging request at 0\nEIP: 0x8049113"),
        ("f", "BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]\nEIP is at f+0x1/0x2"),
        ("f", "INFO: task x:1 blocked for more than 120 seconds.\n schedule+0x1/0x2\n io_schedule+0x1/0x2\n f+0x1/0x2"),
        (
            None,
            "Kernel panic - not syncing: VFS: Unable to mount root fs on x\n panic+0x1/0x2\n f+0x1/0x2",
        ),
    ],
)
def test_function(function: str | None, text: str) -> None:
    made, _ = block(text)
    assert made.function == function
    assert made.title.endswith(f" in {function}") == (function is not None)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("BUG: early fault, interrupt 14 in dmi_scan_machine", EARLY),
        ("BUG: unable to handle kernel NULL pointer dereference in init_post", I386_2627),
        ("kernel panic: can't set nsfs up", "Kernel panic - not syncing: can't set nsfs up"),
        ("kernel panic: IO-APIC + timer", "---[ end Kernel panic - not syncing: IO-APIC + timer ]---"),
        ("kernel panic: node NUM has no memory", "Kernel panic - not syncing: node 12 has no memory"),
        ("BUG: scheduling while atomic", "BUG: scheduling while atomic: swapper/1/0x00000002"),
        ("WARNING: suspicious RCU usage", "WARNING: suspicious RCU usage"),
        ("KASAN: slab-out-of-bounds in f", "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2"),
    ],
)
def test_title(title: str, text: str) -> None:
    assert block(text)[0].title == title


class TestLength:
    def test_the_end_trace_ends_it(self) -> None:
        _, taken = block(I386_2627 + "one more\nand another\n")
        assert taken == 6

    def test_without_one_it_ends_by_itself(self) -> None:
        _, taken = block("Kernel panic - not syncing: x\n" + "register dump\n" * (2 * LENGTH))
        assert taken == LENGTH - 1

    def test_a_trace_without_end_takes_no_memory(self) -> None:
        made, _ = block("general protection fault: 0000 [#1]\n" + "\n".join(f" f{n}+0x1/0x2" for n in range(500)))
        assert made.function == "f0"
        assert len(made.evidence) == 1


class TestSecondHeader:
    def test_the_die_line_belongs_to_the_report_before_it(self) -> None:
        made, _ = block("kernel BUG at kernel/foo.c:12!")
        die = block("invalid opcode: 0000 [#1]")[0]
        assert made.absorbs(die.rule)
        made.absorb(die.rule, die.evidence[0])
        assert (made.effect, len(made.evidence)) == (Effect.OOPS, 2)
        assert not made.absorbs(die.rule)  # the next one is another report

    def test_an_early_bug_is_as_fatal_as_its_exception(self) -> None:
        made, _ = block("kernel BUG at arch/x86/kernel/mpparse.c:542!")
        early = block("PANIC: early exception 0x06 IP 60:c3d98f61 error 0 cr2 0x0")[0]
        assert made.absorbs(early.rule)
        made.absorb(early.rule, early.evidence[0])
        assert made.effect is Effect.FATAL

    def test_a_panic_is_a_report_of_its_own(self) -> None:
        made, _ = block("kernel BUG at kernel/foo.c:12!")
        assert not made.absorbs(block("Kernel panic - not syncing: Fatal exception")[0].rule)

    def test_a_warning_takes_no_oops_in(self) -> None:
        made, _ = block("WARNING: at kernel/foo.c:12 f+0x1/0x2()")
        assert not made.absorbs(block("Oops: 0000 [#1]")[0].rule)
