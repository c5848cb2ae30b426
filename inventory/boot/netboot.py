"""The lab's network boot server: per MAC an iPXE script, a kernel and an initramfs over HTTP. Knows no job and no SQL.

The worker runs it, so that a lab behind NAT serves its own machines. A MAC has something to boot only between
`arm` and `disarm`; at any other time its script boots the local disk. File addresses carry a nonce of the arming,
so that a machine that is late by one boot gets 404 and not the next job's kernel. They are relative to the address
the machine asked at: 10.0.2.2 from QEMU's user network, the lab's own from a box.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import uvicorn
from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from farm.core.errors import SetupError
from inventory.boot.script import boot_script, check_cmdline, local_disk_script
from inventory.boot.sending import Sending
from inventory.config import Config, normalise_mac
from inventory.drivers import Fetch

log = logging.getLogger(__name__)


class NetbootConfig(Config):
    """Where the lab's machines reach the boot server."""

    listen: str = Field("127.0.0.1", description="Address; QEMU's user network reaches 127.0.0.1")
    port: int = Field(0, ge=0, le=65535, description="0: any free one; give a number where a box's DHCP names it")


@dataclass(frozen=True, slots=True)
class _Armed:
    nonce: str
    files: dict[str, Path]  # "kernel", and perhaps "initrd"
    script: str
    on_fetch: Callable[[Fetch], None]


class Netboot:
    """The server, listening inside `async with`. `arm` and `disarm` may be called at any time, from the same loop."""

    def __init__(self, listen: str = "127.0.0.1", port: int = 0) -> None:
        self._listen = listen
        self._port = port
        self._armed: dict[str, _Armed] = {}
        self._running: tuple[_QuietServer, asyncio.Task[None]] | None = None
        self.app = Starlette(
            routes=[
                Route("/ipxe", self._script, methods=["GET"]),
                Route("/k/{mac}/{nonce}/{name}", self._file, methods=["GET"]),
            ]
        )

    @property
    def port(self) -> int:
        """The port it listens on; the one asked for until it listens."""
        return self._port

    @property
    def url(self) -> str:
        host = f"[{self._listen}]" if ":" in self._listen else self._listen
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        listener = self._bind()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,  # the peer that a fetch names is the peer of the socket
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _QuietServer(config)
        task = asyncio.create_task(server.serve(sockets=[listener]), name="netboot")
        while not server.started:  # a few turns of the loop; uvicorn has no event for it
            if task.done():
                await task
            await asyncio.sleep(0)
        self._running = server, task
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._armed.clear()
        if self._running:
            server, task = self._running
            server.should_exit = True
            await task
            self._running = None

    def arm(
        self,
        mac: str,
        kernel: Path,
        initrd: Path | None,
        cmdline: str,
        on_fetch: Callable[[Fetch], None] = lambda _fetch: None,
    ) -> None:
        """From now on the machine with this MAC boots these files.

        `on_fetch` is called in the event loop after each transfer, whole or broken off. ValueError for a MAC or command
        line that cannot be, FileNotFoundError for a missing file. Arming again replaces what was there.
        """
        check_cmdline(cmdline)
        files = {"kernel": kernel} | ({"initrd": initrd} if initrd else {})
        for name, path in files.items():
            if not path.is_file():
                raise FileNotFoundError(f"the {name} {path} is not there")
        mac = normalise_mac(mac)
        nonce = secrets.token_hex(8)
        base = f"/k/{mac.replace(':', '-')}/{nonce}"
        self._armed[mac] = _Armed(nonce, files, boot_script(base, cmdline, initrd=initrd is not None), on_fetch)

    def disarm(self, mac: str) -> None:
        """The machine boots its local disk again; idempotent. A transfer under way is let run out."""
        self._armed.pop(normalise_mac(mac), None)

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._listen else socket.AF_INET
        try:
            listener = socket.create_server((self._listen, self._port), family=family, backlog=64)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)  # strerror repeats the address
            raise SetupError(
                f"the network boot server cannot listen on {self._listen} port {self._port}: {why}; "
                "see `netboot` in the lab file"
            ) from error
        # Inherited by every connection; asyncio sets it only on sockets made with IPPROTO_TCP.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener

    async def _script(self, request: Request) -> Response:
        given = request.query_params.get("mac", "")
        try:
            mac = normalise_mac(given)
        except ValueError as error:
            return PlainTextResponse(f"{error}; ask for /ipxe?mac=...\n", status_code=400)
        armed = self._armed.get(mac)
        if armed is None:
            log.info("netboot: %s (%s) asked, and nothing is armed for it", mac, _peer(request))
            return Sending.of_bytes(local_disk_script(mac).encode(), lambda _sent, _complete: None)
        return Sending.of_bytes(armed.script.encode(), _reporter(armed, "script", _peer(request)))

    async def _file(self, request: Request) -> Response:
        name, peer = request.path_params["name"], _peer(request)
        armed = self._wanted(request.path_params["mac"], request.path_params["nonce"])
        if armed is None or name not in armed.files:
            log.warning("netboot: %s asked for %s, which is not armed (any more)", peer, request.url.path)
            return PlainTextResponse("nothing is armed here, or not any more\n", status_code=404)
        try:
            return Sending.of_file(armed.files[name], _reporter(armed, name, peer))
        except OSError as error:
            log.warning("netboot: cannot send %s to %s: %s", armed.files[name], peer, error.strerror)
            armed.on_fetch(Fetch(name, peer, 0, complete=False))
            return PlainTextResponse(f"the {name} is not there any more\n", status_code=404)

    def _wanted(self, mac: str, nonce: str) -> _Armed | None:
        """What is armed for a MAC, if the nonce is that of this arming."""
        try:
            armed = self._armed.get(normalise_mac(mac))
        except ValueError:
            return None
        return armed if armed and secrets.compare_digest(armed.nonce.encode(), nonce.encode()) else None


def _peer(request: Request) -> str:
    return request.client.host if request.client else "?"


def _reporter(armed: _Armed, name: str, peer: str) -> Callable[[int, bool], None]:
    return lambda sent, complete: armed.on_fetch(Fetch(name, peer, sent, complete))


class _QuietServer(uvicorn.Server):
    """uvicorn inside somebody else's process: signals stay the worker's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
