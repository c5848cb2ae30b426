"""Builds farm-init from its C source: `python -m jobs.init.build`, which prints the sha256.

Needs plain gcc and binutils on x86: no C library, so no gcc-multilib. The same compiler and linker give the same bytes,
wherever the tree lies; the committed binary was built by `BUILT_WITH`. Knows nothing of jobs.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from farm.core.errors import SetupError

HERE = Path(__file__).parent
SOURCE = HERE / "farm-init.c"
BINARY = HERE / "farm-init"

FLAGS = (
    *("-m32", "-march=i486", "-mtune=i486", "-Os", "-std=gnu99"),  # i486: no cmov, no SSE
    *("-Wall", "-Wextra", "-Werror"),
    *("-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector"),
    "-fno-tree-loop-distribute-patterns",  # or loops become calls of memcpy(), which is not there
    *("-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-fno-ident"),
    *("-Wl,--build-id=none", "-Wl,-z,noseparate-code", "-Wl,-z,norelro", "-Wl,-z,noexecstack", "-Wl,-s"),
)
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What decides the bytes: gcc's major version, and the linker's version."""

    gcc: str
    ld: str


BUILT_WITH = Toolchain(gcc="12", ld="2.40")


def toolchain(compiler: str = "gcc") -> Toolchain:
    """The versions of `compiler` and of the linker it calls. Raises SetupError where there is no such program."""
    major = _run([compiler, "-dumpversion"]).split(".")[0].strip()
    linker = _run([compiler, "-print-prog-name=ld"]).strip()
    found = re.search(r"\b(\d+\.\d+)", _run([linker, "--version"]).splitlines()[0])
    return Toolchain(gcc=major, ld=found[1] if found else "unknown")


def build(output: Path, compiler: str = "gcc") -> str:
    """Compiles farm-init to `output` and returns its sha256. Raises SetupError with the compiler's own words."""
    _run([compiler, *FLAGS, "-o", str(output), str(SOURCE)])
    return hashlib.sha256(output.read_bytes()).hexdigest()


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise SetupError(f"there is no program {command[0]}: install gcc and binutils", where="farm-init") from None
    if done.returncode:
        raise SetupError(f"{' '.join(command[:2])} ... failed: {done.stderr.strip()}", where="farm-init")
    return done.stdout


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs.init.build", description="Builds farm-init from its source.")
    parser.add_argument("--output", type=Path, default=BINARY, help="where the binary goes (the tree's own)")
    parser.add_argument("--compiler", default="gcc", help="a gcc that takes -m32")
    options = parser.parse_args(arguments)
    try:
        digest = build(options.output, options.compiler)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{digest}  {options.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
