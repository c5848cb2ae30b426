"""Following a job: what is shown, how long a farm may be away."""

import io
from itertools import pairwise
from typing import Any

import pytest

from farm.cli import progress
from farm.cli.progress import changes, describe, is_away, note_of, state_of, summary, time_of
from farm.client import NoServerError, ServerError
from farm.core.errors import BadInputError
from farm.core.wire import Problem
from farm.core.words import BootState, Phase, Verdict

QUEUED = {"state": BootState.QUEUED, "started_at": None, "finished_at": None, "device": None}
RUNNING = {"state": BootState.RUNNING, "finished_at": None}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "boot 12 qemu-i386"),
        ({"append": "mem=12M quiet"}, "boot 12 qemu-i386 'mem=12M quiet'"),
        ({"repeat": 2}, "boot 12 qemu-i386 #2"),
        ({"attempt": 2}, "boot 12 qemu-i386 attempt 2"),
    ],
)
def test_a_boot_is_told_from_its_siblings(make: Any, fields: dict[str, Any], shown: str) -> None:
    assert describe(make.boot(12, **fields)) == shown


def test_state(make: Any) -> None:
    assert state_of(make.boot(1, None, **QUEUED)) == "queued"
    assert state_of(make.boot(1, None, **RUNNING)) == "running"
    assert state_of(make.boot(1, None, **RUNNING, phases=[make.phase(Phase.LOAD, 3)])) == "running load"
    assert state_of(make.boot(1, Verdict.INFRA)) == "infra"
    assert state_of(make.boot(1, None, state=BootState.CANCELLED)) == "cancelled"


def test_the_note_is_what_a_person_asks_next(make: Any) -> None:
    assert note_of(make.boot(1, None, **QUEUED, waiting="box1 is busy")) == "box1 is busy"
    assert note_of(make.boot(1, None, **QUEUED)) == ""
    assert note_of(make.boot(1, None, **RUNNING)) == ""
    assert note_of(make.boot(1, None, **RUNNING, phases=[make.phase(Phase.POWER, 0, "cycle")])) == "cycle"
    assert note_of(make.boot(1, Verdict.FAIL, reason="it oopsed", title="BUG: x")) == "BUG: x"
    assert note_of(make.boot(1, Verdict.INFRA, reason="no DHCP request")) == "no DHCP request"
    assert note_of(make.boot(1, Verdict.PASS)) == ""
    assert note_of(make.boot(1, Verdict.PASS, warnings=["w"])) == "1 warning on its console"
    assert note_of(make.boot(1, Verdict.PASS, warnings=["w", "w"])) == "2 warnings on its console"


def test_time(make: Any) -> None:
    assert time_of(make.boot()) == "12.5 s"
    assert time_of(make.boot(1, None, state=BootState.CANCELLED, started_at=None)) == "-"


def test_the_summary_counts_what_counts(make: Any) -> None:
    boots = [
        make.boot(1, Verdict.INFRA),
        make.boot(2, Verdict.PASS, retry_of=1),
        make.boot(3, Verdict.FAIL),
        make.boot(4, Verdict.PASS),
        make.boot(5, None, **RUNNING, phases=[make.phase(Phase.KERNEL, 1)]),
    ]
    assert summary(boots) == "1 running, 2 pass, 1 fail"
    assert summary([]) == "no boots"


def test_changes_only_grow(make: Any) -> None:
    """What was printed stays true: each later look begins with the lines of the one before."""
    phases = [make.phase(phase, second) for second, phase in enumerate(Phase)]
    looks = [make.boot(1, None, **QUEUED)]
    looks += [make.boot(1, None, **RUNNING, phases=phases[:count]) for count in range(len(phases) + 1)]
    looks += [make.boot(1, Verdict.PASS, phases=phases)]
    told = [list(changes(look)) for look in looks]
    for before, after in pairwise(told):
        assert after[: len(before)] == before
    assert told[-1][1] == "prepare on box1 at 0.0 s"
    assert told[-1][-1] == "pass after 12.5 s"


@pytest.mark.parametrize(("status", "away"), [(502, True), (503, True), (504, True), (500, False), (404, False)])
def test_a_proxy_without_its_server_may_come_back(status: int, away: bool) -> None:
    assert is_away(ServerError(Problem(title="", status=status, detail=""))) is away


def test_nobody_there_may_come_back() -> None:
    assert is_away(NoServerError("no"))
    assert not is_away(BadInputError("no"))


def test_a_farm_that_restarts_is_waited_for(run: Any, farm: Any, make: Any) -> None:
    farm.job = [
        make.job(make.boot(12, None, **RUNNING)),
        make.job(make.boot(12, None, **RUNNING)),
        make.job(make.boot(12)),
    ]
    assert run("watch", 5).exit_code == 0
    farm.job = [make.job(make.boot(12))]
    farm.away = 3
    first = make.job(make.boot(12, None, **RUNNING))
    from farm.client import Client

    out = io.StringIO()
    with Client(farm.url) as client:
        done = progress.follow(client, first, out)
    assert done.done
    assert out.getvalue().splitlines() == [
        "boot 12 qemu-i386: queued",
        progress.AWAY,
        "boot 12 qemu-i386: pass after 12.5 s",
        "job 5: 6.1.0-50-686: 1 pass",
    ]


