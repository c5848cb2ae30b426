"""farm-init: the initramfs of a job that brings only a kernel, and the lines it says.

A freestanding i386 program, since kernels of 2008 refuse today's C libraries: runs as process 1 on kernels from 2.6.24
on, i386 or x86-64 with CONFIG_IA32_EMULATION. Knows nothing of queues, devices or verdicts. What it says, each line
once to the console and once through the kernel log:

    farm-init: start token=HEX release=6.1.0-50-686 machine=i686 init=1
    farm-init: report KEY VALUE       cpu.vendor cpu.model cpu.flags cpu.count hypervisor paravirt mem.total_kb cmdline
    farm-init: note SENTENCE          an option that could not be used
    farm-init: check NAME ok | farm-init: check NAME FAILED: why
    farm-init: end token=HEX failed=0

A value that is not known is `unknown`; cpu.flags and cmdline may take several lines. What it reads from the kernel
command line (from the kernel log where there is no /proc):

    farm.token=HEX                   1 to 64 hex digits, so that an old log or an echoing loader cannot fake a pass
    farm.check=NAME[,NAME...]        fork (children and their exit statuses), timer (a nanosleep of 100 ms takes 0.09 to
                                     10 s), mem (fills memory and reads it back), meminfo (/proc/meminfo makes sense),
                                     dmesg-clean (no BUG:, Oops or WARNING: in the kernel log)
    farm.mem=N                       megabytes of the check mem, 1 to 3072; else 16
    farm.poweroff=off|reboot|halt|hold   what comes after the end marker; else off, then reboot, then halt, as far as
                                     the kernel cannot do the one before
    farm.hold                        the same as farm.poweroff=hold: sleep for ever

With `quiet` the kernel log's copies do not reach the console, the console's own do.
"""

from jobs.init.initramfs import Entry, cpio_newc, default_initramfs
from jobs.init.markers import Check, End, Marker, Report, Start, facts, parse_marker

__all__ = [
    "Check",
    "End",
    "Entry",
    "Marker",
    "Report",
    "Start",
    "cpio_newc",
    "default_initramfs",
    "facts",
    "parse_marker",
]
