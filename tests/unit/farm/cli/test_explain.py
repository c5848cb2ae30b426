"""`farm explain`: any console, from files or a pipe, without a farm."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.symbols import load
from jobs.symbols.table import Table
from tests.support.excerpts import BOOT, RELEASE, oops

LOGIN = "tfguest login: \n"
CRASH = BOOT + oops("foo_init", "do_one_initcall") + "Kernel panic - not syncing: Fatal exception in interrupt\n"
TITLE = "BUG: unable to handle kernel NULL pointer dereference in foo_init"
KEYS = {"outcome", "title", "type", "function", "report", "fatal", "version", "stage"}
MAIN = "from farm.cli.app import main; main()"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def crash(tmp_path: Path) -> Path:
    return console(tmp_path / "crash.log", CRASH)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return console(tmp_path / "good.log", BOOT + LOGIN)


def console(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def piped(data: bytes, *args: str) -> subprocess.CompletedProcess[bytes]:
    """`farm explain ARGS` as a process of its own, `data` coming through a pipe."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
    return subprocess.run(
        [sys.executable, "-c", MAIN, "explain", *args],
        input=data, capture_output=True, check=False, timeout=120, cwd=Path(__file__).parents[4], env=environment,
    )  # fmt: skip


def pairs(shown: str) -> dict[str, str]:
    """The names and values at the top."""
    rows = (re.split(r"  +", line, maxsplit=1) for line in shown.partition("\n\n")[0].splitlines())
    return {row[0]: row[1] for row in rows}


class TestForPeople:
    def test_a_crash(self, run: Any, farm: Any, crash: Path) -> None:
        result = run("explain", crash)
        assert (result.exit_code, result.stderr) == (0, "")
        said = pairs(result.stdout)
        assert (said["outcome"], said["kernel"], said["stage"]) == ("oops", RELEASE, "init")
        assert (said["title"], said["type"], said["function"]) == (TITLE, "page-fault", "foo_init")
        assert re.fullmatch("[0-9a-f]{16}", said["signature"])
        assert said["also known as"] == "bad-access in foo_init"
        assert "console" not in said
        assert farm.asked == []

    def test_its_lines_and_frames(self, run: Any, crash: Path) -> None:
        lines = run("explain", crash).stdout.splitlines()
        assert f"fatal: {TITLE}, then kernel panic: Fatal exception in interrupt" in lines
        number = BOOT.count("\n") + 1
        assert f"  L{number}  {CRASH.splitlines()[number - 1]}" in lines
        assert any(re.match(r"    do_one_initcall\+0x", line) for line in lines)

    def test_a_good_boot_shows_what_proves_it(self, run: Any, good: Path) -> None:
        shown = run("explain", good).stdout
        assert pairs(shown)["outcome"] == "booted"
        assert "title" not in pairs(shown)
        assert f"L{BOOT.count(chr(10)) + 1}  {LOGIN.strip()}" in shown.splitlines()

    def test_a_torn_report_says_so(self, run: Any, tmp_path: Path) -> None:
        path = console(tmp_path / "x", BOOT + "BUG: unable to handle kernel NULL pointer dereference at 00000000\n")
        assert pairs(run("explain", path).stdout)["torn"].startswith("yes")

    def test_several_consoles_are_told_apart(self, run: Any, crash: Path, good: Path) -> None:
        shown = run("explain", crash, good).stdout
        assert re.findall(r"(?m)^console +(.*)$", shown) == [str(crash), str(good)]
        assert re.findall(r"(?m)^outcome +(.*)$", shown) == ["oops", "booted"]

    def test_a_machine_that_started_over(self, run: Any, tmp_path: Path) -> None:
        said = pairs(run("explain", console(tmp_path / "x", BOOT * 3)).stdout)
        assert (said["outcome"], said["kernels"]) == ("reboot-loop", "3 began to talk")

    def test_what_the_kernel_says_of_the_machine_but_not_its_command_line(self, run: Any, tmp_path: Path) -> None:
        said = pairs(run("explain", console(tmp_path / "x", f"{BOOT}Booting paravirtualized kernel on vmi\n")).stdout)
        assert said["platform"] == "vmi"
        assert "command line" not in said
        assert "command_line" not in said

    def test_an_empty_file(self, run: Any, tmp_path: Path) -> None:
        result = run("explain", console(tmp_path / "x", ""))
        assert (result.exit_code, pairs(result.stdout)["outcome"]) == (0, "no-output")


