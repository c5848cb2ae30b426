"""Every layout of an instruction pointer, a trace entry and a label, as kernels from 2.6 to 7 print them."""

import pytest

from jobs.outcome.frames import MOST, Kind, Place, places
from jobs.outcome.model import Frame


def one(line: str) -> Place:
    """The one place of a line."""
    found = places([line])
    assert len(found) == 1, found
    return found[0]


def entries(line: str) -> list[Frame]:
    """The trace entries of a line, labels left out."""
    return [place.frame for place in places([line]) if place.kind is Kind.FRAME and place.frame is not None]


def labels(line: str) -> list[str]:
    return [place.label for place in places([line]) if place.kind is Kind.LABEL]


F = Frame("foo_init", 5, 16)
MOD = Frame("foo_init", 5, 16, "mod")


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        # arch/x86/kernel/process_32.c __show_registers, dumpstack.c
        ("EIP is at foo_init+0x5/0x10", F),
        ("EIP is at foo_init+0x5/0x10 [mod]", MOD),
        ("EIP: foo_init+0x5/0x10", F),
        ("EIP: foo_init+0x5/0x10 [mod]", MOD),
        ("EIP: 0060:foo_init+0x5/0x10", F),
        ("EIP: [<c0123456>] foo_init+0x5/0x10 SS:ESP 0068:c7821f20", F),
        # arch/x86/kernel/process_64.c, traps_64.c
        ("RIP: 0010:[<ffffffff81012345>]  [<ffffffff81012345>] foo_init+0x5/0x10", F),
        ("RIP: 0010:[<ffffffff81012345>]  [<ffffffff81012345>] foo_init+0x5/0x10 [mod]", MOD),
        ("RIP: 0010:[<ffffffff81012345>]  [<ffffffff81012345>] :mod:foo_init+0x5/0x10", MOD),
        ("RIP: 0010:foo_init+0x5/0x10", F),
        ("RIP: 0010:foo_init+0x5/0x10 [mod]", MOD),
        ("RIP  [<ffffffff80123456>] foo_init+0x5/0x10", F),
        ("RIP [<ffffffff80123456>] {foo_init+5}", Frame("foo_init", 5)),
        ("RIP [<ffffffff80123456>] {foo_init+126}", Frame("foo_init", 126)),  # %+ld: decimal
        ("RIP <ffffffff80123456>{foo_init+5} RSP <ffff810001234567>", Frame("foo_init", 5)),
        ("RIP: 0010:[<ffffffff80123456>] <ffffffff80123456>{foo_init+5}", Frame("foo_init", 5)),
        # arch/x86/mm/fault.c show_fault_oops
        ("IP: [<c0123456>] foo_init+0x5/0x10", F),
        ("IP: [<c0123456>] :mod:foo_init+0x5/0x10", MOD),
        ("IP: [<ffffffffa0123456>] foo_init+0x5/0x10 [mod]", MOD),
        ("IP: foo_init+0x5/0x10", F),
        # arch/arm, arch/arm64
        ("PC is at foo_init+0x5/0x10", F),
        ("PC is at foo_init+0x5/0x10 [mod]", MOD),
        ("pc : foo_init+0x5/0x10", F),
        ("pc : foo_init+0x5/0x10 [mod]", MOD),
        ("pc : [<ffffff8008123456>] foo_init+0x5/0x10", F),
        # arch/powerpc/kernel/process.c show_regs: before ELFv2 the names have a dot
        ("NIP [c000000000123456] foo_init+0x5/0x10", F),
        ("NIP [c000000000123456] .foo_init+0x5/0x10", F),
        ("NIP [c000000000123456] foo_init+0x5/0x10 [mod]", MOD),
        ("--- interrupt: 700 at foo_init+0x5/0x10", F),
        # arch/riscv/kernel/process.c, arch/mips/kernel/traps.c, arch/s390/kernel/dumpstack.c
        ("epc : foo_init+0x5/0x10", F),
        ("epc   : 80123456 foo_init+0x5/0x10", F),
        ("Krnl PSW : 0404c00180000000 000000000012345a (foo_init+0x5/0x10)", F),
        ("Krnl PSW : 0704c00180000000 000000000012345a (foo_init+0x5/0x10 [mod])", MOD),
    ],
)
def test_an_instruction_pointer(line: str, frame: Frame) -> None:
    assert one(line) == Place(Kind.IP, 0, frame)


@pytest.mark.parametrize(
    "line",
    [
        "RIP: 0010:0x0",
        "RIP: 0010:0xffffffffa0000000",
        "IP: [<00000000>] 0x0",
        "IP: (null)",
        "IP: [<          (null)>]           (null)",
        "RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)",
        "IP: 0x0",
        "EIP: 0x0",
    ],
)
def test_a_jump_to_nowhere_has_no_function(line: str) -> None:
    assert one(line) == Place(Kind.IP, 0)


