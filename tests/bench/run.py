"""`make bench`: one table of what the farm costs. Each figure with its spread, the aim and how it was measured.

    python -m tests.bench.run [--boots N] [--skip-size]

What reading consoles costs is measured by tests.bench.console. Machines are shared and noisy: compare figures of one
run with one another, and medians, not single values.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console

from deploy.setup.kernels import read_manifest
from farm.core.wire import BootOut, JobIn
from farm.core.words import Phase
from tests.bench.bare import bare_boot
from tests.bench.figures import Figure, table, timed
from tests.standin.farm import BANNER, MARKERS, Farm, Steps, free_port, standin_farm, until
from tests.standin.image import tiny_image

ROOT = Path(__file__).parents[2]
ONE_SECOND: Steps = [BANNER, ["wait", 1.0], *MARKERS]


def cli_start(runs: int) -> Iterator[Figure]:
    """Whole processes, from spawn to exit."""
    farm = str(Path(sys.executable).with_name("farm"))
    for words in (["--version"], ["submit", "--help"], ["jobs", "--help"]):
        start = partial(subprocess.run, [farm, *words], check=True, capture_output=True)
        yield _start(f"farm {' '.join(words)}", start, runs)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "bzImage"
        image.write_bytes(tiny_image())
        nobody = f"http://127.0.0.1:{free_port()}"
        command = [farm, "submit", str(image), "--on", "x", "--server", nobody]
        start = partial(subprocess.run, command, check=False, capture_output=True)
        yield _start("farm submit IMAGE, until nobody answers", start, runs)


def _start(what: str, start: Callable[[], object], runs: int) -> Figure:
    values = [timed(start) * 1000 for _ in range(runs + 1)][1:]
    return Figure(f"CLI start: {what}", values, "ms", "< 300 ms")


def powered(boot: BootOut) -> float:
    """When the machine was on: the power driver said so, or the machine asked for its boot script before that."""
    return min(entry.at.timestamp() for entry in boot.phases if entry.phase in (Phase.FIRMWARE, Phase.LOAD))


def queue(folder: Path) -> Iterator[Figure]:
    """Stand-in boxes that take 1.0 s from power-on to the end marker, behind the real drivers."""
    with standin_farm(folder, {"s1": [ONE_SECOND], "s2": [ONE_SECOND]}) as (farm, _boxes):
        farm.serve(with_worker=True)
        until("the worker says hello", farm.client.devices)
        farm.done(farm.submit(tiny_image()))  # both sides warm, the image known

        latencies = []
        for _ in range(10):
            sent = time.time()
            boot = farm.done(farm.submit(tiny_image())).boots[0]
            latencies.append((powered(boot) - sent) * 1000)
        yield Figure("submit -> powered on, idle farm", latencies, "ms", "< 200 ms")

        begin = time.perf_counter()
        jobs = [farm.submit(tiny_image()) for _ in range(20)]
        for job in jobs:
            farm.done(job)
        yield Figure("20 jobs of 1.0 s on 2 devices", [time.perf_counter() - begin], "s", "<= 12 s (ideal 10)")


def overhead(folder: Path, boots: int) -> Iterator[Figure]:
    """A real kernel over PXE, without the farm and through it, in turn: the same QEMU, network and initramfs."""
    fetched = ROOT / os.environ.get("FARM_DEMO_DIR", ".demo") / "kernels"
    kernel = next(kernel for kernel in reversed(read_manifest(fetched)) if kernel.branch == "6.1")
    image = fetched / kernel.image
    lab = {
        "lab": "bench",
        "types": {"qemu-i386": {}},
        "devices": [
            {
                "name": "qemu1",
                "type": "qemu-i386",
                "mac": "52:54:00:be:ac:01",
                "power": {"kind": "qemu", "memory": 256, "accel": "tcg"},
                "console": {"kind": "qemu"},
                "boot": {"kind": "pxe"},
            }
        ],
    }
    farm = Farm(folder, lab)
    with contextlib.closing(farm):
        farm.serve(with_worker=True)
        until("the worker says hello", farm.client.devices)
        stored = farm.client.upload(image)
        job = JobIn(image=stored.sha256, environments=["qemu-i386"])
        farm.done(farm.client.submit(job).id)  # warm, as the first bare boot below is
        bare_boot(folder, image)
        bare, through = [], []
        for _ in range(boots):
            bare.append(bare_boot(folder, image))
            through.append(timed(lambda: farm.done(farm.client.submit(job).id)))
        yield Figure(f"bare QEMU, PXE to the end marker, {kernel.release}", bare, "s", "")
        yield Figure("the same boot through the farm, submit to verdict", through, "s", "")
        extra = [mine - plain for mine, plain in zip(through, bare, strict=True)]
        yield Figure("overhead per boot, pair by pair", extra, "s", "< 0.5 s")


def memory(folder: Path) -> Iterator[Figure]:
    """Proportional set size of one idle process: server, worker, network boot server."""
    with standin_farm(folder, {"s1": [ONE_SECOND]}) as (farm, _boxes):
        farm.serve(with_worker=True)
        until("the worker says hello", farm.client.devices)
        farm.done(farm.submit(tiny_image()))
        time.sleep(3)
        rollup = Path(f"/proc/{farm.server_pid}/smaps_rollup").read_text()
        kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        yield Figure("memory of an idle farm serve with its worker", [kib / 1024], "MiB", "< 150 MiB")


def size(folder: Path) -> Iterator[Figure]:
    """A virtual environment with exactly the locked run-time packages, and the farm."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    root, requirements = str(ROOT), str(ROOT / "deploy/requirements")
    pip = [str(venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    subprocess.run([*pip, "--require-hashes", "-r", f"{requirements}/runtime.txt"], check=True)
    subprocess.run([*pip, "--require-hashes", "-r", f"{requirements}/build.txt"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", root], check=True)
    total = sum(path.lstat().st_size for path in venv.rglob("*") if not path.is_symlink() and path.is_file())
    yield Figure("installed environment, without QEMU", [total / 1e6], "MB", "< 150 MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boots", type=int, default=5, help="pairs of real boots (default 5)")
    parser.add_argument("--skip-size", action="store_true", help="do not install a second environment")
    options = parser.parse_args()
    console = Console()
    title = f"The farm on this machine: {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start"
    figures: list[Figure] = []
    parts: list[tuple[str, Callable[[Path], Iterator[Figure]]]] = [
        ("CLI start", lambda _folder: cli_start(10)),
        ("queue", queue),
        ("memory", memory),
        ("boots", lambda folder: overhead(folder, options.boots)),
    ]
    if not options.skip_size:
        parts.append(("size", size))
    for name, part in parts:
        console.print(f"measuring: {name} ...", style="dim")
        with tempfile.TemporaryDirectory(prefix="farm-bench-") as folder:
            figures += part(Path(folder))
    console.print(table(title, figures))


if __name__ == "__main__":
    main()
