/* What farm-init reports of the machine: `report KEY VALUE` lines out of /proc, /sys and the kernel log.
 *
 * Uses farm-init.c's way to read a file and to send a line; decides nothing.
 */
#ifndef FARM_INIT_REPORT_H
#define FARM_INIT_REPORT_H

/* `report KEY VALUE`, a long value over several lines of the same key. */
static void report(const char *key, const char *value)
{
	while (*value == ' ')
		value++;
	if (!*value)
		value = "unknown";
	while (*value) {
		unsigned n = value_cut(value);

		line_start(&out, "report ");
		put(&out, key);
		put(&out, " ");
		put_clean(&out, value, n);
		send_line();
		value += n;
		while (*value == ' ')
			value++;
	}
}

/* As report(); 0 is no count of anything here. */
static void report_number(const char *key, unsigned n)
{
	if (!n) {
		report(key, "");
		return;
	}
	line_start(&out, "report ");
	put(&out, key);
	put(&out, " ");
	put_number(&out, n);
	send_line();
}

/* The number after `name` in /proc/meminfo, in KiB; 0 where it is not there. */
static unsigned meminfo_kb(const char *name)
{
	const char *s;
	unsigned n = 0;

	if (read_file("/proc/meminfo", file, sizeof(file)) < 0 || !(s = find(file, name)))
		return 0;
	for (s += length(name); is_blank(*s); s++)
		;
	for (; is_digit(*s); s++)
		n = n * 10 + (unsigned)(*s - '0');
	return n;
}

/* The value of a /proc/cpuinfo line `name<tabs>: value`, or 0. */
static const char *cpuinfo_value(const char *line, const char *name)
{
	const char *s = after(line, name);

	if (!s)
		return 0;
	while (*s == '\t' || *s == ' ')
		s++;
	return *s == ':' ? s + 1 : 0;
}

/* Reports the first processor and how many there are; returns its flags. */
static const char *report_cpu(void)
{
	const char *vendor = "", *model = "", *flags = "", *value;
	unsigned count = 0;
	char *text = file, *line;

	read_file("/proc/cpuinfo", file, sizeof(file));
	while ((line = next_line(&text))) {
		count += cpuinfo_value(line, "processor") != 0;
		if (!*vendor && (value = cpuinfo_value(line, "vendor_id")))
			vendor = value;
		if (!*model && (value = cpuinfo_value(line, "model name")))
			model = value;
		if (!*flags && (value = cpuinfo_value(line, "flags")))
			flags = value;
	}
	report("cpu.vendor", vendor);
	report("cpu.model", model);
	report("cpu.flags", flags);
	report_number("cpu.count", count);
	return flags;
}

/* `hypervisor cpuflag=yes sysfs=xen dmesg=KVM`, and `paravirt` what the kernel says it booted on. */
static void report_hypervisor(const char *flags)
{
	const char *paravirt = "", *detected = "none", *value;
	static char type[64];
	char *text = read_log(), *line, *rest = type;

	while (text && (line = next_line(&text))) {
		if ((value = after(message(line), "Booting paravirtualized kernel on ")))
			paravirt = value;
		if ((value = after(message(line), "Hypervisor detected: ")))
			detected = value;
	}
	read_file("/sys/hypervisor/type", type, sizeof(type));
	next_line(&rest);
	line_start(&out, "report hypervisor cpuflag=");
	put(&out, find(flags, " hypervisor") ? "yes" : "no");
	put(&out, " sysfs=");
	put_clean(&out, *type ? type : "none", sizeof(type));
	put(&out, " dmesg=");
	put_clean(&out, detected, VALUE_MAX);
	send_line();
	report("paravirt", paravirt);
}

static void report_machine(void)
{
	const char *flags = report_cpu();

	report_hypervisor(flags);
	report_number("mem.total_kb", meminfo_kb("MemTotal:"));
	report("cmdline", cmdline);
}

#endif
