"""Find the Debian archive this machine already uses, by reading its apt sources; nothing else is known here.

Both formats of sources.list(5) are read: one-line (`deb [signed-by=...] URI SUITE COMPONENT...`) and deb822
(`Types: deb` ...). So the tree names no mirror, and a machine behind a local one uses that.
Standard library only: this runs on a bare Debian before anything is installed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Suites of Debian's main archive. The security archive and third parties carry other names or other components.
DEBIAN_SUITES = frozenset(
    ["bullseye", "bookworm", "trixie", "forky", "sid", "oldoldstable", "oldstable", "stable", "testing", "unstable"]
)


@dataclass(frozen=True)
class Source:
    """One enabled `deb` source: where its archive is, and what it takes from there."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)  # lower case, deb822 spelling: signed-by, trusted, ...

    @property
    def is_debian_main(self) -> bool:
        """Whether this is Debian's own archive: a Debian suite, component `main`, reachable without a disc."""
        reachable = any(not uri.startswith("cdrom:") for uri in self.uris)
        return reachable and "main" in self.components and any(suite in DEBIAN_SUITES for suite in self.suites)


def parse_one_line(text: str) -> Iterator[Source]:
    """Read the one-line format. Lines that are comments, `deb-src` or incomplete give nothing, as in apt."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<rest>[^#]*)", line)
        if not match:
            continue
        words = re.sub(r"cdrom:\[[^\]]*\]", "cdrom:disc", match["rest"]).split()
        if len(words) < 2:
            continue
        pairs = (word.partition("=") for word in (match["options"] or "").split())
        options = {key.lower(): value for key, _, value in pairs}
        yield Source((words[0],), (words[1],), tuple(words[2:]), options)


def parse_deb822(text: str) -> Iterator[Source]:
    """Read the deb822 format. Stanzas with `Enabled: no`, or without the type `deb`, give nothing."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        disabled = fields.get("enabled", "yes").lower() in {"no", "false", "0", "off", "without", "disable"}
        if disabled or "deb" not in fields.get("types", "").split():
            continue
        wanted = {"types", "uris", "suites", "components", "enabled"}
        options = {key: value for key, value in fields.items() if key not in wanted}
        yield Source(
            tuple(fields.get("uris", "").split()),
            tuple(fields.get("suites", "").split()),
            tuple(fields.get("components", "").split()),
            options,
        )


def _fields(stanza: str) -> dict[str, str]:
    """The fields of one stanza; a line that starts with white space continues the field above it."""
    fields: dict[str, str] = {}
    key = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and key:
            fields[key] = f"{fields[key]}\n{line.strip()}".lstrip()
        elif ":" in line:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            fields[key] = value.strip()
    return fields


def read_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """All enabled `deb` sources below `etc_apt`, in apt's order. Files apt would not read are not read."""
    found: list[Source] = []
    one_line = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*.list"))]
    for path in (path for path in one_line if path.is_file()):
        found.extend(parse_one_line(path.read_text(encoding="utf-8", errors="replace")))
    for path in sorted((etc_apt / "sources.list.d").glob("*.sources")):
        found.extend(parse_deb822(path.read_text(encoding="utf-8", errors="replace")))
    return found


def debian_archive(sources: Iterable[Source]) -> Source | None:
    """The first source that is Debian's own archive, or None on a machine that has none."""
    return next((source for source in sources if source.is_debian_main), None)


def private_sources(archive: Source, suites: Iterable[str], keyring: Path = DEBIAN_KEYRING) -> str:
    """A one-line sources file: the machine's own archive, but other suites of it.

    The whole Debian keyring is preferred to the source's own `Signed-By`: that may hold one release's key only.
    """
    options: list[str] = []
    own_key = archive.options.get("signed-by", "")
    if keyring.is_file():
        options.append(f"signed-by={keyring}")
    elif own_key.startswith("/"):
        options.append(f"signed-by={own_key}")
    if archive.options.get("trusted", "").lower() == "yes":
        options.append("trusted=yes")
    uri = next(uri for uri in archive.uris if not uri.startswith("cdrom:"))
    prefix = f"deb [{' '.join(options)}]" if options else "deb"
    return "".join(f"{prefix} {uri} {suite} main\n" for suite in suites)
