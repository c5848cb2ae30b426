"""A reading as one JSON object: what `farm explain --json` prints and a scorer of readers takes. Knows no files."""

from typing import Any

from jobs.outcome.model import Ending, Evidence, Expectation, Frame, Reading, Report
from jobs.outcome.reader import Reader

CHUNK = 1 << 18


def read(data: bytes, expect: Expectation | None = None) -> Reading:
    """The reading of a stored console; without an expectation, by the signs that people go by."""
    reader = Reader(expect or Expectation())
    for start in range(0, len(data), CHUNK):
        reader.feed(data[start : start + CHUNK])
    return reader.conclude(Ending.END_OF_FILE)


def as_json(reading: Reading) -> dict[str, Any]:
    """`title`, `type` and `function` are those of the gravest report, of a warning too.

    `report`: a kernel report is on the console. `fatal`: the boot failed. `outcome`, `stage`: words of
    farm.core.words. Addresses and offsets are numbers, None where the console does not tell.
    """
    report = reading.report
    return {
        "outcome": reading.outcome.value,
        "stage": reading.stage.value,
        "title": report.title if report else None,
        "type": report.type.value if report else None,
        "kind": report.kind if report else None,
        "function": report.function if report else None,
        "signature": report.signature if report else reading.signature,
        "alternates": list(report.alternates) if report else [],
        "corrupted": reading.corrupted,
        "report": report is not None,
        "fatal": reading.fatal,
        "reason": reading.reason,
        "version": reading.version,
        "starts": reading.starts,
        "culprit": reading.culprit,
        "warnings": list(reading.warnings),
        "paravirt": {name: value for name, value in _paravirt(reading).items() if value is not None},
        "evidence": [_evidence(item) for item in reading.evidence],
        "reports": [_report(item) for item in reading.reports],
    }


def _paravirt(reading: Reading) -> dict[str, str | None]:
    return {name: getattr(reading.paravirt, name) for name in reading.paravirt.__slots__}


def _report(report: Report) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "type": report.type.value,
        "severity": report.severity.name.lower(),
        "title": report.title,
        "function": report.function,
        "alternates": list(report.alternates),
        "signature": report.signature,
        "stage": report.stage.value,
        "consequence": report.consequence,
        "release": report.release,
        "corrupted": report.corrupted,
        "frames": [_frame(frame) for frame in report.frames],
        "evidence": [_evidence(item) for item in report.evidence],
    }


def _frame(frame: Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in frame.__slots__}


def _evidence(item: Evidence) -> dict[str, Any]:
    return {"line": item.line, "offset": item.offset, "text": item.text}
