"""Which function of a report is to blame: each way of blaming, on traces as kernels print them."""

import pytest

from jobs.outcome.blame import blame, chain, sure
from jobs.outcome.formats.row import Blame, Format, Severity, Type
from jobs.outcome.frames import Place, places

BACK = "do_one_initcall+0x1/0x2\nkernel_init+0x1/0x2"


def row(how: Blame, type_: Type = Type.OOPS, *, skip: str = "", alternates: tuple[str, ...] = ()) -> Format:
    return Format("test", type_, Severity.OOPS, "test", "test", "test", how, "here", skip=skip, alternates=alternates)


def at(text: str) -> list[Place]:
    return places(text.split("\n"))


def trace(*names: str) -> str:
    return "\n".join(["Call Trace:", *(f"{name}+0x1/0x2" for name in names)])


def blamed(how: Blame, text: str, named: str | None = None, **more: str) -> str | None:
    return blame(row(how, skip=more.get("skip", "")), at(text), named, None)


class TestNothing:
    def test_the_text_is_the_identity(self) -> None:
        assert blamed(Blame.NOTHING, f"EIP is at foo+0x1/0x2\n{trace('bar')}", "baz") is None


class TestInstructionPointer:
    def test_it_is_the_one(self) -> None:
        assert blamed(Blame.IP, f"EIP is at foo+0x1/0x2\n{trace('bar', 'baz')}") == "foo"

    def test_compilers_suffixes_are_taken_off(self) -> None:
        assert blamed(Blame.IP, "RIP: 0010:foo.isra.0.cold+0x1/0x2") == "foo"

    def test_a_helper_is_passed_over_for_who_called_it(self) -> None:
        assert blamed(Blame.IP, f"EIP is at memcpy+0x1/0x2\n{trace('memmove', '_spin_lock', 'bar', 'baz')}") == "bar"

    def test_the_first_pointer_counts_and_the_later_ones_do_not(self) -> None:
        text = f"IP: [<c0123456>] foo+0x1/0x2\nEIP is at foo+0x1/0x2\n{trace('bar')}\nEIP: [<c0123999>] baz+0x1/0x2"
        assert blamed(Blame.IP, text) == "foo"

    def test_what_a_row_passes_over_is_passed_over_too(self) -> None:
        assert blamed(Blame.IP, f"EIP is at foo_helper+0x1/0x2\n{trace('bar')}", skip="^foo_") == "bar"

    def test_where_all_are_helpers_the_pointer_it_is(self) -> None:
        assert blamed(Blame.IP, f"EIP is at memcpy+0x1/0x2\n{trace('kmalloc')}") == "memcpy"

    def test_guesses_are_no_callers(self) -> None:
        assert blamed(Blame.IP, "EIP is at memcpy+0x1/0x2\nCall Trace:\n? bar+0x1/0x2\nbaz+0x1/0x2") == "baz"

    def test_a_trap_that_itself_faults_is_to_blame(self) -> None:
        assert blamed(Blame.IP, f"EIP is at do_page_fault+0x1/0x2\n{trace('bar')}") == "do_page_fault"

    @pytest.mark.parametrize("nowhere", ["RIP: 0010:0x0", "IP: [<00000000>] 0x0", "EIP: 0x0"])
    def test_of_a_jump_to_nowhere_the_caller_is(self, nowhere: str) -> None:
        assert blamed(Blame.IP, f"{nowhere}\n{trace('bar', 'baz')}") == "bar"

    def test_of_a_jump_to_nowhere_the_very_next_entry_counts(self) -> None:
        assert blamed(Blame.IP, "RIP: 0010:0x0\nbar+0x1/0x2\nbaz+0x1/0x2") == "bar"

    def test_of_a_jump_to_nowhere_a_pointer_that_comes_later_is_not(self) -> None:
        assert blamed(Blame.IP, f"RIP: 0010:0x0\nRIP: 0010:other+0x1/0x2\n{trace('bar')}") == "bar"

    def test_of_a_jump_to_data_the_caller_is(self) -> None:
        """5.1+ says that the access was a fetch, and kallsyms has names for data with CONFIG_KALLSYMS_ALL."""
        text = f"#PF: supervisor instruction fetch in kernel mode\nRIP: 0010:foo_table+0x1/0x2\n{trace('bar')}"
        assert blamed(Blame.IP, text) == "bar"

    def test_without_a_pointer_the_trace_has_to_do(self) -> None:
        assert blamed(Blame.IP, trace("dump_stack", "bar", "baz")) == "bar"

    def test_in_user_space_the_trace_has_to_do(self) -> None:
        assert blamed(Blame.IP, f"{trace('bar')}\nRIP: 0033:0x7f1234567890\nRIP: 0010:foo+0x1/0x2") == "bar"

    def test_nothing_to_go_by(self) -> None:
        assert blamed(Blame.IP, "Modules linked in:") is None