class TestJson:
    def test_one_object(self, run: Any, crash: Path) -> None:
        result = run("explain", "--json", crash)
        assert (result.exit_code, result.stderr) == (0, "")
        said = json.loads(result.stdout)
        assert set(said) >= KEYS
        assert "file" not in said
        assert {key: said[key] for key in KEYS} == {
            "outcome": "oops", "title": TITLE, "type": "page-fault", "function": "foo_init", "report": True,
            "fatal": True, "version": RELEASE, "stage": "init",
        }  # fmt: skip

    def test_it_is_for_one_console(self, run: Any, crash: Path, good: Path) -> None:
        result = run("explain", "--json", crash, good)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "--jsonl" in result.stderr
        assert result.stderr.count("\n") == 1

    def test_it_is_not_both(self, run: Any, crash: Path) -> None:
        assert run("explain", "--json", "--jsonl", crash).exit_code == 3

    def test_many_files_one_line_each(self, run: Any, crash: Path, good: Path) -> None:
        result = run("explain", "--jsonl", crash, good, crash)
        assert result.exit_code == 0
        said = [json.loads(line) for line in result.stdout.splitlines()]
        assert [each["file"] for each in said] == [str(crash), str(good), str(crash)]
        assert [each["outcome"] for each in said] == ["oops", "booted", "oops"]
        assert all(set(each) >= KEYS for each in said)
        assert said[0] == said[2]


class TestWhatIsExpected:
    def test_a_token(self, run: Any, tmp_path: Path) -> None:
        path = console(tmp_path / "x", BOOT + "farm-init: end token=feedc0de failed=0\n")
        assert pairs(run("explain", path, "--token", "feedc0de").stdout)["outcome"] == "booted"
        assert pairs(run("explain", path, "--token", "0ddba11").stdout)["outcome"] == "hang"

    def test_a_pattern(self, run: Any, good: Path) -> None:
        assert pairs(run("explain", good, "--pattern", "login: $").stdout)["outcome"] == "booted"
        assert pairs(run("explain", good, "--pattern", "all is well").stdout)["outcome"] == "hang"

    def test_a_release(self, run: Any, good: Path) -> None:
        assert pairs(run("explain", good, "--release", RELEASE).stdout)["outcome"] == "booted"
        assert pairs(run("explain", good, "--release", "2.6.28").stdout)["outcome"] == "wrong-kernel"

    def test_a_pattern_that_is_none(self, run: Any, good: Path) -> None:
        result = run("explain", good, "--pattern", "(")
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith("farm: pattern: not a regular expression")


