"""`farm logs`: every byte in a pipe, harmless on a terminal, live over broken lines."""

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.cli import logs, progress
from farm.client import Client

NASTY = b"\x1b]0;owned\x07\x1b[2J\x00\xff\xfe\xc2\x9b31m\xe2\x80\xae<b>\r\nlast line"


@pytest.fixture(autouse=True)
def _boot(farm: Any, make: Any) -> None:
    farm.boots = [make.boot(12, console_size=0)]


def _holds(farm: Any, make: Any, data: bytes) -> None:
    farm.console = data
    farm.boots = [make.boot(12, console_size=len(data))]


@pytest.mark.parametrize("follow", [[], ["-f"], ["--raw"], ["-f", "--raw"]])
def test_a_pipe_gets_every_byte_as_it_is(run: Any, farm: Any, make: Any, follow: list[str]) -> None:
    data = NASTY + bytes(range(256)) * 40
    _holds(farm, make, data)
    farm.pieces = 7
    result = run("logs", 12, *follow)
    assert result.exit_code == 0
    assert result.stdout_bytes == data


def test_a_terminal_gets_nothing_that_steers_it(on_terminal: Any, farm: Any, make: Any) -> None:
    _holds(farm, make, NASTY)
    wrote, code = on_terminal("logs", 12)
    assert code == 0
    shown = "^[]0;owned^G^[[2J^@\\xff\\xfeM-^[31m<U+202E><b>\r\nlast line\r\n"
    assert wrote.decode() == shown


def test_raw_on_a_terminal_is_raw(on_terminal: Any, farm: Any, make: Any) -> None:
    _holds(farm, make, b"\x1b[31mred\x1b[0m\r\n")
    wrote, _ = on_terminal("logs", 12, "--raw")
    assert wrote == b"\x1b[31mred\x1b[0m\r\r\n"  # the terminal's own CR before each LF


def test_live_on_a_terminal_survives_any_cut(on_terminal: Any, farm: Any, make: Any) -> None:
    _holds(farm, make, "µ\r\n内核\x1b\r\n".encode())
    farm.pieces = 1
    wrote, code = on_terminal("logs", 12, "-f")
    assert (wrote.decode(), code) == ("µ\r\n内核^[\r\n", 0)


def test_following_resumes_where_the_line_broke(run: Any, farm: Any, make: Any) -> None:
    _holds(farm, make, bytes(range(256)) * 20)
    farm.pieces = 1000
    farm.breaks = 3
    result = run("logs", 12, "-f")
    assert result.exit_code == 0
    assert result.stdout_bytes == farm.console
    asked = [line for line in farm.asked if "live" in line]
    assert len(asked) == 4
    assert len(set(asked)) > 1  # it went on; it did not begin again


def test_following_outlives_a_proxy_without_its_server(farm: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    _holds(farm, make, b"abcdef")
    farm.refuse["/boots/12/console/live"] = (502, "Bad Gateway")

    def comes_back(_seconds: float) -> None:
        farm.refuse.clear()

    monkeypatch.setattr("farm.cli.logs.time.sleep", comes_back)
    with Client(farm.url) as client:
        assert b"".join(logs.live(client, 12, 2)) == b"cdef"


def test_following_ends_when_patience_does(run: Any, farm: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.02)
    farm.refuse["/boots/12/console/live"] = (502, "Bad Gateway")
    assert run("logs", 12, "-f").exit_code == 2


def test_a_console_with_nothing_in_it(run: Any, farm: Any) -> None:
    assert run("logs", 12).stdout_bytes == b""
    assert run("logs", 12, "-n", 5).stdout_bytes == b""


def test_no_such_boot(run: Any) -> None:
    result = run("logs", 13)
    assert (result.exit_code, result.stderr) == (3, "farm: there is no boot 13\n")


def test_a_console_that_grows_is_read_to_its_end(
    run: Any, farm: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "BLOCK", 64)
    _holds(farm, make, b"x" * 1000)
    farm.boots = [make.boot(12, console_size=10)]  # so it was when it was asked for
    assert run("logs", 12).stdout_bytes == b"x" * 1000
    assert len([line for line in farm.asked if line.endswith("/console")]) > 10


@pytest.mark.parametrize(
    ("lines", "shown"),
    [(0, ""), (1, "three\n"), (2, "two\nthree\n"), (3, "one\ntwo\nthree\n"), (9, "one\ntwo\nthree\n")],
)
def test_the_last_lines(run: Any, farm: Any, make: Any, lines: int, shown: str) -> None:
    _holds(farm, make, b"one\ntwo\nthree\n")
    assert run("logs", 12, "--lines", lines).stdout == shown


def test_the_last_lines_and_then_live(run: Any, farm: Any, make: Any) -> None:
    _holds(farm, make, b"one\ntwo\nthree\n")
    assert run("logs", 12, "-f", "-n", 1).stdout == "three\n"
    assert "GET /boots/12/console/live?offset=8" in farm.asked


class _Stored:
    """As much of a client as a tail needs."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.read = 0

    def console(self, _boot: int, start: int, end: int) -> bytes:
        self.read += end - start
        return self.data[start:end]


@given(st.lists(st.sampled_from([b"\n", b"a", b"bb"]), max_size=40).map(b"".join), st.integers(0, 9), st.integers(1, 9))
def test_the_tail_is_that_of_tail(data: bytes, lines: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "BLOCK", block)
        start = logs.tail_start(cast("Client", _Stored(data)), 12, len(data), lines)
    wanted = data.splitlines(keepends=True)
    assert data[start:] == b"".join(wanted[len(wanted) - lines :] if lines < len(wanted) else wanted)


def test_a_tail_reads_no_more_than_it_must() -> None:
    stored = _Stored(b"line\n" * 2_000_000)
    start = logs.tail_start(cast("Client", stored), 12, len(stored.data), 10)
    assert stored.data[start:] == b"line\n" * 10
    assert stored.read == logs.BLOCK


def test_ctrl_c_while_following_is_130(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object) -> Iterator[bytes]:
        raise KeyboardInterrupt
        yield b""

    monkeypatch.setattr(logs, "live", interrupted)
    assert run("logs", 12, "-f").exit_code == 130


def test_what_is_said_on_a_terminal_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    for chunks, shown in (([b"a\n"], "a\n"), ([b"a"], "a\n"), ([], ""), ([b"a\n", b""], "a\n"), ([b"a\r"], "a^M\n")):
        logs.write(iter(chunks), raw=False)
        assert capsys.readouterr().out == shown


def test_each_piece_is_shown_when_it_comes(start: Any, farm: Any, make: Any) -> None:
    """A pipe must not hold back what a person, or a script with a watchdog, waits for."""
    _holds(farm, make, b"first\n" + b"x" * 10)
    here, there = os.pipe()
    process = start("logs", 12, "-f", stdout=there)
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        assert pipe.readline() == b"first\n"
    process.communicate(timeout=60)
    assert SimpleNamespace(code=process.returncode).code in (0, 141)
