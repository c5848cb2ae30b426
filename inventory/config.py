"""What every part of a lab file is made of: the frozen base model and the shared value types. Knows no driver."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def normalise_mac(text: str) -> str:
    """A MAC address in any usual spelling, as lower case hexadecimal pairs joined by colons.

    Takes `52:54:00:12:34:56`, `52-54-..`, `5254.0012.3456` and `525400123456`; ValueError for anything else, and
    for addresses no single machine can have (the group bit set, or all zero).
    """
    digits = re.sub(r"[:.\-]", "", text.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ValueError(f"{text!r} is no MAC address; write it like 52:54:00:12:34:56")
    if int(digits[:2], 16) & 1 or digits == "0" * 12:
        raise ValueError(f"{text!r} is not the address of one machine (broadcast, multicast or zero)")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


Mac = Annotated[
    str,
    AfterValidator(normalise_mac),
    Field(description="Hardware address of the network card, e.g. 52:54:00:12:34:56"),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]*$", max_length=64)]


class Config(BaseModel):
    """A frozen piece of a lab file; an unknown key in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DriverConfig(Config):
    """Configuration of one driver. Subclasses add `kind: Literal[...]` and `build(site)`."""

    def claims(self) -> Sequence[str]:
        """What this driver must have for itself, in words (`serial port /dev/ttyS0`); no two devices may share one."""
        return ()
