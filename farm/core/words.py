"""The words of the house, as closed sets: what the database stores, the API says and the pages show.

They are LAVA's, labgrid's, KernelCI's and syzbot's where those agree. This module knows nothing but the words.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What one boot says about its kernel."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    FAIL = "fail"  # the kernel's fault, with evidence on its console
    INFRA = "infra"  # ours: power, network, console, a lost worker; retried, never counted against a kernel
    INCONCLUSIVE = "inconclusive"  # it ran, but what it ran does not answer the question


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
    LOADER = "loader"  # PXE ROM, iPXE, GRUB
    DECOMPRESS = "decompress"  # the image's own set-up code
    KERNEL = "kernel"  # `Linux version ...`
    INITCALLS = "initcalls"  # subsystems and drivers
    ROOT = "root"  # looking for, or having, a root file system
    INIT = "init"  # the kernel started its first process
    USERSPACE = "userspace"  # that process spoke
    DONE = "done"  # the end marker, or the job's own success pattern

    @property
    def rank(self) -> int:
        return list(Stage).index(self)


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
