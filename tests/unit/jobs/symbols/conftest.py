"""Small kernels, built here by gcc: text, init text, data and a per-CPU area, at the addresses of real ones."""

import io
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

RELEASE = "2.6.27.57-farm"
_BANNER = f"Linux version {RELEASE} (farm@lab) (gcc version 12.2.0) #7 SMP Sun Nov 22 12:03:18 UTC 2026\\n"
SOURCES = {
    "init/main.c": f"""\
extern int memory_probe(int);
extern int weak_hook(int);
const char linux_banner[] = "{_BANNER}";
__attribute__((section(".data..percpu"))) int cpu_number = 1;

static inline __attribute__((always_inline)) int innermost(volatile int *at)
{{
	*at = 7;
	return *at;
}}

static inline __attribute__((always_inline)) int middle(volatile int *at)
{{
	int sum = *at;
	sum += innermost(at);
	return sum;
}}

int start_kernel(int count)
{{
	volatile int local = count;
	local += middle(&local);
	return memory_probe(local) + weak_hook(count);
}}

__attribute__((section(".init.text"))) int setup_arch(int count)
{{
	return memory_probe(count + 1);
}}
""",
    "mm/probe.c": """\
__attribute__((noinline)) int memory_probe(int at)
{
	volatile int copy = at;
	if (copy > 3)
		copy = copy * 5;
	return copy;
}

int hook(int at)
{
	return at + 2;
}
int weak_hook(int at) __attribute__((weak, alias("hook")));
""",
    "head.S": """\
	.section .text.head, "ax"
	.globl startup
startup:
	nop
	nop
	call start_kernel
1:	jmp 1b
	.text
	.type table_in_text, @object
table_in_text:
	.long 1
	.type weak_table, @object
	.weak weak_table
weak_table:
	.long 2
	.set constant_in_the_range, BASE + 2
	.section .note.GNU-stack, "", @progbits
""",
    "kernel.lds": """\
SECTIONS {
	. = BASE;
	.text.head : { _text = .; *(.text.head) }
	.text : { _stext = .; *(.text .text.*) _etext = .; }
	.rodata : { *(.rodata .rodata.*) }
	.data : { *(.data .data.[!.]*) }
	.init.text : { _sinittext = .; *(.init.text) _einittext = .; }
	.data..percpu 0 : { __per_cpu_start = .; *(.data..percpu) }
	/DISCARD/ : { *(.eh_frame .note.gnu.property .comment) }
}
""",
}
BASES = {32: 0xC1000000, 64: 0xFFFFFFFF81000000}


@dataclass(frozen=True)
class Kernel:
    """A built kernel's folder; `vmlinux` and `system_map` lie in it."""

    folder: Path

    @property
    def vmlinux(self) -> Path:
        """The linked file."""
        return self.folder / "vmlinux"

    @property
    def system_map(self) -> bytes:
        """What nm says of it, as scripts/mksysmap has it."""
        return run(self.folder, "nm", "-n", "vmlinux").encode()

    def changed(self, *objcopy: str) -> Path:
        """Another file, made of the vmlinux by objcopy."""
        name = "-".join(part.strip("-.") for part in objcopy)
        run(self.folder, "objcopy", *objcopy, "vmlinux", name)
        return self.folder / name


Build = Callable[..., Kernel]


def run(folder: Path, *command: str, text: str = "") -> str:
    """A program's output; the test fails with its complaint where it fails."""
    done = subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def section_of(data: bytes, name: str) -> tuple[int, int]:
    """Where a section of an ELF file begins and ends in the file."""
    section = ELFFile(io.BytesIO(data)).get_section_by_name(name)
    assert section
    return section["sh_offset"], section["sh_offset"] + section["sh_size"]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """build(32, "-gdwarf-5", ...): a kernel of so many bits, by these options; each is built once."""
    if not shutil.which("gcc") or platform.machine() not in {"x86_64", "i686", "i586"}:
        pytest.skip("there is no gcc here that compiles for i386")
    built: dict[tuple[object, ...], Kernel] = {}

    def make(bits: int = 32, *options: str) -> Kernel:
        if (bits, options) not in built:
            built[bits, options] = _build(tmp_path_factory.mktemp("kernel"), bits, options)
        return built[bits, options]

    return make


def _build(folder: Path, bits: int, options: tuple[str, ...]) -> Kernel:
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.replace("BASE", hex(BASES[bits])))
    flags = [
        f"-m{bits}",
        "-O1",
        "-ffreestanding",
        "-fno-pic",
        "-fcf-protection=none",
        "-fno-asynchronous-unwind-tables",
    ]
    flags += ["-mcmodel=kernel"] if bits == 64 else []
    sources = [name for name in SOURCES if not name.endswith(".lds")]
    for source in sources:
        run(folder, "gcc", *flags, *(options or ["-g"]), "-c", source, "-o", Path(source).with_suffix(".o").name)
    link = ["-static", "-nostdlib", "-no-pie", "-Wl,-T,kernel.lds,--build-id=none,-e,startup"]
    gz = [option for option in options if option.startswith("-gz")]
    run(
        folder,
        "gcc",
        f"-m{bits}",
        *link,
        *gz,
        "-o",
        "vmlinux",
        *(Path(name).with_suffix(".o").name for name in sources),
    )
    return Kernel(folder)