def test_patience_ends(run: Any, farm: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.03)
    farm.job = [make.job(make.boot(12, None, **RUNNING))]
    from farm.client import Client

    farm.away = 1000
    with Client(farm.url) as client, pytest.raises(ServerError):
        progress.follow(client, farm.job[0], io.StringIO())


def test_a_job_that_vanished_is_an_error_at_once(farm: Any, make: Any) -> None:
    from farm.client import Client

    with Client(farm.url) as client, pytest.raises(ServerError, match="there is no job 5"):
        progress.follow(client, make.job(make.boot(12, None, **RUNNING)), io.StringIO())


def test_a_retry_is_followed_too(run: Any, farm: Any, make: Any) -> None:
    lost = make.boot(12, Verdict.INFRA, reason="the worker was lost")
    farm.job = [make.job(make.boot(12, None, **RUNNING)), make.job(lost, make.boot(13, retry_of=12, attempt=2))]
    farm.job.insert(0, farm.job[0])
    result = run("watch", 5)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        "boot 12 qemu-i386: infra after 12.5 s: the worker was lost",
        "boot 13 qemu-i386 attempt 2: queued",
        "boot 13 qemu-i386 attempt 2: pass after 12.5 s",
        "job 5: 6.1.0-50-686: 1 pass",
    ]


def test_evidence_of_a_failure_is_bounded(run: Any, farm: Any, make: Any) -> None:
    evidence = [{"line": number, "offset": number, "text": f"line {number}"} for number in range(1, 50)]
    farm.job = [make.job(make.boot(12, Verdict.FAIL, evidence=evidence))]
    shown = run("watch", 5).stdout
    assert "line 3" in shown
    assert "line 4" not in shown
    assert "farm logs 12" in shown


def test_the_terminal_shows_one_live_line_a_boot(on_terminal: Any, farm: Any, make: Any) -> None:
    kernel = [make.phase(Phase.KERNEL, 8.2, "[    0.0] Linux \x1b[31mversion")]
    running = make.job(
        make.boot(12, None, **RUNNING, phases=kernel), make.boot(13, None, **QUEUED, waiting="box1 is busy")
    )
    farm.job = [running, running, make.job(make.boot(12), make.boot(13, Verdict.FAIL, title="BUG: soft lockup"))]
    wrote, code = on_terminal("watch", 5)
    assert code == 1
    assert b"running kernel" in wrote
    assert b"box1 is busy" in wrote
    assert b"^[[31mversion" in wrote  # what a machine says is never a colour of ours
    assert b"\x1b[31mversion" not in wrote
    assert b"BUG: soft lockup" in wrote
    assert b"\x1b[32mpass" in wrote  # and a verdict is
    assert wrote.count(b"\x1b[?25l") == wrote.count(b"\x1b[?25h")


def test_no_color_is_respected(on_terminal: Any, farm: Any, make: Any) -> None:
    farm.job = [make.job(make.boot(12), make.boot(13, Verdict.FAIL))]
    wrote, _ = on_terminal("watch", 5, NO_COLOR="1")
    assert b"pass" in wrote
    assert b"\x1b[32m" not in wrote
    assert b"31m" not in wrote


def test_more_boots_than_lines_show_what_moves_first(make: Any) -> None:
    boots = [make.boot(number) for number in range(1, 99)] + [make.boot(99, None, **RUNNING)]
    shown = progress.board(make.job(*boots))
    assert next(str(cell) for cell in shown.columns[0].cells) == "99"


def test_repeats_and_command_lines_are_shown_where_there_are_any(make: Any) -> None:
    plain = progress.board(make.job(make.boot(1)))
    assert [column.header for column in plain.columns] == ["boot", "environment", "device", "state", "time", ""]
    many = progress.board(make.job(make.boot(1, append="mem=12M", repeat=2), repeat=2))
    assert [str(next(iter(column.cells))) for column in many.columns][1:3] == ["qemu-i386 #2", "mem=12M"]


def test_a_long_note_costs_no_other_column(on_terminal: Any, farm: Any, make: Any) -> None:
    waiting = make.boot(12, None, **QUEUED, waiting="busy: " + "box (boot 1), " * 20)
    farm.job = [make.job(waiting, make.boot(13, None, **RUNNING, phases=[make.phase(Phase.FIRMWARE, 1)]))] * 2
    farm.job.append(make.job(make.boot(12), make.boot(13)))
    wrote, _ = on_terminal("watch", 5, NO_COLOR="1")
    assert b"running firmware" in wrote
    assert "…".encode() in wrote
    assert b"qemu-i386" in wrote
