"""The parser of the corpus of broken kernels takes what is right, and nothing else."""

from pathlib import Path

import pytest

from tests.data.consoles.broken.make.recipe import load as recipes
from tests.data.consoles.broken.make.recipe import read
from tests.support.broken import CORPUS, SUFFIX, Case, load, parse

HEADER = (
    "kernel: 6.1.0-50-686 (Debian 6.1.176-1)\n"
    "done: A module: it reads through NULL.\n"
    "cmdline: console=ttyS0,115200\n"
    "outcome: booted-with-oops\n"
    "type: page-fault\n"
    "function: none\n"
)


def test_header_and_bytes_come_apart_at_the_first_line_of_dashes() -> None:
    console = b"[    0.0] Linux\r\n---\n\xff\x00 no UTF-8\n"
    case = parse("x", HEADER.encode() + b"stage: done\n---\n" + console)
    assert case == Case(
        "x",
        {
            "kernel": "6.1.0-50-686 (Debian 6.1.176-1)",
            "done": "A module: it reads through NULL.",
            "cmdline": "console=ttyS0,115200",
            "outcome": "booted-with-oops",
            "type": "page-fault",
            "function": "none",
            "stage": "done",
        },
        console,
    )
    assert case.release == "6.1.0-50-686"
    assert (case.expected("type"), case.expected("function"), case.expected("culprit")) == ("page-fault", None, None)


def test_a_console_may_be_empty() -> None:
    assert parse("x", HEADER.encode() + b"---\n").console == b""


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (HEADER.encode() + b"stagee: done\n---\n", r"x\.console:7: no key is called 'stagee'"),
        (HEADER.encode() + b"type: hang\n---\n", r"x\.console:7: `type` is there twice"),
        (HEADER.encode() + b"note:\n---\n", r"x\.console:7: not `key: value`"),
        (HEADER.encode() + b"note:  two blanks\n---\n", r"x\.console:7: not `key: value`"),
        (HEADER.encode() + b"note: a blank behind \n---\n", r"x\.console:7: not `key: value`"),
        (HEADER.encode() + b"note: a carriage return\r\n---\n", r"x\.console:7: not `key: value`"),
        (HEADER.encode() + b"\n---\n", r"x\.console:7: not `key: value`"),
        (HEADER.encode() + b"note: \xff\n---\n", r"x\.console:7: the header is not UTF-8"),
        (HEADER.encode(), r"x\.console:7: the header has no end"),
        (HEADER.encode() + b"---", r"x\.console:7: the header has no end"),
        (b"", r"x\.console:1: the header has no end"),
        (
            HEADER.replace("outcome: booted-with-oops\n", "").encode() + b"---\n",
            r"x\.console: the header lacks outcome$",
        ),
    ],
)
def test_a_header_that_is_not_right_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse("x", data)


def test_load_reads_the_files_of_that_name_only_in_order(tmp_path: Path) -> None:
    for name in ("b.console", "a.console", "README.md"):
        (tmp_path / name).write_bytes(HEADER.encode() + b"---\n" + name.encode())
    assert [(case.name, case.console) for case in load(tmp_path)] == [("a", b"a.console"), ("b", b"b.console")]


def test_load_names_the_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.console").write_bytes(b"what: ever\n---\n")
    with pytest.raises(ValueError, match=r"bad\.console:1: no key"):
        load(tmp_path)


def test_the_corpus_is_well_formed() -> None:
    cases = load(CORPUS)
    assert len(cases) >= 20
    assert {f"{case.name}{SUFFIX}" for case in cases} == {path.name for path in CORPUS.glob("*.console")}
    for case in cases:
        token = case.expected("token")
        assert token is None or f"farm.token={token}" in case.header["cmdline"], case.name
        assert len(case.console) < 1 << 20, case.name


def test_each_console_has_a_recipe_and_expects_what_it_says() -> None:
    known = recipes()
    cases = {case.name: case for case in load(CORPUS)}
    assert cases.keys() == known.keys()
    for name, case in cases.items():
        recipe = known[name]
        assert (recipe.outcome, recipe.type, recipe.function) == tuple(
            case.header[key] for key in ("outcome", "type", "function")
        ), name
        assert (recipe.stage, recipe.culprit, recipe.note) == tuple(
            case.header.get(key) for key in ("stage", "culprit", "note")
        ), name


def test_a_recipe_with_an_unknown_key_is_refused() -> None:
    table = {"done": "Nothing.", "outcome": "booted"}
    assert read("x", table).outcome == "booted"
    with pytest.raises(ValueError, match="x: no key is called stagee"):
        read("x", {**table, "stagee": "done"})


def test_no_expectation_contradicts_the_bytes() -> None:
    """What can be said without reading a kernel's reports: so that a capture that went wrong is not filed as right."""
    for case in load(CORPUS):
        outcome, function = case.header["outcome"], case.expected("function")
        end = f"farm-init: end token={case.expected('token')} failed=0".encode()
        assert (end in case.console) == (outcome.startswith("booted") or outcome == "wrong-kernel"), case.name
        assert (case.console == b"") == (outcome == "no-output"), case.name
        assert function is None or function.encode() in case.console, case.name
        starts = max(case.console.count(first) for first in (b"] Linux version ", b"SeaBIOS (", b"Probing EDD"))
        assert starts > 1 or outcome not in {"reboot-loop", "booted-after-reset"}, case.name
        assert case.header["kernel"].startswith(case.release + " (Debian "), case.name
