"""`make demo`: boot real Debian kernels on QEMU boxes through a real farm, and show what came of it.

Run as `python -m deploy.demo.demo` in the virtualenv, after deploy.setup has brought QEMU and the kernels. It uses the
farm as anybody does: `farm serve` as a process, and everything else through the typed client.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deploy.demo.lab import ENVIRONMENT, write_lab
from deploy.demo.plan import APPENDS, faults, rows, turns
from deploy.demo.server import HOST, DemoError, Server, farm_serve, free_port, only_demo, running_server
from deploy.demo.show import LiveView, PlainView, View, verdict_table
from deploy.setup.kernels import Kernel, read_manifest
from deploy.setup.private_apt import FetchError
from farm.client import Client
from farm.core.errors import FarmError
from farm.core.wire import BootOut, JobIn
from farm.core.words import BootState

POLL_SECONDS = 0.5
TAIL = 4096  # console bytes looked at for the last lines
LONGEST_SECONDS = 3600.0  # the farm's own deadlines end a boot long before


def submit(client: Client, folder: Path, kernels: Sequence[Kernel]) -> list[int]:
    """One job per kernel, each with every command line; gives the job numbers."""
    jobs = []
    for kernel in kernels:
        stored = client.upload(folder / kernel.image)
        job = JobIn(
            image=stored.sha256,
            filename=kernel.image,
            environments=[ENVIRONMENT],
            appends=list(APPENDS),
            tree="debian",
            submitter="make demo",
        )
        jobs.append(client.submit(job).id)
    return jobs


def watch(client: Client, server: Server, jobs: Sequence[int], view: View) -> list[BootOut]:
    """Show the jobs until the last of their boots is over; gives the boots, every attempt."""
    end = time.monotonic() + LONGEST_SECONDS
    with view:
        while time.monotonic() < end:
            server.check_alive()
            found = [client.job(number) for number in jobs]
            boots = [boot for job in found for boot in job.boots]
            running = [boot for boot in boots if boot.state is BootState.RUNNING]
            tails = {boot.id: client.console(boot.id, max(0, boot.console_size - TAIL)) for boot in running}
            view.update(boots, tails)
            if all(job.done for job in found):
                return boots
            time.sleep(POLL_SECONDS)
    raise DemoError(f"the boots were not over after {LONGEST_SECONDS:.0f} s")


def leave_up(console: Console, server: Server) -> None:
    """Keep the farm and its pages until Ctrl-C."""
    console.print(Text(f"\nThe farm is up: {server.url}\nCtrl-C ends it.", style="bold"))
    try:
        while True:
            server.check_alive()
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("\nEnding the farm; its machines are switched off.")


def run(options: argparse.Namespace, console: Console) -> int:
    """The whole demo. Exit code 0 only if every expectation of `plan` holds."""
    folder = options.dir / "kernels"
    kernels = read_manifest(folder)
    if not kernels:
        raise DemoError(f"there are no kernels in {folder}; `make demo` fetches them first")
    state = (options.dir / "state").resolve()
    with only_demo(state) as hold:
        port = free_port(options.port)
        if port != options.port:
            console.print(f"Port {options.port} is taken, so the farm listens on {port}.")
        lab, devices = write_lab(options.dir / "lab.yaml", os.cpu_count() or 1)
        url = f"http://{HOST}:{port}"
        log = options.dir / "log" / "serve.log"
        with running_server(farm_serve(lab, state, port), url, log, hold) as server, Client(url) as client:
            server.wait_ready(client, devices)
            console.print(f"The farm is up at {url} with {devices} QEMU i386 {'box' if devices == 1 else 'boxes'}.")
            jobs = submit(client, folder, kernels)
            boots = watch(client, server, jobs, LiveView(console) if console.is_terminal else PlainView(console))
            wrong = report(console, boots, len(kernels))
            if not options.no_wait:
                leave_up(console, server)
    return 1 if wrong else 0


def report(console: Console, boots: Sequence[BootOut], kernels: int) -> list[str]:
    """Print the verdict table, what turned, and what is not as promised; gives the latter."""
    table = rows(boots)
    console.print(verdict_table(table))
    for turn in turns(table):
        console.print(Text(f"A true difference between releases: {turn}.", style="bold"))
    wrong = faults(table, kernels)
    for sentence in wrong:
        console.print(Text(f"Not as expected: {sentence}.", style="red"))
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the demo."""
    in_ci = os.environ.get("CI", "").lower() in {"true", "1", "yes"}
    parser = argparse.ArgumentParser(prog="make demo", description="Boot real Debian kernels on QEMU boxes.")
    parser.add_argument("--dir", type=Path, default=Path(os.environ.get("FARM_DEMO_DIR") or ".demo"))
    parser.add_argument("--port", type=int, default=8000, help="of the status page; the next free one if it is taken")
    parser.add_argument(
        "--no-wait", action="store_true", default=in_ci, help="end when the boots are over (CI=true too)"
    )
    options = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 160)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the farm too
        signal.signal(ending, signal.default_int_handler)
    try:
        return run(options, console)
    except (DemoError, FetchError, FarmError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: ended before the boots were over; the machines are switched off.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
