"""`farm results`: releases x environments and command lines."""

import json
from typing import Any

import pytest

from farm.cli.matrix import matrix, verdict_of
from farm.core.words import BootState, Verdict

PASS, FAIL, INFRA = Verdict.PASS, Verdict.FAIL, Verdict.INFRA


def test_releases_come_in_the_kernels_order(make: Any) -> None:
    versions = [
        "2.6.27-rc1",
        "2.6.27",
        "2.6.27.1",
        "2.6.27.10-rc1",
        "2.6.27.10",
        "2.6.28-rc8",
        "2.6.28-rc8-git5",
        "3.0",
    ]
    boots = [make.boot(n, build=n, version=text, release=text, branch="") for n, text in enumerate(versions)]
    _, rows = matrix([*boots[1::2], *reversed(boots[::2])])
    assert [row[1] for row in rows] == versions


def test_what_has_no_place_in_the_order_comes_last(make: Any) -> None:
    boots = [make.boot(n, build=n, version=text, release=text) for n, text in enumerate(["", "broken", "6.1"])]
    assert [row[1] for row in matrix(boots)[1]] == ["6.1", "", "broken"]


def test_rows_that_turn_from_pass_to_fail(run: Any, farm: Any, make: Any) -> None:
    old = {"build": 1, "version": "5.10.223", "release": "5.10.0-32-686", "branch": "5.10.y"}
    farm.boots = [
        make.boot(1, PASS, **old),
        make.boot(2, PASS, **old, append="mem=12M"),
        make.boot(3, PASS),
        make.boot(4, FAIL, append="mem=12M"),
        make.boot(5, PASS, environment="vmware-esx"),
    ]
    assert run("results").stdout.splitlines() == [
        "branch  release                   qemu-i386  qemu-i386 mem=12M  vmware-esx",
        "5.10.y  5.10.223 (5.10.0-32-686)  pass       pass               -",
        "6.1.y   6.1.176 (6.1.0-50-686)    pass       fail               pass",
    ]


def test_two_builds_of_one_release_are_two_rows(make: Any) -> None:
    _, rows = matrix([make.boot(1, build=1, version="2.6.27", release="2.6.27"),
                      make.boot(2, FAIL, build=2, version="2.6.27", release="2.6.27")])  # fmt: skip
    assert [row[1:] for row in rows] == [["2.6.27 build 1", "pass"], ["2.6.27 build 2", "fail"]]


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [
        ([], "-"),
        ([PASS], "pass"),
        ([PASS, PASS], "pass 2/2"),
        ([PASS, FAIL, PASS], "fail 1/3"),
        ([INFRA, PASS], "infra 1/2"),
    ],
)
def test_a_cell(make: Any, verdicts: list[Verdict], cell: str) -> None:
    assert verdict_of([make.boot(number, verdict) for number, verdict in enumerate(verdicts)]) == cell


def test_a_cell_that_is_not_done(make: Any) -> None:
    assert verdict_of([make.boot(1, None, state=BootState.RUNNING)]) == "running"
    assert verdict_of([make.boot(1), make.boot(2, None, state=BootState.QUEUED)]) == "queued 1/2"


def test_a_retried_boot_is_no_result(make: Any) -> None:
    _, rows = matrix([make.boot(1, INFRA), make.boot(2, PASS, retry_of=1)])
    assert rows[0][-1] == "pass"


def test_filters_go_to_the_server(run: Any, farm: Any) -> None:
    result = run("results", "--branch", "6.1.y", "--on", "qemu-i386", "--append", "mem=12M", "--build", 3,
                 "--verdict", "fail", "--outcome", "no-root", "--limit", 9)  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, "no such boots\n")
    (asked,) = farm.asked
    assert set(asked.partition("?")[2].split("&")) == {
        "branch=6.1.y", "environment=qemu-i386", "append=mem%3D12M", "build=3", "verdict=fail", "outcome=no-root",
        "limit=9",
    }  # fmt: skip


def test_the_plain_command_line_can_be_asked_for(run: Any, farm: Any) -> None:
    run("results", "--append", "")
    assert "append=&" in f"{farm.asked[0]}&"


def test_no_results(run: Any) -> None:
    assert run("results").stdout == "no boots yet\n"


def test_results_as_json_are_the_boots(run: Any, farm: Any, make: Any) -> None:
    farm.boots = [make.boot(2), make.boot(1, FAIL)]
    assert [boot["verdict"] for boot in json.loads(run("results", "--json").stdout)] == ["pass", "fail"]
