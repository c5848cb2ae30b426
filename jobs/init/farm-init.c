/* farm-init: process 1 of a farm's boot, for kernels from 2.6.24 on, i386 or x86-64 with IA32 emulation.
 *
 * Says on the console, with the token of the kernel command line, that user space was reached; what the kernel says of
 * the machine; how the extra checks went; and powers off. No libc, no newer system call than 2.6.24's: glibc of today
 * refuses such kernels. `jobs/init/__init__.py` has the options and the lines, `python -m jobs.init.build` builds it.
 */
#include "syscalls.h"
#include "text.h"

enum { TOKEN_SIZE = 64, VALUE_MAX = 256, LOG_SIZE = 2 << 20, FILE_SIZE = 1 << 20 };

static struct line out;
static char cmdline[4096 + 1];
static char file[FILE_SIZE];    /* read_file()'s; memory only where a file fills it */
static char log[LOG_SIZE];      /* read_log()'s */

static int read_file(const char *path, char *buffer, unsigned size)
{
	int fd = call3(NR_open, P(path), O_RDONLY, 0), n;
	unsigned used = 0;

	buffer[0] = 0;
	if (fd < 0)
		return fd;
	do {
		n = call3(NR_read, (unsigned)fd, P(buffer + used), size - 1 - used);
		if (n > 0)
			used += (unsigned)n;
	} while ((n > 0 && used < size - 1) || n == -EINTR);
	buffer[used] = 0;
	call1(NR_close, (unsigned)fd);
	return n < 0 ? n : (int)used;
}

static char *read_log(void)
{
	int n = call3(NR_syslog, SYSLOG_READ_ALL, P(log), LOG_SIZE - 1);

	if (n < 0)
		return 0;
	log[n] = 0;
	return log;
}

static void write_all(int fd, const char *bytes, unsigned size)
{
	while (size) {
		int n = call3(NR_write, (unsigned)fd, P(bytes), size);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return;         /* no console is a legal place to be; the other copy is still to come */
		bytes += n;
		size -= (unsigned)n;
	}
}

/* Sends `out` twice: to the console in one write, and through the kernel log. printk lands inside user-space lines, and
 * the serial port sends what was written while the kernel prints: so the one is drained before the other. /dev/kmsg is
 * opened anew each time, since the kernel lets only ten lines in five seconds through one opening.
 */
static void send_line(void)
{
	char *text = out.text;
	int fd;

	text[2] = text[3 + out.used] = '\n';
	write_all(1, text + 2, out.used + 2);
	call3(NR_ioctl, 1, TCSBRK, 1);
	fd = call3(NR_open, P("/dev/kmsg"), O_WRONLY, 0);
	if (fd < 0)
		return;
	text[0] = '<';
	text[1] = '5';
	text[2] = '>';
	write_all(fd, text, out.used + 4);
	call1(NR_close, (unsigned)fd);
}

static void note(const char *what, const char *value)
{
	line_start(&out, "note ");
	put(&out, what);
	put_clean(&out, value, VALUE_MAX);
	send_line();
}

#include "report.h"
#include "checks.h"

/* Makes fds 0 to 2 the console, where the kernel, which opens the initramfs' /dev/console for us, could not. */
static void open_console(void)
{
	unsigned fd;
	int console;

	call2(NR_mkdir, P("/dev"), 0755);
	call3(NR_mknod, P("/dev/console"), S_IFCHR | 0600, 5 << 8 | 1);
	for (fd = 0; fd <= 2; fd++) {
		if (call2(NR_fcntl, fd, F_GETFD) >= 0)
			continue;
		console = call3(NR_open, P("/dev/console"), O_RDWR, 0);
		if (console >= 0 && console != (int)fd) {
			call2(NR_dup2, (unsigned)console, fd);
			call1(NR_close, (unsigned)console);
		}
	}
}

static void mount(const char *type, const char *where)
{
	call2(NR_mkdir, P(where), 0755);
	call5(NR_mount, P(type), P(where), P(type), 0, 0);
}

/* The command line as the kernel logged it: the way where there is no /proc. */
static void cmdline_from_log(void)
{
	char *text = read_log(), *line;
	const char *value;
	unsigned n;

	while (text && (line = next_line(&text)))
		if ((value = after(message(line), "Kernel command line: "))) {
			for (n = 0; value[n] && n < sizeof(cmdline) - 1; n++)
				cmdline[n] = value[n];
			cmdline[n] = 0;
		}
}

