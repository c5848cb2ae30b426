"""Power `command`: any switch that has programs for on, off and (perhaps) its state. Runs them, without a shell.

Knows nothing of what the programs talk to: `ipmitool`, `pdudaemon-client`, `snmpset`, a script over SSH.
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from inventory.config import DriverConfig
from inventory.drivers import DriverError, Power, PowerState, Site


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Command = Annotated[tuple[str, ...], Field(min_length=1)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class CommandConfig(DriverConfig):
    """Commands are argument lists: `[ipmitool, -H, 10.0.0.7, chassis, power, "on"]`."""

    kind: Literal["command"]
    on: Command
    off: Command
    status: Command | None = Field(None, description="Prints the state; must exit with 0")
    status_on: Pattern = Field(r"(?i)\bon\b", description="Found in the output of `status`: it is on")
    status_off: Pattern = Field(r"(?i)\boff\b", description="Found in the output of `status`: it is off")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one command")
    off_seconds: float = Field(2.0, ge=0, le=600, description="How long it stays off before it is switched on")

    @model_validator(mode="after")
    def _on_is_not_off(self) -> "CommandConfig":
        if self.on == self.off:
            raise ValueError("`on` and `off` are the same command; each must do its own")
        return self

    def claims(self) -> Sequence[str]:
        return (f"power outlet `{' '.join(self.on)}`",)

    def build(self, site: Site) -> Power:
        return CommandPower(self, site)


class CommandPower:
    """A switch behind programs. Where it has `status`, a state is only believed once `status` confirms it."""

    def __init__(self, config: CommandConfig, site: Site) -> None:
        self._config = config
        self._site = site

    async def off(self) -> None:
        await self._run("off", self._config.off)
        await self._confirm(PowerState.OFF)

    async def standby(self) -> None:
        """The box is off; give its capacitors their time."""
        await asyncio.sleep(self._config.off_seconds)

    async def on(self) -> None:
        await self._run("on", self._config.on)
        await self._confirm(PowerState.ON)

    async def state(self) -> PowerState:
        if self._config.status is None:
            return PowerState.UNKNOWN
        output = await self._run("status", self._config.status)
        is_on = re.search(self._config.status_on, output) is not None
        is_off = re.search(self._config.status_off, output) is not None
        if is_on == is_off:
            return PowerState.UNKNOWN
        return PowerState.ON if is_on else PowerState.OFF

    async def _confirm(self, wanted: PowerState) -> None:
        """Ask until the switch says so: a BMC answers 'accepted' well before the power has moved."""
        if self._config.status is None:
            return
        seen = PowerState.UNKNOWN
        try:
            async with asyncio.timeout(self._config.timeout):
                while (seen := await self.state()) is not wanted:  # noqa: ASYNC110  (a switch sends no event)
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise self._error(f"switched {wanted}, but status says {seen} after {self._config.timeout:g} s") from error

    async def _run(self, what: str, command: Sequence[str]) -> str:
        """Standard output of a command that ended with 0; DriverError for any other end."""
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise self._error(f"cannot run {what} command {command[0]!r}: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._config.timeout):
                stdout, stderr = await child.communicate()
        except TimeoutError as error:
            raise self._error(f"{what} command did not end within {self._config.timeout:g} s") from error
        finally:
            await _end_group(child)
        if child.returncode != 0:
            words = (stderr or stdout).decode(errors="replace").strip().splitlines()
            raise self._error(f"{what} command ended with {child.returncode}: {words[-1] if words else 'no output'}")
        return stdout.decode(errors="replace")

    def _error(self, sentence: str) -> DriverError:
        return DriverError(f"device {self._site.device}: power command: {sentence}")


async def _end_group(child: asyncio.subprocess.Process) -> None:
    """Kill a command that is still running, and what it started: it leads a process group of its own."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.communicate()
