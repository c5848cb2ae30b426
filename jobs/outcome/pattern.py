"""A job's own sign of success: a regular expression in RE2's syntax, whose matching takes linear time.

Python's own engine can take for ever on a pattern such as `(a+)+$`, and a lab's worker would stand still with it.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

import re2

from farm.core.errors import BadInputError
from jobs.outcome.lines import PREFIXES, clean, readable, records, unglued

_ABSOLUTE = ("\\A", "\\z", "(?", "\\C", "\\n")  # what means another thing in many lines at once
_OPERATORS = set(".^$*+?{}[]()|\\")
_PLAIN = bytes(range(ord(" "), 0x7F)) + b"\r\n"  # what is read as it stands
_ANCHORS = ("^", "$", "\\b", "\\B")
_DRESSED = {"[", "<"}  # a line that may begin with a printk time or level


class Place(Protocol):
    """Where it matched."""

    def start(self) -> int: ...

    def end(self) -> int: ...


class Match(Protocol):
    """A compiled pattern, as far as it is used here."""

    def search(self, text: str) -> object | None: ...

    def finditer(self, text: bytes) -> "Iterator[Place]": ...


class JobPattern:
    """Matches on one line, with and without what printk put before each record of it; case-sensitive."""

    def __init__(self, text: str) -> None:
        """BadInputError where RE2 does not take it, or an empty line matches."""
        self._one = compile_pattern(text)
        words = text.removeprefix("^").removesuffix("$")
        if words and not _OPERATORS & set(words):  # most: they stand in every line that matches
            self._words, anchored = words.encode(), False
        else:
            self._words, words, anchored = b"", text, any(word in text for word in _ANCHORS)
        self._anchored = anchored
        plain = not any(word in words for word in _ABSOLUTE)
        self._many = compile_pattern(f"(?m){words}") if plain else None

    def matches(self, text: str) -> bool:
        """Whether a cleaned line is the sign."""
        text = text.strip("\r")
        if self._one.search(text) is not None:
            return True
        return text[:1] in _DRESSED and any(self._one.search(part.message) is not None for part in records(text))

    def lines(self, data: bytes) -> list[int]:
        """Where the lines begin that match, of the whole lines in `data`. Two searches, where none does."""
        found = []
        for start in self._starts(data):
            end = data.find(b"\n", start)
            if self.matches(clean(data[start : end if end >= 0 else len(data)])):
                found.append(start)
        return found

    def _starts(self, data: bytes) -> Iterator[int]:
        """Where the lines begin that may match."""
        if self._words and not data.translate(None, _PLAIN):
            yield from _holding(self._words, data)
            return
        text = readable(data).replace("\r\n", "\n")
        start = number = 0
        for row in self._rows(text):
            while number < row:
                start = data.find(b"\n", start) + 1
                number += 1
            yield start

    def _rows(self, text: str) -> Iterable[int]:
        """The lines that may match, by number from 0, rising: looked for in all of them at once."""
        every = range(text.count("\n") + (not text.endswith("\n")))
        if self._many is None or not text.replace("\n", "").isprintable():
            return every
        if not self._anchored:  # what a record says, its line says
            return sorted({*_touched(self._many, text)})
        parted = unglued(text)
        bare = PREFIXES.sub("", parted)
        if len(parted) > len(text):  # records were parted: their lines are other lines
            return every if self._many.search(text) or self._many.search(bare) else ()
        return sorted({*_touched(self._many, text), *_touched(self._many, bare)})


def _touched(pattern: Match, text: str) -> Iterator[int]:
    """The numbers of the lines in which a match lies: one that runs over a line's end may hide another."""
    row, position = 0, 0
    data = text.encode()  # RE2 works on bytes: where it matched in a text, it would have to count out
    for match in pattern.finditer(data):
        row += data.count(b"\n", position, match.start())
        position = match.start()
        yield from range(row, row + data.count(b"\n", position, match.end()) + 1)


def _holding(words: bytes, data: bytes) -> Iterator[int]:
    """Where the lines begin that hold some words."""
    end = 0
    while (place := data.find(words, end)) >= 0:
        yield data.rfind(b"\n", end, place) + 1
        end = data.find(b"\n", place)
        if end < 0:
            return


@lru_cache(64)  # a submission checks it, and each of its boots is read by it
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
