"""`farm serve`: the web application under uvicorn, and on one machine the lab's worker beside it.

The worker is the same one that `farm worker` runs, over loopback HTTP: one code path. On SIGTERM it goes first,
powering off and reporting while the server still listens.
"""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.bell import WORK
from farm.core.errors import SetupError
from farm.core.settings import Settings
from farm.worker import Worker
from inventory.lab import Lab
from inventory.labfile import load_lab

log = logging.getLogger(__name__)

# Open live consoles are told to come again later; nothing else takes that long.
GOODBYE = 5


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: `serve` decides who stops first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection. asyncio sets it only on sockets made with IPPROTO_TCP, and an answer in two
        # pieces then waits 40 ms for the peer's delayed acknowledgement.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((host, port))
        sock.listen(128)
    except OSError as fault:
        raise SetupError(f"{fault.strerror}; choose another with --listen", where=f"{host}:{port}") from fault
    return sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    if (bound := ipaddress.ip_address(host)).is_unspecified:  # every interface: this machine finds it on loopback
        host = "127.0.0.1" if bound.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _warn_if_open(host: str, settings: Settings) -> None:
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if settings.bearer is None and host != "localhost":
        log.warning("listening on %s without FARM_TOKEN: whoever reaches it can boot kernels here", host)


def serve(settings: Settings, *, lab: Path | None, host: str, port: int) -> None:
    """Blocking entry of `farm serve`; SetupError before anything is started."""
    devices = load_lab(lab) if lab else None
    app = create_app(settings)
    sock = _listen(host, port)
    _warn_if_open(host, settings)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=GOODBYE)
    asyncio.run(_serve(_Server(config), app, sock, settings.model_copy(update={"server": _url(sock)}), devices))


async def _serve(server: _Server, app: FastAPI, sock: socket.socket, settings: Settings, lab: Lab | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    # The socket listens already: what the worker says before uvicorn is ready waits in its backlog.
    log.info("the farm is at %s", settings.server)
    working = asyncio.create_task(Worker(settings, lab).run(stop) if lab else stop.wait())
    try:
        await asyncio.wait({serving, working}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        results = await asyncio.gather(working, return_exceptions=True)
        app.state.farm.stopping.set()  # whoever waits for work or follows a console is let go
        app.state.farm.bell.ring(WORK)
        server.should_exit = True
        await serving
    for result in results:
        if isinstance(result, BaseException):
            raise result
