// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel module that does one misdeed when it is loaded, chosen by its parameter: `how=null`, `how=bug`, ...
 *
 * Each misdeed is a function of its own, so that the function to blame is known from its name. Built against Debian's
 * headers, for i386 and x86-64, 5.10 to 6.1. To be loaded in a guest that nobody needs any more.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *how = "";
module_param(how, charp, 0);
static int seconds = 8;
module_param(seconds, int, 0);

static noinline int farm_null_deref(void)
{
	volatile int *nothing = NULL;

	OPTIMIZER_HIDE_VAR(nothing);
	return nothing[1];
}

static noinline int farm_wild_write(void)
{
#ifdef CONFIG_X86_64
	volatile int *wild = (int *)0xffffc0dedead0000ul;
#else
	volatile int *wild = (int *)0xf0dead00ul;
#endif
	OPTIMIZER_HIDE_VAR(wild);
	*wild = 1;
	return 0;
}

static noinline int farm_null_call(void)
{
	int (*nowhere)(void) = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	return nowhere() + 1;
}

static const char farm_text[] = "not to be written to";

static noinline int farm_read_only(void)
{
	char *text = (char *)farm_text;

	OPTIMIZER_HIDE_VAR(text);
	*(volatile char *)text = 'X';
	return 0;
}

static noinline int farm_exec_data(void)
{
	static unsigned char code[] = { 0xc3 };
	void (*run)(void) = (void *)code;

	OPTIMIZER_HIDE_VAR(run);
	run();
	return 1;
}

static noinline int farm_bug(void)
{
	BUG_ON(how[0]);
	return 0;
}

static noinline int farm_warn(void)
{
	WARN_ON(how[0]);
	return 0;
}

static noinline int farm_warn_text(void)
{
	WARN(how[0], "farm: %d things are wrong\n", 3);
	return 0;
}

static noinline int farm_divide(void)
{
	volatile int zero = 0;

	return 7 / zero;
}

static noinline int farm_gpf(void)
{
#ifdef CONFIG_X86_64
	volatile int *odd = (int *)0x1234567890abcdeful; /* not canonical */

	OPTIMIZER_HIDE_VAR(odd);
	return *odd;
#else
	asm volatile("mov %w0, %%es" : : "r"(0x7f00)); /* beyond the limit of the GDT */
	return 0;
#endif
}

static noinline int farm_ud2(void)
{
	asm volatile("ud2");
	return 1;
}

static noinline int farm_int3(void)
{
	asm volatile("int3");
	return 1;
}

static noinline void farm_fill(char *text, int length)
{
	OPTIMIZER_HIDE_VAR(text);
	memset(text, 'A', length);
}

static noinline int farm_stack_smash(void)
{
	char text[16];
	int length = 40;

	OPTIMIZER_HIDE_VAR(length);
	farm_fill(text, length);
	return text[3];
}

static noinline int farm_atomic_sleep(void)
{
	preempt_disable();
	msleep(20);
	preempt_enable();
	return 0;
}

struct farm_item {
	struct list_head list;
	char rest[24];
};

static noinline int farm_list_add(void)
{
	struct list_head head, broken = { NULL, NULL };

	INIT_LIST_HEAD(&head);
	head.next = &broken;
	list_add(&broken, &head);
	return 0;
}

static noinline int farm_list_del_twice(void)
{
	struct farm_item one;
	LIST_HEAD(head);

	list_add(&one.list, &head);
	list_del(&one.list);
	list_del(&one.list);
	return 0;
}

static noinline int farm_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);
	bool last = refcount_dec_and_test(&count);

	return last + refcount_dec_and_test(&count);
}

static noinline int farm_copy_overflow(void)
{
	char *small = kmalloc(32, GFP_KERNEL); /* the compiler knows that it is 32 bytes */
	unsigned long size = 256, address = current->mm->start_stack & PAGE_MASK;

	OPTIMIZER_HIDE_VAR(size);
	size = copy_to_user((void __user *)address, small, size);
	kfree(small);
	return size;
}

