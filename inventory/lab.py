"""The lab file's schema: what a lab has, as frozen values. Reads no file (`labfile` does) and touches no hardware.

types:   i386-pc: {arch: i386, tags: [pae]}
devices: - {name: box1, type: i386-pc, mac: 52:54:00:12:34:56, power: {...}, console: {...}, boot: {...}}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, PositiveFloat, model_validator
from pydantic_core import PydanticCustomError

from farm.core.words import Deadline
from inventory.boot import BootConfig
from inventory.boot.netboot import NetbootConfig
from inventory.boot.pxe import PxeConfig
from inventory.config import Config, Mac, Name, Word
from inventory.console import ConsoleConfig
from inventory.console.qemu import QemuConsoleConfig
from inventory.power import PowerConfig
from inventory.power.qemu import QemuConfig

DEFAULT_CMDLINE = "console=ttyS0,115200 earlyprintk=ttyS0,115200"

Mode = Literal[""] | Word


class DeviceType(Config):
    """A class of machines whose results are comparable."""

    arch: Literal["i386", "x86_64"] = "i386"
    description: str = ""
    tags: tuple[Word, ...] = Field((), description="Capabilities a job can ask for, e.g. pae, smp, vmi")
    modes: tuple[Mode, ...] = Field(
        ("",), min_length=1, description="Ways to boot it; each is an environment. The empty one is the plain machine"
    )


class Device(Config):
    """One bootable thing."""

    name: Name
    type: Name
    mac: Mac | None = None
    tags: tuple[Word, ...] = ()
    modes: tuple[Mode, ...] | None = Field(None, min_length=1, description="Default: all of its type's")
    cmdline: str = Field(DEFAULT_CMDLINE, description="Kernel arguments this device always needs")
    deadlines: dict[Deadline, PositiveFloat] = Field(default_factory=dict, description="Seconds, instead of the farm's")
    power: PowerConfig
    console: ConsoleConfig
    boot: BootConfig

    def claims(self) -> Iterator[tuple[str, str]]:
        """(key of the lab file, what that part must have for itself)."""
        if self.mac:
            yield "mac", f"MAC address {self.mac}"
        for key, part in (("power", self.power), ("console", self.console), ("boot", self.boot)):
            for claim in part.claims():
                yield key, claim


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong between the parts of a lab; `loc` is its path in the file, as pydantic writes paths."""

    loc: tuple[str | int, ...]
    message: str


class Lab(Config):
    """One place with machines and the one worker process that runs them."""

    lab: Name = Field(description="The lab's name")
    types: dict[Name, DeviceType]
    devices: tuple[Device, ...]
    netboot: NetbootConfig = NetbootConfig()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := [*self._unfit_devices(), *_shared(self.devices)]:
            sentences = "; ".join(fault.message for fault in faults)
            raise PydanticCustomError("lab_faults", "{sentences}", {"sentences": sentences, "faults": faults})
        return self

    def device(self, name: str) -> Device:
        """KeyError if the lab has no such device."""
        for device in self.devices:
            if device.name == name:
                return device
        raise KeyError(name)

    def environments(self, device: Device) -> list[str]:
        """What results of this device can be filed under: its type, or type-mode, in the order of the modes."""
        modes = device.modes or self.types[device.type].modes
        return [f"{device.type}-{mode}" if mode else device.type for mode in modes]

    def tags(self, device: Device) -> list[str]:
        """All a job can ask for, sorted: its type's tags, its own, and `device:NAME` for the device itself."""
        return sorted({*self.types[device.type].tags, *device.tags, f"device:{device.name}"})

    def _unfit_devices(self) -> Iterator[Fault]:
        if not self.devices:
            yield Fault(("devices",), "there is no device; a lab has at least one")
        for at, device in enumerate(self.devices):
            known = self.types.get(device.type)
            if known is None:
                names = ", ".join(self.types) or "none is declared"
                yield Fault(("devices", at, "type"), f"there is no device type {device.type!r}; types: {names}")
            elif strange := [mode for mode in device.modes or () if mode not in known.modes]:
                listed = ", ".join(repr(mode) for mode in known.modes)
                yield Fault(
                    ("devices", at, "modes"),
                    f"device type {device.type!r} has no mode {strange[0]!r}; its modes: {listed}",
                )
            if isinstance(device.console, QemuConsoleConfig) and not isinstance(device.power, QemuConfig):
                yield Fault(
                    ("devices", at, "console"),
                    "console `qemu` is the serial port of a guest that power `qemu` runs; "
                    f"this one's is {device.power.kind}",
                )
            if isinstance(device.boot, PxeConfig) and device.mac is None:
                yield Fault(("devices", at), f"device {device.name!r} boots by pxe and has no `mac`; add its address")


def _shared(devices: Sequence[Device]) -> Iterator[Fault]:
    """Names, and everything a device must have for itself, that two devices have."""
    owners: dict[str, str] = {}
    names: set[str] = set()
    for at, device in enumerate(devices):
        if device.name in names:
            yield Fault(("devices", at, "name"), f"there are two devices called {device.name!r}")
            continue
        names.add(device.name)
        for key, claim in device.claims():
            if owners.setdefault(claim, device.name) != device.name:
                yield Fault(("devices", at, key), f"{claim} is already used by device {owners[claim]!r}")
