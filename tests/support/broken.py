"""Reads the corpus of kernels that were broken on purpose: tests/data/consoles/broken/NAME.console.

A text header of `key: value` lines says what was done and what is expected; a line `---` ends it; the rest is the
console's bytes as they came. Strict, so that a misspelt key cannot take an expectation away unseen. Knows the format
and no reader.
"""

from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "data" / "consoles" / "broken"
SUFFIX = ".console"
_NEEDED = ("kernel", "done", "cmdline", "outcome", "type", "function")
_ALLOWED = (*_NEEDED, "qemu", "token", "stage", "culprit", "note")
_END = "---"


@dataclass(frozen=True, slots=True)
class Case:
    """One console. `header` has every needed key, no value is empty; `none` stands for "there is none"."""

    name: str
    header: dict[str, str]
    console: bytes

    @property
    def release(self) -> str:
        """What `uname -r` says on the kernel that was handed in."""
        return self.header["kernel"].split()[0]

    def expected(self, key: str) -> str | None:
        """The value of `key`; None where the header says `none`, or nothing."""
        value = self.header.get(key, "none")
        return None if value == "none" else value


def parse(name: str, data: bytes) -> Case:
    """The case of that name. Raises ValueError, naming file and line, for a header that is not exactly as described."""
    header: dict[str, str] = {}
    number, rest = 0, data
    while True:
        line, newline, rest = rest.partition(b"\n")
        number += 1
        where = f"{name}{SUFFIX}:{number}"
        if not newline:
            raise ValueError(f"{where}: the header has no end: a line `{_END}` is missing")
        text = _text(where, line)
        if text == _END:
            break
        key, value = _pair(where, text)
        if key in header:
            raise ValueError(f"{where}: `{key}` is there twice")
        header[key] = value
    if missing := [key for key in _NEEDED if key not in header]:
        raise ValueError(f"{name}{SUFFIX}: the header lacks {', '.join(missing)}")
    return Case(name, header, rest)


def _text(where: str, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: the header is not UTF-8; is a line `{_END}` missing above?") from error


def _pair(where: str, line: str) -> tuple[str, str]:
    key, colon, value = line.partition(": ")
    if not colon or not value.strip() or value != value.strip():
        raise ValueError(f"{where}: not `key: value`, but {line[:60]!r}")
    if key not in _ALLOWED:
        raise ValueError(f"{where}: no key is called {key[:40]!r}; there are {', '.join(_ALLOWED)}")
    return key, value


def load(corpus: Path = CORPUS) -> list[Case]:
    """All cases, by name. Raises ValueError as parse() does."""
    return [parse(path.stem, path.read_bytes()) for path in sorted(corpus.glob(f"*{SUFFIX}"))]
