"""The committed binary is what its source says, and runs on the oldest processor and kernel we promise."""

import hashlib
import platform
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from farm.core.errors import SetupError
from jobs.init.build import BINARY, BUILT_WITH, Toolchain, build, main, toolchain

TREE = Path(__file__).parents[4]


def local_toolchain() -> Toolchain | None:
    """None where this machine has no gcc that compiles for i386."""
    if not shutil.which("gcc") or platform.machine() not in {"x86_64", "i686", "i586"}:
        return None
    return toolchain()


needs_gcc = pytest.mark.skipif(local_toolchain() is None, reason="there is no gcc here that compiles for i386")


def run(program: Path) -> subprocess.CompletedProcess[bytes]:
    """The program as an ordinary process; skips where the kernel here cannot start i386 programs."""
    try:
        return subprocess.run([program], capture_output=True, timeout=30, check=False)
    except OSError as error:
        pytest.skip(f"this kernel starts no i386 program: {error.strerror}")


@needs_gcc
def test_the_source_gives_the_committed_binary(tmp_path: Path) -> None:
    rebuilt = tmp_path / "elsewhere" / "farm-init"
    rebuilt.parent.mkdir()
    digest = build(rebuilt)
    here = local_toolchain()
    if here != BUILT_WITH:
        assert run(rebuilt).stderr == b"farm-init: not process 1\n"
        pytest.skip(f"built and run, not compared: the committed binary is by {BUILT_WITH}, this is {here}")
    assert rebuilt.read_bytes() == BINARY.read_bytes(), "run `python -m jobs.init.build` and commit jobs/init/farm-init"
    assert digest == hashlib.sha256(BINARY.read_bytes()).hexdigest()


@needs_gcc
def test_the_command_prints_the_sum_as_sha256sum_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "farm-init"
    assert main(["--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{hashlib.sha256(output.read_bytes()).hexdigest()}  {output}\n"


@needs_gcc
def test_the_module_runs_as_documented(tmp_path: Path) -> None:
    output = tmp_path / "farm-init"
    done = subprocess.run(
        [sys.executable, "-m", "jobs.init.build", "--output", output], cwd=TREE, capture_output=True, check=True
    )
    assert done.stdout.split() == [hashlib.sha256(output.read_bytes()).hexdigest().encode(), str(output).encode()]


def test_no_compiler_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--output", str(tmp_path / "x"), "--compiler", "no-such-gcc"]) == 1
    assert capsys.readouterr().err == "farm-init: there is no program no-such-gcc: install gcc and binutils\n"
    with pytest.raises(SetupError, match="no program no-such-gcc"):
        toolchain("no-such-gcc")


@needs_gcc
def test_a_compiler_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"gcc -m32 \.\.\. failed: .*No such file or directory"):
        build(tmp_path / "no" / "such" / "folder" / "farm-init")


def test_it_is_a_small_static_i386_program_with_nothing_of_its_builder() -> None:
    data = BINARY.read_bytes()
    assert len(data) < 8 * 1024
    assert data[:7] == b"\x7fELF\x01\x01\x01"  # 32 bits, little endian
    kind, machine = struct.unpack_from("<HH", data, 16)
    assert (kind, machine) == (2, 3)  # ET_EXEC, EM_386
    start, size, count = *struct.unpack_from("<I", data, 28), *struct.unpack_from("<HH", data, 42)
    types = [struct.unpack_from("<I", data, start + i * size)[0] for i in range(count)]
    assert set(types) <= {1, 0x6474E551}, "only PT_LOAD and PT_GNU_STACK: no interpreter, no notes"
    assert b"GCC" not in data
    assert BINARY.stat().st_mode & 0o111


@pytest.mark.skipif(not shutil.which("objdump"), reason="objdump is not installed")
def test_it_uses_no_instruction_newer_than_the_486() -> None:
    listing = subprocess.run(["objdump", "-d", BINARY], capture_output=True, text=True, check=True).stdout
    code = [line.split("\t")[2].split()[0] for line in listing.splitlines() if line.count("\t") == 2]
    assert len(code) > 500
    newer = re.compile(r"cmov|fcmov|fcomi|rdtsc|cmpxchg8b|cpuid|sysenter|syscall|ud2|nopw|nopl|endbr|.*[xy]mm")
    assert not [name for name in code if newer.match(name)]
    assert not re.search(r"%(xmm|mm|st)\d?", listing)
    gates = {line.split("\t")[2].strip() for line in listing.splitlines() if line.count("\t") == 2 and "\tint " in line}
    assert gates == {"int    $0x80"}


def test_it_calls_nothing_that_came_after_2_6_24() -> None:
    """2.6.24's last call is 324, fallocate; the two later ones are tried only where an older one is not there."""
    source = (BINARY.parent / "syscalls.h").read_text()
    numbers = {name: int(number) for name, number in re.findall(r"\bNR_(\w+) = (\d+)", source)}
    assert {name for name, number in numbers.items() if number > 324} == {"clock_gettime64", "clock_nanosleep64"}
    code = "".join((BINARY.parent / name).read_text() for name in ("farm-init.c", "report.h", "checks.h"))
    used = re.findall(r"\bcall\d\((\w+)", code)
    assert used
    assert {name.removeprefix("NR_") for name in used} <= set(numbers)


def test_as_an_ordinary_process_it_refuses_and_does_nothing() -> None:
    done = run(BINARY)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"farm-init: not process 1\n")


def test_the_wheel_carries_binary_and_source() -> None:
    found = {Path(file.distribution_path) for file in WheelBuilder(str(TREE)).recurse_project_files()}
    for name in ("farm-init", "farm-init.c", "syscalls.h", "text.h", "report.h", "checks.h"):
        assert Path("jobs/init") / name in found
