"""The fakes keep the contract of the seams, so that what is tested with them holds for real drivers."""

import asyncio
from pathlib import Path

import pytest

from inventory.drivers import BootRequest, DriverError, Fetch, PowerState, Site
from inventory.fakes import FakeBootConfig, FakeBox, FakeConsoleConfig, FakePowerConfig, Play


def request(tmp_path: Path, fetches: list[Fetch], cmdline: str = "a=1 farm.token=xyz b") -> BootRequest:
    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"k" * 10)
    return BootRequest(7, kernel, None, cmdline, fetches.append)


def test_a_whole_boot(tmp_path: Path) -> None:
    box = FakeBox(
        [Play(0, b"start {arg:farm.token} {arg:none}."), Play(0, b""), Play(0.001, b"end\0\xff")], ending="gone"
    )
    fetches: list[Fetch] = []

    async def body() -> bytes:
        await box.power.off()
        await box.power.standby()
        console = b""
        async with box.console.open() as stream:
            await box.boot.prepare(request(tmp_path, fetches))
            assert await box.power.state() is PowerState.OFF
            await box.power.on()
            assert await box.power.state() is PowerState.ON
            while chunk := await stream.read():
                console += chunk
            assert await stream.read() == b""
            await stream.write(b"\n")
            await stream.send_break()
        await box.power.off()
        await box.boot.clean()
        return console

    assert asyncio.run(body()) == b"start xyz .end\0\xff"
    assert fetches == [Fetch("script", "fake", 0, complete=True), Fetch("kernel", "fake", 10, complete=True)]
    assert box.written == b"\n"
    assert box.request is None
    assert [call for call in box.calls if call != "console.read"] == [
        *("power.off", "power.standby", "console.open", "boot.prepare", "power.state", "power.on", "power.state"),
        *("console.write", "console.send_break", "console.close", "power.off", "boot.clean"),
    ]


def test_nothing_is_said_before_power_on_nor_after_the_script(tmp_path: Path) -> None:
    box = FakeBox([Play(0, b"x")])

    async def body() -> None:
        async with box.console.open() as stream:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await stream.read()
            await box.power.on()
            assert await stream.read() == b"x"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await stream.read()

    asyncio.run(body())


def test_a_cancelled_read_loses_nothing(tmp_path: Path) -> None:
    box = FakeBox([Play(0.03, b"late")])

    async def body() -> bytes:
        async with box.console.open() as stream:
            await box.power.on()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.005):
                    await stream.read()
            return await stream.read()

    assert asyncio.run(body()) == b"late"


@pytest.mark.parametrize(
    "call", ["power.off", "power.standby", "power.on", "power.state", "boot.prepare", "boot.clean"]
)
def test_a_fault_is_raised_where_it_was_ordered(call: str, tmp_path: Path) -> None:
    box = FakeBox(faults={call: f"no {call}"})
    part, method = call.split(".")
    arguments = [request(tmp_path, [])] if method == "prepare" else []
    with pytest.raises(DriverError, match=f"^no {call}$"):
        asyncio.run(getattr(getattr(box, part), method)(*arguments))
    assert box.calls == [call]


def test_faults_of_the_console() -> None:
    box = FakeBox(faults={"console.open": "busy"})

    async def body() -> None:
        async with box.console.open():
            pytest.fail("it opened")

    with pytest.raises(DriverError, match="busy"):
        asyncio.run(body())


def test_a_machine_that_never_asks_for_its_kernel(tmp_path: Path) -> None:
    box = FakeBox(fetches=False)
    fetches: list[Fetch] = []

    async def body() -> None:
        await box.boot.prepare(request(tmp_path, fetches))
        await box.power.on()

    asyncio.run(body())
    assert fetches == []


def test_drivers_built_one_by_one_for_a_site_are_one_box(tmp_path: Path) -> None:
    here, there = Site("a", None, tmp_path / "a"), Site("b", None, tmp_path / "b")
    console = FakeConsoleConfig.model_validate({"script": [{"text": "{arg:farm.token}\n"}], "ending": "gone"})
    fetches: list[Fetch] = []

    async def body() -> bytes:
        power, boot = FakePowerConfig().build(here), FakeBootConfig(fetches=False).build(here)
        other = FakePowerConfig(faults={"on": "stuck"}).build(there)
        async with console.build(here).open() as stream:
            await boot.prepare(request(tmp_path, fetches))
            await power.on()
            with pytest.raises(DriverError, match="stuck"):
                await other.on()
            return await stream.read()

    assert asyncio.run(body()) == b"xyz\n"
    assert fetches == []
