"""`farm lab check` and `farm lab schema`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

GOOD = """\
lab: demo
types:
  i386-pc: {arch: i386, tags: [pae], modes: ["", vmi]}
devices:
  - name: box1
    type: i386-pc
    mac: 52:54:00:12:34:56
    power: {kind: command, on: [relay, "1"], off: [relay, "0"]}
    console: {kind: tcp, host: 127.0.0.1, port: 4000}
    boot: {kind: pxe}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_file_says_what_it_holds(run: Any, lab: Path) -> None:
    result = run("lab", "check", lab)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"{lab}: lab demo, 1 device"
    row = ["box1", "i386-pc, i386-pc-vmi", "i386", "command", "tcp", "pxe", "52:54:00:12:34:56", "device:box1, pae"]
    assert re.split("  +", lines[2]) == row


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        ("kind: pxe", "kind: pixie", ":10:", "pixie"),
        ("port: 4000", "prot: 4000", ":9:", "prot"),
        ("type: i386-pc", "type: i486-pc", ":6:", "i486-pc"),
        ("power: {", "power: {{", ":9:", "not valid YAML"),
        ("lab: demo", "lab: [", ":", "not valid YAML"),
    ],
)
def test_a_problem_has_its_place(run: Any, lab: Path, *, old: str, new: str, place: str, told: str) -> None:
    lab.write_text(GOOD.replace(old, new, 1))
    result = run("lab", "check", lab)
    assert (result.exit_code, result.stdout) == (3, "")
    problems = result.stderr.splitlines()
    assert problems
    assert all(line.startswith(f"{lab}:") for line in problems)
    assert any(line.startswith(f"{lab}{place}") and told in line for line in problems)


def test_every_problem_is_told(run: Any, lab: Path) -> None:
    lab.write_text(GOOD.replace("kind: pxe", "kind: pixie").replace("port: 4000", "prot: 4000"))
    assert len(run("lab", "check", lab).stderr.splitlines()) >= 2


@pytest.mark.parametrize(
    "make_it", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff")]
)
def test_what_cannot_be_read_is_one_sentence(run: Any, tmp_path: Path, make_it: Any) -> None:
    path = tmp_path / "none.yaml"
    make_it(path)
    result = run("lab", "check", path)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"{path}:1:1: ")
    assert result.stderr.count("\n") == 1


def test_the_schema_is_json_and_nothing_else(run: Any) -> None:
    result = run("lab", "schema")
    schema = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"lab", "types", "devices"} <= set(schema["properties"])
