"""How a command finds its farm: the server's address, the token, the client. Loads the HTTP client late."""

import importlib
import os
import sys
from typing import TYPE_CHECKING

import typer

from farm.core.errors import BadInputError

if TYPE_CHECKING:
    import httpx

    from farm.client import Client

DEFAULT_SERVER = "http://127.0.0.1:8000"  # settings.Settings.server; a test holds the two together
COMPLETION_SECONDS = 1.0


def address(ctx: typer.Context, server: str | None) -> str:
    """The server's URL: the command's own option, the one before the command, FARM_SERVER, the default."""
    chosen = server or ctx.obj or os.environ.get("FARM_SERVER") or DEFAULT_SERVER
    if not isinstance(chosen, str) or not chosen.startswith(("http://", "https://")):
        raise BadInputError(f"{chosen!r} is no address of a farm; write it like {DEFAULT_SERVER}", where="--server")
    return chosen


def client(ctx: typer.Context, server: str | None, transport: "httpx.BaseTransport | None" = None) -> "Client":
    """A client for the chosen server. The token comes from FARM_TOKEN only: options show in everybody's `ps`."""
    chosen = address(ctx, server)
    # pydantic would look through every installed package for plugins of its own: 20 ms, and there are none for us.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _load_httpx()
    from farm.client import Client

    return Client(chosen, os.environ.get("FARM_TOKEN") or None, transport or _plain(chosen))


def _plain(address: str) -> "httpx.BaseTransport | None":
    """For an http:// address a transport that has not read the machine's certificates: another 30 ms."""
    if address.startswith("https://"):
        return None
    import ssl

    import httpx

    # Trusts nobody: a TLS connection over it would be refused, not waved through.
    return httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def _load_httpx() -> None:
    """Import httpx without its own command line, which would load pygments and more: 60 ms of every start."""
    if "httpx" in sys.modules:
        return
    main = "httpx._main"  # optional in httpx itself: `except ImportError` around it (httpx/__init__.py)
    sys.modules[main] = None  # type: ignore[assignment]  # typeshed has modules only; None is documented: its import raises
    try:
        importlib.import_module("httpx")
    finally:
        del sys.modules[main]


def complete_environment(ctx: typer.Context, incomplete: str) -> list[str]:
    """The farm's environments that begin so. No farm, no suggestions: a shell's Tab is no place for a sentence."""
    _load_httpx()
    import httpx

    from farm.core.errors import FarmError

    class Brief(httpx.HTTPTransport):
        """The usual way out, but nobody waits long for a Tab."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), COMPLETION_SECONDS)
            return super().handle_request(request)

    try:
        with client(ctx, ctx.params.get("server"), Brief()) as farm:
            return [name for name in environments(farm) if name.startswith(incomplete)]
    except FarmError:
        return []


def environments(farm: "Client") -> list[str]:
    """The environments that the farm's devices offer, sorted."""
    return sorted({name for device in farm.devices() for name in device.environments})