@pytest.mark.parametrize(
    "line",
    [
        "RIP: 0033:0x7f1234567890",
        "RIP: 002b:00007f1234567890",
        "RIP: 0023:0xf7fc1559",  # 32 bits of it
        "EIP: 0073:[<b7712424>] EFLAGS: 00000246 CPU: 0",
        "EIP: 0073:0xb7712424",
        "--- interrupt: c00 at 0x7fff12345678",
        "--- interrupt: 3000 at 0x7fff12345678",
    ],
)
def test_user_space_is_where_a_story_ends(line: str) -> None:
    assert one(line) == Place(Kind.USER_IP, 0)


ADDRESS = 0xC0123456
FAR = 0xFFFFFFFF81012345


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (" [<c0123456>] foo_init+0x5/0x10", Frame("foo_init", 5, 16, address=ADDRESS)),
        (" [<c0123456>] ? foo_init+0x5/0x10", Frame("foo_init", 5, 16, address=ADDRESS, reliable=False)),
        (" [<c0123456>] foo_init+0x5/0x10 [mod]", Frame("foo_init", 5, 16, "mod", ADDRESS)),
        (" [<c0123456>] :mod:foo_init+0x5/0x10", Frame("foo_init", 5, 16, "mod", ADDRESS)),
        (" [<ffffffff81012345>] ? :mod:foo_init+0x5/0x10", Frame("foo_init", 5, 16, "mod", FAR, reliable=False)),
        (" [<ffffffff81012345>] foo_init+0x5/0x10", Frame("foo_init", 5, 16, address=FAR)),
        (" foo_init+0x5/0x10", F),
        (" ? foo_init+0x5/0x10", Frame("foo_init", 5, 16, reliable=False)),
        (" ? foo_init+0x5/0x10 [mod]", Frame("foo_init", 5, 16, "mod", reliable=False)),
        (" foo_init+0x5/0x10 [mod 0123456789abcdef]", MOD),  # with CONFIG_STACKTRACE_BUILD_ID
        (" foo_init.isra.0+0x5/0x10", Frame("foo_init.isra.0", 5, 16)),  # its suffix is signature.py's
        ("[<c0123456>] foo_init+0x5/0x10", Frame("foo_init", 5, 16, address=ADDRESS)),
        (" [c0123456] foo_init+0x5/0x10 (unreliable)", Frame("foo_init", 5, 16, address=ADDRESS, reliable=False)),
        (" ([<000000000012345a>] foo_init+0x5/0x10)", Frame("foo_init", 5, 16, address=0x12345A)),  # s390
        ("([<000000000012345a>] (foo_init+0x5/0x10 [mod]))", Frame("foo_init", 5, 16, "mod", 0x12345A)),
        # a symbolizer's
        (" foo_init+0x5/0x10 fs/foo.c:123", Frame("foo_init", 5, 16, file="fs/foo.c", line=123)),
        (" [<c0123456>] foo_init+0x5/0x10 fs/foo.c:123", Frame("foo_init", 5, 16, None, ADDRESS, "fs/foo.c", 123)),
        (" foo_init fs/foo.c:12 [inline]", Frame("foo_init", file="fs/foo.c", line=12, inlined=True)),
        (" [<     inline     >] foo_init fs/foo.c:12", Frame("foo_init", file="fs/foo.c", line=12, inlined=True)),
        (" foo_init rust/foo.rs:12 [inline]", Frame("foo_init", file="rust/foo.rs", line=12, inlined=True)),
        # kernel/locking/lockdep.c print_lock
        (" (&foo->lock){--..}, at: [<c0212345>] foo_probe+0x1/0x2", Frame("foo_probe", 1, 2)),
        ("c1a2b3c4 (&foo->lock){+.?.}-{2:2}, at: foo_probe+0x1/0x2", Frame("foo_probe", 1, 2)),
    ],
)  # fmt: skip
def test_a_trace_entry(line: str, frame: Frame) -> None:
    assert one(line) == Place(Kind.FRAME, 0, frame)


def test_ppc_names_have_a_dot_and_guesses_a_word() -> None:
    """arch/powerpc/kernel/process.c show_stack: the stack's address, then the function's."""
    (frame,) = entries("[c000000012345670] [c000000000123456] .foo_init+0x5/0x10 (unreliable)")
    assert frame == Frame("foo_init", 5, 16, address=0xC000000000123456, reliable=False)


