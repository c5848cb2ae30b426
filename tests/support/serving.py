"""The real web application under a real uvicorn on loopback, in a thread: stopped and started again at will."""

import asyncio
import socket
import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from farm.core.settings import Settings
from farm.core.wire import DeviceOffer

WAIT = 30.0


class Served:
    """One farm server; the same port and the same state over all its lives."""

    def __init__(self, settings: Settings, change: Callable[[FastAPI], None] = lambda _app: None) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings.model_copy(update={"server": self.url})
        self._change = change
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "Served":
        self.app = create_app(self.settings)
        self.farm = self.app.state.farm
        self._change(self.app)
        config = uvicorn.Config(self.app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        listener = self._socket if self._socket.fileno() >= 0 else socket.create_server(("127.0.0.1", self.port))
        self._socket = listener
        self._thread = threading.Thread(target=self._run, args=(self._server, listener))
        self._thread.start()
        return self

    @staticmethod
    def _run(server: uvicorn.Server, listener: socket.socket) -> None:
        asyncio.run(server.serve(sockets=[listener]))

    def stop(self) -> None:
        """End it; nothing listens on the port any more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(WAIT)
            assert not self._thread.is_alive(), "the server did not stop"
            self._server = self._thread = None
        self._socket.close()


def offer(name: str, *environments: str, tags: tuple[str, ...] = (), arch: str = "i386", **more: object) -> DeviceOffer:
    """A device as a worker would offer it."""
    fields = {
        "name": name,
        "type": "box",
        "arch": arch,
        "environments": list(environments or ("box",)),
        "tags": list(tags),
    }
    return DeviceOffer.model_validate({**fields, **more})