class TestTrace:
    def test_the_first_that_is_no_helper(self) -> None:
        assert blamed(Blame.TRACE, trace("dump_stack_lvl", "__might_resched", "kmalloc", "foo", "bar")) == "foo"

    def test_pointers_count_in_the_order_of_lines(self) -> None:
        assert blamed(Blame.TRACE, f"{trace('foo')}\nRIP: 0010:bar+0x1/0x2") == "foo"

    def test_what_was_inlined_is_its_callers(self) -> None:
        text = "Call Trace:\ninner fs/foo.c:12 [inline]\nouter+0x1/0x2 fs/foo.c:99"
        assert blamed(Blame.TRACE, text) == "outer"

    def test_guesses_do_not_count(self) -> None:
        assert blamed(Blame.TRACE, "Call Trace:\n? foo+0x1/0x2\nbar+0x1/0x2\n(unreliable)") == "bar"

    @pytest.mark.parametrize(
        "label",
        ["Allocated by task 1:", "Freed by task 1:", "Allocated:", "Freed:", "Last potentially related work creation:",
         "Uninit was created at:", "the existing dependency chain (in reverse order) is:", "-> #1 (&foo->lock){+.+.}:",
         "{HARDIRQ-ON-W} state was registered at:",
         "to a HARDIRQ-irq-unsafe lock:", "Showing all locks held in the system:", "Preemption disabled at:"],
    )  # fmt: skip
    def test_traces_of_another_story_are_not_blamed(self, label: str) -> None:
        text = f"{label}\nother+0x1/0x2\n{trace('foo')}"
        assert blamed(Blame.TRACE, text) == "foo"
        assert blamed(Blame.TRACE, f"{label}\nother+0x1/0x2") is None


class TestNamed:
    def test_who_is_named(self) -> None:
        assert blamed(Blame.NAMED, trace("bar"), "foo.isra.0") == "foo"

    def test_nobody_is_named(self) -> None:
        assert blamed(Blame.NAMED, f"EIP is at foo+0x1/0x2\n{trace('bar')}") == "foo"

    def test_below_a_helper_it_goes_on_in_the_trace(self) -> None:
        text = trace("dump_stack", "kasan_report", "early_one", "memcpy", "bar", "baz")
        assert blamed(Blame.NAMED, text, "memcpy") == "bar"

    def test_a_helper_that_is_not_in_the_trace(self) -> None:
        assert blamed(Blame.NAMED, trace("dump_stack", "bar"), "memcpy") == "bar"

    def test_a_helper_with_nothing_below(self) -> None:
        assert blamed(Blame.NAMED, trace("memcpy"), "memcpy") == "memcpy"

    def test_who_allocated_or_freed_is_not_below(self) -> None:
        text = "\n".join(
            [trace("memcpy", "kmalloc"), "Allocated by task 1:", "other+0x1/0x2", "Freed by task 2:", "third+0x1/0x2"]
        )
        assert blamed(Blame.NAMED, text, "memcpy") == "memcpy"

    def test_a_race_is_between_the_two_that_the_kernel_names(self) -> None:
        assert blame(row(Blame.NAMED, Type.KCSAN), at(trace("bar")), "memcpy", None) == "memcpy"

    def test_lockdep_names_the_place_before_its_traces(self) -> None:
        """A lock taken in a helper: its caller stands in the chain, or in the stack at the end."""
        text = "\n".join(
            [
                " (&foo->lock){--..}, at: [<c0212345>] mutex_lock+0x1/0x2",
                "-> #0 (&foo->lock){--..}:",
                " [<c0212345>] mutex_lock+0x1/0x2",
                " [<c0212346>] foo_probe+0x1/0x2",
            ]
        )
        assert blame(row(Blame.NAMED, Type.LOCKDEP), at(text), "mutex_lock", None) == "foo_probe"
        assert blame(row(Blame.NAMED, Type.OOPS), at(text), "mutex_lock", None) == "mutex_lock"

    @pytest.mark.parametrize("state", ["IN-HARDIRQ-W", "INITIAL USE"])
    def test_lockdep_means_who_takes_the_lock_now_not_who_took_it_first(self, state: str) -> None:
        text = "\n".join(
            [
                " (&foo->lock){?.-.}-{2:2}, at: _atomic_dec_and_lock+0x1/0x2",
                f"{{{state}}} state was registered at:",
                "  _raw_spin_lock+0x1/0x2",
                "  bar_irq+0x1/0x2",
                "stack backtrace:",
                "Call Trace:",
                *(f" {name}+0x1/0x2" for name in ("dump_stack", "_atomic_dec_and_lock", "iput", "foo_probe")),
            ]
        )
        assert blame(row(Blame.NAMED, Type.LOCKDEP), at(text), "_atomic_dec_and_lock", None) == "foo_probe"


