"""The demo's initramfs: farm-init beside ballast, so that user space is as large as a small real one.

farm-init alone is 6 KiB, and Debian's 6.1 kernels have room for that even with `mem=12M`. Measured under QEMU: with
1 to 2 MiB of user space (a static busybox has 1.9) they run out of memory while they unpack it, and 5.10 kernels still
boot. The middle of that range is taken. Knows the archive and nothing of the farm.
"""

from importlib.resources import files
from pathlib import Path

from jobs.init.initramfs import character_device, cpio_newc, directory, regular

SUCCESS = r"farm-init: end token=\S+ failed=0"  # a job with its own initramfs brings its own sign of success
BALLAST = 3 << 19  # bytes: 1.5 MiB


def userland() -> bytes:
    """The archive: the same bytes every time, so that a farm stores it once."""
    init = files("jobs.init").joinpath("farm-init").read_bytes()
    return cpio_newc(
        [
            directory("dev"),
            character_device("dev/console", 5, 1),
            character_device("dev/null", 1, 3, 0o666),
            directory("proc"),
            directory("sys"),
            directory("tmp", 0o1777),
            directory("usr"),
            regular("usr/ballast", b"ballast\n" * (BALLAST // 8)),
            regular("init", init, 0o755),
        ]
    )


def write_userland(path: Path) -> Path:
    """Write the archive to `path`; gives the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(userland())
    return path
