"""From how a boot ended to whose fault that is. The order of the questions is the policy:

was it our kernel; did it report a fault; did it reach the end; did it start over; where did it stop; did it start.
"""

from collections.abc import Iterable

from farm.core.words import Outcome, Stage, Verdict
from jobs.outcome import ending as endings
from jobs.outcome.block import Block
from jobs.outcome.formats.row import Severity, Type
from jobs.outcome.lines import Line, records
from jobs.outcome.lives import Restart
from jobs.outcome.model import Ending, Evidence, Paravirt, Reading
from jobs.outcome.seen import Seen
from jobs.outcome.signature import signature

_EVIDENCE = 12
_LOST = {Outcome.CONSOLE_LOST: "the console's peer went away", Outcome.POWER_LOST: "the machine lost power"}
_TALKING = {Ending.TOTAL: "the total deadline", Ending.FLOOD: "the limit of console bytes"}
_SURE = 3  # times the firmware must have started before a kernel that was fetched is to blame for it


def decide(seen: Seen, last: Line | None, ending: Ending, *, image_fetched: bool | None) -> Reading:
    """The reading. `last` is the last line with anything on it; `image_fetched` as in Reader.conclude."""
    found = endings.find(seen, ending, image_fetched=image_fetched)
    judge = _Judge(seen, last, ending, found, image_fetched=image_fetched)
    return judge.reading()


