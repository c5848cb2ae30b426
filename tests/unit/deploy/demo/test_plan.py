"""What the demo expects of real kernels, and how it says what differs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.plan import DEFAULT, SMALL, evidence, expected, fault, faults, last_attempts, rows, turns
from farm.core.wire import BootOut, Details
from farm.core.words import Verdict

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OOM = {"line": 700, "offset": 30_000, "text": "Kernel panic - not syncing: System is deadlocked on memory"}


def boot(**given: Any) -> BootOut:
    """A finished, passed boot of 6.1.176 with the default command line, changed by `given`."""
    fields: dict[str, Any] = dict.fromkeys(
        ["outcome", "stage", "title", "type", "function", "signature", "booted", "waiting"]
    )
    fields |= dict(Details()) | {
        "id": 1, "job": 1, "build": 1, "release": "6.1.0-50-686", "version": "6.1.176", "branch": "6.1.y",
        "environment": "i386-pc", "append": DEFAULT, "repeat": 1, "attempt": 1, "retry_of": None, "state": "finished",
        "verdict": "pass", "reason": "", "evidence": [], "warnings": [], "device": "qemu1", "lab": "demo",
        "cmdline": "", "queued_at": START, "started_at": START, "finished_at": START + timedelta(seconds=12.34),
        "phases": [], "console_size": 9,
    }  # fmt: skip
    return BootOut.model_validate(fields | given)


@pytest.mark.parametrize(
    ("version", "append", "verdict"),
    [
        ("5.10.223", DEFAULT, "pass"),
        ("6.1.176", DEFAULT, "pass"),
        ("4.19.300", SMALL, "pass"),
        ("5.9.1", SMALL, "pass"),
        ("5.10.223", SMALL, "pass"),
        ("6.1.170", SMALL, "fail"),
        ("6.5.10", SMALL, "fail"),
    ],
)
def test_expectations(version: str, append: str, verdict: str) -> None:
    assert expected(version, append) == verdict


def test_a_boot_as_expected_has_no_fault() -> None:
    assert fault(boot()) == ""
    assert fault(boot(append=SMALL, verdict="fail", evidence=[OOM])) == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"verdict": "infra", "reason": "no DHCP request"}, r"pass was expected, infra came \(no DHCP request\)"),
        ({"append": SMALL}, r"fail was expected, pass came \(no reason given\)"),
        ({"append": SMALL, "version": "5.10.223", "verdict": "fail"}, "pass was expected, fail came"),
        ({"verdict": None, "state": "cancelled"}, "pass was expected, cancelled came"),
        ({"append": SMALL, "verdict": "fail"}, "no line of evidence shows the panic"),
    ],
)
def test_a_fault_is_said_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(fault(boot(**given)))


def test_the_evidence_shown_is_the_panic_else_the_last_line_else_the_reason() -> None:
    other = {"line": 1, "offset": 0, "text": "oom-killer"}
    assert evidence(boot(evidence=[OOM, other])) == OOM["text"]
    assert evidence(boot(evidence=[other])) == "oom-killer"
    assert evidence(boot(reason="token seen")) == "token seen"


def test_only_the_last_attempt_counts() -> None:
    tried = [boot(id=3, attempt=2, retry_of=1), boot(id=1, verdict="infra"), boot(id=2, append=SMALL)]
    assert sorted(each.id for each in last_attempts(tried)) == [2, 3]


def test_rows_read_downwards_from_old_to_new_within_a_command_line() -> None:
    table = rows(
        [
            boot(id=1, job=1, append=SMALL, verdict="fail", evidence=[OOM]),
            boot(id=2, job=1),
            boot(id=3, job=2, release="5.10.0-32-686", version="5.10.223", branch="5.10.y", append=SMALL),
            boot(id=4, job=2, release="5.10.0-32-686", version="5.10.223", branch="5.10.y"),
        ]
    )
    assert [(row.command_line, row.version, row.verdict) for row in table] == [
        ("(default)", "5.10.223", "pass"),
        ("(default)", "6.1.176", "pass"),
        ("mem=10M", "5.10.223", "pass"),
        ("mem=10M", "6.1.176", "fail"),
    ]
    assert table[0].seconds == pytest.approx(12.34)
    assert turns(table) == ["mem=10M: 5.10.223 passes, 6.1.176 fails"]
    assert faults(table, kernels=2) == []


def test_an_unfinished_boot_has_no_seconds() -> None:
    (row,) = rows([boot(state="running", verdict=None, finished_at=None)])
    assert (row.verdict, row.seconds) == ("running", None)


def test_a_boot_that_did_not_come_is_a_fault() -> None:
    assert faults(rows([boot(verdict=Verdict.INFRA)]), kernels=1) == [
        "6.1.0-50-686 (default): pass was expected, infra came (no reason given)",
        "2 boots were asked for, 1 came",
    ]
