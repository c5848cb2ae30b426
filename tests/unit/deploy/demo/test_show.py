"""What the demo prints, on a terminal and elsewhere; console text stays inert."""

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from deploy.demo.plan import SMALL, rows
from deploy.demo.show import LiveView, PlainView, elapsed, status, tail_lines, verdict_table
from farm.core.wire import BootOut
from tests.unit.deploy.demo.test_plan import OOM, START, boot


def running(**given: Any) -> BootOut:
    phases = [{"phase": "power", "at": START}, {"phase": "load", "at": START}]
    return boot(**({"state": "running", "verdict": None, "finished_at": None, "phases": phases} | given))


def terminal() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=120, height=60), out


def test_the_tail_is_the_last_lines_without_what_moves_a_terminal() -> None:
    data = b"one\r\ntwo \x1b[31mred\x1b[0m\x1b[2J\x1bc\r\n\r\n\x00\x07three [bold]\xff\r\n"
    assert tail_lines(data, 2) == ["two red", "three [bold]\ufffd"]
    assert tail_lines(b"", 3) == []


def test_status_is_the_verdict_else_the_phase_else_the_state() -> None:
    assert status(boot()) == "pass"
    assert status(running()) == "load"
    assert status(running(phases=[])) == "leased"
    assert status(boot(state="queued", verdict=None)) == "queued"


def test_elapsed_runs_until_the_boot_is_over() -> None:
    later = START + timedelta(seconds=99)
    assert elapsed(running(), later) == "99 s"
    assert elapsed(boot(), later) == "12 s"
    assert elapsed(boot(started_at=None), later) == ""


def test_plain_lines_come_once_per_change_and_not_for_the_queue() -> None:
    out = io.StringIO()
    with PlainView(Console(file=out, width=160)) as view:
        view.update([boot(state="queued", verdict=None, started_at=None)], {})
        view.update([running()], {1: b"text"})
        view.update([running()], {1: b"text"})
        view.update([boot(append=SMALL, verdict="fail")], {})
    assert out.getvalue().splitlines() == [
        "boot #1 6.1.0-50-686 (default): load",
        "boot #1 6.1.0-50-686 mem=10M: fail after 12 s",
    ]


def test_a_terminal_shows_a_line_per_boot_and_the_running_consoles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # on a dumb one nothing is live, whoever runs this
    console, out = terminal()
    with LiveView(console) as view:
        view.update([running(), boot(id=2)], {1: b"Linux version 6.1.176 [red]markup[/red]\r\n\x1b]0;title\x07"})
        view._live.refresh()
    shown = out.getvalue()
    assert "#1" in shown
    assert "qemu1: 6.1.0-50-686" in shown
    assert "Linux version 6.1.176 [red]markup[/red]" in shown
    assert "\x1b]0;" not in shown


def test_the_table_has_a_row_per_kernel_and_command_line_with_its_evidence() -> None:
    console, out = terminal()
    console.print(verdict_table(rows([boot(), boot(id=2, append=SMALL, verdict="fail", evidence=[OOM])])))
    default, small = (line for line in out.getvalue().splitlines() if "6.1.176" in line)
    assert "(default)" in default
    assert "pass" in default
    assert "12.3" in default
    assert "fail" in small
    assert "System is" in small


def test_an_empty_table_can_be_printed() -> None:
    console, out = terminal()
    console.print(verdict_table([]))
    assert "Verdicts" in out.getvalue()
