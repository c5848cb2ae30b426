"""The lines farm-init says, read back: one line of a console in, one marker out.

Pure. Knows the format of `jobs/init/farm-init.c` and how a kernel dresses a line of its log; not what a marker means
for a verdict, nor which token a boot expects. farm-init says each line twice, once to the console and once through the
kernel log, because printk may land inside the first: a line that is torn is no marker (`None`), and its twin is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Level (seen raw now and then), time (CONFIG_PRINTK_TIME) and caller (CONFIG_PRINTK_CALLER) of a kernel log line.
_LOGGED = r"(?P<logged>(?:<\d{1,3}>)?(?:\[ *\d+\.\d+\] ?)?(?:\[ *[TC]\d+\] ?)?)"
_GIVEN = r"token=(?P<token>[0-9a-fA-F]{1,64}|none)"

START = re.compile(
    rf"{_LOGGED}farm-init: start {_GIVEN} release=(?P<release>\S+) machine=(?P<machine>\S+) init=(?P<init>\d+)",
    re.ASCII,
)
REPORT = re.compile(rf"{_LOGGED}farm-init: report (?P<key>[a-z][a-z0-9._]*) (?P<value>.+)", re.ASCII)
CHECK = re.compile(rf"{_LOGGED}farm-init: check (?P<name>\S+) (?:ok|FAILED: (?P<why>.+))", re.ASCII)
END = re.compile(rf"{_LOGGED}farm-init: end {_GIVEN} failed=(?P<failed>\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Start:
    """User space was reached. `token` is None where farm-init found none on its command line."""

    token: str | None
    release: str  # of the running kernel, by uname
    machine: str  # "i686", "x86_64"
    init: int  # process number: 1


@dataclass(frozen=True, slots=True)
class Report:
    """One thing the kernel says of the machine. A long value comes in several reports of one key."""

    key: str
    value: str
    logged: bool  # whether this copy came through the kernel log, so that nothing landed inside it


@dataclass(frozen=True, slots=True)
class Check:
    """One extra check. `why` is None where it passed."""

    name: str
    why: str | None

    @property
    def ok(self) -> bool:
        return self.why is None


@dataclass(frozen=True, slots=True)
class End:
    """All was said; the machine powers off next. `failed` counts the checks that failed."""

    token: str | None
    failed: int


Marker = Start | Report | Check | End


def parse_marker(line: str) -> Marker | None:
    """The marker that `line` is, line end and kernel log dressing aside; None for any other line, a torn one too."""
    line = line.strip("\r\n")
    if "farm-init: " not in line:
        return None
    if found := START.fullmatch(line):
        return Start(_given(found["token"]), found["release"], found["machine"], int(found["init"]))
    if found := END.fullmatch(line):
        return End(_given(found["token"]), int(found["failed"]))
    if found := CHECK.fullmatch(line):
        return Check(found["name"], found["why"])
    if found := REPORT.fullmatch(line):
        return Report(found["key"], found["value"], logged=bool(found["logged"]))
    return None


def facts(markers: Iterable[Marker]) -> dict[str, str]:
    """What the reports of one boot say, key by key, with the parts of a long value joined by blanks.

    Of a key with copies out of the kernel log only those count; else the console's do, in which a kernel message may
    have landed unseen (a kernel without CONFIG_PRINTK_TIME gives no sign of which is which).
    """
    parts: dict[str, dict[bool, list[str]]] = {}
    for marker in markers:
        if isinstance(marker, Report):
            copies = parts.setdefault(marker.key, {True: [], False: []})[marker.logged]
            if marker.value not in copies:
                copies.append(marker.value)
    return {key: " ".join(copies[True] or copies[False]) for key, copies in parts.items()}


def _given(word: str) -> str | None:
    return None if word == "none" else word