static noinline int farm_usercopy(void)
{
	char *small = kmalloc(32, GFP_KERNEL);
	unsigned long size = 256, address = current->mm->start_stack & PAGE_MASK;

	OPTIMIZER_HIDE_VAR(size);
	OPTIMIZER_HIDE_VAR(small);
	size = copy_to_user((void __user *)address, small, size);
	kfree(small);
	return size;
}

static noinline int farm_use_after_free(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	kfree(thing);
	OPTIMIZER_HIDE_VAR(thing);
	thing[20] = 'X';
	kfree(kmalloc(64, GFP_KERNEL)); /* the allocator looks at it when it hands it out again */
	return 0;
}

static noinline int farm_double_free(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	kfree(thing);
	OPTIMIZER_HIDE_VAR(thing);
	kfree(thing);
	return 0;
}

static noinline int farm_overrun(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(thing);
	thing[64] = 'X';
	kfree(thing);
	return 0;
}

static noinline int farm_cache_leak(void)
{
	struct kmem_cache *cache = kmem_cache_create("farm_things", 48, 0, 0, NULL);
	void *thing = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_destroy(cache);
	return thing == NULL;
}

static noinline int farm_bad_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 5); /* so large that it is looked at when it is freed */

	page->mapping = (void *)0xbad0;
	__free_pages(page, 5);
	return 0;
}

static noinline int farm_freed_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 5), *again;
	char *text = page_address(page);

	__free_pages(page, 5);
	OPTIMIZER_HIDE_VAR(text);
	text[100] = 'X';
	again = alloc_pages(GFP_KERNEL, 5); /* with page_poison=1 it is looked at when it is handed out again */
	__free_pages(again, 5);
	return 0;
}

static noinline int farm_fortify(void)
{
	static struct {
		char name[8], rest[8];
	} both;
	size_t length = 12;

	OPTIMIZER_HIDE_VAR(length);
	memcpy(both.name, how, length); /* more than a name has room for */
	return both.rest[0];
}

static noinline int farm_stack_end(void)
{
	*end_of_stack(current) = 0; /* where STACK_END_MAGIC stood */
	msleep(20);
	return 0;
}

static noinline int farm_page_alloc(void)
{
	struct page *all[64];
	int got;

	for (got = 0; got < 64; got++) {
		all[got] = alloc_pages(GFP_KERNEL, 10);
		if (!all[got])
			break;
	}
	pr_info("farm: %d of 64 blocks of 4 MiB\n", got);
	while (got--)
		__free_pages(all[got], 10);
	return 0;
}

static noinline int farm_vmalloc(void)
{
	void *much = vmalloc(3000ul << 20);

	vfree(much);
	return 0;
}

static noinline int farm_panic(void)
{
	panic("farm: on purpose, %d", 42);
	return 0;
}

static noinline int farm_recurse(int depth)
{
	volatile char room[200];

	room[depth % 200] = depth;
	if (depth < 0)
		return 0;
	return farm_recurse(depth + 1) + room[(depth + 1) % 200];
}

static void farm_timer_fires(struct timer_list *unused)
{
	farm_null_deref();
}

static DEFINE_TIMER(farm_timer, farm_timer_fires);

static int farm_timer_oops(void)
{
	mod_timer(&farm_timer, jiffies + HZ / 10);
	msleep(1000);
	return 0;
}

static void farm_work_runs(struct work_struct *unused)
{
	farm_null_deref();
}

static DECLARE_WORK(farm_work, farm_work_runs);

static int farm_work_oops(void)
{
	schedule_work(&farm_work);
	msleep(500);
	return 0;
}

static int farm_thread_runs(void *unused)
{
	return farm_null_deref();
}

