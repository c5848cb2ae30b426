"""The three seams of a device: power, console, boot. Each is a small Protocol with a public fake in `inventory.fakes`.

A driver is built from its frozen configuration (`kind: Literal[...]`, `build(site) -> driver`), so a driver
lacks neither a method (mypy) nor a field (the lab file's schema). Drivers know nothing of jobs, SQL or HTTP routes.
Every fault of hardware or of its peer is a `DriverError`: to the farm that is `infra`, never a kernel's failure.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class DriverError(Exception):
    """Hardware or its peer did not do what was asked. The sentence names device, driver and what was seen."""


class PowerState(StrEnum):
    OFF = "off"
    ON = "on"
    UNKNOWN = "unknown"  # the switch cannot say


@dataclass(frozen=True, slots=True)
class Fetch:
    """One file a machine asked the network boot server for."""

    name: str  # "script", "kernel" or "initrd"
    peer: str  # address it came from
    sent: int  # bytes
    complete: bool


class BootServer(Protocol):
    """The lab's network boot server, as a driver sees it (`boot.netboot`)."""

    @property
    def port(self) -> int: ...

    def arm(
        self, mac: str, kernel: Path, initrd: Path | None, cmdline: str, on_fetch: Callable[[Fetch], None]
    ) -> None: ...

    def disarm(self, mac: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Site:
    """What a driver configuration is built into: one device's place in its lab."""

    device: str  # the device's name, unique in the lab
    mac: str | None  # lower case, colons; None where the device has no network card
    run_dir: Path  # the device's own directory for pid files, sockets, links; made by whoever builds the Site
    netboot: BootServer | None = None  # the lab's network boot server, where it has one


@dataclass(frozen=True, slots=True)
class BootRequest:
    """What a machine is to boot."""

    boot_id: int
    kernel: Path
    initrd: Path | None
    cmdline: str
    on_fetch: Callable[[Fetch], None] = field(default=lambda _fetch: None)


class Power(Protocol):
    """The plug of a device. Calls are idempotent and return when the state is reached, or raise DriverError."""

    async def off(self) -> None: ...

    async def standby(self) -> None:
        """Off, with its console there to be opened.

        A plugged-in box is that already; a QEMU guest's process must be there, halted. Called after `off`.
        """

    async def on(self) -> None:
        """Switch on from standby: the next thing that happens is firmware."""

    async def state(self) -> PowerState: ...


class ConsoleStream(Protocol):
    """An open console. Bytes as they came: nothing decoded, nothing dropped."""

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; b"" when the peer has gone for good."""

    async def write(self, data: bytes) -> None: ...

    async def send_break(self) -> None: ...


class Console(Protocol):
    """A device's console, closed until opened; opening discards what lay in the line before."""

    def open(self) -> AbstractAsyncContextManager[ConsoleStream]: ...


class Boot(Protocol):
    """The way an image gets onto a device."""

    async def prepare(self, request: BootRequest) -> None:
        """Arm: from now until `clean` this device boots `request`."""

    async def clean(self) -> None:
        """Disarm; idempotent, and safe after a crash of the process that armed."""
