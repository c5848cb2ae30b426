"""A reading as JSON: the keys that others read, and their types."""

import json
from typing import Any

import pytest

from farm.core.words import Outcome, Stage
from jobs.outcome.explain import CHUNK, as_json, read
from jobs.outcome.model import Expectation
from tests.support.excerpts import BOOT, RELEASE, oops, timed

LOGIN = "tfguest login: \n"
WARN = "WARNING: at kernel/foo.c:12 foo+0x12/0x30()\n"
PANIC = "Kernel panic - not syncing: Fatal exception in interrupt\n"


def found(text: str) -> dict[str, Any]:
    """As it comes out of JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(as_json(read(text.encode()))))
    return plain


def test_a_good_boot() -> None:
    said = found(BOOT + LOGIN)
    assert said["outcome"] == "booted"
    assert [said[key] for key in ("title", "type", "kind", "function")] == [None] * 4
    assert (said["report"], said["fatal"], said["corrupted"]) == (False, False, False)
    assert said["version"] == RELEASE
    assert (said["reports"], said["warnings"], said["alternates"]) == ([], [], [])
    assert (said["starts"], said["culprit"]) == (1, None)
    assert said["signature"] is None


def test_a_crash() -> None:
    said = found(BOOT + oops("foo_init", "do_one_initcall") + PANIC)
    assert (said["outcome"], said["stage"]) == ("oops", "init")
    assert said["title"] == "BUG: unable to handle kernel NULL pointer dereference in foo_init"
    assert (said["type"], said["kind"], said["function"]) == ("page-fault", "page-fault", "foo_init")
    assert (said["report"], said["fatal"]) == (True, True)
    assert said["alternates"] == ["bad-access in foo_init"]
    assert "foo_init" in said["reason"]
    assert len(said["signature"]) == 16


def test_a_report_has_its_frames_and_lines() -> None:
    (report,) = found(BOOT + oops("foo_init", "do_one_initcall", at=0xC0101000) + PANIC)["reports"]
    assert report["severity"] == "fatal"
    assert report["consequence"] == "kernel panic: Fatal exception in interrupt"
    assert report["stage"] == "init"
    assert report["release"] == RELEASE
    frame = next(frame for frame in report["frames"] if frame["function"] == "do_one_initcall")
    assert frame["address"] == 0xC0102000
    assert (frame["reliable"], frame["inlined"], frame["module"], frame["file"]) == (True, False, None, None)
    assert isinstance(frame["offset"], int)
    assert isinstance(frame["size"], int)
    header = report["evidence"][0]
    text = BOOT + oops("foo_init")
    assert header["line"] == BOOT.count("\n") + 1
    assert header["offset"] == len(BOOT)
    assert text[header["offset"] :].startswith(header["text"])


def test_a_warning_is_a_report_and_not_fatal() -> None:
    said = found(BOOT + WARN + LOGIN)
    assert (said["outcome"], said["report"], said["fatal"]) == ("booted-with-warnings", True, False)
    assert (said["title"], said["function"]) == ("WARNING in foo", "foo")
    assert said["warnings"] == ["WARNING in foo"]


def test_an_oops_and_the_end_is_fatal() -> None:
    said = found(BOOT + oops("foo_init") + LOGIN)
    assert (said["outcome"], said["fatal"]) == ("booted-with-oops", True)


def test_without_a_report_the_signature_is_the_verdicts() -> None:
    said = found(BOOT)
    assert (said["outcome"], said["report"], said["title"]) == ("hang", False, None)
    assert len(said["signature"]) == 16


def test_torn() -> None:
    said = found(BOOT + "BUG: unable to handle kernel NULL pointer dereference at 00000000\n")
    assert said["corrupted"]
    assert said["reports"][0]["corrupted"]


def test_what_the_kernel_says_of_the_machine() -> None:
    vmi = "VMI: Found VMware, Inc. Hypervisor OPROM, API version 3.0, ROM version 1.0\n"
    text = timed(f"{BOOT}Booting paravirtualized kernel on vmi\n{vmi}")
    paravirt = found(text)["paravirt"]
    assert paravirt["platform"] == "vmi"
    assert None not in paravirt.values()
    assert found("")["paravirt"] == {}


def test_no_console_at_all() -> None:
    said = found("")
    assert (said["outcome"], said["stage"], said["version"]) == ("no-output", "nothing", None)
    assert (said["report"], said["fatal"]) == (False, True)


@pytest.mark.parametrize(
    "text", ["", BOOT, BOOT + LOGIN, BOOT + oops("foo_init") + PANIC, BOOT + WARN, "No bootable device.\n"]
)
def test_the_keys_are_always_the_same(text: str) -> None:
    said = found(text)
    assert set(said) == set(found(""))
    assert {"outcome", "title", "type", "function", "report", "fatal", "version", "stage"} <= set(said)
    assert said["outcome"] in set(Outcome)
    assert said["stage"] in set(Stage)


def test_control_characters_do_not_come_out() -> None:
    said = json.dumps(as_json(read((BOOT + "Kernel panic - not syncing: \x1b[2Jfoo\x07\x9b31m\u202e bar\n").encode())))
    assert "\\u001b" not in said
    assert "\\u0007" not in said
    assert "\\u009b" not in said
    assert "\\u202e" not in said


def test_read_takes_an_expectation() -> None:
    assert read((BOOT + LOGIN).encode(), Expectation(token="feedc0de")).outcome == Outcome.HANG
    assert read((BOOT + LOGIN).encode(), Expectation(release="2.6.28")).outcome == Outcome.WRONG_KERNEL


def test_a_console_larger_than_one_piece_is_read_whole() -> None:
    filler = "nothing of note\n" * (CHUNK // 16 + 100)
    reading = read((BOOT + filler + oops("foo_init") + filler + LOGIN).encode())
    assert (reading.outcome, reading.report and reading.report.function) == (Outcome.BOOTED_WITH_OOPS, "foo_init")