@pytest.mark.parametrize(
    "line",
    [
        "[<c0123456>] (foo_init) from [<c0234567>] (foo_probe+0x5/0x10)",
        "[<c0123456>] (foo_init+0x1/0x10) from [<c0234567>] (foo_probe+0x5/0x10)",
        "[<c0123456>] (foo_init [mod]) from [<c0234567>] (foo_probe+0x5/0x10 [mod])",
        " foo_init from foo_probe+0x5/0x10",
        " foo_init [mod] from foo_probe+0x5/0x10 [mod]",
    ],
)
def test_arm_names_the_caller_on_the_same_line(line: str) -> None:
    """arch/arm/kernel/traps.c dump_backtrace_entry; the first is where the second calls."""
    assert [frame.function for frame in entries(line)] == ["foo_init", "foo_probe"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("[<c0123456>] foo_init+0x5/0x10 [<c0234567>] bar+0x1/0x2 [<c0345678>] f+0x1/0x2", ["foo_init", "bar", "f"]),
        ("Call Trace: [<c0123456>] foo_init+0x5/0x10  [<c0234567>] bar+0x1/0x2", ["foo_init", "bar"]),
        ("Call Trace:<ffffffff80123456>{foo_init+5} <ffffffff80234567>{bar+19}", ["foo_init", "bar"]),
        ("       <ffffffff80123456>{foo_init+5} <ffffffff80234567>{:mod:bar+9}", ["foo_init", "bar"]),
        ("<IRQ>  [<ffffffff81012345>] foo_init+0x5/0x10", ["foo_init"]),
        ("<EOI>  [<ffffffff81012345>] foo_init+0x5/0x10", ["foo_init"]),
        ("<<EOE>>  [<ffffffff81012345>] foo_init+0x5/0x10", ["foo_init"]),
    ],
)  # fmt: skip
def test_several_entries_or_a_label_on_one_line(line: str, names: list[str]) -> None:
    assert [frame.function for frame in entries(line)] == names


def test_each_of_several_entries_keeps_its_own_doubt_and_address() -> None:
    first, second = entries("[<c0123456>] foo_init+0x5/0x10 [<c0234567>] ? bar+0x1/0x2")
    assert (first.address, first.reliable) == (0xC0123456, True)
    assert (second.address, second.reliable) == (0xC0234567, False)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Call Trace:", "Call Trace"),
        ("Call trace:", "Call trace"),
        ("Backtrace:", "Backtrace"),
        ("stack backtrace:", "stack backtrace"),
        (" <IRQ>", "<IRQ>"),
        (" </IRQ>", "</IRQ>"),
        (" <TASK>", "<TASK>"),
        (" <#DF>", "<#DF>"),
        ("Allocated by task 1:", "Allocated by"),
        ("Allocated:", "Allocated:"),
        ("Freed by task 1:", "Freed by"),
        ("Last potentially related work creation:", "Last potentially related work"),
        ("Uninit was stored to memory at:", "Uninit was"),
        ("-> #1 (&foo->lock){+.+.}:", "-> #1"),
        ("the existing dependency chain (in reverse order) is:", "the existing dependency chain"),
        ("{HARDIRQ-ON-W} state was registered at:", "{HARDIRQ-ON-W} state was registered"),
        ("Showing all locks held in the system:", "Showing all locks"),
        ("NMI backtrace for cpu 1", "NMI backtrace for cpu"),
        ("Task dump for CPU 1:", "Task dump for CPU"),
        ("Last Breaking-Event-Address:", "Last Breaking-Event"),
        ("---[ end trace 5871f91f961cb6c6 ]---", "---[ end"),
        ("Workqueue: events foo_work", "Workqueue"),
    ],
)
def test_a_label(line: str, label: str) -> None:
    assert labels(line) == [label]
    assert entries(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "EIP: 0060:[<c0123456>] EFLAGS: 00010246 CPU: 0",  # `EIP is at` comes next
        "LR is at bar+0x1/0x2",
        "lr : bar+0x1/0x2",
        "LR [c000000000123456] .bar+0x5/0x10",
        " ra : bar+0x1/0x2",
        "hardirqs last  enabled at (12): [<c0123456>] foo+0x1/0x2",
        "softirqs last disabled at (9): [<c0123456>] foo+0x1/0x2",
        "#0:  (&foo->lock){--..}, at: [<c0212345>] foo_probe+0x1/0x2",  # held, not asked for
        "Modules linked in: mod(+) ext3",
        "Process swapper (pid: 1, ti=c7820000 task=c781fb20 task.ti=c7820000)",
        "EAX: 00000000 EBX: c0123456 ECX: 00000000 EDX: 00000000",
        "CR2: 0000000000000000",
        "caller is foo_init+0x5/0x10",
        "tty + console",
        "",
    ],
)
def test_what_is_no_place(line: str) -> None:
    assert places([line]) == []


def test_code_bytes_are_no_entries() -> None:
    assert entries("Code: 00 00 <0f> 0b 55 89 e5 8b+0x5") == []


def test_rows_count_the_lines() -> None:
    found = places(["EIP is at foo+0x1/0x2", "nothing", "Call Trace:", " bar+0x1/0x2"])
    assert [(place.row, place.kind) for place in found] == [(0, Kind.IP), (2, Kind.LABEL), (3, Kind.FRAME)]


def test_the_number_of_places_is_bounded() -> None:
    lines = [" foo+0x1/0x2"] * (MOST * 2)
    assert len(places(lines)) == MOST
    assert len(places(lines, 7)) == 7
