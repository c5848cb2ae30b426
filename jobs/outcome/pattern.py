"""A job's own sign of success: a regular expression in RE2's syntax, whose matching takes linear time.

Python's own engine can take for ever on a pattern such as `(a+)+$`, and a lab's worker would stand still with it.
"""

from typing import Protocol

import re2

from farm.core.errors import BadInputError
from jobs.outcome.lines import PREFIXES, clean, readable, records, unglued

_ABSOLUTE = ("\\A", "\\z", "(?", "\\C", "\\n")  # what means another thing in many lines at once
_DRESSED = {"[", "<"}  # a line that may begin with a printk time or level


class Match(Protocol):
    """A compiled pattern, as far as it is used here."""

    def search(self, text: str) -> object | None: ...


class JobPattern:
    """Matches on one line, with and without what printk put before each record of it; case-sensitive."""

    def __init__(self, text: str) -> None:
        """BadInputError where RE2 does not take it, or an empty line matches."""
        self._one = compile_pattern(text)
        plain = not any(word in text for word in _ABSOLUTE)
        self._many: Match | None = re2.compile(f"(?m){text}") if plain else None

    def matches(self, text: str) -> bool:
        """Whether a cleaned line is the sign."""
        text = text.strip("\r")
        if self._one.search(text) is not None:
            return True
        return text[:1] in _DRESSED and any(self._one.search(part.message) is not None for part in records(text))

    def lines(self, data: bytes) -> list[int]:
        """Where the lines begin that match, of the whole lines in `data`. One search where none does."""
        if not self._may_match(data):
            return []
        found, start = [], 0
        while start < len(data):
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            if self.matches(clean(data[start:end])):
                found.append(start)
            start = end + 1
        return found

    def _may_match(self, data: bytes) -> bool:
        """False where no line can match, looked for in all of them at once."""
        text = readable(data).replace("\r\n", "\n")
        if self._many is None or "\r" in text or not text.replace("\n", "").isprintable():
            return True
        if self._many.search(text) is not None:
            return True
        return self._many.search(PREFIXES.sub("", unglued(text))) is not None


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
