"""The format of a report whose header is lost: a capture that began too late, a flood that swallowed it.

Every die(), WARNING and lockup lists the modules and ends in an end marker; a list without the marker is a lesser
matter (SysRq p, a watchdog's dump). Knows no state: that there was no header, seen.py knows.
"""

from jobs.outcome.formats.row import Blame, Format, Severity, Type

MODULES = "Modules linked in"  # kernel/module.c print_modules; arch/*/kernel/traps.c, kernel/panic.c __warn
END = "---[ end trace "  # kernel/panic.c print_oops_end_marker; 2.6.21+

HEADLESS = Format("headless", Type.OOPS, Severity.OOPS, MODULES, r"^Modules linked in:", "Oops", Blame.IP,
                  "kernel/module.c print_modules, kernel/panic.c print_oops_end_marker; 2.6.21-7.0")  # fmt: skip
