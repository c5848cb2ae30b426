"""From what was seen and why the capture ended, to the outcome. The order of the questions is the policy:

was it our kernel; did it report a fault; did it reach the end; did it start over; where did it stop; did it start.
"""

from collections.abc import Iterable

from farm.core.words import Stage, Verdict
from jobs.outcome.block import Block
from jobs.outcome.lines import Line, segments
from jobs.outcome.model import Ending, Evidence, Outcome
from jobs.outcome.seen import Restart, Seen
from jobs.outcome.signature import signature

_EVIDENCE = 12
_STUCK = 3  # firmware starts after which a fetched kernel that says nothing is one that resets the machine
_LOST = {Ending.CONSOLE_LOST: "the console's peer went away", Ending.POWER_LOST: "the machine lost power"}
_TALKING = {Ending.TOTAL: "the total deadline", Ending.FLOOD: "the limit of console bytes"}


def decide(seen: Seen, last: Line | None, ending: Ending, *, image_fetched: bool | None) -> Outcome:
    """The outcome. `last` is the last line with anything on it; `image_fetched` as in Reader.conclude."""
    if seen.wrong_kernel or (image_fetched is False and not _ours(seen)):
        return _not_ours(seen, last)
    if seen.blame is not None:
        return _reported(seen, seen.blame)
    if seen.end is not None:
        return _ended(seen, seen.end)
    if (restart := seen.restart or seen.doubt) is not None:
        return _started_over(seen, restart)
    if seen.stage.rank >= Stage.DECOMPRESS.rank:
        return _stopped(seen, last, ending)
    return _never_started(seen, last, ending, image_fetched=image_fetched)


def _ours(seen: Seen) -> bool:
    """The console proves that the kernel under test ran, whatever the boot driver saw of the fetching."""
    return seen.started or seen.end is not None or (seen.expect.release is not None and seen.banner is not None)


def _reported(seen: Seen, blame: Block) -> Outcome:
    evidence = [*blame.evidence, *(seen.fatal.evidence[:1] if seen.fatal else [])]
    if blame.rule.type in {"no-root", "no-init", "init-died"}:
        evidence += seen.context
    reason = blame.title
    if seen.fatal is not None and seen.fatal is not blame and seen.fatal.title != reason:
        reason += f", then {seen.fatal.title}"
    elif seen.end is not None:
        reason += "; the boot still reached its end, but this is no clean pass"
        evidence.append(seen.end.evidence())
    if seen.spoiled is not None:
        reason += "; before that, the initramfs did not unpack whole"
        evidence += seen.spoiled.evidence
    return _fail(seen, blame.rule.type, blame.title, reason, evidence, function=blame.function, besides=blame)


def _ended(seen: Seen, end: Line) -> Outcome:
    if seen.failed:
        names = ", ".join(seen.checks) or f"{seen.failed} of farm-init's"
        lines = [*seen.checks.values(), end]
        return _fail(seen, "check", f"check failed: {names}", f"the kernel booted, but failed: {names}", lines)
    sign = "farm-init's end marker" if seen.expect.pattern is None else "the job's success pattern"
    if seen.spoiled is not None:
        # What ran is not what was handed in: its success says nothing, and its failure would not have either.
        reason = f"{sign} was seen, but the initramfs did not unpack whole"
        evidence = _shown([*seen.spoiled.evidence, end])
        title = seen.spoiled.title
        return _outcome(seen, Verdict.INCONCLUSIVE, reason, type_="bad-initramfs", title=title, evidence=evidence)
    warned = _warnings(seen, None)
    reason = f"{sign} was seen" + (f", with {len(warned)} warning{'s'[: len(warned) > 1]}" if warned else "")
    evidence = _shown([end, *(item.evidence[0] for item in seen.warnings)])
    return _outcome(seen, Verdict.PASS, reason, evidence=evidence)


def _started_over(seen: Seen, restart: Restart) -> Outcome:
    after = f" after {_quoted(restart.last)}" if restart.last else ""
    lines = [seen.banner, restart.last, restart.line]
    if restart.release is not None and restart.release == seen.release:
        return _fail(
            seen,
            "reboot-loop",
            "reboot loop",
            f"the machine reset by itself{after} and booted the same kernel again",
            lines,
        )
    other = f"; then another kernel booted: {restart.release}" if restart.release else ""
    return _fail(seen, "reset", "unexpected reset", f"the machine reset by itself{after}{other}", lines)


