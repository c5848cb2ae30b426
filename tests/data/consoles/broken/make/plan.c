/* The first process of most of these boots: does what the file /plan says, line by line, then becomes farm-init.
 *
 * Freestanding i386, with farm-init's own system calls. Lines of /plan, one command each:
 *
 *     module PATH            which module the next lines load; else /farm_broken.ko
 *     load PARAMETERS        load the module here, in process 1
 *     child PARAMETERS       the same in a child, which is waited for
 *     spawn PARAMETERS       the same in a child, which is not waited for
 *     write PATH TEXT        write TEXT to a file, e.g. c to /proc/sysrq-trigger
 *     say TEXT               a line to the console
 *     cat PATH               a file to the console
 *     dmesg                  the kernel log to the console, as the program of that name prints it
 *     chatter LINES          a child prints so many lines to the console, meanwhile the plan goes on
 *     eat                    a child takes memory until it is killed
 *     sleep SECONDS
 *     exit STATUS            process 1 ends
 *     crash                  process 1 writes to address 0
 *     reboot | halt | hang   the last one: nothing any more, for ever
 *     once                   in a second boot, after a reset, skip the rest of the plan (a byte of the CMOS RAM tells)
 *     init PATH              start another program instead of farm-init
 *
 * Where the plan ends, /farm-init takes over: its markers, its power-off.
 */
#include "syscalls.h"

enum { NR_execve = 11, NR_iopl = 110, NR_init_module = 128 };
enum { CMOS_SPARE = 0x60, CMOS_MARK = 0x5a };

static const char *module_path = "/farm_broken.ko";
static char plan[4096], module[1 << 20], text[1 << 18];

static unsigned length(const char *s)
{
	unsigned n = 0;

	while (s[n])
		n++;
	return n;
}

static int is(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static unsigned number(const char *s)
{
	unsigned n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (unsigned)(*s++ - '0');
	return n;
}

/* Cuts at the first blank: gives what comes after it. */
static char *rest(char *s)
{
	while (*s && *s != ' ')
		s++;
	if (*s)
		*s++ = 0;
	return s;
}

static void print(const char *s, unsigned size)
{
	int done;

	for (; size; s += done, size -= (unsigned)done)
		if ((done = call3(NR_write, 1, P(s), size)) <= 0)
			return;
}

static void say(const char *s)
{
	print(s, length(s));
	print("\n", 1);
}

static unsigned get(const char *path, char *into, unsigned room)
{
	int file = call2(NR_open, P(path), O_RDONLY), done;
	unsigned size = 0;

	if (file < 0) {
		say("plan: no such file:");
		say(path);
		return 0;
	}
	while ((done = call3(NR_read, (unsigned)file, P(into + size), room - size)) > 0)
		size += (unsigned)done;
	call1(NR_close, (unsigned)file);
	return size;
}

static void put(const char *path, const char *s)
{
	int file = call2(NR_open, P(path), O_WRONLY);

	if (file < 0 || call3(NR_write, (unsigned)file, P(s), length(s)) < 0)
		say("plan: cannot write");
	call1(NR_close, (unsigned)file);
}

static void copy(const char *path)
{
	int file = call2(NR_open, P(path), O_RDONLY), done;

	while ((done = call3(NR_read, (unsigned)file, P(text), sizeof(text))) > 0)
		print(text, (unsigned)done);
	call1(NR_close, (unsigned)file);
}

static void kernel_log(void)
{
	int size = call3(NR_syslog, SYSLOG_READ_ALL, P(text), sizeof(text)), start = 0, end;

	for (; start < size; start = end) {
		if (text[start] == '<')
			while (start < size && text[start++] != '>')
				;
		for (end = start; end < size && text[end++] != '\n';)
			;
		print(text + start, (unsigned)(end - start));
	}
}

static void load(const char *parameters)
{
	unsigned size = get(module_path, module, sizeof(module));

	if (call3(NR_init_module, P(module), size, P(parameters)) < 0)
		say("plan: the module was refused");
}

static void pause_for(unsigned seconds)
{
	struct timespec32 time = { (int)seconds, 0 };

	call2(NR_nanosleep, P(&time), 0);
}

static void eat(void)
{
	struct mmap_args much = { 0, 1 << 20, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, ~0u, 0 };
	unsigned i;

	for (;;) {
		int at = call1(NR_mmap, P(&much));

		if (at < 0 && at > -4096)
			call1(NR_exit, 1);
		for (i = 0; i < much.len; i += 4096)
			((volatile char *)at)[i] = 1;
	}
}

static void in_child(void (*what)(const char *), const char *parameters, int wait)
{
	int child = call0(NR_fork);

	if (!child) {
		what(parameters);
		call1(NR_exit, 0);
	}
	if (wait)
		call3(NR_waitpid, (unsigned)child, 0, 0);
}

static void chatter(const char *lines)
{
	unsigned n = number(lines);

	while (n--)
		say("chatter: a program that has much to say, and says it while the kernel speaks");
}

static void eat_in_child(const char *unused)
{
	(void)unused;
	put("/proc/self/oom_score_adj", "1000");
	eat();
}

static void become(const char *path)
{
	const char *arguments[] = { path, 0 }, *none[] = { 0 };

	call3(NR_execve, P(path), P(arguments), P(none));
	say("plan: cannot start the next program");
}

/* Whether this machine was here before, since it was powered on. */
static int second_boot(void)
{
	unsigned char before;

	call1(NR_iopl, 3);
	__asm__ volatile("outb %1, $0x70; inb $0x71, %0" : "=a"(before) : "0"((unsigned char)CMOS_SPARE));
	__asm__ volatile("outb %0, $0x70" : : "a"((unsigned char)CMOS_SPARE));
	__asm__ volatile("outb %0, $0x71" : : "a"((unsigned char)CMOS_MARK));
	return before == CMOS_MARK;
}

static void act(char *command)
{
	char *operand = rest(command);

	if (is(command, "module"))
		module_path = operand;
	else if (is(command, "load"))
		load(operand);
	else if (is(command, "child"))
		in_child(load, operand, 1);
	else if (is(command, "spawn"))
		in_child(load, operand, 0);
	else if (is(command, "eat"))
		in_child(eat_in_child, operand, 1);
	else if (is(command, "chatter"))
		in_child(chatter, operand, 0);
	else if (is(command, "write")) {
		char *value = rest(operand);
		put(operand, value);
	} else if (is(command, "say"))
		say(operand);
	else if (is(command, "cat"))
		copy(operand);
	else if (is(command, "dmesg"))
		kernel_log();
	else if (is(command, "sleep"))
		pause_for(number(operand));
	else if (is(command, "exit"))
		call1(NR_exit, number(operand));
	else if (is(command, "crash"))
		*(volatile int *)0 = 1;
	else if (is(command, "reboot"))
		call3(NR_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART);
	else if (is(command, "halt"))
		call3(NR_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_HALT);
	else if (is(command, "hang"))
		for (;;)
			pause_for(3600);
	else if (is(command, "init"))
		become(operand);
	else if (!is(command, "once"))
		say("plan: unknown command");
}

void _start(void)
{
	unsigned size, start = 0, end;

	call5(NR_mount, P("proc"), P("/proc"), P("proc"), 0, 0);
	size = get("/plan", plan, sizeof(plan) - 1);
	for (; start < size; start = end + 1) {
		for (end = start; end < size && plan[end] != '\n'; end++)
			;
		plan[end] = 0;
		if (is(plan + start, "once") && second_boot())
			break;
		act(plan + start);
	}
	become("/farm-init");
	call1(NR_exit, 1);
}
