"""What a worker tells: until it arrives, in order, and only as long as the boot is its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from farm.client import LabClient, ServerError
from farm.core.wire import Control, PhaseEvent, Problem
from farm.core.words import Phase
from farm.worker import telling
from farm.worker.telling import GoneError, Teller, patiently
from jobs.runner import Spool

LIMIT = 30.0


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "TRIES", (0.0, 0.0))
    monkeypatch.setattr(telling, "STEADY", 0.0)
    monkeypatch.setattr(telling, "GATHER", 0.0)


def refusal(status: int) -> ServerError:
    return ServerError(Problem(title="no", status=status, detail="because"))


def asking(*answers: Exception | str) -> tuple[Callable[[], Awaitable[str]], list[int]]:
    left, asked = list(answers), []

    async def ask() -> str:
        asked.append(1)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask, asked


def test_a_server_that_is_away_is_asked_until_it_answers() -> None:
    away: list[Exception] = [
        httpx.ConnectError("away"),
        httpx.ReadTimeout("slow"),
        refusal(500),
        refusal(507),
        refusal(503),
    ]
    ask, asked = asking(*away, *away, "yes")
    assert asyncio.run(patiently("x", ask)) == "yes"
    assert len(asked) == 11


@pytest.mark.parametrize("status", [404, 409])
def test_what_is_not_ours_any_more_is_gone(status: int) -> None:
    ask, asked = asking(refusal(status))
    with pytest.raises(GoneError, match="because"):
        asyncio.run(patiently("x", ask))
    assert len(asked) == 1


@pytest.mark.parametrize("status", [401, 413, 422])
def test_any_other_refusal_is_passed_on(status: int) -> None:
    ask, asked = asking(refusal(status))
    with pytest.raises(ServerError, match="because"):
        asyncio.run(patiently("x", ask))
    assert len(asked) == 1


class Server:
    """Stands in for a LabClient: keeps what it was told, and answers what the test says."""

    def __init__(self) -> None:
        self.console_bytes = b""
        self.phases: list[PhaseEvent] = []
        self.beats = 0
        self.cancel = False
        self.gone = False
        self.beaten = asyncio.Event()
        self.before_console: Callable[[], Awaitable[None]] | None = None

    def _check(self) -> None:
        if self.gone:
            raise refusal(409)

    async def phase(self, _boot: int, event: PhaseEvent) -> Control:
        self._check()
        self.phases.append(event)
        return Control(cancel=self.cancel)

    async def heartbeat(self, _boot: int) -> Control:
        self._check()
        self.beats += 1
        self.beaten.set()
        return Control(cancel=self.cancel)

    async def console(self, _boot: int, offset: int, _at: float, data: bytes) -> int:
        if self.before_console is not None:
            await self.before_console()
        self._check()
        assert offset <= len(self.console_bytes)
        self.console_bytes = self.console_bytes[:offset] + data
        return len(self.console_bytes)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "5@a.log")
    yield spool
    spool.close()


def teller(server: Server, spool: Spool, **more: Any) -> Teller:
    return Teller(cast("LabClient", server), 5, spool, **more)


def run(work: Awaitable[None]) -> None:
    async def body() -> None:
        async with asyncio.timeout(LIMIT):
            await work

    asyncio.run(body())


def test_all_is_told_in_order(spool: Spool) -> None:
    async def body() -> None:
        server = Server()
        async with teller(server, spool) as one:
            for number, phase in enumerate(Phase):
                one.phase(phase, f"note {number}")
                one.console(float(number), f"line {number}\n".encode())
            left = await one.flush()
        told = sorted([*server.phases, *left], key=lambda event: event.at)
        assert list(dict.fromkeys(event.phase for event in told)) == list(Phase)
        assert server.console_bytes == spool.path.read_bytes()

    run(body())


def test_bytes_are_told_while_the_boot_goes_on(spool: Spool) -> None:
    async def body() -> None:
        server, arrived = Server(), asyncio.Event()

        async def note() -> None:
            arrived.set()

        server.before_console = note
        async with teller(server, spool) as one:
            one.console(0.0, b"hello")
            await arrived.wait()

    run(body())


def test_bytes_the_server_has_already_are_not_sent_again(spool: Spool) -> None:
    async def body() -> None:
        server = Server()
        server.console_bytes = b"01234"
        spool.write(0.0, b"0123456789")
        await teller(server, spool, sent=5).flush()
        assert server.console_bytes == b"0123456789"

    run(body())


def test_a_large_console_goes_in_pieces(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PIECE", 7)
    sizes = []

    async def body() -> None:
        server = Server()

        async def note() -> None:
            sizes.append(len(server.console_bytes))

        server.before_console = note
        spool.write(0.0, bytes(range(100)))
        await teller(server, spool).flush()
        assert server.console_bytes == bytes(range(100))

    run(body())
    assert sizes == list(range(0, 100, 7))


def test_signs_of_life_go_on_while_the_rest_is_sent(spool: Spool) -> None:
    """A long console over a slow line takes longer than a lease: the boot must not be given up meanwhile."""

    async def body() -> None:
        server = Server()

        async def slow() -> None:
            for _ in range(3):
                server.beaten.clear()
                await server.beaten.wait()

        async with teller(server, spool, beat=0.01) as one:
            server.before_console = slow
            one.console(0.0, b"the rest")
            await one.flush()
        assert server.console_bytes == b"the rest"
        assert server.beats >= 3

    run(body())


def test_a_person_who_cancels_stops_the_boot_once(spool: Spool) -> None:
    async def body() -> None:
        server, stopped = Server(), asyncio.Event()
        stops: list[int] = []
        server.cancel = True
        async with teller(server, spool, beat=0.001) as one:

            def stop() -> None:
                stops.append(1)
                stopped.set()

            one.on_stop(stop)
            await stopped.wait()
            one.phase(Phase.CLEAN)
            await one.flush()
        assert one.stop_reason == "cancelled on request"
        assert stops == [1]

    run(body())


@pytest.mark.parametrize("way", ["heartbeat", "phase", "console"])
def test_a_boot_that_is_not_ours_any_more_is_stopped(spool: Spool, way: str) -> None:
    async def body() -> None:
        server, stopped = Server(), asyncio.Event()
        server.gone = True
        async with teller(server, spool, beat=0.001 if way == "heartbeat" else 1000) as one:
            one._beat = 0.001 if way == "heartbeat" else 1000
            one.on_stop(stopped.set)
            if way == "phase":
                one.phase(Phase.KERNEL)
            elif way == "console":
                one.console(0.0, b"x")
            await stopped.wait()
        assert one.stop_reason == "the server ended it: because"

    run(body())


def test_a_server_that_lost_console_bytes_is_not_fed_for_ever(spool: Spool) -> None:
    async def body() -> None:
        server = Server()
        spool.write(0.0, b"0123456789")

        async def fewer(_boot: int, offset: int, _at: float, data: bytes) -> int:
            return offset - 1

        server.console = fewer  # type: ignore[method-assign]
        with pytest.raises(GoneError, match="the server has 4 bytes of the console and had 5 before"):
            await teller(server, spool, sent=5).flush()

    run(body())