def _stopped(seen: Seen, last: Line | None, ending: Ending) -> Outcome:
    """The image ran, and neither died aloud nor reached its end."""
    powered_down = ending is Ending.POWER_LOST and bool(seen.context) and "Power down" in seen.context[-1].text
    if ending in _LOST and not powered_down:
        return _infra(seen, ending.value.replace("_", "-"), f"{_LOST[ending]} after {_quoted(last)}", [last])
    if seen.stall is not None:
        stall = seen.stall
        reason = f"{stall.title}; the boot did not reach its end"
        return _fail(
            seen, stall.rule.type, stall.title, reason, [*stall.evidence, last], function=stall.function, besides=stall
        )
    if powered_down:
        return _fail(
            seen, "unfinished", "powered down before its end", "the machine powered itself down before its end", [last]
        )
    if ending in _TALKING:
        reason = f"did not finish: still talking at {_TALKING[ending]}, last {_quoted(last)}"
        return _fail(seen, "unfinished", f"did not finish, stage {seen.stage.value}", reason, [last])
    return _fail(seen, "silent", f"silent, stage {seen.stage.value}", f"silent after {_quoted(last)}", [last])


def _never_started(seen: Seen, last: Line | None, ending: Ending, *, image_fetched: bool | None) -> Outcome:
    """Not one line of the image."""
    if seen.loader:
        return _loader(seen)
    if ending in _LOST:
        return _infra(seen, ending.value.replace("_", "-"), f"{_LOST[ending]} before a kernel spoke", [last])
    if image_fetched and seen.firmware_starts >= _STUCK:
        times = (
            f"the machine fetched the kernel and started over {seen.firmware_starts - 1} times before its first line"
        )
        return _fail(seen, "reboot-loop", "reboot loop before the first line", times, [last])
    if image_fetched and ending not in _TALKING:
        where = f"after {_quoted(last)}" if last else "from the start"
        reason = f"silent {where}: the machine fetched the kernel, which printed nothing"
        return _fail(seen, "silent", "silent before the kernel's first line", reason, [last])
    if last is None:
        return _infra(seen, "no-output", "the machine gave no console byte", [])
    return _infra(seen, "no-kernel", f"no kernel line was seen; the last line was {_quoted(last)}", [last])


def _not_ours(seen: Seen, last: Line | None) -> Outcome:
    if seen.wrong_kernel:
        wanted = (seen.expect.release or "").split()[0]
        reason = f"another kernel booted: {seen.release} instead of {wanted}"
        return _infra(seen, "another-kernel", reason, [seen.banner])
    if seen.loader:
        return _loader(seen)
    if seen.running:
        reason = "the machine never fetched the image: what booted was not the kernel under test"
        return _infra(seen, "another-kernel", reason, [seen.banner, last])
    return _infra(seen, "not-fetched", "the machine never fetched the image", [last])


def _loader(seen: Seen) -> Outcome:
    first = seen.loader[0]
    reason = f"{first.title}: {first.evidence[0].text}"
    return _infra(seen, first.rule.type, reason, [item.evidence[0] for item in seen.loader])


def _quoted(line: Line | None) -> str:
    if line is None:
        return "nothing"
    text = next(iter(reversed([part.message for part in segments(line.text)])), line.text).strip()
    return f"'{text[:120]}'"


def _shown(lines: Iterable[Line | Evidence | None]) -> tuple[Evidence, ...]:
    found = {item.evidence() if isinstance(item, Line) else item for item in lines if item is not None}
    return tuple(sorted(found, key=lambda item: item.offset)[:_EVIDENCE])


def _warnings(seen: Seen, besides: Block | None) -> tuple[str, ...]:
    titles = [item.title for item in seen.warnings if item is not besides]
    if seen.end is not None and seen.firmware_starts > 1:
        titles.append(f"firmware started {seen.firmware_starts} times before the kernel's first line")
    return tuple(dict.fromkeys(titles))


def _infra(seen: Seen, type_: str, reason: str, lines: Iterable[Line | Evidence | None]) -> Outcome:
    return _outcome(seen, Verdict.INFRA, reason, type_=type_, title=reason.partition(":")[0], evidence=_shown(lines))


def _fail(
    seen: Seen,
    type_: str,
    title: str,
    reason: str,
    lines: Iterable[Line | Evidence | None],
    *,
    function: str | None = None,
    besides: Block | None = None,
) -> Outcome:
    return Outcome(
        verdict=Verdict.FAIL,
        reason=reason,
        stage=seen.stage,
        title=title,
        type=type_,
        function=function,
        signature=signature(type_, function, title),
        evidence=_shown(lines),
        version=seen.version,
        warnings=_warnings(seen, besides),
    )


def _outcome(
    seen: Seen,
    verdict: Verdict,
    reason: str,
    *,
    type_: str | None = None,
    title: str | None = None,
    evidence: tuple[Evidence, ...],
) -> Outcome:
    """An outcome that blames no kernel."""
    return Outcome(
        verdict,
        reason,
        seen.stage,
        title=title,
        type=type_,
        evidence=evidence,
        version=seen.version,
        warnings=_warnings(seen, None),
    )
