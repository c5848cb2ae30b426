"""The text functions of farm-init, built for this machine with the sanitizers and held against Python's reading."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
TREE = HERE.parents[3]
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

Harness = Callable[..., str]

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    program = tmp_path_factory.mktemp("text") / "harness"
    command = ["gcc", *SANITIZED, "-Wno-unused-function", "-I", str(TREE / "jobs/init"), "-o", str(program)]
    built = subprocess.run([*command, str(HERE / "text_harness.c")], capture_output=True, text=True, check=False)
    if "stdio.h: No such file" in built.stderr:
        pytest.skip("there are no C library headers here (libc6-dev)")
    if "cannot find" in built.stderr and "asan" in built.stderr:
        pytest.skip("gcc has no sanitizer libraries here")
    assert built.returncode == 0, built.stderr

    def call(*arguments: object) -> str:
        raw = [str(argument).encode("latin-1") for argument in arguments]
        done = subprocess.run([program, *raw], capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode("latin-1")

    return call


def reference_option(cmdline: str, name: str, size: int) -> str:
    """The same by other means: words by a pattern, quotes taken out, the last one counts."""
    answer = "0"
    for word in re.findall(r'(?:"[^"]*(?:"|\Z)|[^" \t\n\v\f\r])+', cmdline):
        bare = word.removeprefix('"')
        if bare == name or bare.startswith((name + "=", name + '"')):
            answer = "1" + bare[len(name) :].removeprefix("=").replace('"', "")[: size - 1]
    return answer


def test_options_of_a_usual_command_line(harness: Harness) -> None:
    cmdline = 'console=ttyS0,115200 farm.token=C0ffee farm.hold dyndbg="file x.c +p" farm.check=fork,mem quiet'
    assert harness("option", cmdline, "farm.token", 66) == "1C0ffee"
    assert harness("option", cmdline, "farm.check", 66) == "1fork,mem"
    assert harness("option", cmdline, "farm.hold", 66) == "1"
    assert harness("option", cmdline, "farm.mem", 66) == "0"
    assert harness("option", cmdline, "farm", 66) == "0"
    assert harness("option", cmdline, "dyndbg", 66) == "1file x.c +p"


@pytest.mark.parametrize(
    ("cmdline", "answer"),
    [
        ("", "0"),
        ("   ", "0"),
        ("a", "1"),
        ("a=", "1"),
        ("a=1 a=2", "12"),
        ("a=1 a", "1"),
        ("xa=1", "0"),
        ("ab=1", "0"),
        ('b="a=1 a=2"', "0"),
        ('b="x a=1', "0"),
        ('"a=1 2"', "11 2"),
        ('a="1 2"3', "11 23"),
        ("\ta=1\n", "11"),
        ("a=123456", "1123"),
    ],
)
def test_options_at_the_edges(harness: Harness, cmdline: str, answer: str) -> None:
    assert harness("option", cmdline, "a", 4 if len(answer) == 4 and "6" in cmdline else 66) == answer
    assert reference_option(cmdline, "a", 4 if len(answer) == 4 and "6" in cmdline else 66) == answer


words = st.lists(st.sampled_from(["a", "a=", "b", "=", '"', " ", "\t", "1", "\xff", "a=1", " a"]), max_size=24)


@examples
@given(words.map("".join), st.sampled_from(["a", "b", "aa"]), st.integers(1, 8))
def test_options_of_any_command_line(harness: Harness, cmdline: str, name: str, size: int) -> None:
    assert harness("option", cmdline, name, size) == reference_option(cmdline, name, size)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", 1),
        ("32", 32),
        ("0032", 32),
        ("3072", 3072),
        ("3073", 0),
        ("0", 0),
        ("", 0),
        ("-1", 0),
        ("1M", 0),
        (" 1", 0),
    ],
)
def test_a_number_is_within_bounds_or_zero(harness: Harness, text: str, answer: int) -> None:
    assert harness("number", text, 1, 3072) == str(answer)


@pytest.mark.parametrize("text", ["4294967297", "99999999999999999999", "4294967296000001"])
def test_a_number_does_not_wrap(harness: Harness, text: str) -> None:
    assert harness("number", text, 1, 3072) == "0"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("<6>[    0.000000] Booting paravirtualized kernel on vmi", "Booting paravirtualized kernel on vmi"),
        ("<6>Booting", "Booting"),
        ("Booting", "Booting"),
        ("[    1.5][    T1] x", "x"),
        ("[    1.5][T12] [x] y", "[x] y"),
        ("[Firmware Bug]: x", "[Firmware Bug]: x"),
        ("[Creating] x", "[Creating] x"),
        ("<not a level> x", "<not a level> x"),
        ("<6", ""),
        ("[    1.5", ""),
        ("", ""),
    ],
)
def test_the_message_of_a_kernel_log_line(harness: Harness, line: str, message: str) -> None:
    assert harness("message", line) == message


@pytest.mark.parametrize(
    "line",
    [
        "<4>[    1.000000] WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2",
        "WARNING: at kernel/x.c:1 f+0x1/0x2()",
        "<1>BUG: unable to handle kernel NULL pointer dereference at 00000000",
        "<0>Oops: 0002 [#1] SMP",
        "<2>kernel BUG at mm/slab.c:1!",
        "[    1.0] divide error: 0000 [#2] SMP",
    ],
)
def test_faults_of_the_kernel_are_seen(harness: Harness, line: str) -> None:
    assert harness("fault", line) == "1"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[    0.1] Spectre V2 : WARNING: Unprivileged eBPF is enabled",
        "[    0.0] [Firmware Bug]: TSC_DEADLINE disabled due to Errata",
        "[    0.0] Kernel command line: BUG: WARNING: Oops",
        "[    5.0] farm-init: check dmesg-clean FAILED: Oops: 0002 [#1] SMP",
        "[    0.0] ACPI: [#x] is no count",
        "[    0.0] no BUG: here",
    ],
)
def test_what_only_speaks_of_faults_is_none(harness: Harness, line: str) -> None:
    assert harness("fault", line) == "0"


@examples
@given(st.lists(st.sampled_from([" ", "x", "[#1]", "\n", "<6>", "[", "]", "[ 1.0]", "\xff"]), max_size=20).map("".join))
def test_any_log_is_read_within_its_bounds(harness: Harness, text: str) -> None:
    assert harness("lines", text) == "".join(f"{part};" for part in text.removesuffix("\n").split("\n") if text)
    for part in text.split("\n"):
        assert part.endswith(harness("message", part))
        harness("fault", part)


@examples
@given(st.lists(st.text(st.sampled_from("abcdefgh"), min_size=1, max_size=900), max_size=12))
def test_a_long_value_is_cut_at_blanks_and_nothing_is_lost(harness: Harness, flags: list[str]) -> None:
    lines = harness("report", " ".join(flags)).splitlines()
    assert all(line.startswith("farm-init: report key ") for line in lines)
    assert all(len(line) <= 722 for line in lines)
    assert "".join(line.removeprefix("farm-init: report key ") for line in lines).replace(" ", "") == "".join(flags)
    if all(len(flag) <= 700 for flag in flags):
        assert " ".join(line.removeprefix("farm-init: report key ") for line in lines) == " ".join(flags)


def test_bytes_that_are_no_text_become_question_marks(harness: Harness) -> None:
    assert harness("report", "a\x1b[2J\x7f\xff\tb") == "farm-init: report key a?[2J?? b\n"


def test_a_line_never_overflows(harness: Harness) -> None:
    assert harness("fill", "x") == "farm-init: x4294967295"
    assert len(harness("fill", "x" * 5000)) == 900
