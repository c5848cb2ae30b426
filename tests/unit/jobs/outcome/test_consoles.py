"""Every stored console gets the outcome that its making says it must have."""

import json
from pathlib import Path
from typing import Any

import pytest

from farm.core.words import Outcome, Verdict
from jobs.outcome import Ending, Expectation, Reader, Reading
from tests.support.broken import Case, load

CONSOLES = Path(__file__).parents[3] / "data" / "consoles"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (CONSOLES / "manifest.jsonl").read_text().splitlines()]


def data_of(row: dict[str, Any]) -> bytes:
    return Path(CONSOLES, row["file"]).read_bytes()


def read(row: dict[str, Any], *, chunk: int | None = None, fetched: bool | None = None) -> tuple[Reader, Reading]:
    data = data_of(row)
    reader = Reader(Expectation(row.get("token"), row.get("pattern"), row.get("release")))
    for start in range(0, len(data), chunk or len(data) or 1):
        reader.feed(data[start : start + (chunk or len(data))])
    ending = Ending.SILENCE if data else Ending.FIRST_BYTE
    return reader, reader.conclude(ending, image_fetched=row.get("fetched") if fetched is None else fetched)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
class TestConsole:
    def test_outcome(self, row: dict[str, Any]) -> None:
        _, outcome = read(row)
        assert (outcome.verdict, outcome.type) == (row["verdict"], row["type"]), outcome.reason
        assert outcome.outcome == row["outcome"]
        assert outcome.function == row.get("function")
        if "stage" in row:
            assert outcome.stage == row["stage"]
        if "evidence" in row:
            assert any(row["evidence"] in item.text for item in outcome.evidence)
        assert bool(outcome.warnings) >= row.get("warnings", False)
        if "warning" in row:
            assert row["warning"] in outcome.warnings

    def test_a_verdict_shows_what_it_rests_on(self, row: dict[str, Any]) -> None:
        _, outcome = read(row)
        data = data_of(row)
        assert outcome.reason
        assert len(outcome.evidence) <= 12
        assert bool(outcome.evidence) == bool(data)
        lines = data.split(b"\n")
        for item in outcome.evidence:
            assert 0 < len(item.text) <= 500
            assert item.text.isprintable()
            assert data.count(b"\n", 0, item.offset) == item.line - 1
            assert item.offset == sum(len(line) + 1 for line in lines[: item.line - 1])

    def test_only_a_failure_has_a_signature(self, row: dict[str, Any]) -> None:
        _, outcome = read(row)
        assert (outcome.signature is not None) == (outcome.verdict == "fail")
        assert (outcome.title is None) == (outcome.verdict == "pass")

    def test_the_split_of_the_bytes_changes_nothing(self, row: dict[str, Any]) -> None:
        whole, outcome = read(row)
        for chunk in (977, 64):
            parts, same = read(row, chunk=chunk)
            assert same == outcome
            assert (parts.settled, parts.stage, parts.version) == (whole.settled, whole.stage, whole.version)

    def test_a_boot_ends_early_when_the_kernel_is_dead_or_done(self, row: dict[str, Any]) -> None:
        reader, outcome = read(row)
        halted = outcome.type == "decompressor"  # its line has no end: seen before `conclude` only
        goes_on = (
            outcome.type in {"silent", "page-fault", "tftp", "dhcp", "no-boot-device"} and "panic" not in outcome.reason
        )
        if outcome.verdict == "pass" or not (goes_on or halted):
            assert reader.settled is not None


def test_one_fault_in_six_kernels_has_one_signature() -> None:
    """dmi_scan_machine, five releases, two branches."""
    outcomes = [read(row)[1] for row in ROWS if row.get("function") == "dmi_scan_machine"]
    assert len(outcomes) == 5
    assert len({outcome.signature for outcome in outcomes}) == 1
    assert len({outcome.version for outcome in outcomes}) == 5


def test_another_function_is_another_signature() -> None:
    found = {row["function"]: read(row)[1].signature for row in ROWS if row["type"] == "early-exception"}
    assert len(found) == len(set(found.values())) == 3


def test_a_machine_that_gave_nothing_is_not_a_kernel_that_failed() -> None:
    """The same empty console: whose fault it is depends on whether the kernel was fetched."""
    empty = next(row for row in ROWS if row["file"].endswith("take1-vmi-norom-setupdata.log"))
    assert read(empty)[1].verdict == "fail"
    assert read(empty, fetched=False)[1].verdict == "infra"
    row = {key: value for key, value in empty.items() if key != "fetched"}
    outcome = read(row)[1]
    assert (outcome.verdict, outcome.type) == ("infra", "no-output")


def test_every_console_has_its_row_and_every_row_its_console() -> None:
    there = {str(path.relative_to(CONSOLES)) for path in CONSOLES.rglob("*.log")}
    assert there == {row["file"] for row in ROWS}


class TestBroken:
    """Debian's kernels, broken on purpose: the header of each file says how, and what must be read."""

    @pytest.mark.parametrize("case", load(), ids=lambda case: case.name)
    def test_the_reading_is_the_headers(self, case: Case) -> None:
        reading = self.read(case)
        report = reading.report
        given = {
            "outcome": reading.outcome.value,
            "type": report.type.value if report else None,
            "function": report.function if report else None,
        }
        assert given == {key: case.expected(key) for key in given}, reading.reason
        if case.expected("stage") is not None:
            assert reading.stage == case.expected("stage")
        assert reading.culprit == case.expected("culprit")

    @pytest.mark.parametrize("case", load(), ids=lambda case: case.name)
    def test_a_boot_that_is_no_clean_one_never_passes(self, case: Case) -> None:
        reading = self.read(case)
        clean = reading.outcome in {Outcome.BOOTED, Outcome.BOOTED_WITH_WARNINGS}
        assert (reading.verdict is Verdict.PASS) <= clean

    @staticmethod
    def read(case: Case) -> Reading:
        token = case.expected("token")
        reader = Reader(Expectation(token=token, release=case.release if token else None))
        reader.feed(case.console)
        return reader.conclude(Ending.END_OF_FILE)
