/* Text of farm-init: strings, the kernel command line, the kernel log, and one outgoing line. Makes no system call.
 *
 * Built into the init and, with the sanitizers, into the test program of tests/unit/jobs/init/test_text.py.
 */
#ifndef FARM_INIT_TEXT_H
#define FARM_INIT_TEXT_H

/* A record written to /dev/kmsg may hold 976 bytes (kernel/printk/printk.c, LOG_LINE_MAX); 2.6's printk 1023. */
enum { LINE_SIZE = 900, VALUE_SIZE = 700 };

static unsigned length(const char *s)
{
	unsigned n = 0;

	while (s[n])
		n++;
	return n;
}

/* `s` after `prefix`, or 0 where it does not start so. */
static const char *after(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return s;
}

static int same(const char *a, const char *b)
{
	const char *rest = after(a, b);

	return rest && !*rest;
}

static const char *find(const char *s, const char *what)
{
	for (; *s; s++)
		if (after(s, what))
			return s;
	return 0;
}

static int is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A whole number from `low` to `high`, or 0 (so `low` is at least 1). */
static unsigned number(const char *s, unsigned low, unsigned high)
{
	unsigned n = 0;

	if (!*s)
		return 0;
	for (; *s; s++) {
		if (!is_digit(*s) || n > high)
			return 0;
		n = n * 10 + (unsigned)(*s - '0');
	}
	return n >= low && n <= high ? n : 0;
}

/* The next word of the command line, quotes as in lib/cmdline.c next_arg(): a blank inside "..." does not end a word.
 * Returns where to go on, or 0 at the end; the word is [*start, *end).
 */
static const char *next_word(const char *s, const char **start, const char **end)
{
	int quoted = 0;

	while (is_blank(*s))
		s++;
	*start = s;
	for (; *s && (quoted || !is_blank(*s)); s++)
		if (*s == '"')
			quoted = !quoted;
	*end = s;
	return *end == *start ? 0 : s;
}

/* Option `name` of the command line: copies the value, without quotes, to `value` and returns 1; 0 where it is not
 * there. "name" alone is an empty value. The last one counts, as with the kernel's own. A value that does not fit is cut.
 */
static int option(const char *cmdline, const char *name, char *value, unsigned size)
{
	const char *start, *end, *rest;
	int found = 0;

	*value = 0;
	while ((cmdline = next_word(cmdline, &start, &end))) {
		unsigned n = 0;

		if (*start == '"')
			start++;
		rest = after(start, name);
		if (!rest || rest > end || (rest < end && *rest != '=' && *rest != '"'))
			continue;
		found = 1;
		if (rest < end && *rest == '=')
			rest++;
		for (; rest < end && n + 1 < size; rest++)
			if (*rest != '"')
				value[n++] = *rest;
		value[n] = 0;
	}
	return found;
}

/* Cuts the next line off a text in place; 0 at its end. */
static char *next_line(char **text)
{
	char *line = *text, *s = line;

	if (!*line)
		return 0;
	while (*s && *s != '\n')
		s++;
	*text = *s ? s + 1 : s;
	*s = 0;
	return line;
}

/* A kernel log line without its level, time and caller: `<6>[    0.000000][    T0] message`. */
static const char *message(const char *line)
{
	const char *s = line;

	if (*s == '<' && is_digit(s[1])) {
		while (*s && *s != '>')
			s++;
		s += *s == '>';
	}
	while (*s == '[' && (s[1] == ' ' || is_digit(s[1]) || ((s[1] == 'T' || s[1] == 'C') && is_digit(s[2])))) {
		while (*s && *s != ']')
			s++;
		s += *s == ']';
	}
	while (*s == ' ')
		s++;
	return s;
}

/* Whether a kernel log message reports a fault of the kernel. At the start of the message only: "Spectre V2 : WARNING:"
 * is advice. `[#1]` is the count of oopses, on the line that names the fault.
 */
static int is_fault(const char *s)
{
	const char *count;

	if (after(s, "BUG:") || after(s, "WARNING:") || after(s, "Oops") || after(s, "kernel BUG at") ||
	    after(s, "Kernel BUG at"))
		return 1;
	count = find(s, " [#");
	return count && is_digit(count[3]) && !after(s, "farm-init:");
}

/* One outgoing line. Its first three bytes are kept free for what goes before it: "<5>" or a line feed. */
struct line {
	char text[3 + LINE_SIZE + 1];
	unsigned used;
};

static void put_byte(struct line *line, char c)
{
	if (line->used < LINE_SIZE)
		line->text[3 + line->used++] = c;
}

static void put(struct line *line, const char *s)
{
	while (*s)
		put_byte(line, *s++);
}

/* Text from elsewhere: at most `limit` bytes of it, and what is not printable ASCII becomes '?'. */
static void put_clean(struct line *line, const char *s, unsigned limit)
{
	for (; *s && limit; s++, limit--)
		put_byte(line, *s == '\t' ? ' ' : *s < ' ' || *s > '~' ? '?' : *s);
}

static void put_number(struct line *line, unsigned n)
{
	char digits[10];
	int i = 0;

	do {
		digits[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (i)
		put_byte(line, digits[--i]);
}

static void line_start(struct line *line, const char *what)
{
	line->used = 0;
	put(line, "farm-init: ");
	put(line, what);
}

static const char *line_text(struct line *line)
{
	line->text[3 + line->used] = 0;
	return line->text + 3;
}

/* How many bytes of a value go on one line: all, else up to the last blank that fits, else what fits. */
static unsigned value_cut(const char *s)
{
	unsigned n = 0, blank = 0;

	for (; s[n] && n < VALUE_SIZE; n++)
		if (s[n] == ' ')
			blank = n;
	return s[n] && blank ? blank : n;
}

#endif
