// SPDX-License-Identifier: GPL-2.0
/* Misdeeds that fault at once, and those that are noticed at once: bad addresses and instructions, BUG(), WARN(), stacks,
 * and faults in a timer, a work item and a kernel thread. Part of farm_broken.c.
 */

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