class TestEarlyFault:
    TEXT = "\n".join(
        [
            " [<c0449b2a>] hlt_loop+0x0/0x5",
            " [<c026b45a>] dmi_scan_machine+0x3d/0x147",
            " [<c043f8a0>] setup_arch+0x5/0x1a",
        ]
    )

    def test_the_entry_whose_address_is_the_pointers(self) -> None:
        """arch/x86/kernel/head_32.S: its own hlt_loop comes first."""
        assert blame(row(Blame.EIP_ENTRY), at(self.TEXT), None, 0xC026B45A) == "dmi_scan_machine"
        assert blame(row(Blame.EIP_ENTRY), at(self.TEXT), None, 0xC043F8A0) == "setup_arch"

    def test_a_helper_there_is_blamed_all_the_same(self) -> None:
        assert blame(row(Blame.EIP_ENTRY), at(" [<c026b45a>] memcpy+0x3d/0x147"), None, 0xC026B45A) == "memcpy"

    def test_no_such_entry(self) -> None:
        assert blame(row(Blame.EIP_ENTRY), at(self.TEXT), None, 0xC0000000) == "dmi_scan_machine"
        assert blame(row(Blame.EIP_ENTRY), at(self.TEXT), None, None) == "dmi_scan_machine"
        assert blame(row(Blame.EIP_ENTRY), at(f"EIP is at foo+0x1/0x2\n{self.TEXT}"), None, None) == "foo"


