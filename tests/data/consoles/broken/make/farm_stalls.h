// SPDX-License-Identifier: GPL-2.0
/* Misdeeds that take time: sleeping where one must not, loops, locks, interrupts left off. Part of farm_broken.c. */

static noinline int farm_atomic_sleep(void)
{
	preempt_disable();
	msleep(20);
	preempt_enable();
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