class TestSymbols:
    """With the build's own, addresses have names: a kernel without CONFIG_KALLSYMS prints none."""

    BARE = re.sub(r"(?m)( \[<[0-9a-f]{8}>\])[ a-z].*$|^EIP is at .*\n", r"\1", CRASH)

    @pytest.fixture
    def system_map(self, tmp_path: Path) -> Path:
        text = "c0100000 T _text\nc0101000 T bar_probe\nc0102000 t bar_caller\nc0103000 T _etext\n"
        return console(
            tmp_path / "System.map", f"{text}c0200000 T _sinittext\nc0200000 t x_init\nc0201000 T _einittext\n"
        )

    def test_the_function_is_found(self, run: Any, tmp_path: Path, system_map: Path) -> None:
        path = console(tmp_path / "x", self.BARE)
        assert "foo_init" not in self.BARE
        assert "function" not in pairs(run("explain", path).stdout)
        result = run("explain", path, "--symbols", system_map)
        assert (result.exit_code, result.stderr) == (0, "")
        assert pairs(result.stdout)["function"] == "bar_probe"

    def test_another_builds_are_not_used_and_that_is_said(
        self, run: Any, tmp_path: Path, system_map: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = load.load(system_map)
        assert isinstance(table, Table)
        monkeypatch.setattr(load, "load", lambda _: replace(table, release="2.6.28"))
        result = run("explain", console(tmp_path / "x", self.BARE), "--symbols", system_map)
        assert result.exit_code == 0
        assert "function" not in pairs(result.stdout)
        assert f"the kernel is {RELEASE}, the symbols are 2.6.28's: not used" in result.stderr
        monkeypatch.setattr(load, "load", lambda _: replace(table, release=RELEASE))
        result = run("explain", tmp_path / "x", "--symbols", system_map)
        assert (pairs(result.stdout)["function"], result.stderr) == ("bar_probe", "")

    @pytest.mark.parametrize("content", [None, "", "no symbols\n"])
    def test_what_holds_none_is_refused(self, run: Any, tmp_path: Path, crash: Path, content: str | None) -> None:
        path = tmp_path / "System.map"
        if content is not None:
            console(path, content)
        result = run("explain", crash, "--symbols", path)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith("farm: ")
        assert result.stderr.count("\n") == 1


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("make_it", [lambda path: None, lambda path: path.mkdir()])
    @pytest.mark.parametrize("option", [[], ["--json"], ["--jsonl"]])
    def test_is_one_sentence(self, run: Any, tmp_path: Path, make_it: Any, option: list[str]) -> None:
        path = tmp_path / "none.log"
        make_it(path)
        result = run("explain", *option, path)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith(f"farm: {path}: cannot be read: ")
        assert result.stderr.count("\n") == 1

    def test_what_came_before_it_is_told(self, run: Any, tmp_path: Path, good: Path) -> None:
        result = run("explain", "--jsonl", good, tmp_path / "none.log")
        assert result.exit_code == 3
        assert json.loads(result.stdout)["outcome"] == "booted"

    def test_nothing_was_named(self, run: Any) -> None:
        assert run("explain").exit_code == 3

    def test_its_name_is_inert(self, run: Any, tmp_path: Path) -> None:
        result = run("explain", tmp_path / f"{HOSTILE}.log")
        assert result.exit_code == 3
        assert not set(HOSTILE[:1] + "\x07\x9b\u202e") & set(result.stderr)


class TestPipe:
    def test_standard_input(self) -> None:
        done = piped(CRASH.encode(), "-", "--json")
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["title"] == TITLE

    def test_its_name_in_a_line_of_many(self, good: Path) -> None:
        done = piped(CRASH.encode(), "--jsonl", "-", str(good))
        said = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(each["file"], each["outcome"]) for each in said] == [("-", "oops"), (str(good), "booted")]

    def test_an_empty_one(self) -> None:
        done = piped(b"", "-")
        assert done.returncode == 0
        assert pairs(done.stdout.decode())["outcome"] == "no-output"

    def test_20_megabytes(self) -> None:
        filler = b"nothing of note, but a line as long as they are on the average console of ours\n"
        data = BOOT.encode() + filler * ((20 << 20) // len(filler)) + oops("foo_init").encode() + b"\xff\0" * 1000
        done = piped(data, "-", "--json")
        assert (done.returncode, done.stderr) == (0, b"")
        said = json.loads(done.stdout)
        assert (said["outcome"], said["function"]) == ("oops", "foo_init")
        (report,) = said["reports"]
        header = report["evidence"][0]
        assert header["line"] == data.count(b"\n", 0, header["offset"]) + 1
        assert data[header["offset"] :].startswith(header["text"].encode())

    def test_a_reader_that_leaves_is_no_fault(self, crash: Path) -> None:
        command = f"{sys.executable} -c '{MAIN}' explain --jsonl {' '.join([str(crash)] * 300)} | head -c 1 >/dev/null"
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, check=False, timeout=120, cwd=Path(__file__).parents[4]
        )
        assert done.stderr == b""


class TestTerminal:
    """What a console holds steers no terminal."""

    TEXT = f"{BOOT}Kernel panic - not syncing: {HOSTILE}foo{HOSTILE}\n\x1b[31mlast words\x1b[0m\n"
    BANNER = f"Linux version {HOSTILE}2.6.27 (a@b) #1\n{HOSTILE}x\n"

    @pytest.mark.parametrize("text", [TEXT, BANNER, HOSTILE, CRASH.replace("swapper", f"sw{HOSTILE}")])
    @pytest.mark.parametrize("option", [[], ["--json"], ["--jsonl"]])
    def test_no_control_character_gets_there(self, run: Any, tmp_path: Path, text: str, option: list[str]) -> None:
        shown = run("explain", *option, console(tmp_path / "x", text)).stdout
        assert shown
        assert not [char for char in shown if not char.isprintable() and char != "\n"]

    def test_on_a_terminal_neither(self, on_terminal: Any, tmp_path: Path) -> None:
        path = console(tmp_path / f"{HOSTILE}.log", self.TEXT)
        wrote, code = on_terminal("explain", path, path)
        assert code == 0
        assert b"kernel panic" in wrote
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]", wrote)

    def test_lines_fit_a_terminal(self, on_terminal: Any, tmp_path: Path) -> None:
        path = console(tmp_path / "x", f"{BOOT}Kernel panic - not syncing: {'foo ' * 100}\n")
        wrote, _ = on_terminal("explain", path)
        evidence = [line for line in wrote.decode().splitlines() if line.startswith("  L")]
        assert evidence
        assert all(len(line) <= 100 for line in evidence)
