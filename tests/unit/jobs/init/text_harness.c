/* Calls one function of jobs/init/text.h with its arguments from the command line and prints what came of it.
 * Built by test_text.py for the machine at hand, with the address and undefined-behaviour sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static struct line line;

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "", *text = argc > 2 ? argv[2] : "";

	if (!strcmp(what, "option") && argc == 5) {
		unsigned size = (unsigned)atoi(argv[4]);
		char *value = malloc(size);     /* its own block, so that a byte too many is seen */
		int found = option(text, argv[3], value, size);

		printf("%d%s", found, value);
		free(value);
	} else if (!strcmp(what, "number") && argc == 5) {
		printf("%u", number(text, (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4])));
	} else if (!strcmp(what, "message")) {
		printf("%s", message(text));
	} else if (!strcmp(what, "fault")) {
		printf("%d", is_fault(message(text)));
	} else if (!strcmp(what, "lines")) {
		char *rest = argv[2], *part;

		while ((part = next_line(&rest)))
			printf("%s;", part);
	} else if (!strcmp(what, "report")) {
		while (*text) {
			unsigned n = value_cut(text);

			line_start(&line, "report key ");
			put_clean(&line, text, n);
			puts(line_text(&line));
			for (text += n; *text == ' '; text++)
				;
		}
	} else if (!strcmp(what, "fill")) {
		line_start(&line, "");
		put(&line, text);
		put_number(&line, 4294967295u);
		printf("%s", line_text(&line));
	} else {
		return 2;
	}
	return 0;
}