class _Judge:
    """The questions, one method each. Lives for one decision."""

    def __init__(
        self, seen: Seen, last: Line | None, ending: Ending, found: endings.Found, *, image_fetched: bool | None
    ) -> None:
        self.seen = seen
        self.last = last
        self.ending = ending
        self.found = found
        self.fetched = image_fetched

    def reading(self) -> Reading:
        seen, block = self.seen, self.found.block
        if seen.wrong_kernel or (self.fetched is False and not self._ours()):
            return self._not_ours()
        if block is not None and block.severity in {Severity.OOPS, Severity.FATAL}:
            return self._reported(block)
        if seen.first.end is not None and not seen.early_resets:
            return self._ended(seen.first.end)
        if seen.first.end is not None:
            return self._reset_early(seen.first.end)
        if (restart := seen.lives.restart or seen.lives.doubt) is not None:
            return self._started_over(restart)
        if seen.first.stage.rank >= Stage.DECOMPRESS.rank:
            return self._stopped(block)
        return self._never_started(block)

    def _ours(self) -> bool:
        """The console proves that the kernel under test ran, whatever the boot driver saw of the fetching."""
        first = self.seen.first
        return first.started or first.end is not None or (self.seen.wanted is not None and first.banner is not None)

    # The answers

    def _reported(self, block: Block) -> Reading:
        seen, report = self.seen, self.seen.report(block)
        fatal = next((each for each in seen.reports.blocks if each.severity is Severity.FATAL), None)
        evidence = [*report.evidence, *([fatal.first] if fatal else [])]
        if block.row.type in {Type.NO_ROOT, Type.INIT_DIED}:
            evidence += [shown for _, shown in seen.context]
        reason = report.title
        if report.consequence is not None:
            reason += f", then {report.consequence}"
        elif fatal is not None and fatal is not block and self.seen.report(fatal).title != reason:
            then = self.seen.report(fatal)
            reason += f", then {then.title}" + (f", then {then.consequence}" if then.consequence else "")
        elif seen.first.end is not None:
            reason += "; the boot still reached its end, but this is no clean pass"
            evidence.append(seen.first.end.evidence())
        if seen.lives.count > 1:
            reason += f"; the machine started over {_times(seen.lives.count - 1)}"
            if seen.life.release not in {None, seen.first.release}:
                reason += f", into another kernel: {seen.life.release}"
        if seen.spoiled is not None:
            reason += "; before that, the initramfs did not unpack whole"
            evidence.append(seen.spoiled.first)
        type_ = report.kind if report.type is Type.USERSPACE else report.type
        return self._fail(type_, report.title, reason, evidence, block=block)

    def _ended(self, end: Line) -> Reading:
        seen, first = self.seen, self.seen.first
        if first.failed:
            names = ", ".join(first.checks) or f"{first.failed} of farm-init's"
            lines = [*first.checks.values(), end]
            return self._fail("check", f"check failed: {names}", f"the kernel booted, but failed: {names}", lines)
        sign = self._sign()
        if seen.spoiled is not None:
            # What ran is not what was handed in: its success says nothing, and its failure would not have either.
            return self._reading(
                Verdict.INCONCLUSIVE,
                f"{sign} was seen, but the initramfs did not unpack whole",
                [seen.spoiled.first, end],
                type_="bad-initramfs",
                title=seen.report(seen.spoiled).title,
            )
        warned = self._warnings(None)
        reason = f"{sign} was seen" + (f", with {len(warned)} warning{'s'[: len(warned) > 1]}" if warned else "")
        return self._reading(Verdict.PASS, reason, [end, *(block.first for block in seen.reports.blocks)])

    def _sign(self) -> str:
        if self.seen.expect.open:
            return "a sign that the boot came to its end"
        return "farm-init's end marker" if self.seen.expect.pattern is None else "the job's success pattern"

    def _reset_early(self, end: Line) -> Reading:
        reason = "the machine started over after the image was started and before the kernel's first line"
        return self._fail("reset", "unexpected reset before the kernel's first line", reason, [end])

    def _started_over(self, restart: Restart) -> Reading:
        seen = self.seen
        release = restart.release or (seen.life.release if seen.lives.count > 1 else None)
        after = f" after {_quoted(restart.last)}" if restart.last else ""
        lines = [seen.first.banner, restart.last, restart.line]
        if release is not None and release == seen.first.release:
            reason = f"the machine reset by itself{after} and booted the same kernel again"
            return self._fail("reboot-loop", "reboot loop", reason, lines)
        other = f"; then another kernel booted: {release}" if release else ""
        return self._fail("reset", "unexpected reset", f"the machine reset by itself{after}{other}", lines)

    def _stopped(self, block: Block | None) -> Reading:
        """The image ran, and neither died aloud nor reached its end."""
        outcome, where = self.found.outcome, _quoted(self.last)
        if outcome in _LOST:
            return self._infra(outcome.value, f"{_LOST[outcome]} after {where}", [self.last])
        if block is not None and block.severity in {Severity.STALL, Severity.GIVEN_UP}:
            report = self.seen.report(block)
            reason = f"{report.title}; the boot did not reach its end"
            return self._fail(report.type, report.title, reason, [*report.evidence, self.last], block=block)
        stage = self.seen.first.stage.value
        if outcome is Outcome.REBOOT_LOOP:
            times = _times(self.seen.image_starts - 1)
            reason = f"the image started over {times} before the kernel's first line"
            return self._fail("reboot-loop", "reboot loop before the first line", reason, [self.last])
        if self.ending is Ending.POWER_LOST:
            reason = "the machine powered itself down before its end"
            return self._fail("unfinished", "powered down before its end", reason, [self.last])
        if self.ending in _TALKING:
            reason = f"did not finish: still talking at {_TALKING[self.ending]}, last {where}"
            return self._fail("unfinished", f"did not finish, stage {stage}", reason, [self.last])
        culprit = self.seen.first.calling
        if culprit is not None:
            reason = f"silent in the initcall {culprit}, after {where}"
            return self._fail("silent", f"silent, initcall {culprit}", reason, [self.last], function=culprit)
        return self._fail("silent", f"silent, stage {stage}", f"silent after {where}", [self.last])

    def _never_started(self, block: Block | None) -> Reading:
        """Not one line of the image."""
        seen, outcome, last = self.seen, self.found.outcome, self.last
        if seen.loader:
            return self._loader()
        if outcome in _LOST:
            return self._infra(outcome.value, f"{_LOST[outcome]} before a kernel spoke", [last])
        if self.fetched and seen.firmware_starts >= _SURE:
            times = _times(seen.firmware_starts - 1)
            reason = f"the machine fetched the kernel and started over {times} before its first line"
            return self._fail("reboot-loop", "reboot loop before the first line", reason, [last])
        if self.fetched and self.ending not in _TALKING:
            where = f"after {_quoted(last)}" if last else "from the start"
            reason = f"silent {where}: the machine fetched the kernel, which printed nothing"
            return self._fail("silent", "silent before the kernel's first line", reason, [last])
        if last is None:
            return self._infra("no-output", "the machine gave no console byte", [])
        if block is not None:
            report = self.seen.report(block)
            return self._fail(report.type, report.title, report.title, [*report.evidence, last], block=block)
        return self._infra("no-kernel", f"no kernel line was seen; the last line was {_quoted(last)}", [last])

    def _not_ours(self) -> Reading:
        seen = self.seen
        if seen.wrong_kernel:
            reason = f"another kernel booted: {seen.first.release} instead of {seen.wanted}"
            return self._infra("another-kernel", reason, [seen.first.banner])
        if seen.loader:
            return self._loader()
        if seen.first.running:
            reason = "the machine never fetched the image: what booted was not the kernel under test"
            return self._infra("another-kernel", reason, [seen.first.banner, self.last])
        return self._infra("not-fetched", "the machine never fetched the image", [self.last])

    def _loader(self) -> Reading:
        first = self.seen.loader[0]
        title = self.seen.report(first).title
        lines = [block.first for block in self.seen.loader]
        return self._infra(first.row.kind, f"{title}: {first.first.text}", lines, title=title)

    # What all answers share

    def _infra(
        self, type_: str, reason: str, lines: Iterable[Line | Evidence | None], *, title: str | None = None
    ) -> Reading:
        title = title or reason.partition(":")[0]
        return self._reading(Verdict.INFRA, reason, lines, type_=type_, title=title)

    def _fail(
        self,
        type_: str,
        title: str,
        reason: str,
        lines: Iterable[Line | Evidence | None],
        *,
        block: Block | None = None,
        function: str | None = None,
    ) -> Reading:
        report = self.seen.report(block) if block is not None else None
        return self._reading(
            Verdict.FAIL,
            reason,
            lines,
            type_=type_,
            title=title,
            function=report.function if report else function,
            signature_=report.signature if report else signature(type_, function, title),
            besides=block,
        )

    def _reading(
        self,
        verdict: Verdict,
        reason: str,
        lines: Iterable[Line | Evidence | None],
        *,
        type_: str | None = None,
        title: str | None = None,
        function: str | None = None,
        signature_: str | None = None,
        besides: Block | None = None,
    ) -> Reading:
        seen = self.seen
        shown = {item.evidence() if isinstance(item, Line) else item for item in lines if item is not None}
        block = endings.headline(seen)
        reports = tuple(self.seen.report(each) for each in seen.reports.blocks)
        return Reading(
            verdict=verdict,
            outcome=self.found.outcome,
            reason=reason,
            stage=seen.first.stage,
            title=title,
            type=type_,
            function=function,
            signature=signature_,
            evidence=tuple(sorted(shown, key=lambda item: item.offset)[:_EVIDENCE]),
            version=seen.version or next((each.release for each in reports if each.release), None),
            warnings=self._warnings(besides),
            report=self.seen.report(block) if block is not None else None,
            reports=reports,
            starts=seen.lives.count if seen.first.running else 0,
            culprit=endings.culprit(seen),
            paravirt=Paravirt(**seen.facts),
            stages=tuple(seen.stages.items()),
        )

    def _warnings(self, besides: Block | None) -> tuple[str, ...]:
        seen = self.seen
        titles = [
            self.seen.report(block).title
            for block in seen.reports.blocks
            if block is not besides and block.severity in {Severity.STALL, Severity.WARNING}
        ]
        if seen.first.end is not None and seen.firmware_starts > 1:
            titles.append(f"firmware started {seen.firmware_starts} times before the kernel's first line")
        return tuple(dict.fromkeys(titles))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _quoted(line: Line | None) -> str:
    if line is None:
        return "nothing"
    text = next(iter(reversed([part.message for part in records(line.text)])), line.text).strip()
    return f"'{text[:120]}'"
