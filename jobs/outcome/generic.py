"""The functions that are never to blame: they report, trap, copy, count, allocate, lock or wait for their caller.

Names as in the kernel's sources, leading underscores left off, `*` for any rest. Syzbot passes over much the same
(its pkg/report/linux.go). Which of a report's functions remains is blame.py's business.
"""

import re
from functools import cache, lru_cache

_REPORTS = """
    dump_stack* dump_backtrace* dump_header show_stack* show_regs* show_trace* save_stack* stack_trace_*
    arch_stack_walk* unwind_backtrace unwind_frame walk_stackframe panic nmi_panic* vpanic rust_panic* oops_end
    oops_begin oops_exit die die_body die_nmi die_addr die_header warn warn_slowpath* warn_slow_path warn_on_slowpath
    warn_printk warn_alloc* warn_bogus* report_bug* is_valid_bugaddr fixup_bug* handle_bug* bad_page* bad_area*
    report_oops print_error* print_bad_pte print_address_description print_report print_usage_bug* print_circular_bug*
    print_deadlock_bug* print_irq_inversion* print_bad_irq* print_trailer print_lock* print_unlock* print_lockdep*
    print_other_cpu* print_cpu* print_shadow* print_stack* print_req* print_freed* print_kernel* print_collision*
    print_memory* print_bug* print_vma_addr print_tainted end_report* start_report* object_err slab_err* slab_bug*
    slab_fix slab_pad* check_object* check_slab check_bytes* on_freelist alloc_debug_processing free_debug_processing
    object_map free_consistency* alloc_consistency* slab_error2 fortify_panic* stack_chk_fail* stack_chk_guard*
    copy_overflow usercopy_* check_heap_object check_object_size check_stack_object check_page_span* check_bogus*
    check_kernel_text* check_copy_size kasan_* asan_* hwasan_* msan_* kmsan_* kcsan_* tsan_* kfence_* ubsan_*
    handle_overflow val_to_string sanitizer_* check_memory_region* memory_is_* check_region_inline sanitizer_cov*
    kcov_* write_comp_data* should_fail* fail_dump lockdep_* lock_acquire* lock_release* lock_set* lock_pin*
    lock_unpin* lock_repin* lock_downgrade* lock_contended lock_acquired lock_acquire* reacquire_held* find_held_lock
    register_lock_class look_up_lock_class assign_lock_key* is_static_lock* validate_chain* check_prev*
    check_deadlock* check_noncircular* check_usage* check_irq_usage* check_wait_context* check_chain_key* mark_lock*
    mark_held* mark_usage* mark_irqflags* debug_check_no_* debug_locks_off debug_mutex_* debug_spin_* debug_rt_*
    debug_object* debug_print_object debug_smp_processor_id check_preemption_disabled this_cpu_preempt_check
    timer_is_static_object work_is_static_object spin_bug spin_dump rwlock_bug do_raw_* printk* vprintk* vprintk_*
    dev_printk* dev_info dev_notice dev_warn dev_err dev_alert dev_crit dev_emerg dev_vprintk* netdev_printk
    netdev_emerg netdev_alert netdev_crit netdev_err netdev_warn netdev_notice netdev_info console_unlock
    console_flush_all console_emit_next_record call_console_drivers perf_trace* trace_event_* event_trigger*
    bpf_trace_run* ftrace_likely_update* ftrace_call* ftrace_regs_call* ftrace_graph_call* perf_tp_event*
"""

_TRAPS = """
    do_trap* do_error_trap do_invalid_op do_undefinstr do_divide_error* do_general_protection do_int3* do_debug*
    do_bounds do_stack_segment do_double_fault do_coprocessor_error do_machine_check exc_* asm_exc_* asm_sysvec_*
    sysvec_* error_code error_entry error_exit error_sti handle_exception* handle_invalid_op* invalid_op divide_error
    general_protection stack_segment int3 debug double_fault page_fault do_page_fault do_user_addr_fault
    do_kern_addr_fault no_context spurious_kernel_fault vmalloc_fault mm_fault_error kernelmode_fixup_or_oops
    page_fault_oops die_kernel_fault do_kernel_fault do_translation_fault* do_mem_abort do_alignment_fault do_bad
    do_bad_area do_DataAbort do_PrefetchAbort dabt_svc pabt_svc und_svc irq_svc irq_usr bug_handler call_undef_hook
    call_break_hook brk_handler do_debug_exception do_undefinstr do_sp_pc_abort do_serror do_el0_* el0_* el1_* el0t_*
    el1t_* el1h_* el0 el1 bad_mode arm64_serror_panic* program_check* alignment_exception handle_page_fault
    data_access_* instruction_access_* bad_page_fault machine_check_* die_if_kernel arm_notify_die common_exception*
    common_interrupt* xen_*_trap iret_exc retint_* early_idt_handler* early_fixup_exception hlt_loop
    trace_hardirqs_off_thunk trace_hardirqs_on_thunk restore_nocheck* work_resched resume_kernel asm_call_irq_on_stack
    asm_call_on_stack do_softirq_own_stack call_on_stack entry_* ret_from_exception ret_from_fork* ret_from_intr
    ret_from_sys* ret_to_user* ret_fast_syscall system_call* sysenter_* syscall_call syscall_trace* do_syscall_*
    do_fast_syscall_* do_int80_* invoke_syscall* restore_all* resume_userspace*
"""

