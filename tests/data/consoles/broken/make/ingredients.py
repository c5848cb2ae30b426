"""What the boots need beyond the kernels of `make kernels`: headers, the module, the programs, an amd64 kernel.

What is fetched lies below `.demo/broken/` and is fetched once. Packages come from the Debian archive that this
machine's apt uses, are unpacked and never installed. Needs network, gcc, make, dpkg-deb and QEMU; knows no recipes.
"""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.setup.apt_sources import debian_archive, private_sources, read_sources
from deploy.setup.private_apt import PrivateApt, unpack_boot
from jobs.init.build import FLAGS
from jobs.init.initramfs import Entry, character_device, cpio_newc, directory, regular

HERE = Path(__file__).parent
TREE = HERE.parents[4]
KERNELS = TREE / ".demo" / "kernels"
WORK = TREE / ".demo" / "broken"
_SUITES = ("bookworm", "bullseye", "bookworm-backports")
_AMD64 = re.compile(r"linux-image-(6\.1\.\d+-\d+-cloud-amd64)-unsigned")


@dataclass(frozen=True, slots=True)
class Kernel:
    """A Debian kernel: `release` as uname -r says it, `version` as the package has it."""

    release: str
    version: str
    image: Path

    @property
    def branch(self) -> str:
        """What `kernel()` is asked for."""
        return "amd64" if "amd64" in self.release else ".".join(self.release.split(".")[:2])

    @property
    def system(self) -> str:
        return "qemu-system-x86_64" if "amd64" in self.release else "qemu-system-i386"

    def __str__(self) -> str:
        return f"{self.release} (Debian {self.version})"


@cache
def kernel(branch: str) -> Kernel:
    """The newest kernel of `5.10`, `6.1`, `6.5`, or `amd64`. Raises LookupError where `make kernels` has none."""
    if branch == "amd64":
        return _amd64_kernel()
    rows = json.loads((KERNELS / "manifest.json").read_text())["kernels"]
    found = [row for row in rows if row["branch"] == branch]
    if not found:
        raise LookupError(f"`make kernels` has fetched no kernel of {branch}")
    return Kernel(found[-1]["release"], found[-1]["version"], KERNELS / found[-1]["image"])


@cache
def _apt(architecture: str) -> tuple[PrivateApt, tuple[str, ...]]:
    """A private apt of that architecture, and the names of the kernel packages it lists."""
    root = WORK / f"apt-{architecture}"
    root.mkdir(parents=True, exist_ok=True)
    archive = debian_archive(read_sources())
    if archive is None:
        raise LookupError("this machine's apt sources name no Debian archive")
    apt = PrivateApt(root, root / "log")
    apt.prepare(private_sources(archive, _SUITES))
    settings = root / "apt.conf"
    settings.write_text(settings.read_text().replace('"i386"', f'"{architecture}"'))
    return apt, tuple(apt.names("linux-"))


def _download(package: str, architecture: str) -> Path:
    deb = _apt(architecture)[0].download(package)
    if deb is None:
        raise LookupError(f"the archive does not have {package} for {architecture} any more")
    return deb


def _amd64_kernel() -> Kernel:
    """The smallest of Debian's 64-bit kernels: made for clouds, which is to say for virtual machines."""
    folder = WORK / "amd64"
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "manifest.json"
    if not known.is_file():
        names = [match for name in _apt("amd64")[1] if (match := _AMD64.fullmatch(name))]
        newest = max(names, key=lambda match: [int(n) for n in re.findall(r"\d+", match[1])])
        deb = _download(newest[0], "amd64")
        unpack_boot(deb, folder)
        shown = subprocess.run(["dpkg-deb", "-f", str(deb), "Version"], text=True, capture_output=True, check=True)
        known.write_text(json.dumps([newest[1], shown.stdout.strip()]))
    release, version = json.loads(known.read_text())
    return Kernel(release, version, folder / f"vmlinuz-{release}")


@cache
def module(wanted: Kernel) -> bytes:
    """farm_broken.ko for that kernel, without debugging information."""
    build = WORK / f"module-{wanted.release}"
    if not (build / "headers").is_dir():
        _unpack_headers(wanted, build)
    with tempfile.TemporaryDirectory(prefix="broken-") as scratch:
        target = Path(scratch) / "farm_broken.c"
        for source in HERE.glob("farm_*.[ch]"):
            shutil.copy(source, scratch)
        # The path of the source stands in BUG's and WARNING's lines: it is not to depend on where this is built.
        (target.parent / "Makefile").write_text("obj-m := farm_broken.o\nccflags-y := -fmacro-prefix-map=$(src)/=\n")
        _run("make", "-C", str(build / "headers"), f"M={target.parent}", "CC=gcc", "modules")
        _run("strip", "--strip-debug", str(target.with_suffix(".ko")))
        return target.with_suffix(".ko").read_bytes()


def _unpack_headers(wanted: Kernel, build: Path) -> None:
    """A copy of Debian's header folder whose links lead into `build`; kbuild's programs are those of this machine."""
    branch = ".".join(wanted.release.split(".")[:2])
    abi = wanted.release.removesuffix("-686").removesuffix("-cloud-amd64")
    kbuild = branch if f"linux-kbuild-{branch}" in _apt("amd64")[1] else abi
    architecture = "amd64" if "amd64" in wanted.release else "i386"
    for package, where in (
        (f"linux-headers-{wanted.release}", architecture),
        (f"linux-headers-{abi}-common", architecture),
        (f"linux-kbuild-{kbuild}", "amd64"),
    ):
        _run("dpkg-deb", "-x", str(_download(package, where)), str(build))
    headers, tools = build / "headers", build / "usr" / "lib" / f"linux-kbuild-{kbuild}"
    shutil.copytree(build / "usr" / "src" / f"linux-headers-{wanted.release}", headers, symlinks=True)
    for name in ("scripts", "tools"):
        (headers / name).unlink()
        (headers / name).symlink_to(tools / name)
    common = build / "usr" / "src" / f"linux-headers-{abi}-common"
    (headers / "Makefile").write_text(f"include {common}/Makefile\n")


@cache
def plan_program() -> bytes:
    """plan.c, built as farm-init is built."""
    with tempfile.TemporaryDirectory(prefix="broken-") as scratch:
        output = Path(scratch) / "plan"
        _run("gcc", *FLAGS, f"-I{TREE / 'jobs' / 'init'}", "-o", str(output), str(HERE / "plan.c"))
        return output.read_bytes()


def initramfs(plan: str | None, ko: bytes | None, files: dict[str, bytes]) -> bytes:
    """farm-init alone, or the plan's interpreter as /init with farm-init beside it; `files` come on top, executable."""
    farm_init = (TREE / "jobs" / "init" / "farm-init").read_bytes()
    entries: list[Entry] = [
        *(directory(name) for name in ("dev", "proc", "sys", "tmp")),
        character_device("dev/console", 5, 1),
        character_device("dev/null", 1, 3, 0o666),
        character_device("dev/kmsg", 1, 11),
    ]
    programs = {"init": farm_init}
    if plan is not None:
        programs = {"init": plan_program(), "farm-init": farm_init, "plan": plan.encode()}
    if ko is not None:
        programs["farm_broken.ko"] = ko
        programs["farm_second.ko"] = ko.replace(b"farm_broken\0", b"farm_second\0")  # the name of a module is its own
    return cpio_newc([*entries, *(regular(name, data, 0o755) for name, data in (programs | files).items())])


def _run(*command: str) -> None:
    done = subprocess.run(command, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout)[-2000:]}")