/* Mounts /proc, /sys and /dev as far as this kernel has them, and reads the command line. */
static void set_up(void)
{
	int n = read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	char *line;

	if (n < 0) {
		mount("proc", "/proc");
		n = read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	}
	mount("sysfs", "/sys");
	mount("devtmpfs", "/dev");      /* since 2.6.32 */
	call3(NR_mknod, P("/dev/kmsg"), S_IFCHR | 0600, 1 << 8 | 11);
	if (n < 0)
		cmdline_from_log();
	for (line = cmdline; *line; line++)
		if (*line == '\n')
			*line = ' ';
	while (line > cmdline && line[-1] == ' ')
		*--line = 0;
}

/* The token of the command line: 1 to 64 hexadecimal digits, else "none". */
static const char *read_token(void)
{
	static char value[TOKEN_SIZE + 2];
	unsigned n = 0;

	if (!option(cmdline, "farm.token", value, sizeof(value)))
		return "none";
	while (is_hex(value[n]))
		n++;
	if (n && n <= TOKEN_SIZE && !value[n])
		return value;
	note("farm.token is not 1 to 64 hexadecimal digits: ", value);
	return "none";
}

static void put_check(const char *name)
{
	line_start(&out, "check ");
	put_clean(&out, name, 64);
}

/* Runs one check and says how it went; returns 1 where it failed. */
static unsigned run_check(const char *name)
{
	const char *reason = "no such check";
	unsigned i;

	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (same(name, checks[i].name))
			reason = checks[i].run();
	put_check(name);
	put(&out, reason ? " FAILED: " : " ok");
	if (reason)
		put(&out, reason);
	send_line();
	return reason != 0;
}

/* Runs the checks of farm.check in the order asked for; returns how many failed. */
static unsigned run_checks(void)
{
	static char names[sizeof(cmdline)];
	char *name = names, *end;
	unsigned failed = 0;

	option(cmdline, "farm.check", names, sizeof(names));
	for (; *name; name = end) {
		for (end = name; *end && *end != ','; end++)
			if (is_blank(*end))
				*end = '?';     /* a name is one word of its line */
		if (*end)
			*end++ = 0;
		if (*name)
			failed += run_check(name);
	}
	return failed;
}

/* A child asks: where a kernel has no way to do it, 2.6's reboot() ends the process that called, and process 1 must not
 * end. Comes back only if nothing came of it, two seconds later: a power supply may be slow to let go.
 */
static void ask_reboot(unsigned how)
{
	int pid = call0(NR_fork);

	if (pid > 0) {
		wait_child(pid);
		call3(NR_poll, 0, 0, 2000);
		return;
	}
	call3(NR_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, how);
	if (pid == 0)
		call1(NR_exit, 0);
}

static void leave(void)
{
	char how[16];

	option(cmdline, "farm.poweroff", how, sizeof(how));
	if (!option(cmdline, "farm.hold", file, sizeof(file)) && !same(how, "hold")) {
		if (*how && !same(how, "off") && !same(how, "reboot") && !same(how, "halt"))
			note("farm.poweroff is not off, reboot, halt or hold, so off: ", how);
		call0(NR_sync);
		if (!same(how, "reboot") && !same(how, "halt"))
			ask_reboot(REBOOT_POWER_OFF);
		if (!same(how, "halt"))
			ask_reboot(REBOOT_RESTART);
		ask_reboot(REBOOT_HALT);
	}
	for (;;)
		call0(NR_pause);
}

static void run(void)
{
	static struct utsname name;
	const char *token;
	unsigned failed;

	open_console();
	set_up();
	call1(NR_uname, P(&name));
	token = read_token();
	line_start(&out, "start token=");
	put(&out, token);
	put(&out, " release=");
	put_clean(&out, name.release, sizeof(name.release));
	put(&out, " machine=");
	put_clean(&out, name.machine, sizeof(name.machine));
	put(&out, " init=");
	put_number(&out, (unsigned)call0(NR_getpid));
	send_line();
	report_machine();
	failed = run_checks();
	line_start(&out, "end token=");
	put(&out, token);
	put(&out, " failed=");
	put_number(&out, failed);
	send_line();
	leave();
}

void _start(void)
{
	static const char refusal[] = "farm-init: not process 1\n";

	if (call0(NR_getpid) == 1)
		run();
	write_all(2, refusal, sizeof(refusal) - 1);
	for (;;)
		call1(NR_exit, 1);
}
