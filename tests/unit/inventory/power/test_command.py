"""Power by commands: real programs, their exit codes, output and time."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from inventory.drivers import DriverError, Power, PowerState, Site
from inventory.power.command import CommandConfig


def power(tmp_path: Path, **settings: object) -> Power:
    fixed = {"kind": "command", "on": ["true"], "off": ["/bin/true"], "off_seconds": 0}
    return CommandConfig.model_validate(fixed | settings).build(Site("box1", None, tmp_path))


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def switch(tmp_path: Path) -> dict[str, object]:
    """Three commands around a file that holds the state."""
    plug = str(tmp_path / "plug")
    write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    return {
        "on": python(write, plug, "Chassis Power is on"),
        "off": python(write, plug, "Chassis Power is off"),
        "status": ["cat", plug],
    }


def test_a_switch_with_status(tmp_path: Path) -> None:
    made = power(tmp_path, **switch(tmp_path))

    async def body() -> list[PowerState]:
        seen = []
        for step in (made.off, made.standby, made.on, made.on, made.off, made.off):
            await step()
            seen.append(await made.state())
        return seen

    off, on = PowerState.OFF, PowerState.ON
    assert asyncio.run(body()) == [off, off, on, on, off, off]


def test_a_switch_without_status_cannot_say(tmp_path: Path) -> None:
    made = power(tmp_path)

    async def body() -> PowerState:
        await made.on()
        return await made.state()

    assert asyncio.run(body()) is PowerState.UNKNOWN


@pytest.mark.parametrize(
    ("output", "state"),
    [
        ("Chassis Power is on", PowerState.ON),
        ("OFF", PowerState.OFF),
        ("on, was off", PowerState.UNKNOWN),
        ("condition unknown; no answer", PowerState.UNKNOWN),
        ("", PowerState.UNKNOWN),
    ],
)
def test_status_in_words(output: str, state: PowerState, tmp_path: Path) -> None:
    assert asyncio.run(power(tmp_path, status=["echo", output]).state()) is state


def test_status_by_own_patterns(tmp_path: Path) -> None:
    made = power(tmp_path, status=["echo", "outlet 3: 1"], status_on=": 1$", status_off=": 0$")
    assert asyncio.run(made.state()) is PowerState.ON


def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hostile = "; touch x $(id) `id` | cat"
    made = power(tmp_path, on=python("import sys; open(sys.argv[1], 'w').write(sys.argv[2])", str(out), hostile))
    asyncio.run(made.on())
    assert out.read_text() == hostile


def test_a_switch_that_does_not_switch(tmp_path: Path) -> None:
    made = power(tmp_path, status=["echo", "off"], timeout=2)
    with pytest.raises(DriverError, match=r"^device box1: power command: switched on, but status says off after 2 s$"):
        asyncio.run(made.on())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/no/such/program"], "cannot run on command '/no/such/program': No such file or directory"),
        (["false"], "on command ended with 1: no output"),
        (python("import sys; print('fine'); sys.exit('first\\nBMC says no')"), "on command ended with 1: BMC says no"),
        (python("print('only this'); raise SystemExit(7)"), "on command ended with 7: only this"),
        (python("import os; os.kill(os.getpid(), 9)"), "on command ended with -9: no output"),
    ],
)
def test_a_command_that_fails(command: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(DriverError) as caught:
        asyncio.run(power(tmp_path, on=command).on())
    assert str(caught.value) == f"device box1: power command: {words}"


PARENT = "sleep 60 & echo $! > $0; wait"


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    made = power(tmp_path, off=["sh", "-c", PARENT, str(note)], timeout=2)
    with pytest.raises(DriverError, match="off command did not end within 2 s"):
        asyncio.run(made.off())
    child = int(note.read_text())
    assert not Path(f"/proc/{child}").exists() or "\nState:\tZ" in Path(f"/proc/{child}/status").read_text()


def test_a_cancelled_command_leaves_nothing_running(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    made = power(
        tmp_path,
        off=python("import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)", str(note)),
    )

    async def body() -> None:
        task = asyncio.create_task(made.off())
        while not (note.exists() and note.read_text()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another process sends no event
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(body())
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"on": []}, "at least 1 item"),
        ({"on": "switch on"}, "valid tuple"),
        ({"on": ["s"], "off": ["s"]}, "`on` and `off` are the same command"),
        ({"status_on": "("}, "is no regular expression"),
        ({"timeout": 0}, "greater than 0"),
    ],
)
def test_wrong_settings(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CommandConfig.model_validate({"kind": "command", "on": ["a"], "off": ["b"]} | settings)
