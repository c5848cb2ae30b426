"""A farm that says what a test tells it to, over real HTTP on loopback; and ways to run the command line against it."""

import base64
import hashlib
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from typer.testing import CliRunner, Result

from farm.cli import progress
from farm.cli.app import app
from farm.core.wire import BootOut, BuildOut, Details, DeviceOut, JobIn, JobOut, JobPlan, PhaseOut, PlannedBoot
from farm.core.words import BootState, Health, Phase, Verdict

ROOT = Path(__file__).parents[4]
MAIN = "from farm.cli.app import main; main()"
BEGUN = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
SHA = "ab" * 32


def build_out(**over: Any) -> BuildOut:
    fields = {
        "id": 3, "sha256": SHA, "size": 5_000_000, "filename": "vmlinuz-6.1.0-50-686", "release": "6.1.0-50-686",
        "version": "6.1.176", "branch": "6.1.y", "tree": "", "commit": "", "patch": "", "bits": 32,
        "banner": "Linux version 6.1.0-50-686", "facts": {}, "created_at": BEGUN,
    }  # fmt: skip
    return BuildOut.model_validate(fields | over)


def boot_out(number: int = 1, verdict: Verdict | None = Verdict.PASS, **over: Any) -> BootOut:
    """A boot that ended after 12.5 s with `verdict`; anything else by its field's name."""
    fields = dict(Details()) | {
        "id": number, "job": 5, "build": 3, "release": "6.1.0-50-686", "version": "6.1.176", "branch": "6.1.y",
        "environment": "qemu-i386", "append": "", "repeat": 1, "attempt": 1, "retry_of": None,
        "state": BootState.FINISHED, "verdict": verdict, "outcome": None, "reason": "because", "stage": None,
        "title": None, "type": None, "function": None, "signature": None, "evidence": [], "warnings": [],
        "booted": None, "device": "box1", "lab": "demo", "cmdline": "console=ttyS0", "queued_at": BEGUN,
        "started_at": BEGUN, "finished_at": BEGUN + timedelta(seconds=12.5), "phases": [], "console_size": 0,
        "waiting": None,
    }  # fmt: skip
    return BootOut.model_validate(fields | over)


def phase_out(phase: Phase, after: float, note: str = "") -> PhaseOut:
    return PhaseOut(phase=phase, at=BEGUN + timedelta(seconds=after), note=note)


def job_out(*boots: BootOut, **over: Any) -> JobOut:
    done = all(boot.state in (BootState.FINISHED, BootState.CANCELLED) for boot in boots)
    fields = {
        "id": 5, "created_at": BEGUN, "submitter": "ada@hill", "build": build_out(), "environments": ["qemu-i386"],
        "tags": [], "appends": [""], "repeat": 1, "priority": 50, "done": done, "boots": boots,
    }  # fmt: skip
    return JobOut.model_validate(fields | over)


def device_out(name: str = "box1", **over: Any) -> DeviceOut:
    fields = {
        "name": name, "lab": "demo", "type": "qemu-i386", "arch": "i386", "environments": ["qemu-i386"],
        "tags": ["pae"], "health": Health.GOOD, "note": "", "boot": None, "lease_expires_at": None,
        "lab_seen_at": BEGUN, "online": True,
    }  # fmt: skip
    return DeviceOut.model_validate(fields | over)