_CLOCKS = """
    apic_timer_interrupt* smp_apic_timer_interrupt local_apic_timer_interrupt timer_interrupt update_process_times
    tick_sched_* tick_nohz_* tick_periodic tick_handle_* tick_irq_enter hrtimer_run_queues hrtimer_interrupt
    run_hrtimer watchdog_timer_fn watchdog_overflow_callback watchdog_hardlockup_check softlockup_* check_cpu_stall*
    rcu_check_callbacks rcu_sched_clock_irq rcu_pending rcu_dump_cpu_stacks rcu_stall_* trigger_*backtrace*
    arch_trigger_* nmi_cpu_backtrace* nmi_trigger* nmi_handle* default_do_nmi do_nmi nmi end_repeat_nmi first_nmi
    nmi_restore perf_event_nmi_handler perf_event_overflow* intel_pmu_handle_irq* perf_ibs* csd_lock_wait_toolong
"""

_COPIES_AND_COUNTS = """
    x86_indirect_thunk* x86_return_thunk* indirect_thunk* memcpy* memset* memmove* memcmp* memchr* memscan memdup*
    kmemdup* strcpy strncpy strlcpy strscpy* sized_strscpy strcmp strncmp strcasecmp strncasecmp strlen strnlen
    strchr* strrchr strnchr strstr strnstr strcat strlcat strncat strsep strspn strreplace kstrdup* kstrndup
    copy_to_user* copy_from_user* copy_in_user raw_copy_* copy_user_* copy_page* clear_user* copy_to_iter*
    copy_from_iter* strncpy_from_user* strnlen_user put_user* get_user* rep_movs* rep_stos* read_once* write_once*
    read_word_at_a_time arch_atomic* atomic_* refcount_dec_and_lock* atomic64_* instrument_* arch_test_bit test_bit*
    variable_test_bit constant_test_bit set_bit clear_bit test_and_set_bit* test_and_clear_bit* find_first_bit*
    find_next_bit* list_add* list_del* list_replace* list_move* list_splice* hlist_add* hlist_del* list_add_valid*
    list_del_entry_valid* rb_erase* rb_first* rb_last* rb_next* rb_prev* rb_insert* rb_link* xas_* ida_free ida_alloc*
    ida_destroy refcount_* kref_get kref_put kref_sub ref_tracker_* kobject_del kobject_put kobject_get
    kobject_uevent* kobject_cleanup add_uevent_var put_device get_device iput ihold dput fast_dput mntput* inc_nlink
    drop_nlink clear_nlink set_nlink crc16* crc32* crc_t10* crc_itu_t* crc_ccitt* csum_partial* aes_encrypt
    aes_decrypt aesti_encrypt aesti_decrypt aesti_set_key des_encrypt des_decrypt crypto_*_encrypt crypto_*_decrypt
    crypto_*_setkey crypto_rng_* rng_setkey drbg_* cipher_crypt_one crypto_shash_* crypto_ahash_* crypto_cipher_*
    xts_encrypt xts_decrypt ecb_encrypt cbc_encrypt hex_dump_to_buffer print_hex_dump* hex_string bin2hex snprintf
    vsnprintf scnprintf vscnprintf sprintf vsprintf kasprintf kvasprintf* string string_nocheck pointer va_format
    format_decode logic_inb logic_inw logic_inl logic_outb logic_outw logic_outl inb inw inl outb outw outl ioread*
    iowrite* raw_readb raw_readw raw_readl raw_readq raw_writeb raw_writew raw_writel raw_writeq readb readw readl
    writeb writew writel find_lock_entries find_get_entries truncate_inode_pages* skb_panic skb_over_panic
    skb_under_panic skb_put skb_push skb_pull assertfail btrfs_assertfail seqprop_assert phys_addr phys_addr_symbol
    virt_to_phys
"""

