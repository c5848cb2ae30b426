"""Errors that reach a person, each with the HTTP status and problem type it becomes.

    FarmError
    ├── BadInputError       422  what was handed in cannot be used; says what, where and what to do
    │   └── TooLargeError   413
    ├── NotFoundError       404
    ├── ConflictError       409  it was so, but is not any more (a lost lease, a finished boot)
    ├── UnauthorizedError   401
    ├── StorageFullError    507
    └── SetupError          500  the farm itself is not set up rightly (schema version, lab file, a missing program)

One handler in `api` turns any of them into problem+json (RFC 9457); the CLI prints the sentence.
"""

from typing import ClassVar


class FarmError(Exception):
    """A fault with a sentence for a person. `where` names the field, file:line or option it is about."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The farm failed"

    def __init__(self, detail: str, *, where: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}" if self.where else self.detail


class BadInputError(FarmError):
    """What was handed in cannot be used."""

    status = 422
    title = "This cannot be used"


class TooLargeError(BadInputError):
    """A file is over the size limit."""

    status = 413
    title = "Too large"


class NotFoundError(FarmError):
    """There is no such thing here."""

    status = 404
    title = "Not found"


class ConflictError(FarmError):
    """The thing has moved on since you looked."""

    status = 409
    title = "Conflict"


class UnauthorizedError(FarmError):
    """No token, or a wrong one."""

    status = 401
    title = "Not allowed"


class StorageFullError(FarmError):
    """The farm's disk is full; what was being stored has been thrown away whole."""

    status = 507
    title = "The farm's storage is full"


class SetupError(FarmError):
    """The farm itself is not set up rightly."""

    title = "The farm is not set up"