@dataclass(frozen=True)
class Make:
    """The factories above, for tests (which cannot import a conftest)."""

    build: Callable[..., BuildOut] = build_out
    boot: Callable[..., BootOut] = boot_out
    job: Callable[..., JobOut] = job_out
    phase: Callable[..., PhaseOut] = phase_out
    device: Callable[..., DeviceOut] = device_out


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@dataclass
class TestFarm:
    """What the farm answers, and what it was asked. `url` is its address."""

    __test__ = False

    url: str = ""
    job: list[JobOut] = field(default_factory=list)  # one a poll; the last one stays
    newest: list[JobOut] = field(default_factory=list)
    boots: list[BootOut] = field(default_factory=list)
    devices: list[DeviceOut] = field(default_factory=list)
    console: bytes = b""
    pieces: int = 1 << 16  # bytes of console an event carries
    breaks: int = 0  # how many live streams are cut off in their first event, as by a server that dies
    refuse: dict[str, tuple[int, dict[str, Any] | str]] = field(default_factory=dict)  # path -> answer
    away: int = 0  # how many polls of the job find a proxy without its server
    files: dict[str, bytes] = field(default_factory=dict)
    submitted: list[JobIn] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    def next_job(self) -> JobOut:
        return self.job.pop(0) if len(self.job) > 1 else self.job[0]


def _said(value: Any) -> Response:
    many = isinstance(value, list)
    plain = [each.model_dump(mode="json") for each in value] if many else value.model_dump(mode="json")
    return JSONResponse(plain)


def _missing(detail: str) -> Response:
    return JSONResponse(
        {"title": "Not found", "status": 404, "detail": detail}, 404, media_type="application/problem+json"
    )


