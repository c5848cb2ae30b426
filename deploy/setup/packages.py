"""See that the programs a purpose needs are on this machine; install them through apt where that is allowed.

Run as `python3 -m deploy.setup.packages PURPOSE` from the top of the tree (purposes: venv, demo, test). What counts is
the program, not the package: a QEMU built by hand will do. As root, or with a sudo that asks for no password, missing
packages are installed without their recommendations. Otherwise they are named, with the command that installs them, and
the run ends with code 1 only if one is missing that the purpose cannot do without. Standard library only; knows nothing
of the farm.
"""

from __future__ import annotations  # so that an older Python comes as far as the sentence about its version

import argparse
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PURPOSES = ("venv", "demo", "test")
MINIMUM_PYTHON = (3, 11)
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # a user's PATH often lacks the sbin's


@dataclass(frozen=True)
class Need:
    """One apt package and why it is wanted.

    `found_by` are alternatives: a program's name, a glob that starts with `/`, or `python:MODULE` (importable by this
    Python). `needed` are the purposes that cannot do without; `wanted` those that only do less.
    """

    package: str
    found_by: tuple[str, ...]
    why: str
    needed: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()

    def is_met(self) -> bool:
        """Whether what the package is for is on this machine, however it got there."""
        return any(_is_there(trace) for trace in self.found_by)


def _is_there(trace: str) -> bool:
    if trace.startswith("python:"):
        return importlib.util.find_spec(trace.removeprefix("python:")) is not None
    if trace.startswith("/"):
        return any(Path("/").glob(trace[1:]))
    return shutil.which(trace, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}") is not None


_VENV = frozenset({"venv"})
_DEMO = frozenset({"demo"})
_TEST = frozenset({"test"})
_PACKS = "packs a kernel the way kernels are packed"

NEEDS = (
    Need("python3-venv", ("python:ensurepip",), "makes the virtualenv", needed=_VENV),
    Need("qemu-system-x86", ("qemu-system-i386",), "the demo's machine: an i386 box", needed=_DEMO, wanted=_TEST),
    Need(
        "ipxe-qemu",
        ("/usr/lib/ipxe/qemu/pxe-e1000.rom", "/usr/share/qemu/pxe-e1000.rom", "/usr/local/share/qemu/pxe-e1000.rom"),
        "the network boot ROM of that box",
        needed=_DEMO,
        wanted=_TEST,
    ),
    Need(
        "seabios",
        ("/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/bios-256k.bin", "/usr/local/share/qemu/bios-256k.bin"),
        "the BIOS of that box",
        needed=_DEMO,
        wanted=_TEST,
    ),
    Need("dnsmasq-base", ("dnsmasq",), "real DHCP and TFTP in the network namespace test", wanted=_TEST),
    Need("ipxe", ("/usr/lib/ipxe/undionly.kpxe",), "the loader that a box without iPXE is sent first", wanted=_TEST),
    Need("iproute2", ("ip",), "makes that test's network namespace", wanted=_TEST),
    Need("chromium", ("chromium", "chromium-browser", "google-chrome"), "drives the web pages", wanted=_TEST),
    Need(
        "postgresql",
        ("/usr/lib/postgresql/*/bin/postgres", "postgres"),
        "the database of a farm with several workers",
        wanted=_TEST,
    ),
    Need("gcc", ("gcc",), "builds the default initramfs again and compares", wanted=_TEST),
    Need("libc6-dev", ("/usr/include/stdio.h",), "headers for the C that tests compile", wanted=_TEST),
    Need("cpio", ("cpio",), "reads the initramfs the farm writes", wanted=_TEST),
    Need("bzip2", ("bzip2",), _PACKS, wanted=_TEST),
    Need("xz-utils", ("xz",), _PACKS, wanted=_TEST),
    Need("lzop", ("lzop",), _PACKS, wanted=_TEST),
    Need("lz4", ("lz4",), _PACKS, wanted=_TEST),
    Need("zstd", ("zstd",), _PACKS, wanted=_TEST),
)


def missing(purpose: str, needs: Sequence[Need] = NEEDS) -> tuple[list[Need], list[Need]]:
    """What `purpose` lacks here: (what it cannot do without, what it would only do less without)."""
    needed = [need for need in needs if purpose in need.needed and not need.is_met()]
    wanted = [need for need in needs if purpose in need.wanted and not need.is_met()]
    return needed, wanted


def root_prefix() -> list[str] | None:
    """What to put before a command to run it as root without a question; None where that is not to be had."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def install_command(packages: Sequence[str]) -> list[str]:
    """The apt call, as a person would type it."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def install(packages: Sequence[str], prefix: Sequence[str], log: Path) -> bool:
    """Install through apt; the lists are fetched only if they do not do. False when apt could not; the log says why."""
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    # Another apt may be at work on a machine that has just come up: wait for it, but not for ever.
    command = [*quiet, *install_command(packages), "-o", "DPkg::Lock::Timeout=300"]
    update = [*quiet, "apt-get", "update", "-o", "DPkg::Lock::Timeout=300"]
    return _logged(command, log) or (_logged(update, log) and _logged(command, log))


def _logged(command: Sequence[str], log: Path) -> bool:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        print(f"$ {shlex.join(command)}", file=out, flush=True)
        done = subprocess.run(command, check=False, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        print(f"(exit {done.returncode})", file=out)
    return done.returncode == 0


def _list(needs: Sequence[Need]) -> str:
    return ", ".join(f"{need.package} ({need.why})" for need in needs)


def ensure(purpose: str, log: Path, needs: Sequence[Need] = NEEDS) -> int:
    """Do what the module says for one purpose. Gives the exit code; sentences go to the terminal."""
    needed, wanted = missing(purpose, needs)
    if not needed and not wanted:
        return 0
    packages = [need.package for need in (*needed, *wanted)]
    prefix = root_prefix()
    if prefix is not None and shutil.which("apt-get"):
        print(f"Installing {' '.join(packages)} (log: {log})", flush=True)
        installed = install(packages, prefix, log)
        needed, wanted = missing(purpose, needs)
        if not installed or needed:
            print(f"apt could not install {' '.join(packages)}; its own words are in {log}.", file=sys.stderr)
            return 1
        return 0
    command = f"sudo {shlex.join(install_command(packages))}"
    print(f"Not root, and no sudo without a password, so nothing is installed. To install: {command}", file=sys.stderr)
    if wanted:
        print(f"Missing, and done without (what needs it is skipped): {_list(wanted)}.", file=sys.stderr)
    if needed:
        print(f"Missing, and `make {purpose}` cannot do without: {_list(needed)}.", file=sys.stderr)
    return 1 if needed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 1 with one sentence when the purpose cannot be served."""
    if sys.version_info < MINIMUM_PYTHON:
        print("The farm needs Python 3.11 or newer; say which with `make PYTHON=python3.11 ...`.", file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(prog="packages", description="See that the programs a purpose needs are here.")
    parser.add_argument("purpose", choices=PURPOSES)
    purpose = parser.parse_args(argv).purpose
    log = Path(os.environ.get("FARM_DEMO_DIR") or ".demo") / "log" / "apt.log"
    return ensure(purpose, log)


if __name__ == "__main__":
    sys.exit(main())
