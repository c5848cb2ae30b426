"""The words of the house, as closed sets: what the database stores, the API says and the pages show.

They are LAVA's, labgrid's, KernelCI's and syzbot's where those agree. This module knows nothing but the words.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What one boot says about its kernel."""

    PASS = "pass"  # noqa: S105  ruff takes the name for a password's; it is the verdict
    FAIL = "fail"  # the kernel's fault, with evidence on its console
    INFRA = "infra"  # ours: power, network, console, a lost worker; retried, never counted against a kernel
    INCONCLUSIVE = "inconclusive"  # it ran, but what it ran does not answer the question


class Outcome(StrEnum):
    """How one boot ended, by its console. A verdict says whose fault that is."""

    BOOTED = "booted"
    BOOTED_WITH_WARNINGS = "booted-with-warnings"
    BOOTED_WITH_OOPS = "booted-with-oops"  # came to its end, and is no clean pass
    BOOTED_AFTER_RESET = "booted-after-reset"  # the machine started over by itself, then booted
    PANIC = "panic"
    OOPS = "oops"  # a fault that the kernel reported, and no end after it
    EARLY_EXCEPTION = "early-exception"  # a fault before the kernel could handle faults
    HANG = "hang"  # kernel or user space output, then nothing
    SILENT = "silent"  # the image was started and the kernel never spoke
    REBOOT_LOOP = "reboot-loop"
    NO_ROOT = "no-root"
    NO_INIT = "no-init"
    INIT_DIED = "init-died"
    WRONG_CPU = "wrong-cpu"
    KERNEL_TOO_OLD = "kernel-too-old"  # for the user space it was given
    WRONG_KERNEL = "wrong-kernel"  # the banner is not the image's
    LOADER_FAILED = "loader-failed"  # firmware or boot loader: the image never ran
    DECOMPRESSOR = "decompressor-failed"  # the image's own unpacking gave up
    NO_OUTPUT = "no-output"  # not one byte
    UNFINISHED = "unfinished"  # still talking, or powered down, before its end
    INITRAMFS_SHELL = "initramfs-shell"  # the initramfs gave up finding the root, and waits for a person
    FSCK_SHELL = "fsck-shell"  # a file system needs a person's repair
    IO_ERROR = "io-error"  # the disk under the root fails
    HALTED = "halted-by-userspace"
    CONSOLE_LOST = "console-lost"  # the farm's own trouble: the peer of the console went away
    POWER_LOST = "power-lost"


class BootState(StrEnum):
    """Where a boot is; the only legal moves are queued -> running -> finished, and either -> cancelled."""

    QUEUED = "queued"  # wants a device
    RUNNING = "running"  # holds the lease of a device
    FINISHED = "finished"  # has a verdict
    CANCELLED = "cancelled"  # taken back by a person; no verdict


class Health(StrEnum):
    """Whether a device may be given work."""

    GOOD = "good"
    SUSPECT = "suspect"  # failed us lately; still used, and watched
    QUARANTINED = "quarantined"  # taken out by the farm
    MAINTENANCE = "maintenance"  # taken out by a person


class Stage(StrEnum):
    """How far a boot came, by what its console shows. Declared in boot order; `rank` gives the order."""

    NOTHING = "nothing"  # not one byte
    FIRMWARE = "firmware"  # BIOS text
    NETBOOT = "netboot"  # PXE ROM, iPXE, PXELINUX
    LOADER = "loader"  # the firmware handed over: GRUB, LILO, a boot sector
    DECOMPRESS = "decompress"  # the image's own set-up code
    BANNER = "banner"  # `Linux version ...`
    SETUP_ARCH = "setup_arch"  # memory map, early parameters, tables of the firmware
    START_KERNEL = "start_kernel"  # zones, the full command line, interrupts, console, timers
    INITCALLS = "initcalls"  # subsystems
    DRIVERS = "drivers"  # serial ports, disks, network cards, input
    ROOT = "root"  # looking for, or having, a root file system
    INIT = "init"  # the kernel started its first process
    USERSPACE = "userspace"  # that process spoke
    DONE = "done"  # the end marker, or the job's own success pattern

    def __init__(self, _value: str) -> None:
        self.rank = len(type(self).__members__)  # as many came before it; an attribute: it is asked for at every line


class Phase(StrEnum):
    """What the farm was doing with a boot, in order; a phase's start time is filed with the boot."""

    PREPARE = "prepare"  # files fetched from the server, network entry armed, console opened
    POWER = "power"  # power off, then on
    FIRMWARE = "firmware"  # powered, the network boot not yet asked for
    LOAD = "load"  # the machine fetched its boot script, kernel or initramfs
    KERNEL = "kernel"  # the kernel's banner was seen
    USERSPACE = "userspace"  # the start marker was seen
    CLEAN = "clean"  # decided: console drained, power off, entry removed


class Deadline(StrEnum):
    """The five waits of a boot, each with a name of its own. Values are seconds in settings and jobs."""

    LEASE = "lease"  # no sign of life from the worker
    POWER = "power"  # one power driver call
    FIRST_BYTE = "first_byte"  # from power-on to the first console byte
    SILENCE = "silence"  # between two console bytes
    TOTAL = "total"  # from power-on to a decision
