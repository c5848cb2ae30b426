"""A whole farm as processes, on stand-in boxes: what the integration tests and the benchmarks start.

Nothing here is a fake of the farm: `farm serve` and `farm worker` are run as a lab keeper runs them. Only the boxes are
stand-ins (`box.py`), and they are driven by the real drivers.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from farm.client import Client, NoServerError
from farm.core.wire import BootOut, JobIn, JobOut

ROOT = Path(__file__).parents[2]
FARM = [str(Path(sys.executable).with_name("farm"))]
Steps = Sequence[Sequence[object]]
BANNER = ["say", "Linux version 6.1.0-50-686 (debian@lists) (gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1\n"]
MARKERS: Steps = [
    ["say", "farm-init: start token={token} release=6.1.0-50-686 machine=i686 init=1\n"],
    ["say", "farm-init: end token={token} failed=0\n"],
]
PASS: Steps = [BANNER, *MARKERS]
HANG: Steps = [BANNER, ["hang"]]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(what: str, probe: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask until the answer is true; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := probe():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class StandIn:
    """A running stand-in box."""

    def __init__(self, folder: Path, name: str, number: int, netboot: int, runs: Sequence[Steps]) -> None:
        self.name = name
        self.mac = f"52:54:00:00:01:{number:02x}"
        script = folder / f"{name}.json"
        script.write_text(json.dumps(list(runs)))
        command = [sys.executable, str(ROOT / "tests/standin/box.py"), "--mac", self.mac]
        command += ["--netboot", f"http://127.0.0.1:{netboot}", "--script", str(script)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ports: dict[str, int] = json.loads(self.process.stdout.readline())

    def ask(self, word: str) -> str:
        with socket.create_connection(("127.0.0.1", self.ports["control"]), timeout=10) as line:
            line.sendall(word.encode() + b"\n")
            return line.makefile().readline().strip()

    def entry(self) -> dict[str, Any]:
        """This box in a lab file."""
        tell = f'exec 3<>/dev/tcp/127.0.0.1/{self.ports["control"]}; echo "$0" >&3; read -r answer <&3; echo "$answer"'
        power = {"kind": "command", "off_seconds": 0}
        power |= {key: ["bash", "-c", tell, word] for key, word in (("on", "on"), ("off", "off"), ("status", "state"))}
        return {
            "name": self.name,
            "type": "standin",
            "mac": self.mac,
            "power": power,
            "console": {"kind": "tcp", "host": "127.0.0.1", "port": self.ports["console"]},
            "boot": {"kind": "pxe"},
        }

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Process:
    """`farm ...` as a process with a log file."""

    def __init__(self, log: Path, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self.log = log
        with log.open("ab") as file:
            own = {key: value for key, value in os.environ.items() if not key.startswith("FARM_")}
            self.popen = subprocess.Popen(
                [*FARM, *arguments], stdout=file, stderr=file, stdin=subprocess.DEVNULL, env={**own, **environment}
            )

    def kill(self) -> None:
        """As a power cut does: no clean-up of its own."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self) -> int:
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.popen.wait(60)


class Farm:
    """A server, a worker and their folder."""

    def __init__(self, folder: Path, lab: dict[str, Any], **settings: object) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lab = folder / "lab.yaml"
        self.lab.write_text(json.dumps(lab, indent=1))  # YAML 1.2 takes JSON as it is
        self.environment = {f"FARM_{name.upper()}": str(value) for name, value in settings.items()}
        self.client = Client(self.url)
        self.server: Process | None = None
        self.worker: Process | None = None

    def serve(self, *, with_worker: bool = False) -> None:
        arguments = ["serve", "--state", str(self.folder / "server"), "--listen", f"127.0.0.1:{self.port}"]
        arguments += ["--lab", str(self.lab)] if with_worker else ["--no-worker"]
        self.server = Process(self.folder / "server.log", arguments, self.environment)
        until("the server answers", self._answers)

    @property
    def server_pid(self) -> int:
        assert self.server is not None
        return self.server.popen.pid

    def _answers(self) -> bool:
        assert self.server is not None
        if self.server.popen.poll() is not None:
            raise AssertionError(f"farm serve ended: {self.server.log.read_text()}")
        try:
            self.client.devices()
        except NoServerError:
            return False
        return True

    def work(self) -> None:
        arguments = ["worker", "--lab", str(self.lab), "--server", self.url, "--state", str(self.folder / "worker")]
        self.worker = Process(self.folder / "worker.log", arguments, self.environment)

    def start(self) -> None:
        """Server and worker as two processes, the devices registered."""
        self.serve()
        self.work()
        until("the worker says hello", self.client.devices)

    def submit(self, image: bytes, **more: Any) -> int:
        """Queue a job for the stand-in boxes; its number."""
        path = self.folder / f"{hashlib.sha256(image).hexdigest()[:12]}.bzImage"
        path.write_bytes(image)
        stored = self.client.upload(path)
        return self.client.submit(JobIn(image=stored.sha256, environments=["standin"], **more)).id

    def done(self, job: int, seconds: float = 120) -> JobOut:
        """The job, once every boot of it has ended."""

        def probe() -> JobOut | None:
            try:
                found = self.client.job(job)
            except NoServerError:
                return None
            return found if found.done else None

        result = until(f"job {job} is done", probe, seconds)
        assert isinstance(result, JobOut)
        return result

    def boot(self, job: int, state: str, seconds: float = 60) -> BootOut:
        """The newest boot of a job, once it is in that state."""

        def probe() -> BootOut | None:
            newest = self.client.job(job).boots[-1]
            return newest if newest.state == state else None

        result = until(f"a boot of job {job} is {state}", probe, seconds)
        assert isinstance(result, BootOut)
        return result

    def close(self) -> None:
        for process in (self.worker, self.server):
            if process is not None:
                process.stop()
        self.client.close()


@contextmanager
def standin_farm(
    folder: Path, boxes: dict[str, Sequence[Steps]], **settings: object
) -> Iterator[tuple[Farm, dict[str, StandIn]]]:
    """A farm, not yet started, with one stand-in box a name; everything is ended afterwards."""
    netboot = free_port()
    running: dict[str, StandIn] = {}
    try:
        for number, (name, runs) in enumerate(boxes.items(), 1):
            running[name] = StandIn(folder, name, number, netboot, runs)
        lab = {
            "lab": "standins",
            "types": {"standin": {"arch": "i386"}},
            "netboot": {"listen": "127.0.0.1", "port": netboot},
            "devices": [box.entry() for box in running.values()],
        }
        farm = Farm(folder, lab, **settings)
        try:
            yield farm, running
        finally:
            farm.close()
    finally:
        for box in running.values():
            box.close()
