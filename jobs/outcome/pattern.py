"""A job's own sign of success: a regular expression in RE2's syntax, whose matching takes linear time.

Python's own engine can take for ever on a pattern such as `(a+)+$`, and a lab's worker would stand still with it.
"""

from typing import Protocol

import re2

from farm.core.errors import BadInputError


class Match(Protocol):
    """A compiled pattern, as far as it is used here."""

    def search(self, text: str) -> object | None: ...


def compile_pattern(text: str) -> Match:
    """Compile; BadInputError for what RE2 does not take (look-around, back references), or an empty line matches."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Match = re2.compile(text, options)
    except re2.error as fault:
        why = fault.args[0].decode("utf-8", "replace") if isinstance(fault.args[0], bytes) else str(fault)
        raise BadInputError(f"not a regular expression (RE2 syntax): {why}", where="pattern") from fault
    if compiled.search("") is not None:
        raise BadInputError("matches an empty line, so every boot would pass", where="pattern")
    return compiled
