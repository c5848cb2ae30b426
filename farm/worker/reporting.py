"""What a boot came to, as the message that tells the server. Values in, a message out: no HTTP, no drivers.

A machine's console may hold anything: here is where a reading is cut to what a report takes.
"""

from collections.abc import Iterator

from farm.core.wire import ConsoleReport, EvidenceOut, Report
from farm.core.wire.reading import ALTERNATES, EVIDENCE, FACTS, FRAMES, REPORTS, WARNINGS
from farm.core.words import Stage, Verdict
from jobs.outcome import Evidence, Frame, Reading
from jobs.outcome import Report as Seen
from jobs.runner import Result


def infra(reason: str, type_: str = "worker") -> Report:
    """The report of a boot whose console nobody read to its end."""
    return Report(verdict=Verdict.INFRA, reason=reason, stage=Stage.NOTHING, type=type_)


def report(result: Result) -> Report:
    """The report of a boot that ran."""
    read = result.reading
    main = _main(read)
    return Report(
        verdict=read.verdict,
        outcome=read.outcome,
        reason=read.reason,
        stage=read.stage,
        title=read.title,
        type=read.type,
        function=read.function,
        signature=read.signature,
        evidence=[_line(item) for item in read.evidence[:EVIDENCE]],
        warnings=list(read.warnings[:WARNINGS]),
        alternates=list(main.alternates[:ALTERNATES]) if main else [],
        frames=[_frame(frame) for frame in main.frames[:FRAMES]] if main else [],
        corrupted=main is not None and main.corrupted,
        culprit=read.culprit,
        paravirt=dict(list(_facts(read))[:FACTS]),
        reports=[_seen(each) for each in _main_first(read)[:REPORTS]],
        stage_times={stage: round(seconds, 3) for stage, seconds in read.stages},
        booted=read.version,
        device_fault=result.device_fault,
    )


def _main(read: Reading) -> Seen | None:
    """The report that the verdict rests on; where it rests on none, the one the console is known by."""
    own = (one for one in read.reports if (one.title, one.signature) == (read.title, read.signature))
    return next(own, read.report)


def _main_first(read: Reading) -> list[Seen]:
    """All reports; those after the main one in the order of their coming."""
    main, rest = _main(read), list(read.reports)
    if main is None:
        return rest
    if main in rest:
        rest.remove(main)
    return [main, *rest]


def _seen(each: Seen) -> ConsoleReport:
    return ConsoleReport(
        title=each.title,
        type=each.type.value,
        severity=each.severity.name.lower(),
        function=each.function,
        signature=each.signature,
        evidence=_line(each.evidence[0]) if each.evidence else None,
    )


def _line(item: Evidence) -> EvidenceOut:
    return EvidenceOut(line=item.line, offset=item.offset, text=item.text)


def _frame(frame: Frame) -> str:
    return f"{frame}" if frame.reliable else f"? {frame}"


def _facts(read: Reading) -> Iterator[tuple[str, str]]:
    for name in read.paravirt.__slots__:
        value = getattr(read.paravirt, name)
        if value is not None:
            yield name, value
