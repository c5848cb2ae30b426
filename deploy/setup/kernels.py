"""Fetch real 32-bit Debian kernels for the demo and the tests, without installing them.

Run as `python3 -m deploy.setup.kernels` from the top of the tree. A private apt directory (its own state, cache,
sources and the single architecture i386) asks the machine's own Debian archive; the system's architectures and
packages stay as they are, and no root is needed. ABI numbers move, so what the index lists is taken.

What comes out, in `.demo/kernels/`: `vmlinuz-RELEASE`, `config-RELEASE` and `manifest.json` (Debian's
`System.map` in these packages is a note of 83 bytes that says where the real one is, so it is not taken).
A second run checks the sums of what is there, and needs no network. Standard library only.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.setup.apt_sources import debian_archive, private_sources, read_sources
from deploy.setup.private_apt import FetchError, PrivateApt, unpack_boot

# Kernels with `mem=10M` boot on 5.10 (bullseye) and panic on 6.1 (bookworm): the demo's true difference.
SUITES = ("bookworm", "bullseye", "bookworm-backports")
BRANCHES = {"5.10": 2, "6.1": 2}  # branch -> how many of its releases
OTHER_BRANCHES = 1  # and this many releases of branches not named above, where the archive has any
_IMAGE = re.compile(r"^linux-image-((\d+\.\d+)\.\d+-((?:0\.deb\d+\.)?\d+)-686)(-unsigned)?$")


@dataclass(frozen=True)
class Package:
    """One kernel package of the index."""

    name: str
    release: str  # 5.10.0-32-686: what uname -r says
    branch: str  # 5.10
    abi: tuple[int, ...]  # (32,), or (0, 12, 4) for a backport's 0.deb12.4


@dataclass(frozen=True)
class Kernel:
    """One fetched kernel, as the manifest has it. File names are relative to the manifest."""

    release: str
    branch: str
    package: str
    version: str  # Debian's, e.g. 5.10.223-1
    image: str
    config: str
    sha256: str  # of the image


def parse_names(names: Iterable[str]) -> list[Package]:
    """The plain 686 kernels among package names, oldest first; of a signed and an unsigned twin the unsigned one.

    They boot alike; the unsigned one is built for every upload, the signed one follows days later.
    """
    found: dict[str, Package] = {}
    for name in sorted(names):  # `...-686` sorts before `...-686-unsigned`, so the latter replaces it
        if match := _IMAGE.match(name):
            release, branch, abi, _ = match.groups()
            found[release] = Package(name, release, branch, tuple(int(n) for n in re.findall(r"\d+", abi)))
    return sorted(found.values(), key=lambda package: (_branch_key(package.branch), package.abi))


def candidates(packages: Sequence[Package]) -> Iterator[tuple[int, list[Package]]]:
    """What to fetch: (how many, the packages to try, newest first) for each branch, then for all other branches."""
    newest_first = list(reversed(packages))
    for branch, count in BRANCHES.items():
        yield count, [package for package in newest_first if package.branch == branch]
    yield OTHER_BRANCHES, [package for package in newest_first if package.branch not in BRANCHES]


def enough(kernels: Iterable[Kernel]) -> bool:
    """Whether these show a difference between releases: two of one branch and one of another, at least."""
    by_branch: dict[str, int] = {}
    for kernel in kernels:
        by_branch[kernel.branch] = by_branch.get(kernel.branch, 0) + 1
    return len(by_branch) >= 2 and max(by_branch.values()) >= 2


def _branch_key(branch: str) -> tuple[int, ...]:
    return tuple(int(part) for part in branch.split("."))


def fetch_one(apt: PrivateApt, package: Package, into: Path) -> Kernel | None:
    """Download and unpack one kernel into `into`; None when the archive does not have it any more."""
    deb = apt.download(package.name)
    if deb is None:
        return None
    shown = subprocess.run(
        ["dpkg-deb", "-f", str(deb), "Version"], text=True, capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory(dir=into, prefix=".unpack-") as scratch:
        for name in unpack_boot(deb, Path(scratch)):
            (Path(scratch) / name).replace(into / name)
    deb.unlink()
    release = package.release
    image = f"vmlinuz-{release}"
    return Kernel(
        release=release,
        branch=package.branch,
        package=package.name,
        version=shown.stdout.strip(),
        image=image,
        config=f"config-{release}",
        sha256=hashlib.sha256((into / image).read_bytes()).hexdigest(),
    )


def read_manifest(folder: Path) -> list[Kernel]:
    """The kernels of `folder` that are there and whole. One whose sum is wrong is left out, as if never fetched."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return []
    try:
        kernels = [Kernel(**entry) for entry in json.loads(manifest.read_text())["kernels"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{manifest} cannot be read ({error}); delete it and run this again") from error
    return [kernel for kernel in kernels if _is_whole(folder / kernel.image, kernel.sha256)]


def _is_whole(image: Path, sha256: str) -> bool:
    return image.is_file() and hashlib.sha256(image.read_bytes()).hexdigest() == sha256


def write_manifest(folder: Path, kernels: Iterable[Kernel]) -> None:
    """Write the manifest in one step, so that a reader never sees half of it."""
    kernels = sorted(kernels, key=lambda kernel: (_branch_key(kernel.branch), kernel.release))
    new = folder / ".manifest.new"
    new.write_text(json.dumps({"kernels": [asdict(kernel) for kernel in kernels]}, indent=2) + "\n")
    new.replace(folder / "manifest.json")


def fetch(folder: Path, log: Path, etc_apt: Path = Path("/etc/apt")) -> list[Kernel]:
    """Fetch what BRANCHES asks for into `folder`, from the archive `etc_apt` names; kernels already there are kept."""
    programs = [name for name in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(name) is None]
    if programs:
        raise FetchError(f"this machine has no {', '.join(programs)}; 32-bit kernels are fetched through Debian's apt")
    archive = debian_archive(read_sources(etc_apt))
    if archive is None:
        raise FetchError(
            "this machine's apt sources name no Debian archive, so there is nowhere to fetch 32-bit kernels from"
        )
    with tempfile.TemporaryDirectory(dir=folder, prefix=".apt-") as root:
        apt = PrivateApt(Path(root), log)
        apt.prepare(private_sources(archive, SUITES))
        kernels = {kernel.release: kernel for kernel in read_manifest(folder)}
        for count, packages in candidates(parse_names(apt.names("linux-image-"))):
            _fill(apt, folder, kernels, packages, count)
    if not enough(kernels.values()):
        have = ", ".join(sorted(kernels)) or "none"
        raise FetchError(
            f"two kernels of one branch and one of another are needed, and the archive gave {have}; see {log}"
        )
    return list(kernels.values())


def _fill(apt: PrivateApt, folder: Path, kernels: dict[str, Kernel], packages: list[Package], count: int) -> None:
    """Fetch the newest `count` of `packages` that can be had; the manifest grows with each."""
    for package in packages:
        if count == 0:
            return
        if package.release not in kernels:
            print(f"fetching {package.name}", flush=True)
            kernel = fetch_one(apt, package, folder)
            if kernel is None:
                continue  # listed, not there: an older one will do
            kernels[package.release] = kernel
            write_manifest(folder, kernels.values())
        count -= 1


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two runs at once (make demo beside make test) take turns."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch unless enough is there. Exit code 1, and one sentence, when it cannot be had."""
    parser = argparse.ArgumentParser(prog="kernels", description="Fetch real 32-bit Debian kernels into DIR/kernels.")
    parser.add_argument("--dir", type=Path, default=Path(os.environ.get("FARM_DEMO_DIR") or ".demo"))
    parser.add_argument("--refresh", action="store_true", help="ask the archive even if enough kernels are there")
    options = parser.parse_args(argv)
    folder = (options.dir / "kernels").resolve()
    log = (options.dir / "log" / "kernels.log").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        with only_one(folder):
            kernels = read_manifest(folder)
            if options.refresh or not enough(kernels):
                kernels = fetch(folder, log)
    except FetchError as error:
        print(f"kernels: {error}.", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder of another user's, no apt-get
        print(f"kernels: {error.filename or folder}: {error.strerror or error}.", file=sys.stderr)
        return 1
    print(f"kernels: {', '.join(sorted(kernel.release for kernel in kernels))} in {options.dir / 'kernels'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
