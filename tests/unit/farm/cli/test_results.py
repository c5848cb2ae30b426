"""`farm jobs`, `job`, `boot`, `watch`, `cancel`."""

import json
from typing import Any

import pytest

from farm.core.words import BootState, Phase, Stage, Verdict

CANCELLED = {"state": BootState.CANCELLED}


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PASS], 0),
        ([Verdict.PASS, Verdict.FAIL], 1),
        ([Verdict.PASS, Verdict.INFRA], 2),
        ([Verdict.INCONCLUSIVE], 2),
    ],
)
def test_watch_exits_with_the_verdict(run: Any, farm: Any, make: Any, verdicts: list[Verdict], code: int) -> None:
    farm.job = [make.job(*(make.boot(number, verdict) for number, verdict in enumerate(verdicts)))]
    assert run("watch", 5).exit_code == code


def test_watch_takes_the_newest_job(run: Any, farm: Any, make: Any) -> None:
    farm.newest = [make.job(make.boot(12))]
    result = run("watch")
    assert result.exit_code == 0
    assert "job 5: " in result.stdout
    assert "GET /jobs?limit=1" in farm.asked


def test_watch_without_any_job(run: Any) -> None:
    result = run("watch")
    assert (result.exit_code, result.stderr) == (3, "farm: there is no job yet; `farm submit IMAGE` makes one\n")


def test_watch_of_no_such_job(run: Any) -> None:
    result = run("watch", 77)
    assert (result.exit_code, result.stderr) == (3, "farm: there is no job 77\n")


def test_jobs_is_a_table(run: Any, farm: Any, make: Any) -> None:
    farm.newest = [
        make.job(make.boot(1), make.boot(2, Verdict.FAIL), id=10, environments=["qemu-i386", "vmware-esx"]),
        make.job(make.boot(3, None, state=BootState.RUNNING), id=9, submitter=""),
    ]
    assert run("jobs").stdout.splitlines() == [
        "job  UTC               release       environments           boots           submitter",
        "10   2026-11-20 12:00  6.1.0-50-686  qemu-i386, vmware-esx  1 pass, 1 fail  ada@hill",
        "9    2026-11-20 12:00  6.1.0-50-686  qemu-i386              1 running",
    ]


def test_jobs_as_json(run: Any, farm: Any, make: Any) -> None:
    farm.newest = [make.job(make.boot(1))]
    assert json.loads(run("jobs", "--json", "--limit", 7).stdout)[0]["id"] == 5
    assert "GET /jobs?limit=7" in farm.asked


def test_no_jobs(run: Any) -> None:
    assert run("jobs").stdout == "no jobs yet\n"
    assert json.loads(run("jobs", "--json").stdout) == []


def test_a_job_with_its_boots(run: Any, farm: Any, make: Any) -> None:
    build = make.build(tree="stable", commit="abc123", patch="take 2")
    farm.job = [make.job(make.boot(1), make.boot(2, Verdict.FAIL, title="panic: x"), build=build, tags=["pae"])]
    shown = run("job", 5).stdout
    for line in (
        "job        5, 2026-11-20 12:00 UTC, priority 50",
        "source     stable, abc123, take 2",
        "release    6.1.0-50-686, version 6.1.176, branch 6.1.y",
        "tags       pae",
        "boots      1 pass, 1 fail",
    ):
        assert line in shown.splitlines()
    rows = [line.split() for line in shown.splitlines()[-2:]]
    assert rows[0] == ["1", "qemu-i386", "box1", "pass", "12.5", "s"]
    assert rows[1] == ["2", "qemu-i386", "box1", "fail", "12.5", "s", "panic:", "x"]


def test_a_job_as_json(run: Any, farm: Any, make: Any) -> None:
    farm.job = [make.job(make.boot(1))]
    assert json.loads(run("job", 5, "--json").stdout)["boots"][0]["verdict"] == "pass"


