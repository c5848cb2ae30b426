"""What the messages over REST have in common: strict models, and the kinds of text in them. Knows no message."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# One line of a kernel command line: printable ASCII. x86 kernels take up to 2,047 bytes (setup.h: COMMAND_LINE_SIZE).
CommandLine = Annotated[str, StringConstraints(max_length=1500, pattern=r"^[ -~]*$", strip_whitespace=True)]
# One line for people. No control characters: PostgreSQL cannot hold a NUL, a terminal should not get an escape.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]*$")]

RowNumber = Annotated[int, Field(ge=0, lt=1 << 31)]


class Wire(BaseModel):
    """A message. Unknown fields are an error, so that a typo is never silently dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def with_example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


def fitting(most: int) -> AfterValidator:
    """What a console said may be of any length and hold any character; a report is not lost over that."""
    return AfterValidator(lambda text: text.replace("\0", "\ufffd")[:most])
