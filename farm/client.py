"""The typed REST client: the command line's and the lab worker's only way in. Knows HTTP and wire types, no SQL.

Synchronous `Client` for people, `LabClient` (async) for workers. Errors that the server described come back as
`ServerError` with its sentence; a server that is not there is a `NoServerError`.
"""

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx

from farm.core.errors import FarmError
from farm.core.wire import (
    Assignment,
    BootOut,
    BuildOut,
    ClaimRequest,
    Control,
    DeviceOut,
    FileOut,
    Hello,
    HelloReply,
    JobIn,
    JobOut,
    JobPlan,
    PhaseEvent,
    Problem,
    Report,
)

API = "/api/v1"
CHUNK = 1 << 18


class ServerError(FarmError):
    """The server refused, and said why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, where=problem.where)
        self.problem = problem


class NoServerError(FarmError):
    """No farm answers at that address."""


def check(response: httpx.Response) -> httpx.Response:
    """The response, if it is a success; else a ServerError with the server's own sentence."""
    if response.is_success:
        return response
    response.read()
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        raise ServerError(Problem.model_validate_json(response.content))
    asked = f"{response.request.method} {response.request.url}"
    detail = f"{asked} answered {response.status_code}, which is not a farm's answer"
    raise ServerError(Problem(title="Unexpected answer", status=response.status_code, detail=detail))


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Client:
    """A person's way into the farm at `server` (a URL)."""

    def __init__(self, server: str, token: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.server = server.rstrip("/")
        timeout = httpx.Timeout(30, read=120)
        self._http = httpx.Client(base_url=self.server, headers=_headers(token), timeout=timeout, transport=transport)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return check(self._http.request(method, API + path, **options))
        except httpx.TransportError as fault:
            raise self._absent(fault) from fault

    def _absent(self, fault: httpx.TransportError) -> NoServerError:
        return NoServerError(
            f"no farm answers at {self.server} ({fault}); is `farm serve` running, or FARM_SERVER wrong?"
        )

    def upload(self, path: Path) -> FileOut:
        """Store a file under its sha256; sends nothing if the farm has it already."""
        digest = sha256_of(path)
        try:
            known = self._http.head(f"{API}/files/{digest}")
            if known.status_code == httpx.codes.OK:
                return FileOut(sha256=digest, size=path.stat().st_size)
            with path.open("rb") as file:
                answer = self._http.put(
                    f"{API}/files/{digest}",
                    content=iter(lambda: file.read(CHUNK), b""),
                    headers={"Content-Length": str(path.stat().st_size)},
                )
            return FileOut.model_validate_json(check(answer).content)
        except httpx.TransportError as fault:
            raise self._absent(fault) from fault

    def submit(self, job: JobIn) -> JobOut:
        return JobOut.model_validate_json(
            self._ask("POST", "/jobs", content=job.model_dump_json(), headers=_JSON).content
        )

    def plan(self, job: JobIn) -> JobPlan:
        """What `submit` would do; nothing is queued."""
        answer = self._ask("POST", "/jobs", params={"dry_run": "true"}, content=job.model_dump_json(), headers=_JSON)
        return JobPlan.model_validate_json(answer.content)

    def job(self, number: int) -> JobOut:
        return JobOut.model_validate_json(self._ask("GET", f"/jobs/{number}").content)

    def jobs(self, limit: int = 50, before: int | None = None) -> list[JobOut]:
        """Newest first."""
        return [
            JobOut.model_validate(row)
            for row in self._ask("GET", "/jobs", params=_given(limit=limit, before=before)).json()
        ]

    def cancel_job(self, number: int) -> JobOut:
        return JobOut.model_validate_json(self._ask("POST", f"/jobs/{number}/cancel").content)

    def boot(self, number: int) -> BootOut:
        return BootOut.model_validate_json(self._ask("GET", f"/boots/{number}").content)

    def boots(self, **filters: str | int | None) -> list[BootOut]:
        """Newest first; filters are the fields of `farm.core.wire.BootQuery`."""
        return [BootOut.model_validate(row) for row in self._ask("GET", "/boots", params=_given(**filters)).json()]

    def cancel_boot(self, number: int) -> BootOut:
        return BootOut.model_validate_json(self._ask("POST", f"/boots/{number}/cancel").content)

    def builds(self, limit: int = 50, branch: str | None = None) -> list[BuildOut]:
        return [
            BuildOut.model_validate(row)
            for row in self._ask("GET", "/builds", params=_given(limit=limit, branch=branch)).json()
        ]

    def devices(self) -> list[DeviceOut]:
        return [DeviceOut.model_validate(row) for row in self._ask("GET", "/devices").json()]

    def console(self, boot: int, start: int = 0, end: int | None = None) -> bytes:
        """Console bytes [start, end)."""
        if end is not None and end <= start:
            return b""
        span = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            answer = self._http.get(f"{API}/boots/{boot}/console", headers={"Range": span})
        except httpx.TransportError as fault:
            raise self._absent(fault) from fault
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return b""  # nothing there yet
        return check(answer).content

    def follow_console(self, boot: int, offset: int = 0) -> Iterator[bytes]:
        """Console bytes from `offset` as they come, until the boot ends. Resumes by itself where the line breaks."""
        misses = 0
        fault: httpx.TransportError | None = None
        while True:
            try:
                with self._http.stream("GET", f"{API}/boots/{boot}/console/live", params={"offset": offset}) as answer:
                    check(answer)
                    for event, data in _events(answer.iter_lines()):
                        misses = 0
                        if event == "end":
                            return
                        chunk = base64.b64decode(data["bytes"])
                        offset = data["offset"] + len(chunk)
                        yield chunk
            except httpx.TransportError as broken:
                fault = broken
            # Broken off, or ended early by a server that goes away: it is given some seconds to come back.
            misses += 1
            if misses > RECONNECTS:
                raise self._absent(fault or httpx.RemoteProtocolError("the live console ended early")) from fault
            time.sleep(min(0.1 * 2**misses, 3.0))


RECONNECTS = 7  # about 12 s in all
_JSON = {"Content-Type": "application/json"}


def _given(**options: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in options.items() if value is not None}


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Server-sent events (WHATWG HTML, 9.2) as (event name, JSON data); comments and other fields are skipped."""
    event, data = "message", ""
    for line in lines:
        if line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield event, json.loads(data)
            event, data = "message", ""


class LabClient:
    """A lab worker's way into the farm.

    Raises httpx.TransportError where the server cannot be reached; the worker tries again.
    """

    def __init__(self, server: str, lab: str, token: str | None = None) -> None:
        self.server = server.rstrip("/")
        self.lab = lab
        timeout = httpx.Timeout(10, read=90)
        self._http = httpx.AsyncClient(base_url=self.server + API, headers=_headers(token), timeout=timeout)

    async def __aenter__(self) -> "LabClient":
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._http.aclose()

    async def _post(
        self, path: str, message: Hello | ClaimRequest | PhaseEvent | Report | None = None
    ) -> httpx.Response:
        content = message.model_dump_json() if message else None
        return _checked(await self._http.post(path, content=content, headers=_JSON))

    async def hello(self, hello: Hello) -> HelloReply:
        return HelloReply.model_validate_json((await self._post(f"/labs/{self.lab}/hello", hello)).content)

    async def claim(self, claim: ClaimRequest) -> Assignment | None:
        answer = await self._post(f"/labs/{self.lab}/claim", claim)
        return Assignment.model_validate_json(answer.content) if answer.status_code == httpx.codes.OK else None

    async def phase(self, boot: int, event: PhaseEvent) -> Control:
        return Control.model_validate_json((await self._post(f"/boots/{boot}/phase", event)).content)

    async def heartbeat(self, boot: int) -> Control:
        return Control.model_validate_json((await self._post(f"/boots/{boot}/heartbeat")).content)

    async def console(self, boot: int, offset: int, at: float, data: bytes) -> int:
        """Send console bytes that begin at `offset`, seen `at` seconds after power-on; the size the server now has."""
        answer = await self._http.patch(
            f"/boots/{boot}/console", params={"offset": offset, "at": round(at, 3)}, content=data
        )
        return int(_checked(answer).json()["size"])

    async def report(self, boot: int, report: Report) -> None:
        await self._post(f"/boots/{boot}/report", report)

    async def download(self, sha256: str) -> AsyncIterator[bytes]:
        async with self._http.stream("GET", f"/files/{sha256}") as answer:
            if not answer.is_success:
                await answer.aread()
            _checked(answer)
            async for chunk in answer.aiter_bytes(CHUNK):
                yield chunk


def _checked(response: httpx.Response) -> httpx.Response:
    return response if response.is_success else check(response)
