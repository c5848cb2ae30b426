"""What makes releases comparable on the pages: the order of branches, the flavour of a configuration. Pure."""

import re

from farm.core.errors import BadInputError
from jobs.builds.version import KernelVersion

LAST_ORDERED = 2  # the last rank of `branch_order` that stands in a kernel order; what is above is people's own
# What a distribution puts before its flavour: `-50` in 6.1.0-50-686-pae, `-0.deb12.4` in 6.5.0-0.deb12.4-686.
_ABI = re.compile(r"-\d+(?:\.\w+)*(?=-|$)")
_NO_FLAVOUR = re.compile(r"-g[0-9a-f]{7,40}(?![0-9a-z])|-dirty|\+")
_STABLE = re.compile(r"(\d+(?:\.\d+){1,2})\.y")


def flavour(release: str) -> str:
    """Which configuration a release string names: "686-pae" of 6.1.0-50-686-pae, "" where it names none."""
    try:
        local = KernelVersion.parse(release).local
    except BadInputError:
        return ""
    return _NO_FLAVOUR.sub("", _ABI.sub("", local, count=1)).strip("-._~")


def branch_order(name: str) -> tuple[int, str]:
    """Stable branches by their number, then mainline, then next, then names of people's own."""
    if found := _STABLE.fullmatch(name):
        try:
            return 0, KernelVersion.parse(found[1]).sort_key
        except BadInputError:
            return 3, name
    return {"mainline": 1, "next": 2}.get(name, 3), name