_ALLOCATES = """
    alloc_pages* alloc_page* alloc_frozen_pages* get_page_from_freelist get_free_page* get_free_pages*
    get_zeroed_page* post_alloc_hook prep_new_page set_page_owner* free_pages_prepare free_pcp* free_unref_page*
    free_frozen_pages* free_pages* free_the_page rmqueue* kmalloc kmalloc_noprof kmalloc_node* kmalloc_trace*
    kmalloc_track_caller* kmalloc_large* kmalloc_cache* kmalloc_order* kmalloc_array* kmalloc_reserve kcalloc*
    kzalloc* krealloc* kvmalloc* kvzalloc* kvcalloc* vmalloc* vzalloc* devm_kmalloc* do_kmalloc* kmem_cache_*
    kmem_getpages slab_* new_slab* allocate_slab* cache_alloc* cache_grow* cache_free* ac_get_obj do_slab_free kfree
    kvfree vfree kfree_const free_large_kmalloc build_detached_freelist unlock_page lock_page folio_unlock folio_lock
    folio_put put_page get_page
"""

_LOCKS_AND_WAITS = """
    task_rq_lock* rq_lock* spin_lock* spin_unlock* spin_trylock* raw_spin_* raw_read_* raw_write_* read_lock*
    read_unlock* write_lock* write_unlock* read_trylock* write_trylock* queued_spin_* queued_read_* queued_write_*
    native_queued_* pv_queued_* pv_wait* kvm_wait ticket_spin_* arch_spin_* arch_read_* arch_write_* virt_spin_lock
    osq_lock osq_unlock mcs_spin_* mutex_lock* mutex_unlock* mutex_trylock* mutex_remove_waiter mutex_optimistic*
    mutex_spin* ww_mutex_* rt_mutex_* task_blocks_on_rt_mutex rt_spin_* down down_* up up_read up_write percpu_down_*
    percpu_up_* rwsem_* call_rwsem_* rtlock_* native_restore_fl native_irq_* native_safe_halt arch_local_*
    raw_local_irq* arch_safe_halt complete complete_all swake_up* wait_for_completion* wait_for_common
    do_wait_for_common wake_up wake_up_common* wake_up_sync* wake_up_locked* wake_up_bit wake_up_klogd* wake_up_q
    default_wake_function autoremove_wake_function preempt_count_* preempt_schedule* might_sleep* might_fault*
    might_resched cant_sleep* schedule_bug del_timer* timer_delete* try_to_del_timer_sync flush_work*
    cancel_work_sync* cancel_work_timer cancel_delayed_work_sync try_to_grab_pending drain_workqueue destroy_workqueue
    finish_wait kthread_stop insert_work queue_work* msleep msleep_interruptible ssleep usleep_range*
    schedule_timeout* io_schedule* queue_delayed_work*
"""

_REMOVES_A_DEVICE = """
    get_device_parent device_add device_del device_unregister device_destroy device_for_each_child device_remove_file
    dpm_sysfs_remove device_pm_remove sysfs_remove* hwrng_unregister i2c_del_adapter unregister_client
    rollback_registered* unregister_netdev* tty_unregister_device dummy_urb_enqueue usb_kill_urb
    usb_kill_anchored_urbs usb_control_msg usb_hcd_submit_urb usb_submit_urb usb_start_wait_urb usb_bulk_msg
    usb_interrupt_msg
"""


_EVERY = (_REPORTS, _TRAPS, _CLOCKS, _COPIES_AND_COUNTS, _ALLOCATES, _LOCKS_AND_WAITS, _REMOVES_A_DEVICE)


@cache  # once, and only for who blames: it takes 15 ms
def _named(*lists: str) -> re.Pattern[str]:
    """A function of these lists."""
    names = {name.lstrip("_").replace("*", r"\w*") for text in lists for name in text.split()}
    return re.compile(rf"^_*(?:{'|'.join(sorted(names))})$")


def trapped(name: str) -> bool:
    """Whether a function belongs to the way into an exception or a clock's interrupt: it stands above the culprit."""
    return _named(_TRAPS, _CLOCKS).match(name) is not None


def clock(name: str) -> bool:
    """Whether a function belongs to a clock's interrupt or to what it checks: a WARNING that names it means it."""
    return _named(_CLOCKS).match(name) is not None


@lru_cache(1 << 12)
def generic(name: str) -> bool:
    """Whether a function (its bare name) is passed over in every kind of report."""
    return _named(*_EVERY).match(name) is not None
