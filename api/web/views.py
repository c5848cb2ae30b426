"""Small pure helpers of the pages: a boot's phases as bars, its telling line, the command that repeats it, durations.

Values in, values or text out; no I/O and no HTML.
"""

import re
import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from farm.core.wire import BootOut, BuildOut, ConsoleReport, EvidenceOut
from farm.core.words import BootState, Phase, Verdict

_STAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d{6}\] ?")
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase as a stretch of the boot. `start` and `width` are thousandths of the whole."""

    phase: Phase
    note: str
    seconds: float
    start: int
    width: int
    going: bool  # it has not ended yet


def bars(boot: BootOut, now: datetime) -> list[Bar]:
    """A boot's phases with their durations, in order."""
    if not boot.phases:
        return []
    end = max(boot.finished_at or now, boot.phases[-1].at)
    ends = [phase.at for phase in boot.phases[1:]] + [end]
    whole = max((end - boot.phases[0].at).total_seconds(), 0.001)
    found = []
    for phase, until in zip(boot.phases, ends, strict=True):
        seconds = max(0.0, (until - phase.at).total_seconds())
        start = (phase.at - boot.phases[0].at).total_seconds()
        going = boot.state is BootState.RUNNING and phase is boot.phases[-1]
        found.append(
            Bar(phase.phase, phase.note, seconds, round(1000 * start / whole), round(1000 * seconds / whole), going)
        )
    return found


def headline(boot: BootOut) -> EvidenceOut | None:
    """Of the evidence, the line that says most of what the title says; of equals the first."""
    wanted = set(_WORD.findall((boot.title or boot.reason).lower()))

    def score(line: EvidenceOut) -> int:
        return len(wanted & set(_WORD.findall(line.text.lower())))

    return max(boot.evidence, key=score, default=None)


def traced(boot: BootOut) -> str | None:
    """What the trace is of, where that is not what the verdict rests on."""
    return boot.reports[0].title if boot.reports and boot.reports[0].title != boot.title else None


def also_reported(boot: BootOut) -> list[ConsoleReport]:
    """What the console reported besides what the verdict rests on, as it came."""
    rest = boot.reports if traced(boot) else boot.reports[1:]
    return sorted(rest, key=lambda report: report.evidence.line if report.evidence else 0)


def also_warned(boot: BootOut) -> list[str]:
    """Warnings that no report stands for; all of them of a boot that was filed without its reports."""
    told = {report.title for report in boot.reports}
    return [warning for warning in boot.warnings if warning not in told]


# Of the facts a kernel tells of the machine below it those that say what kind of machine it was.
_MACHINE = {
    "platform": "Platform",
    "hypervisor": "Hypervisor",
    "vmi": "VMI",
    "vmi_timer": "VMI timer",
    "xen": "Xen",
    "vmware": "VMware",
    "reserved_top": "Reserved from",
}


def machine(boot: BootOut) -> list[tuple[str, str]]:
    """What the kernel said of the machine below it, as label and text."""
    return [(label, boot.paravirt[name]) for name, label in _MACHINE.items() if name in boot.paravirt]


def message(text: str) -> str:
    """A console line without the kernel's time stamp."""
    return _STAMP.sub("", text, count=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asked for besides its matrix, as far as its boots can only be repeated with it."""

    initrd: str | None = None
    symbols: str | None = None
    pattern: str | None = None
    checks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    deadlines: tuple[tuple[str, float], ...] = ()


def reproduce(boot: BootOut, build: BuildOut, asked: Asked) -> str:
    """The command that boots the same again, for a shell."""
    words = ["farm", "submit", build.filename or "bzImage", "--on", "/".join([boot.environment, *asked.tags])]
    options: list[tuple[str, str | None]] = [
        ("--append", boot.append),
        ("--initrd", "initramfs" if asked.initrd else None),
        ("--symbols", "System.map" if asked.symbols else None),
        ("--pattern", asked.pattern),
        *(("--check", check) for check in asked.checks),
        *(("--deadline", f"{name}={seconds:g}") for name, seconds in asked.deadlines),
        ("--tree", build.tree),
        ("--branch", build.branch),
        ("--commit", build.commit),
        ("--patch", build.patch),
    ]
    for name, value in options:
        words += [name, value] if value else []
    return shlex.join([*words, "--wait"])


@dataclass(frozen=True, slots=True)
class Option:
    """A kernel option as the image proves it."""

    name: str
    word: str  # yes, no, unknown
    evidence: str


def options(facts: dict[str, Any]) -> list[Option]:
    """Facts about the configuration, known ones first."""
    words = {True: "yes", False: "no", None: "unknown"}
    found = [
        Option(name.removeprefix("CONFIG_"), words[fact.get("value")], fact.get("evidence") or "")
        for name, fact in sorted((facts.get("options") or {}).items())
    ]
    return sorted(found, key=lambda option: option.word == "unknown")


def image_facts(build: BuildOut) -> list[tuple[str, str]]:
    """What the image says of itself, as label and text; what it does not say is left out."""
    facts = build.facts
    header = facts.get("header") or {}
    bits = f"{build.bits}-bit" if build.bits else ""
    kind = ", ".join(filter(None, [str(header.get("format") or ""), bits]))
    packed = facts.get("compression") or ""
    if packed and facts.get("unpacked_size"):
        packed += f", {size(facts['unpacked_size'])} unpacked"
    rows = [
        ("Compiler", facts.get("compiler")),
        ("Built", " ".join(filter(None, [(facts.get("build_date") or "")[:10], facts.get("builder")]))),
        ("Image", kind),
        ("Boot protocol", header.get("protocol")),
        ("Packed", packed),
        ("Config", f"sha256 {facts['config_sha256'][:16]}" if facts.get("config_sha256") else None),
        ("Damage", facts.get("payload_error")),
    ]
    return [(label, str(text)) for label, text in rows if text]


def size(count: int) -> str:
    """Bytes for a person: 512 B, 7.4 KiB, 8.1 MiB."""
    if count < 1000:
        return f"{count} B"
    amount, units = count / 1024, ["KiB", "MiB", "GiB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.1f} {units[0]}"


def duration(seconds: float | None) -> str:
    """0.4 s, 12 s, 3 min 05 s, 2 h 10 min; a dash for none."""
    if seconds is None:
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit: 12 s ago, 5 min ago, 3 h ago, 4 days ago."""
    seconds = max(0, round((now - moment).total_seconds()))
    for unit, length in (("day", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            count = seconds // length
            plural = "s" if unit == "day" and count > 1 else ""
            return f"{count} {unit}{plural} ago"
    return f"{seconds} s ago"


def took(boot: BootOut, now: datetime) -> float | None:
    """Seconds on the device so far; None where it has not started."""
    if boot.started_at is None:
        return None
    return ((boot.finished_at or now) - boot.started_at).total_seconds()


def verdict_sentence(boot: BootOut) -> str:
    """What the boot says, in one sentence."""
    where = f" on {boot.device}" if boot.device else ""
    if boot.state is BootState.QUEUED:
        return boot.waiting or "Waiting for a device."
    if boot.state is BootState.RUNNING:
        return f"Running{where}."
    if boot.state is BootState.CANCELLED:
        return boot.reason or "Taken back before it had a verdict."
    if boot.reason:
        return boot.reason
    return "It passed." if boot.verdict is Verdict.PASS else f"{(boot.verdict or 'No verdict').capitalize()}."