def _application(farm: TestFarm) -> Starlette:  # noqa: C901  one small function a route
    async def files(request: Request) -> Response:
        digest = request.path_params["sha256"]
        if request.method == "HEAD":
            return Response(status_code=200 if digest in farm.files else 404)
        data = await request.body()
        assert hashlib.sha256(data).hexdigest() == digest
        farm.files[digest] = data
        return JSONResponse({"sha256": digest, "size": len(data)})

    async def submit(request: Request) -> Response:
        job = JobIn.model_validate_json(await request.body())
        farm.submitted.append(job)
        if "dry_run" not in request.query_params:
            return _said(farm.next_job())
        boots = [
            PlannedBoot(environment=environment, append=append, repeat=1, waiting="box1 is busy")
            for environment in job.environments
            for append in job.appends
        ]
        return _said(JobPlan(release="6.1.0-50-686", version="6.1.176", branch="6.1.y", facts={}, boots=boots))

    async def jobs(_request: Request) -> Response:
        return _said(farm.newest)

    async def job(request: Request) -> Response:
        if not farm.job or request.path_params["number"] != farm.job[0].id:
            return _missing(f"there is no job {request.path_params['number']}")
        if farm.away:
            farm.away -= 1
            return Response("Bad Gateway", 502)
        return _said(farm.next_job())

    async def boots(_request: Request) -> Response:
        return _said(farm.boots)

    async def boot(request: Request) -> Response:
        found = [each for each in farm.boots if each.id == request.path_params["number"]]
        return _said(found[0]) if found else _missing(f"there is no boot {request.path_params['number']}")

    async def devices(_request: Request) -> Response:
        return _said(farm.devices)

    async def console(request: Request) -> Response:
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        if int(first) >= len(farm.console):
            return Response(status_code=416)
        return Response(farm.console[int(first) : int(last) + 1 if last else None], 206)

    async def live(request: Request) -> Response:
        return StreamingResponse(_events(farm, int(request.query_params["offset"])), media_type="text/event-stream")

    async def refused(request: Request, found: tuple[int, dict[str, Any] | str]) -> Response:
        await request.body()
        status, body = found
        if isinstance(body, str):
            return Response(body, status)
        return JSONResponse({"title": "No", "status": status} | body, status, media_type="application/problem+json")

    def noted(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            path = request.url.path.removeprefix("/api/v1")
            farm.asked.append(f"{request.method} {path}{f'?{request.url.query}' if request.url.query else ''}")
            farm.tokens.append(request.headers.get("authorization"))
            if found := farm.refuse.get(path):
                return await refused(request, found)
            response: Response = await answer(request)
            return response

        return handle

    routes: list[tuple[str, str, Callable[[Request], Any]]] = [
        ("HEAD PUT", "/files/{sha256}", files), ("POST", "/jobs", submit), ("GET", "/jobs", jobs),
        ("GET", "/jobs/{number:int}", job), ("POST", "/jobs/{number:int}/cancel", job), ("GET", "/boots", boots),
        ("GET", "/boots/{number:int}", boot), ("POST", "/boots/{number:int}/cancel", boot),
        ("GET", "/boots/{number:int}/console", console), ("GET", "/boots/{number:int}/console/live", live),
        ("GET", "/devices", devices),
    ]  # fmt: skip
    return Starlette(routes=[Route(f"/api/v1{path}", noted(to), methods=how.split()) for how, path, to in routes])


async def _events(farm: TestFarm, offset: int) -> Any:
    while offset < len(farm.console):
        piece = farm.console[offset : offset + farm.pieces]
        data = json.dumps({"offset": offset, "at": 0.0, "bytes": base64.b64encode(piece).decode()})
        offset += len(piece)
        yield f"event: bytes\nid: {offset}\ndata: {data}\n\n"
        if farm.breaks:
            farm.breaks -= 1
            raise _CutOffError
    yield 'event: end\ndata: {"size": 0}\n\n'


class _CutOffError(Exception):
    """The line broke: uvicorn closes it in the middle of the answer."""


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[TestFarm, Starlette]]:
    farm = TestFarm()
    config = uvicorn.Config(_application(farm), port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    farm.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield farm, Starlette()
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def farm(_served: tuple[TestFarm, Starlette]) -> TestFarm:
    """The farm, with nothing in it."""
    farm = _served[0]
    farm.__dict__.update(TestFarm(url=farm.url).__dict__)
    return farm


Run = Callable[..., Result]


@pytest.fixture
def run(farm: TestFarm, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `farm ...` in this process against the farm; no terminal, and no long waits between polls."""
    for name in [name for name in os.environ if name.startswith("FARM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)

    def invoke(*args: object, env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(
            app, [*map(str, args)], env={"FARM_SERVER": farm.url} | (env or {}), prog_name="farm"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def environment(farm: TestFarm, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FARM_", "COLUMNS", "LINES"))}
    return kept | {"FARM_SERVER": farm.url, "TERM": "xterm", "PYTHONPATH": str(ROOT)} | more


@pytest.fixture
def start(farm: TestFarm) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `farm ...` as a process of its own, its output in pipes."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*args: object, stdout: int = subprocess.PIPE, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", MAIN, *map(str, args)]
        process = subprocess.Popen(
            command, stdout=stdout, stderr=subprocess.PIPE, env=environment(farm, **more), cwd=ROOT
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def on_terminal(farm: TestFarm) -> Callable[..., tuple[bytes, int]]:
    """Run `farm ...` on a terminal of 100 x 30; what it wrote there, and its exit code."""

    def invoke(*args: object, interrupt_at: bytes | None = None, **more: str) -> tuple[bytes, int]:
        here, there = pty.openpty()
        termios.tcsetwinsize(there, (30, 100))
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *map(str, args)],
            stdin=there, stdout=there, stderr=there, env=environment(farm, **more), cwd=ROOT,
        )  # fmt: skip
        os.close(there)
        wrote = b""
        with suppress(OSError):  # EIO: the last process has closed the terminal
            while data := os.read(here, 1 << 16):
                wrote += data
                if interrupt_at is not None and interrupt_at in wrote:
                    process.send_signal(signal.SIGINT)
                    interrupt_at = None
        os.close(here)
        return wrote, process.wait(60)

    return invoke


def minimal_image() -> bytes:
    """The least that a boot loader would start: boot.rst's header of protocol 2.15, and 64 bytes of code."""
    image = bytearray(0x400 + 64)
    image[0x1F1] = 1  # setup_sects
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, 0x20F)
    struct.pack_into("<I", image, 0x1F4, 4)  # syssize, in 16 bytes
    image[0x211] = 1  # loaded high: a bzImage
    return bytes(image)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "bzImage"
    path.write_bytes(minimal_image())
    return path
