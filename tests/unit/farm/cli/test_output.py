"""Tables, pairs, JSON and times."""

import json
from datetime import timedelta
from typing import Any

import pytest

from farm.cli import output

Capture = pytest.CaptureFixture[str]


def test_a_table_in_a_pipe_is_never_folded(capsys: Capture) -> None:
    output.print_table(("a", "b", "c"), [("x" * 200, "y" * 300, "z" * 400), (1, None, "")], none="")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["x" * 200, "y" * 300, "z" * 400]
    assert lines[2] == "1"


def test_columns_are_aligned_and_rows_have_no_tail(capsys: Capture) -> None:
    output.print_table(("release", "qemu-i386"), [("6.1.9", "pass"), ("6.1.176", "fail")], none="")
    assert capsys.readouterr().out == "release  qemu-i386\n6.1.9    pass\n6.1.176  fail\n"


def test_wide_characters_are_aligned(capsys: Capture) -> None:
    output.print_table(("a", "b"), [("内核", "x"), ("abcd", "y")], none="")
    assert capsys.readouterr().out.splitlines()[1:] == ["内核  x", "abcd  y"]


def test_a_cell_is_text_and_no_markup(capsys: Capture) -> None:
    output.print_table(("a", "b"), [("[    0.0] [red]x[/red] :smile:", "\x1b[2J\nforged")], none="")
    assert capsys.readouterr().out.splitlines()[1:] == ["[    0.0] [red]x[/red] :smile:  ^[[2J^Jforged"]


def test_an_empty_table_says_so(capsys: Capture) -> None:
    output.print_table(("a",), [], none="no jobs yet")
    assert capsys.readouterr().out == "no jobs yet\n"


def test_a_verdict_has_its_colour() -> None:
    assert output.cell("fail 1/3").style == "bold red"
    assert output.cell("pass").style == "green"
    assert not output.cell("passport").style


def test_pairs_leave_out_what_is_not_known(capsys: Capture) -> None:
    output.print_pairs([("release", "6.1"), ("x", None), ("bits", 32), ("note", ""), ("zero", 0)])
    assert capsys.readouterr().out == "release  6.1\nbits     32\nzero     0\n"


def test_say_writes_one_harmless_line(capsys: Capture) -> None:
    output.say("a\nb\x1b")
    output.say("trouble", err=True)
    assert capsys.readouterr() == ("a^Jb^[\n", "trouble\n")


def test_a_line_is_cut_to_a_width() -> None:
    assert output.cut("abcdef", 4) == "abc…"
    assert output.cut("abcd", 4) == "abcd"


def test_json_has_no_control_character(capsys: Capture, make: Any) -> None:
    output.print_json(make.boot(title="\x1b]0;x\x07 \x9b31m \u202e ü"))
    text = capsys.readouterr().out
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["title"] == "\x1b]0;x\x07 \x9b31m \u202e ü"


def test_json_of_many_is_an_array(capsys: Capture, make: Any) -> None:
    output.print_json([make.boot(1), make.boot(2)])
    assert [boot["id"] for boot in json.loads(capsys.readouterr().out)] == [1, 2]
    output.print_json([])
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("passed", "text"), [(0, "0.0 s"), (12.34, "12.3 s"), (-3, "0.0 s"), (150, "2 m 30 s"), (7320, "2 h 02 m")]
)
def test_seconds(make: Any, passed: float, text: str) -> None:
    begun = make.boot().started_at
    assert output.seconds(begun, begun + timedelta(seconds=passed)) == text


def test_times_that_are_not_known(make: Any) -> None:
    assert output.seconds(None) == "-"
    assert output.moment(None) == "-"
    assert output.moment(make.boot().started_at) == "2026-11-20 12:00"


def test_until_now_is_measured_by_this_clock(make: Any) -> None:
    assert output.seconds(make.boot().started_at - timedelta(days=1000)).endswith("m")