class TestStall:
    def test_a_soft_lockups_own_registers_begin_it(self) -> None:
        """The function that entered the subsystem, out of the innermost stack."""
        text = f"EIP is at spin_here+0x1/0x2\n{trace('foo_inner', 'foo_outer', 'do_syscall_64', 'entry_SYSCALL_64')}"
        assert blamed(Blame.STALL, text) == "foo_outer"

    def test_a_pointer_right_below_its_anchor(self) -> None:
        assert blamed(Blame.STALL, f"EIP is at foo+0x1/0x2\n{trace('do_one_initcall', 'kernel_init')}") == "foo"

    def test_helpers_alone_at_the_top(self) -> None:
        text = (
            f"RIP: 0010:native_queued_spin_lock_slowpath+0x1/0x2\n{trace('_raw_spin_lock', 'foo', 'process_one_work')}"
        )
        assert blamed(Blame.STALL, text) == "foo"

    def test_an_rcu_stalls_interrupted_stack_is_below_the_reporters(self) -> None:
        text = trace(
            "sched_show_task", "rcu_dump_cpu_stacks", "rcu_sched_clock_irq", "update_process_times", "reporter",
            "smp_apic_timer_interrupt", "apic_timer_interrupt", "loop_here", "foo_work", "process_one_work", "kthread",
        )  # fmt: skip
        assert blamed(Blame.STALL, text) == "foo_work"

    def test_another_processors_dump_counts_before_the_reporters_stack(self) -> None:
        text = "\n".join(
            [
                trace("dump_stack", "reporter_fn", "do_one_initcall"),
                "NMI backtrace for cpu 1",
                "RIP: 0010:loop_here+0x1/0x2",
                trace("smp_apic_timer_interrupt", "apic_timer_interrupt", "foo_read", "vfs_read", "ksys_read"),
            ]
        )
        assert blamed(Blame.STALL, text) == "foo_read"

    def test_the_grace_periods_own_thread_is_passed_over(self) -> None:
        text = "\n".join(
            [
                "Task dump for CPU 0:",
                trace("schedule", "schedule_timeout", "force_quiescent", "rcu_gp_kthread", "kthread", "ret_from_fork"),
                "Task dump for CPU 1:",
                trace("loop_here", "foo_work", "process_one_work", "kthread", "ret_from_fork"),
            ]
        )
        assert blamed(Blame.STALL, text) == "foo_work"

    def test_who_calls_all_processors_waits_for_another(self) -> None:
        text = f"RIP: 0010:csd_wait+0x1/0x2\n{trace('smp_call_function_many', 'on_each_cpu', 'foo', 'do_syscall_64')}"
        assert blamed(Blame.STALL, text) == "smp_call_function"

    def test_a_soft_lockups_own_registers_count_before_another_processors_dump(self) -> None:
        own = f"EIP is at foo+0x1/0x2\n{trace('do_one_initcall')}"
        other = f"NMI backtrace for cpu 1\nEIP is at bar+0x1/0x2\n{trace('apic_timer_interrupt', 'other', 'vfs_read')}"
        assert blamed(Blame.STALL, f"{own}\n{other}") == "foo"

    def test_a_dump_of_another_processor_is_another_stack(self) -> None:
        text = (
            f"{trace('schedule', 'rcu_gp_kthread')}\nTask dump for CPU 1:\nfoo_work+0x1/0x2\nprocess_one_work+0x1/0x2"
        )
        assert blamed(Blame.STALL, text) == "foo_work"

    def test_a_stack_ends_at_its_root(self) -> None:
        """What follows `ret_from_fork` is another's, and does not lend its anchor."""
        text = trace("first", "ret_from_fork", "second", "third", "process_one_work")
        assert blamed(Blame.STALL, text) == "first"

    def test_guesses_and_what_was_inlined_do_not_count(self) -> None:
        text = "EIP is at loop+0x1/0x2\nCall Trace:\n? wrong+0x1/0x2\nsmall fs/a.c:1 [inline]\nvfs_write+0x1/0x2"
        assert blamed(Blame.STALL, text) == "loop"

    def test_without_an_anchor_the_first_that_is_no_helper(self) -> None:
        assert blamed(Blame.STALL, trace("memcpy", "foo", "bar")) == "foo"

    def test_nothing_to_go_by(self) -> None:
        assert blamed(Blame.STALL, "Modules linked in:") is None

    def test_of_a_recursion_whoever_entered_it(self) -> None:
        over = row(Blame.IP, alternates=("stack-overflow",))
        text = f"RIP: 0010:f+0x1/0x2\n{trace(*['f', 'g'] * 20, 'foo_entered', 'do_syscall_64')}"
        assert blame(over, at(text), None, None) == "foo_entered"


