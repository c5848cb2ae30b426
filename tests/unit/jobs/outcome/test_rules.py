"""The table: each kind of line is known, each decoy is not, and no pattern can be made slow."""

import re

import pytest

from jobs.outcome import rules
from jobs.outcome.rules import Effect, Rule

# type, line without its printk prefix; from the kernels and their sources, see each row's `source`
KNOWN = [
    ("wrong-cpu", "This kernel requires an i586 CPU, but only detected an i486 CPU."),
    ("wrong-cpu", "This kernel requires an x86-64 CPU, but only detected an i686 CPU."),
    ("wrong-cpu", "This kernel requires the following features not present on the CPU:"),
    ("wrong-cpu", "Unable to boot - please use a kernel appropriate for your CPU."),
    ("decompressor", "A20 gate not responding, unable to boot..."),
    ("decompressor", " -- System halted"),
    ("early-fault", "BUG: Int 14: CR2 fbe00000"),
    ("early-fault", "PANIC: early exception 0x0d IP 60:c1d9faf3 error 88d8 cr2 0x0"),
    ("early-fault", "PANIC: early exception 0e rip 10:ffffffff8043 error 0 cr2 0"),
    ("early-fault", "Unknown interrupt or fault at EIP 00000060 c0100000 00000286"),
    ("double-fault", "PANIC: double fault, gdt at c1234000 [255 bytes]"),
    ("double-fault", "traps: double fault: 0000 [#1] PREEMPT SMP"),
    ("oops", "BUG: unable to handle kernel NULL pointer dereference at 00000000"),
    ("oops", "BUG: unable to handle kernel paging request at virtual address c1000000"),
    ("oops", "BUG: unable to handle kernel paging request at fbe00000"),
    ("oops", "BUG: unable to handle page fault for address: ffffc900001"),
    ("oops", "BUG: kernel NULL pointer dereference, address: 00000008"),
    ("oops", "Unable to handle kernel NULL pointer dereference at virtual address 00000009"),
    ("oops", "Unable to handle kernel paging request for data at address 0x000012e0"),
    ("oops", "Internal error: Oops: 17 [#1] SMP ARM"),
    ("oops", "Oops: 0002 [#1] PREEMPT SMP PTI"),
    ("oops", "general protection fault: 0000 [#1] SMP"),
    ("oops", "general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT"),
    ("oops", "segment-related general protection fault: 88d8 [#1] PREEMPT SMP"),
    ("oops", "Oops: general protection fault: 0000 [#1]"),
    ("oops", "divide error: 0000 [#1] PREEMPT SMP PTI"),
    ("oops", "invalid opcode: 0000 [#1] "),
    ("oops", "int3: 0000 [#1]"),
    ("oops", "stack segment: 0000 [#2] SMP"),
    ("oops", "Bad pagetable: 000f [#1] SMP"),
    ("oops", "BUG: stack guard page was hit at 0000 (stack is 0000..0000)"),
    ("bug", "kernel BUG at arch/x86/mm/init_32.c:772!"),
    ("bug", "Kernel BUG at c03463b5 [verbose debug info unavailable]"),
    ("bug", "BUG: Bad page state in process swapper  pfn:00000"),
    ("bug", "Bad page state in process 'swapper'"),
    ("bug", "BUG: KASAN: use-after-free in foo+0x12/0x34"),
    ("bug", "BUG: sleeping function called from invalid context at mm/slab.c:2783"),
    ("bug", "BUG: scheduling while atomic: swapper/1/0x00000002"),
    ("bug", "BUG: spinlock bad magic on CPU#0, swapper/1"),
    ("bug", "BUG: something nobody has thought of yet"),
    ("lockup", "BUG: soft lockup - CPU#0 stuck for 61s! [swapper:1]"),
    ("lockup", "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [modprobe:77]"),
    ("lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 0"),
    ("lockup", "BUG: NMI Watchdog detected LOCKUP on CPU0, ip c0100000, registers:"),
    ("lockup", "rcu: INFO: rcu_preempt self-detected stall on CPU"),
    ("lockup", "INFO: rcu_sched detected stalls on CPUs/tasks: { 1}"),
    ("lockup", "INFO: RCU detected CPU 0 stall (t=4294893296/0 jiffies)"),
    ("lockup", "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 58s!"),
    ("hung-task", "INFO: task modprobe:77 blocked for more than 120 seconds."),
    ("no-root", "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"),
    ("no-init", "Kernel panic - not syncing: No init found.  Try passing init= option to kernel."),
    ("no-init", "Kernel panic - not syncing: No working init found.  Try passing init= option to kernel."),
    ("no-init", "Kernel panic - not syncing: Requested init /x failed (error -2)."),
    ("init-died", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b"),
    ("oom", "Kernel panic - not syncing: Out of memory and no killable processes..."),
    ("oom", "Kernel panic - not syncing: System is deadlocked on memory"),
    ("panic", "Kernel panic - not syncing: hung_task: blocked tasks"),
    ("panic", "Kernel panic - not syncing: Fatal exception in interrupt"),
    ("panic", "Kernel panic: Attempted to kill the idle task!"),
    ("panic", "Invalid user supplied memory mapKernel panic - not syncing: glued"),
    ("warning", "WARNING: at kernel/foo.c:12 foo_init+0x12/0x30()"),
    ("warning", "WARNING: CPU: 0 PID: 1 at kernel/foo.c:123 foo_init+0x12/0x30"),
    ("warning", "WARNING: suspicious RCU usage"),
    ("warning", "WARNING: possible circular locking dependency detected"),
    ("warning", "[ INFO: possible recursive locking detected ]"),
    ("warning", "[ BUG: bad unlock balance detected! ]"),
    ("warning", "BUG: MAX_LOCKDEP_ENTRIES too low!"),
    ("warning", "UBSAN: shift-out-of-bounds in lib/foo.c:12:3"),
    ("warning", "Badness at kernel/foo.c:12"),
    ("warning", "swapper: page allocation failure. order:5, mode:0x4020"),
    ("oom", "modprobe invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE), order=0"),
    ("kernel-too-old", "FATAL: kernel too old"),
    ("bad-initramfs", "Initramfs unpacking failed: write error"),
]

LOADERS = [
    ("dhcp", "Configuring (net0 52:54:00:12:34:56)......... No configuration methods "),
    ("dhcp", "PXE-E51: No DHCP or proxyDHCP offers were received."),
    ("loader", "PXE-E32: TFTP open timeout"),
    ("loader", "PXE-M0F: Exiting Intel Boot Agent."),
    ("loader", "nope.img... No such file or directory (http://ipxe.org/2d12603b)"),
    ("loader", "Could not boot image: Exec format error (https://ipxe.org/2e008081)"),
    ("loader", "Could not boot image: Exec format error"),
    ("loader", "No more network devices"),
    ("loader", "Could not find kernel image: linux"),
    ("loader", "No DEFAULT or UI configuration directive found!"),
    ("no-boot-device", "No bootable device."),
    ("no-boot-device", "Missing operating system"),
    ("no-boot-device", "Operating system not found"),
]

DECOYS = [
    'PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug',
    "ACPI: BIOS bug: multiple APIC/MADT found, using 0",
    "TSC: Unable to calibrate against PIT",
    "Clocksource tsc unstable (delta = 123 ns)",
    "Warning! ehci_hcd should always be loaded before uhci_hcd and ohci_hcd, not after",
    'ACPI: If "acpi_apic_instance=2" works better, notify linux-acpi@vger.kernel.org',
    "WARNING: kernel not compiled with CPU_SRSO",
    "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
    "INFO: NMI handler took too long to run: 1.2 msecs",
    "ODEBUG: Out of memory. ODEBUG disabled",
    "init: DEBUG: starting network",
    "fsck: WARNING: file system not checked",
    "Kernel command line: console=ttyS0 panic=1 oops=panic softlockup_panic=1",
    "sysrq: Trigger a crash",
    "FAULT_INJECTION: forcing a failure",
    "kernel: debugging installed",
    "Loaded X.509 cert 'BUG hunters'",
    "Using IPI Shortcut mode",
    "rcu: Hierarchical RCU implementation.",
    "RCU CPU stall detector is enabled.",
    "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
    "Freeing initrd memory: 1k freed",
    "general protection is a fine thing",
    "pci 0000:00:01.0: [8086:7000] type 00 class 0x060100",
]


def find(table: tuple[Rule, ...], line: str) -> Rule | None:
    return next((rule for rule in table if rule.needle in line and rule.regex.search(line)), None)


@pytest.mark.parametrize(("type_", "line"), KNOWN)
def test_a_known_line_is_known(type_: str, line: str) -> None:
    rule = find(rules.RULES, line)
    assert rule is not None
    assert rule.type == type_


@pytest.mark.parametrize(("type_", "line"), LOADERS)
def test_a_loader_that_gives_up(type_: str, line: str) -> None:
    rule = find(rules.LOADER_RULES, line)
    assert rule is not None
    assert (rule.type, rule.effect) == (type_, Effect.LOADER_ERROR)


@pytest.mark.parametrize("line", DECOYS)
def test_a_decoy_is_none(line: str) -> None:
    assert find(rules.RULES, line) is None


@pytest.mark.parametrize("rule", [*rules.RULES, *rules.LOADER_RULES], ids=lambda rule: rule.pattern[:40])
class TestRow:
    def test_says_where_it_comes_from(self, rule: Rule) -> None:
        assert rule.source
        assert rule.needle
        assert rule.title or rule.effect in {Effect.CONTEXT, Effect.LOADER_OK}

    def test_is_the_first_to_match_something(self, rule: Rule) -> None:
        """No row is dead behind another one."""
        samples = [line for _, line in KNOWN + LOADERS]
        hit = [line for line in samples if find(rules.RULES, line) is rule or find(rules.LOADER_RULES, line) is rule]
        noted = rule.effect in {Effect.CONTEXT, Effect.LOADER_OK}
        assert hit or noted or rule.needle == "BUG: " or rule.title == "PANIC: double fault"

    def test_cannot_be_made_slow(self, rule: Rule) -> None:
        """Near-matches repeated over a longest piece; a quadratic pattern would hit the time limit."""
        for seed in (rule.needle, rule.needle[:-1], "BUG: ", "INFO: task ", "Internal error: ", "a b ", "0", " "):
            line = (seed * 8192)[:8192]
            for _ in range(20):
                rule.regex.search(line)


def test_no_pattern_nests_its_repeats() -> None:
    for rule in (*rules.RULES, *rules.LOADER_RULES):
        assert not re.search(r"[*+]\)[*+{]", rule.pattern), rule.pattern


def test_the_farm_marker_is_exact() -> None:
    found = rules.FARM.search("farm-init: end token=feedc0de failed=0")
    assert found is not None
    assert (found["end"], found["failed"]) == ("feedc0de", "0")
    for torn in (
        "farm-init: end token=feedc0de failed=",
        "farm-init: end token=fe",
        "farm-init: end",
        "end token=x failed=0",
    ):
        assert rules.FARM.search(torn) is None
