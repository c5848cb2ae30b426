"""Start and stop the demo's `farm serve`: a free port, one demo at a time, an answer or a reason. Submits nothing."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.client import Client, NoServerError

HOST = "127.0.0.1"
PORTS_TRIED = 50
START_SECONDS = 90.0  # a small machine that is busy with something else
STOP_SECONDS = 60.0  # the worker switches its machines off on the way out


class DemoError(Exception):
    """The demo cannot go on; the text says why, in one sentence for a person."""


def free_port(first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise DemoError(f"ports {first} to {first + PORTS_TRIED - 1} are all taken; give another with --port")


@dataclass(frozen=True)
class Hold:
    """The state folder, held. The farm inherits `lock`, so the folder stays held while it lives, orphaned or not."""

    lock: int  # file descriptor
    note: Path  # says who holds it

    def say(self, url: str, pid: int) -> None:
        self.note.write_text(f"{url} (process {pid})\n", encoding="utf-8")


@contextlib.contextmanager
def only_demo(state: Path) -> Iterator[Hold]:
    """Hold the state folder: two farms on one database and one set of machines would fight."""
    state.mkdir(parents=True, exist_ok=True)
    note = state / "demo.up"
    with (state / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            where = note.read_text(encoding="utf-8").strip() if note.is_file() else "an address of its own"
            raise DemoError(f"a demo is still up at {where}; end it first (Ctrl-C in its terminal)") from error
        try:
            yield Hold(lock.fileno(), note)
        finally:
            note.unlink(missing_ok=True)


class Server:
    """A `farm serve` with its embedded worker, as a process of its own. `running_server` starts and ends it."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.url = url
        self.pid = process.pid
        self._process = process
        self._log = log

    def stop(self) -> None:
        """Ask it to end, and wait while it switches its machines off; after STOP_SECONDS it is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def check_alive(self) -> None:
        """Raises DemoError, with the last words of its log, when the farm has ended."""
        code = self._process.poll()
        if code is not None:
            words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            raise DemoError("\n".join([f"farm serve ended with code {code} (log: {self._log}):", *words]))

    def wait_ready(self, client: Client, devices: int) -> None:
        """Return when the farm answers and its worker has brought `devices` devices in."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check_alive()
            with contextlib.suppress(NoServerError):
                if sum(device.online for device in client.devices()) >= devices:
                    return
            time.sleep(0.2)
        raise DemoError(f"the farm did not come up within {START_SECONDS:.0f} s; its log is {self._log}")


@contextlib.contextmanager
def running_server(command: Sequence[str], url: str, log: Path, hold: Hold) -> Iterator[Server]:
    """Run `command` (a `farm serve` that will answer at `url`) with its output in `log`; ended on every way out."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # Settings meant for another farm would send this one to its database or ask for its token.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FARM_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(hold.lock,),
            start_new_session=True,  # Ctrl-C is for the demo, which then ends the farm in order
        )
    server = Server(process, url, log)
    hold.say(url, process.pid)
    try:
        yield server
    finally:
        server.stop()


def farm_serve(lab: Path, state: Path, port: int) -> list[str]:
    """The command line of the demo's farm, from the virtualenv this runs in."""
    farm = Path(sys.executable).with_name("farm")
    return [str(farm), "serve", "--lab", str(lab), "--state", str(state), "--listen", f"{HOST}:{port}"]
