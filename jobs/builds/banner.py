"""What `Linux version ...` says about the making of a kernel. Pure: one line of text in, one value out.

    Linux version RELEASE (USER@HOST) (COMPILER) #NUMBER [SMP] [PREEMPT...] DATE            init/version.c
    RELEASE (USER@HOST) #NUMBER [SMP] [PREEMPT...] DATE                                      arch/x86/boot/version.c

The first stands in the unpacked kernel, the second in the set-up code of the image.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_BANNER = re.compile(
    r"(?:Linux version )?(?P<release>\S+) (?:\(Debian [^)]*\) )?\((?P<builder>\S+@\S*)\)(?: \((?P<compiler>.*)\))? "
    r"(?P<version>#(?P<number>\d+).*)",
    re.ASCII,
)
# `date` in the C locale, and in newer ones with a 12-hour clock; a time zone other than UTC is a name, not an offset.
_CLOCK = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) +(?P<day>\d+) (?P<time>\d\d:\d\d:\d\d)(?P<half> [AP]M)? "
    r"(?:UTC|GMT) (?P<year>\d{4})",
    re.ASCII,
)
_DAY = re.compile(r"\((\d{4}-\d\d-\d\d)\)\s*$", re.ASCII)  # Debian's: the day of its changelog entry


@dataclass(frozen=True, slots=True)
class Banner:
    """A banner taken apart. `version` is utsname's: from the `#` on."""

    release: str
    builder: str  # user@host
    compiler: str | None  # None in the image header's form
    version: str
    number: int  # of the build, in its tree
    date: datetime | None  # UTC; midnight where only the day is known; None where the time zone is a bare name


def parse_banner(text: str) -> Banner | None:
    """Take one banner apart; None for text that is none, or has no build number (a kernel not linked to its end)."""
    found = _BANNER.fullmatch(text.strip())
    if not found:
        return None
    return Banner(
        release=found["release"],
        builder=found["builder"],
        compiler=found["compiler"].strip() if found["compiler"] else None,
        version=found["version"],
        number=int(found["number"][:18]),
        date=_date(found["version"]),
    )


def _date(version: str) -> datetime | None:
    day, clock = _DAY.search(version), _CLOCK.search(version)
    try:
        if day:
            return datetime.strptime(day[1], "%Y-%m-%d").replace(tzinfo=UTC)
        if not clock:
            return None
        written = f"{clock['year']} {clock['month']} {clock['day']} {clock['time']}{clock['half'] or ''}"
        clock_format = "%I:%M:%S %p" if clock["half"] else "%H:%M:%S"
        return datetime.strptime(written, f"%Y %b %d {clock_format}").replace(tzinfo=UTC)
    except ValueError:
        return None  # 31 February, 25 o'clock: a damaged or invented banner
