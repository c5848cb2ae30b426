"""What a lab's worker and the server say to each other. The worker always asks; the server never calls a lab.

    hello -> devices registered; boots this lab still held come back, to be powered off and reported
    claim -> an Assignment, or nothing within `wait` seconds
    console, phase, heartbeat -> Control (go on, or stop)
    report -> the boot is filed, its lease released

Every message about a boot is fenced by the boot's id: one that is no longer running answers 409, and the worker stops.
"""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from farm.core.wire.base import Name, Sha256, Text, Wire, fitting
from farm.core.wire.reading import EVIDENCE, WARNINGS, Details, EvidenceOut, Line, Signature
from farm.core.words import Deadline, Outcome, Phase, Stage, Verdict

# A worker process, as its lab names it: NAME@HOST:PID:NONCE.
Worker = Annotated[Text, StringConstraints(min_length=1, max_length=200)]


class DeviceOffer(Wire):
    """A device as its lab file describes it."""

    name: Name
    type: Name
    arch: Annotated[Text, StringConstraints(max_length=20)]
    environments: list[Name]
    tags: list[Name]
    cmdline: Text = Field(default="", description="kernel arguments this device always needs: its console")
    deadlines: dict[Deadline, Annotated[float, Field(gt=0, le=86400)]] = Field(
        default={}, description="seconds, where they differ from the farm's"
    )


class Hello(Wire):
    """A worker has started. Devices not named any more are retired."""

    worker: Worker = Field(description="this process: unique over restarts")
    devices: list[DeviceOffer]


class HeldBoot(Wire):
    """A boot that was running in this lab when its worker went away."""

    boot: int
    device: str
    console_size: int = Field(description="bytes of console that the server already has")


class HelloReply(Wire):
    held: list[HeldBoot]


class ClaimRequest(Wire):
    """Give me a boot for one of these devices, none of which I am using."""

    worker: Worker
    free: list[Name]
    wait: float = Field(default=20, ge=0, le=60, description="seconds to wait for work")


class Assignment(Wire):
    """A boot and its device, leased."""

    boot: int
    device: str
    image: Sha256
    initrd: Sha256 | None = Field(description="None: farm-init")
    symbols: Sha256 | None = Field(default=None, description="of the build; None: addresses stay as they are")
    cmdline: str
    token: str | None = Field(description="what farm-init must say; None where the job has a pattern of its own")
    pattern: str | None
    release: str
    deadlines: dict[Deadline, float] = Field(description="seconds; all five")
    console_limit: int = Field(description="bytes")


class PhaseEvent(Wire):
    """A phase of a boot has begun."""

    phase: Phase
    at: AwareDatetime
    note: Annotated[str, fitting(1000)] = ""


class ConsoleState(Wire):
    """How many bytes of a console the server has."""

    size: int


class Control(Wire):
    """What the server wants of a running boot."""

    cancel: bool = False


class Report(Details):
    """What a boot came to, as read by its worker. Texts are cut to their length; a list that is too long is refused."""

    verdict: Verdict
    outcome: Outcome | None = Field(default=None, description="None where no console was read")
    reason: Line
    stage: Stage
    title: Line | None = None
    type: Annotated[str, fitting(100)] | None = None
    function: Annotated[str, fitting(200)] | None = None
    signature: Signature | None = None
    evidence: list[EvidenceOut] = Field(default=[], max_length=EVIDENCE)
    warnings: list[Line] = Field(default=[], max_length=WARNINGS)
    booted: Annotated[str, fitting(255)] | None = None
    phases: list[PhaseEvent] = Field(default=[], description="those not told before")
    device_fault: Line | None = Field(
        default=None, description="what the device would not do: it is suspect from now on"
    )
