"""Kernel versions in the order kernel people give them. Pure: text in, values out; no repository is asked.

    2.6.27-rc1 < 2.6.27 < 2.6.27.1 < 2.6.27.10-rc1 < 2.6.27.10
    2.6.28-rc8 < 2.6.28-rc8-git5 < 2.6.28 < 2.6.28-git3 < 2.6.28.1
    6.1.176 < v6.1.176-12-gabc < 6.1.177-rc1

Rules chosen here, where usage is not of one mind:

- 6.1.0 *is* 6.1 (a 3.x or later kernel reports `6.1.0` before its first stable release).
- A base release (2.6.28) and its -rc are "mainline"; stable releases and their -rc are "2.6.28.y".
- What follows the numbers (`-686-pae`, `+`, `-dirty`, `-vmi`) is the local version: it orders after the bare release
  and before the next one, by its bytes, and changes neither branch nor baseline.
- linux-next is a branch of its own, ordered by date, after all releases.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import total_ordering

from farm.core.errors import BadInputError

_MAX_TEXT = 128  # UTS_RELEASE has 64; a git describe with a long branch-like tag may be longer
_NUMBERS = re.compile(r"(?:linux-)?v?(\d+)\.(\d+)(?:\.(\d+))?(?:\.(\d+))?", re.ASCII)
_PRE = re.compile(r"[-~]?(rc|pre|test)(\d+)", re.ASCII)
_GIT = re.compile(r"-git0*([1-9]\d*)", re.ASCII)
_DESCRIBE = re.compile(r"-0*([1-9]\d*)(?=-g[0-9a-f]{3,40}(?![0-9A-Za-z]))", re.ASCII)
_NEXT = re.compile(r"-?next-(\d{8})(?!\d)", re.ASCII)
_LOCAL = re.compile(r"[\x21-\x7e]*", re.ASCII)

_PRE_RANK = {"pre": 0, "test": 1, "rc": 2, "": 3}
_LAST_BEFORE = {(3, 0): (2, 6, 39), (4, 0): (3, 19, 0), (5, 0): (4, 20, 0), (6, 0): (5, 19, 0), (7, 0): (6, 19, 0)}

# `#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)`; of old `2.6.26-2-686 (Debian 2.6.26-29) (user@host)`.
_DEBIAN = re.compile(r"#\d.* Debian (\d[\d.]*(?:~rc\d+)?)-|^\S+ \(Debian (\d[\d.]*(?:~rc\d+)?)-", re.ASCII)
# Ubuntu writes the upstream release last: `(Ubuntu 4.15.0-20.21-generic 4.15.17)`.
_UBUNTU = re.compile(r"\(Ubuntu \S+ (\d+\.\d+(?:\.\d+)?)\)\s*$", re.ASCII)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class KernelVersion:
    """One kernel version. Make it with `parse` or `from_banner`; compare, hash and sort it freely.

    `numbers` is the base release: (2, 6, 27) or (6, 1, 0); all zero for linux-next. Versions that differ in writing
    only (`v6.1`, `6.1.0`) are equal; `text` keeps what was written.
    """

    numbers: tuple[int, int, int]
    stable: int = 0  # 10 in 2.6.27.10, 176 in 6.1.176
    pre: str = ""  # "rc"; "pre" and "test" of the 2.4 and 2.5 days
    pre_number: int = 0
    git: int = 0  # 5 in -git5, the daily snapshots up to 2.6.39
    commits: int = 0  # 12 in -12-gabc, as git describe counts from the tag
    local: str = ""
    next_date: str = ""  # "20261120" for linux-next
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> "KernelVersion":
        """Read a release string, a tag, or `git describe`. Raises BadInputError for what has no place in the order."""
        written = text.strip()
        if not written or len(written) > _MAX_TEXT or not _LOCAL.fullmatch(written):
            raise BadInputError(
                f"{_show(text)} is not a kernel version: it is one word of at most {_MAX_TEXT} characters."
            )
        if found := _NEXT.match(written):
            return _next(found, written)
        found = _NUMBERS.match(written)
        if not found:
            raise BadInputError(
                f"{_show(text)} is not a kernel version: it does not start with numbers such as 2.6.27 or 6.1."
            )
        numbers, stable = _base(found, written)
        rest = written[found.end() :]
        if rest and rest[0] not in "-+~_" and not _PRE.match(rest):
            raise BadInputError(f"{_show(text)} is not a kernel version: {_show(rest)} cannot follow {found.group()}.")
        return _tail(cls(numbers, stable, text=written), rest)

    @property
    def series(self) -> str:
        """The base release as text: "2.6.27", "6.1"; "next" for linux-next."""
        if self.next_date:
            return "next"
        major, minor, patch = self.numbers
        return f"{major}.{minor}.{patch}" if major < 3 else f"{major}.{minor}"

    @property
    def branch(self) -> str:
        """The line of releases it belongs to: "mainline", "2.6.27.y", "6.1.y" or "next"."""
        if self.next_date:
            return "next"
        return f"{self.series}.y" if self.stable else "mainline"

    @property
    def is_release(self) -> bool:
        """A tagged release: no -rc, no snapshot, nothing on top but a local version."""
        return not (self.pre or self.git or self.commits or self.next_date)

    @property
    def baseline(self) -> "KernelVersion | None":
        """The release it is compared against: the one before it in its branch, or the base release of the branch.

        An -rc goes against the last release, not the -rc before it (2.6.28-rc8 -> 2.6.27, and never 2.6.27.10); commits
        on top of a release go against that release. None for linux-next and where the release before is not known.
        """
        if self.next_date:
            return None
        if not self.pre and (self.git or self.commits):
            return _bare(self.numbers, self.stable)
        if self.stable:
            return _bare(self.numbers, self.stable - 1)
        major, minor, patch = self.numbers
        if major < 3:
            return _bare((major, minor, patch - 1)) if patch else None
        if minor:
            return _bare((major, minor - 1, 0))
        before = _LAST_BEFORE.get((major, minor))
        return _bare(before) if before else None

    @property
    def sort_key(self) -> str:
        """73 characters of 0-9a-f that sort, in any collation, as the versions do: for ORDER BY.

        A local version longer than 16 bytes orders by its first 16, then by a hash: total, and the same everywhere.
        """
        local = self.local.encode("ascii")
        tie = hashlib.sha256(local).hexdigest()[:8] if len(local) > 16 else "0" * 8
        tail = local[:16].ljust(16, b"\0").hex() + tie
        if self.next_date:
            return f"1{self.next_date.rjust(32, '0')}{tail}"
        major, minor, patch = self.numbers
        pre = f"{_PRE_RANK[self.pre]}{self.pre_number:04d}"
        return f"0{major:03d}{minor:04d}{patch:04d}{self.stable:05d}{pre}{self.git:04d}{self.commits:07d}{tail}"

    def __str__(self) -> str:
        """The canonical form, as tags are written: "2.6.28-rc8-git5", "6.1.176-12-gabc", "next-20261120"."""
        if self.next_date:
            return f"next-{self.next_date}{self.local}"
        stable = f".{self.stable}" if self.stable else ""
        pre = f"-{self.pre}{self.pre_number}" if self.pre else ""
        git = f"-git{self.git}" if self.git else ""
        commits = f"-{self.commits}" if self.commits else ""
        return f"{self.series}{stable}{pre}{git}{commits}{self.local}"

    def __eq__(self, other: object) -> bool:
        return self.sort_key == other.sort_key if isinstance(other, KernelVersion) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.sort_key < other.sort_key if isinstance(other, KernelVersion) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sort_key)


def from_banner(banner: str) -> KernelVersion:
    """The version a banner stands for: `Linux version ...`, or the image header's text, which starts at the release.

    A distribution's release string is an ABI name (6.1.0-50-686); where the banner also holds the upstream release
    (`Debian 6.1.176-1`, `(Ubuntu 4.15.0-20.21-generic 4.15.17)`), that one counts. Raises as `parse` does.
    """
    body = banner.partition("Linux version ")[2] or banner.strip()
    release = (body.split(maxsplit=1) or [""])[0]
    own = KernelVersion.parse(release)
    found = _DEBIAN.search(body) or _UBUNTU.search(body)
    if not found:
        return own
    upstream = KernelVersion.parse(next(group for group in found.groups() if group).replace("~", "-"))
    return upstream if upstream.series == own.series else own


def _show(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _bare(numbers: tuple[int, int, int], stable: int = 0) -> KernelVersion:
    version = KernelVersion(numbers, stable)
    return replace(version, text=str(version))


def _number(digits: str, width: int, written: str) -> int:
    """Bounded, because the sort key has `width` places for it."""
    if len(digits.lstrip("0")) > width:
        raise BadInputError(
            f"{_show(written)} cannot be ordered: the number {digits[:20]} is too large for a kernel version."
        )
    return int(digits)


def _base(found: re.Match[str], written: str) -> tuple[tuple[int, int, int], int]:
    """Split the dotted numbers: three are the base release up to 2.6.39, two from 3.0 on; then the stable release."""
    major, minor = _number(found[1], 3, written), _number(found[2], 4, written)
    if major < 3:
        if found[3] is None:
            raise BadInputError(
                f"{_show(written)} cannot be ordered: a {major}.x kernel has three numbers, such as 2.6.27."
            )
        return (major, minor, _number(found[3], 4, written)), _number(found[4] or "0", 5, written)
    if found[4] is not None:
        raise BadInputError(
            f"{_show(written)} cannot be ordered: a {major}.x kernel has at most three numbers, such as 6.1.176."
        )
    return (major, minor, 0), _number(found[3] or "0", 5, written)


def _tail(version: KernelVersion, rest: str) -> KernelVersion:
    """Take -rcN, -next-DATE, -gitN and -N-gHASH off the front of `rest`, in this order; the local version is left."""
    written = version.text
    if found := _PRE.match(rest):
        version = replace(version, pre=found[1], pre_number=_number(found[2], 4, written))
        rest = rest[found.end() :]
    if found := _NEXT.match(rest):
        return _next(found, written, rest[found.end() :])
    if found := _GIT.match(rest):
        version = replace(version, git=_number(found[1], 4, written))
        rest = rest[found.end() :]
    if found := _DESCRIBE.match(rest):
        version = replace(version, commits=_number(found[1], 7, written))
        rest = rest[found.end() :]
    return replace(version, local=rest)


def _next(found: re.Match[str], written: str, local: str | None = None) -> KernelVersion:
    try:
        datetime.strptime(found[1], "%Y%m%d")  # noqa: DTZ007  (a tag's name, not a moment)
    except ValueError:
        raise BadInputError(f"{_show(written)} cannot be ordered: {found[1]} is not a date.") from None
    rest = written[found.end() :] if local is None else local
    return KernelVersion((0, 0, 0), local=rest, next_date=found[1], text=written)
