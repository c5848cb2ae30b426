"""Which functions are never to blame, and which, however alike, may be."""

import pytest

from jobs.outcome.generic import generic, trapped


@pytest.mark.parametrize(
    "name",
    [
        # what reports
        "dump_stack", "dump_stack_lvl", "__dump_stack", "show_stack_log_lvl", "panic", "die", "warn_slowpath_null",
        "__warn", "report_bug", "print_report", "kasan_report", "__asan_load8", "__kasan_check_write", "__ubsan_x",
        "kmsan_internal_check", "lockdep_rcu_suspicious", "__lock_acquire", "lock_acquire", "validate_chain", "printk",
        "_printk", "vprintk_emit", "console_unlock", "__stack_chk_fail", "fortify_panic", "slab_err", "object_err",
        # the way into an exception, and out of it
        "do_page_fault", "__do_page_fault", "asm_exc_page_fault", "exc_page_fault", "error_code", "page_fault",
        "do_invalid_op", "do_general_protection", "early_idt_handler", "hlt_loop", "el1_sync", "ret_from_fork",
        "entry_SYSCALL_64_after_hwframe", "do_syscall_64", "sysenter_past_esp", "system_call_fastpath", "syscall_call",
        # clocks
        "apic_timer_interrupt", "update_process_times", "tick_periodic", "tick_sched_timer", "watchdog_timer_fn",
        "hrtimer_interrupt", "rcu_sched_clock_irq", "nmi_cpu_backtrace", "trigger_all_cpu_backtrace",
        # copies, counts
        "memcpy", "__memcpy", "memset", "memmove", "strlen", "strcmp", "copy_from_user", "_copy_from_user", "kstrdup",
        "list_add", "__list_add", "__list_add_valid", "list_del", "__list_del_entry_valid_or_report", "kobject_put",
        "refcount_warn_saturate", "kref_get", "rb_erase", "snprintf", "vsnprintf", "readl", "iowrite32", "xas_load",
        # allocations
        "kmalloc", "__kmalloc", "kfree", "kmem_cache_alloc", "kzalloc", "vmalloc", "__alloc_pages_nodemask",
        "get_page_from_freelist", "cache_alloc_refill", "___slab_alloc", "krealloc",
        # locks and waits
        "_spin_lock", "_spin_lock_irqsave", "_raw_spin_unlock_irqrestore", "mutex_lock", "__mutex_lock_common",
        "mutex_lock_nested", "down", "down_read", "up_write", "wait_for_completion", "complete", "__wake_up",
        "native_queued_spin_lock_slowpath", "__might_sleep", "___might_sleep", "queue_work_on", "flush_work",
        # a device that goes
        "device_del", "device_add", "usb_submit_urb", "sysfs_remove_group",
    ],
)  # fmt: skip
def test_never_to_blame(name: str) -> None:
    assert generic(name)


@pytest.mark.parametrize(
    "name",
    [
        "foo_init",
        "dmi_scan_machine",
        "early_ioremap",
        "foo_memset",  # the whole name counts, not a part of it
        "memory_open",
        "panic_on_oops_setup",
        "died",
        "printer_probe",
        "die_roll",
        "downstream_probe",
        "upload_firmware",
        "nmi_watchdog_tick_foo",
        "debugfs_create_dir",
        "complete_request",
        "kfree_rcu_work",
        "page_faulted",
        "error_codes_show",
        "i8042_init",
        "pci_read_config_dword",
        "start_kernel",
        "kernel_init",
        "do_one_initcall",
        "do_exit",
        "",
    ],
)
def test_may_be_to_blame(name: str) -> None:
    assert not generic(name)


@pytest.mark.parametrize("name", ["memcpy", "_memcpy", "__memcpy", "____memcpy"])
def test_leading_underscores_do_not_matter(name: str) -> None:
    assert generic(name)


@pytest.mark.parametrize(
    "name",
    ["do_page_fault", "__do_page_fault", "asm_exc_page_fault", "error_code", "do_invalid_op", "common_interrupt",
     "do_general_protection", "page_fault", "el1_sync", "bad_page_fault"],
)  # fmt: skip
def test_the_way_into_an_exception(name: str) -> None:
    assert trapped(name)
    assert generic(name)


@pytest.mark.parametrize("name", ["memcpy", "kmalloc", "mutex_lock", "dump_stack", "foo_init", "list_add"])
def test_what_is_no_trap(name: str) -> None:
    assert not trapped(name)