static int farm_thread_oops(void)
{
	kthread_run(farm_thread_runs, NULL, "farm-thread");
	msleep(500);
	return 0;
}

static DEFINE_SPINLOCK(farm_lock);

static noinline int farm_spin_deadlock(void)
{
	spin_lock(&farm_lock);
	spin_lock(&farm_lock);
	spin_unlock(&farm_lock);
	return 0;
}

static noinline int farm_busy_loop(void)
{
	unsigned long end = jiffies + seconds * HZ;

	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
	return 0;
}

static void farm_rcu_done(struct rcu_head *unused)
{
}

static noinline int farm_rcu_loop(void)
{
	static struct rcu_head somebody_waits;
	unsigned long end = jiffies + seconds * HZ;

	call_rcu(&somebody_waits, farm_rcu_done);
	rcu_read_lock();
	while (time_before(jiffies, end))
		cpu_relax();
	rcu_read_unlock();
	return 0;
}

static noinline int farm_irqs_off(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
	return 0;
}

static noinline int farm_sleeps(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(seconds * HZ);
	return 0;
}

static noinline int farm_irq_imbalance(void)
{
	local_irq_disable();
	return 0;
}

static noinline int farm_double_fault(void)
{
	/* a push with nothing below the stack pointer, and then no room for the page fault's own frame */
#ifdef CONFIG_X86_64
	asm volatile("mov $0x100, %rsp; push %rax");
#else
	asm volatile("mov $0x100, %esp; push %eax");
#endif
	return 1;
}

static noinline int farm_triple_fault(void)
{
	struct { unsigned short limit; unsigned long base; } __packed none = { 0, 0 };

	asm volatile("lidt %0; int3" : : "m"(none));
	return 0;
}

static noinline int farm_recursion(void)
{
	return farm_recurse(0);
}

static const struct {
	const char *name;
	int (*run)(void);
} farm_misdeeds[] = {
	{ "null", farm_null_deref },	   { "wild", farm_wild_write },		 { "nullcall", farm_null_call },
	{ "readonly", farm_read_only },	   { "execdata", farm_exec_data },	 { "bug", farm_bug },
	{ "warn", farm_warn },		   { "warntext", farm_warn_text },	 { "divide", farm_divide },
	{ "gpf", farm_gpf },		   { "ud2", farm_ud2 },			 { "int3", farm_int3 },
	{ "smash", farm_stack_smash },	   { "atomic", farm_atomic_sleep },	 { "listadd", farm_list_add },
	{ "listdel", farm_list_del_twice },{ "refcount", farm_refcount },	 { "usercopy", farm_usercopy },
	{ "uaf", farm_use_after_free },	   { "doublefree", farm_double_free },	 { "overrun", farm_overrun },
	{ "cacheleak", farm_cache_leak },  { "badpage", farm_bad_page },	 { "pagealloc", farm_page_alloc },
	{ "vmalloc", farm_vmalloc },	   { "panic", farm_panic },		 { "recurse", farm_recursion },
	{ "timer", farm_timer_oops },	   { "work", farm_work_oops },		 { "thread", farm_thread_oops },
	{ "spin", farm_spin_deadlock },	   { "busy", farm_busy_loop },		 { "rcu", farm_rcu_loop },
	{ "irqsoff", farm_irqs_off },	   { "sleep", farm_sleeps },		 { "irqleft", farm_irq_imbalance },
	{ "triple", farm_triple_fault },   { "copyoverflow", farm_copy_overflow },
	{ "double", farm_double_fault },   { "freedpage", farm_freed_page },	 { "fortify", farm_fortify },
	{ "stackend", farm_stack_end },
};

static int __init farm_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(farm_misdeeds); i++)
		if (!strcmp(how, farm_misdeeds[i].name))
			return farm_misdeeds[i].run() < 0 ? -EIO : 0;
	return -EINVAL;
}

module_init(farm_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does one misdeed, for a corpus of kernel consoles");
