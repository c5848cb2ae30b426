/* The extra checks of farm-init (`farm.check=NAME,...`). Each returns 0, or the sentence that says why it failed. */
#ifndef FARM_INIT_CHECKS_H
#define FARM_INIT_CHECKS_H

enum { CHILDREN = 8, NAP_MS = 100, NAP_MIN_MS = 90, NAP_MAX_MS = 10000, MEM_DEFAULT_MB = 16, MEM_MAX_MB = 3072 };

static struct line why;

static const char *because_number(const char *what, unsigned n)
{
	why.used = 0;
	put(&why, what);
	put_number(&why, n);
	return line_text(&why);
}

/* The exit status of a child, in waitpid's form; -errno where it cannot be waited for. */
static int wait_child(int pid)
{
	int status = 0, ret;

	do
		ret = call3(NR_waitpid, (unsigned)pid, P(&status), 0);
	while (ret == -EINTR);
	return ret < 0 ? ret : status;
}

/* Eight children at once, each with an exit status of its own. */
static const char *check_fork(void)
{
	int pids[CHILDREN], i;
	const char *failed = 0;

	for (i = 0; i < CHILDREN; i++) {
		pids[i] = call0(NR_fork);
		if (pids[i] == 0)
			call1(NR_exit, (unsigned)(40 + i));
		if (pids[i] < 0)
			failed = because_number("fork: error ", (unsigned)-pids[i]);
	}
	for (i = 0; i < CHILDREN; i++) {
		int status = pids[i] < 0 ? 0 : wait_child(pids[i]);

		if (pids[i] >= 0 && status != (40 + i) << 8)
			failed = because_number("a child's exit status was lost, child ", (unsigned)i + 1);
	}
	return failed;
}

/* Milliseconds of the monotonic clock (it wraps after 49 days, which differences survive); -errno in `*error`. */
static unsigned now_ms(int *error)
{
	struct timespec32 old = { 0, 0 };
	struct timespec64 new = { 0, 0 };

	*error = call2(NR_clock_gettime, CLOCK_MONOTONIC, P(&old));
	if (*error != -ENOSYS)
		return (unsigned)old.sec * 1000u + (unsigned)old.nsec / 1000000u;
	*error = call2(NR_clock_gettime64, CLOCK_MONOTONIC, P(&new));
	return (unsigned)new.sec * 1000u + (unsigned)new.nsec / 1000000u;
}

static int nap(void)
{
	struct timespec32 old = { 0, NAP_MS * 1000000 };
	struct timespec64 new = { 0, NAP_MS * 1000000 };
	int ret = call2(NR_nanosleep, P(&old), 0);

	return ret == -ENOSYS ? call4(NR_clock_nanosleep64, CLOCK_MONOTONIC, 0, P(&new), 0) : ret;
}

/* A sleep of 100 ms takes at least 90 by the clock, and no more than 10 s even on a slow emulator. */
static const char *check_timer(void)
{
	int error, error_after, slept;
	unsigned start = now_ms(&error), passed;

	slept = nap();
	passed = now_ms(&error_after) - start;
	if (error || error_after)
		return because_number("clock_gettime: error ", (unsigned)-(error ? error : error_after));
	if (slept)
		return because_number("nanosleep: error ", (unsigned)-slept);
	if (passed < NAP_MIN_MS || passed > NAP_MAX_MS)
		return because_number("a sleep of 100 ms took, in ms: ", passed);
	return 0;
}

/* Fills `megabytes` with a pattern and reads it back. Exit status: 0, 1 no memory given, 2 it read back differently. */
static int touch(unsigned megabytes)
{
	struct mmap_args args = { 0, megabytes << 20, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, (unsigned)-1, 0 };
	int ret = call1(NR_mmap, P(&args));
	volatile unsigned *word = (volatile unsigned *)ret;
	unsigned i, words = megabytes << 18;

	if (ret < 0 && ret > -4096)
		return 1;
	for (i = 0; i < words; i++)
		word[i] = i ^ 0x5a5a5a5au;
	for (i = 0; i < words; i++)
		if (word[i] != (i ^ 0x5a5a5a5au))
			return 2;
	return 0;
}

/* In a child, so that the kernel's answer to too little memory hits that, not process 1. */
static const char *check_mem(void)
{
	char value[16];
	unsigned megabytes = MEM_DEFAULT_MB;
	int pid, status;

	if (option(cmdline, "farm.mem", value, sizeof(value)) && !(megabytes = number(value, 1, MEM_MAX_MB)))
		return "farm.mem is not a number of megabytes from 1 to 3072";
	pid = call0(NR_fork);
	if (pid == 0)
		call1(NR_exit, (unsigned)touch(megabytes));
	if (pid < 0)
		return because_number("fork: error ", (unsigned)-pid);
	status = wait_child(pid);
	if (status < 0)
		return because_number("waitpid: error ", (unsigned)-status);
	if (status & 0x7f)
		return because_number("killed while it touched the memory, by signal ", (unsigned)status & 0x7f);
	if (status >> 8 == 1)
		return because_number("the kernel refused this many megabytes: ", megabytes);
	return status ? "memory did not read back as written" : 0;
}

static const char *check_meminfo(void)
{
	unsigned total = meminfo_kb("MemTotal:"), left = meminfo_kb("MemFree:");

	if (!total)
		return "no MemTotal in /proc/meminfo";
	if (!left || left > total)
		return because_number("MemFree in /proc/meminfo is not between 1 and MemTotal, but ", left);
	return 0;
}

static const char *check_dmesg(void)
{
	char *log = read_log(), *line;

	if (!log)
		return "the kernel log cannot be read";
	while ((line = next_line(&log)))
		if (is_fault(message(line))) {
			why.used = 0;
			put_clean(&why, message(line), 200);
			return line_text(&why);
		}
	return 0;
}

static const struct { const char *name; const char *(*run)(void); } checks[] = {
	{ "fork", check_fork }, { "timer", check_timer }, { "mem", check_mem },
	{ "meminfo", check_meminfo }, { "dmesg-clean", check_dmesg },
};

#endif
