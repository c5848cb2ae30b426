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

#include "farm_faults.h"
#include "farm_memory.h"
#include "farm_stalls.h"

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