class TestTask:
    def test_who_waits_and_not_what_waiting_is_made_of(self) -> None:
        text = trace(
            "__schedule", "schedule", "schedule_timeout", "wait_for_common", "__down_read", "foo_read", "vfs_read"
        )
        assert blamed(Blame.TASK, text) == "foo_read"

    @pytest.mark.parametrize(
        ("inner", "group"),
        [
            ("rtnl_lock", "rtnl_lock"),
            ("rtnl_lock_killable", "rtnl_lock"),
            ("synchronize_rcu", "synchronize_rcu"),
            ("__synchronize_srcu", "synchronize_rcu"),
            ("synchronize_net", "synchronize_rcu"),
            ("synchronize_sched", "synchronize_rcu"),
        ],
    )
    def test_what_everybody_waits_for_is_one_group(self, inner: str, group: str) -> None:
        assert (
            blamed(Blame.TASK, trace("__schedule", "schedule", "__mutex_lock", inner, "foo_close", "sock_close"))
            == group
        )

    def test_other_tasks_traces_are_theirs(self) -> None:
        assert blamed(Blame.TASK, f"{trace('schedule')}\n{trace('other')}") is None
        assert blamed(Blame.TASK, f"{trace('schedule')}\nRIP: 0033:0x7f1234567890\nother+0x1/0x2") is None

    def test_its_work_queue_is_no_trace(self) -> None:
        assert blamed(Blame.TASK, f"Workqueue: events foo_work\n{trace('schedule', 'foo')}") == "foo"

    def test_helpers_are_passed_over(self) -> None:
        assert blamed(Blame.TASK, trace("schedule", "memcpy", "foo")) == "foo"


class TestGuesses:
    """Kernels of 2.6.30 to 4.8 without frame pointers write `? ` before every entry: then that is the trace."""

    ALL = "Call Trace:\n [<c0101000>] ? dump_stack+0x1/0x2\n [<c0101010>] ? foo+0x1/0x2\n [<c0101020>] ? bar+0x1/0x2"

    @pytest.mark.parametrize("how", [Blame.TRACE, Blame.IP, Blame.STALL, Blame.TASK])
    def test_are_all_there_is(self, how: Blame) -> None:
        assert blame(row(how), sure(at(self.ALL)), None, None) == "foo"

    def test_below_a_pointer_too(self) -> None:
        assert blame(row(Blame.IP), sure(at(f"EIP is at memcpy+0x1/0x2\n{self.ALL}")), None, None) == "foo"

    def test_beside_a_certainty_stay_guesses(self) -> None:
        found = at(f"{self.ALL}\n [<c0101030>] certain+0x1/0x2")
        assert sure(found) == found
        assert blame(row(Blame.TRACE), sure(found), None, None) == "certain"

    def test_what_a_symbolizer_inlined_is_no_certainty(self) -> None:
        found = sure(at(f"{self.ALL}\n inlined_fn fs/foo.c:12 [inline]"))
        assert blame(row(Blame.TRACE), found, None, None) == "foo"


class TestChain:
    def test_from_the_blamed_function_outwards(self) -> None:
        found = at(f"EIP is at memcpy+0x1/0x2\n{trace('memcpy', 'foo', 'bar')}")
        assert [frame.function for frame in chain(found, "foo")] == ["foo", "bar"]

    def test_where_it_is_not_there_from_the_first_that_is_no_helper(self) -> None:
        found = at(f"EIP is at memcpy+0x1/0x2\n{trace('foo', 'memset', 'bar')}")
        assert [frame.function for frame in chain(found, "smp_call_function")] == ["foo", "memset", "bar"]
        assert [frame.function for frame in chain(found, None)] == ["foo", "memset", "bar"]

    def test_of_helpers_alone_all(self) -> None:
        found = at(f"EIP is at memcpy+0x1/0x2\n{trace('memset')}")
        assert [frame.function for frame in chain(found, None)] == ["memcpy", "memset"]

    def test_a_pointer_that_is_said_again_counts_once(self) -> None:
        """`IP:`, `EIP is at`, and `EIP:` behind the code, on kernels to 4.12."""
        text = (
            f"IP: [<c0123456>] foo+0x1/0x2\nEIP is at foo+0x1/0x2\n{trace('bar')}\nEIP: [<c0123456>] foo+0x1/0x2 SS:ESP"
        )
        assert [frame.function for frame in chain(at(text), "foo")] == ["foo", "bar"]

    def test_without_guesses(self) -> None:
        found = at("Call Trace:\n? guess+0x1/0x2\nfoo+0x1/0x2\n? guess+0x1/0x2\nbar+0x1/0x2")
        assert [frame.function for frame in chain(found, "foo")] == ["foo", "bar"]

    def test_suffixes_do_not_hide_it(self) -> None:
        found = at(trace("memcpy", "foo.part.0", "bar"))
        assert [frame.function for frame in chain(found, "foo")] == ["foo.part.0", "bar"]
