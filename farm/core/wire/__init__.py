"""What travels over REST, as pydantic models: the one description that the API answers with, the client
parses into, and OpenAPI is made from. Knows no SQL, no HTTP and no driver.
"""

from farm.core.wire.labs import (
    Assignment,
    ClaimRequest,
    ConsoleState,
    Control,
    DeviceOffer,
    HeldBoot,
    Hello,
    HelloReply,
    PhaseEvent,
    Report,
)
from farm.core.wire.reading import ConsoleReport, Details, EvidenceOut
from farm.core.wire.results import (
    BootOut,
    BootQuery,
    BuildOut,
    DeviceOut,
    FileOut,
    JobIn,
    JobOut,
    JobPlan,
    PhaseOut,
    PlannedBoot,
    Problem,
)

__all__ = [
    "Assignment",
    "BootOut",
    "BootQuery",
    "BuildOut",
    "ClaimRequest",
    "ConsoleReport",
    "ConsoleState",
    "Control",
    "Details",
    "DeviceOffer",
    "DeviceOut",
    "EvidenceOut",
    "FileOut",
    "HeldBoot",
    "Hello",
    "HelloReply",
    "JobIn",
    "JobOut",
    "JobPlan",
    "PhaseEvent",
    "PhaseOut",
    "PlannedBoot",
    "Problem",
    "Report",
]
