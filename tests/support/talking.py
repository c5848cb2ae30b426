"""What a client says to a served farm: over HTTP, and over a raw socket where it must say it wrong."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx

from api.state import AppState
from tests.support.images import bzimage, sha256
from tests.support.queueing import Queue
from tests.support.serving import Served, offer

API = "/api/v1"
WAIT = 30.0


class Talk:
    """A farm with one device `a` of environment `box`, and one stored image."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.http = httpx.Client(base_url=served.url + API, timeout=WAIT)
        self.image = bzimage()
        self.digest = sha256(self.image)

    @property
    def farm(self) -> AppState:
        farm: AppState = self.served.farm
        return farm

    @property
    def queue(self) -> Queue:
        """The server's own database, beside its routes."""
        return Queue(self.farm.db, self.farm.storage, self.farm.settings)

    def lab(self, *names: str) -> None:
        devices = [offer(name).model_dump(mode="json") for name in names or ("a",)]
        answer = self.http.post("/labs/here/hello", json={"worker": "w", "devices": devices})
        assert answer.status_code == 200, answer.text

    def store(self, data: bytes | None = None) -> str:
        data = self.image if data is None else data
        assert self.http.put(f"/files/{sha256(data)}", content=data).status_code == 200
        return sha256(data)

    def job(self, **fields: Any) -> dict[str, Any]:
        """A queued job of the stored image."""
        answer = self.http.post("/jobs", json={"image": self.store(), "environments": ["box"], **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def running(self) -> int:
        """A boot that runs on device a."""
        self.lab()
        self.job()
        answer = self.http.post("/labs/here/claim", json={"worker": "w", "free": ["a"], "wait": 0})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["boot"])

    def say(self, boot: int, data: bytes, at: float = 0.0) -> None:
        """Console bytes, behind those there are."""
        offset = self.farm.storage.console_size(boot)
        for start in range(0, len(data), 1 << 20):
            answer = self.http.patch(
                f"/boots/{boot}/console",
                params={"offset": offset + start, "at": at},
                content=data[start : start + (1 << 20)],
            )
            assert answer.status_code == 200, answer.text

    def end(self, boot: int, verdict: str = "pass") -> None:
        answer = self.http.post(f"/boots/{boot}/report", json={"verdict": verdict, "reason": "so", "stage": "done"})
        assert answer.status_code == 200, answer.text

    def kept(self) -> list[str]:
        """Every file the farm keeps, whole or not."""
        root = self.farm.storage.root
        return sorted(
            path.name for part in ("files", "incoming") for path in (root / part).rglob("*") if path.is_file()
        )

    def raw(self, request: bytes, *, cut: bool = False) -> bytes:
        """Send these bytes; with `cut`, hang up at once. What was answered."""
        with socket.create_connection(("127.0.0.1", self.served.port), timeout=WAIT) as line:
            line.sendall(request)
            if cut:
                return b""
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(1 << 16), b""))

    def close(self) -> None:
        self.http.close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Server-sent events as (name, id, data); WHATWG HTML, 9.2."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem+json (RFC 9457) that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert told["type"] == "about:blank"
    return told