def test_a_boot_shows_its_evidence(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [
        make.boot(
            12,
            Verdict.FAIL,
            reason="the kernel panicked",
            title="panic: no memory",
            signature="s1",
            stage=Stage.INIT,
            attempt=2,
            retry_of=11,
            phases=[make.phase(Phase.POWER, 0.25), make.phase(Phase.KERNEL, 8, "banner")],
            evidence=[{"line": 120, "offset": 9000, "text": "Kernel panic - not syncing\x07"}],
            warnings=["WARNING: at x", "WARNING in foo"],
            outcome="panic",
            alternates=["panic", "no memory"],
            frames=["panic+0x1/0x2", "? foo+0x3/0x4 [\x1bmod]"],
            culprit="acpi_init",
            paravirt={"platform": "vmi", "reserved_top": "0xf7c00000", "command_line": "quiet"},
            reports=[
                {"title": "panic: no memory", "type": "panic", "severity": "fatal"},
                {
                    "title": "WARNING in foo",
                    "type": "warning",
                    "severity": "warning",
                    "evidence": {"line": 70, "offset": 5000, "text": "WARNING: CPU"},
                },
                {"title": "lost", "type": "loader", "severity": "loader_error"},
            ],
            console_size=12345,
        )
    ]
    lines = run("boot", 12).stdout.splitlines()
    for line in (
        "boot          12 of job 5, repeat 1, attempt 2, again after boot 11",
        "device        box1 in demo",
        "state         fail, 12.5 s",
        "reason        the kernel panicked",
        "outcome       panic",
        "title         panic: no memory",
        "also known    panic; no memory",
        "stage         init",
        "culprit       acpi_init",
        "console       12,345 bytes; `farm logs 12` shows it",
        "phase   began at",
        "kernel  8.0 s     banner",
        "evidence",
        "  L120  Kernel panic - not syncing^G",
        "trace",
        "  panic+0x1/0x2",
        "  ? foo+0x3/0x4 [^[mod]",
        "also reported",
        "  L70  warning: WARNING in foo",
        "  -  loader error: lost",
        "warnings",
        "  WARNING: at x",
        "machine",
        "  platform: vmi",
        "  reserved top: 0xf7c00000",
    ):
        assert line in lines
    assert "  WARNING in foo" not in lines  # it is among the reports, with its line
    assert "fatal" not in "\n".join(lines)  # the title is that
    assert "quiet" not in "\n".join(lines)


def test_a_trace_of_something_else_than_the_verdicts_cause_says_so(run: Any, farm: Any, make: Any) -> None:
    warned = {"title": "WARNING in foo", "type": "warning", "severity": "warning"}
    farm.boots = [make.boot(12, outcome="booted-with-warnings", reports=[warned], frames=["foo+0x1/0x2"])]
    lines = run("boot", 12).stdout.splitlines()
    assert "trace of WARNING in foo" in lines
    assert "  -  warning: WARNING in foo" in lines
    assert "outcome       booted-with-warnings" in lines


def test_a_torn_report_is_said_to_be_torn(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [make.boot(12, Verdict.FAIL, outcome="oops", corrupted=True)]
    assert "outcome       oops; its report is torn" in run("boot", 12).stdout.splitlines()


def test_a_queued_boot_says_why(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [
        make.boot(12, None, state=BootState.QUEUED, started_at=None, finished_at=None, device=None, cmdline="",
                  append="mem=12M", waiting="box1 is in maintenance")
    ]  # fmt: skip
    shown = run("boot", 12).stdout
    assert "waiting       box1 is in maintenance\n" in shown
    assert "command line  mem=12M\n" in shown
    assert "device" not in shown
    assert "phase" not in shown


def test_a_boot_as_json(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [make.boot(12)]
    assert json.loads(run("boot", 12, "--json").stdout)["id"] == 12


def test_no_such_boot(run: Any) -> None:
    result = run("boot", 12)
    assert (result.exit_code, result.stderr) == (3, "farm: there is no boot 12\n")


def test_cancel_a_job(run: Any, farm: Any, make: Any) -> None:
    farm.job = [make.job(make.boot(1), make.boot(2, None, **CANCELLED))]
    result = run("cancel", 5)
    assert (result.exit_code, result.stdout) == (0, "job 5: 1 cancelled, 1 pass\n")
    assert farm.asked == ["POST /jobs/5/cancel"]


@pytest.mark.parametrize("args", [["cancel", "5", "--boot", "12"], ["cancel", "--boot", "12"]])
def test_cancel_a_boot(run: Any, farm: Any, make: Any, args: list[str]) -> None:
    farm.boots = [make.boot(12, None, **CANCELLED)]
    result = run(*args)
    assert (result.exit_code, result.stdout) == (0, "boot 12 qemu-i386: cancelled\n")
    assert farm.asked[-1] == "POST /boots/12/cancel"


def test_a_boot_of_another_job_is_not_cancelled(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [make.boot(12)]
    result = run("cancel", 6, "--boot", 12)
    assert (result.exit_code, result.stderr) == (3, "farm: --boot: boot 12 is of job 5, not 6\n")
    assert farm.asked == ["GET /boots/12"]


def test_cancel_what(run: Any) -> None:
    result = run("cancel")
    assert (result.exit_code, result.stderr) == (3, "farm: say which job, or which boot with --boot\n")
