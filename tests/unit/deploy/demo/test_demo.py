"""The demo's own words and exit codes; the boots themselves are the end-to-end tests' business."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo import demo
from deploy.demo.plan import SMALL
from deploy.demo.server import only_demo
from deploy.setup.kernels import Kernel, write_manifest
from farm.core.wire import BootOut
from tests.unit.deploy.demo.test_plan import OOM, boot


def test_without_kernels_it_says_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--dir", str(tmp_path), "--no-wait"]) == 1
    assert capsys.readouterr().err == (
        f"demo: there are no kernels in {tmp_path}/kernels; `make demo` fetches them first\n"
    )


def test_a_demo_beside_another_says_where_that_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    (folder / "vmlinuz-x").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    write_manifest(folder, [Kernel("5.10.0-1-686", "5.10", "p", "1", "vmlinuz-x", "config-x", empty)])
    with only_demo((tmp_path / "state").resolve()) as hold:
        hold.say("http://127.0.0.1:8000", os.getpid())
        assert demo.main(["--dir", str(tmp_path), "--no-wait"]) == 1
    assert "a demo is still up at http://127.0.0.1:8000" in capsys.readouterr().err


def printed(*boots: BootOut) -> tuple[list[str], str]:
    out = io.StringIO()
    wrong = demo.report(Console(file=out, width=200), boots, 2)
    return wrong, out.getvalue()


def test_the_report_names_the_difference_between_releases() -> None:
    old = {"job": 2, "release": "5.10.0-32-686", "version": "5.10.223", "branch": "5.10.y"}
    small = {"append": SMALL, "verdict": "fail", "evidence": [OOM]}
    wrong, text = printed(boot(), boot(**small), boot(**old), boot(**old, append=SMALL))
    assert wrong == []
    assert "A true difference between releases: mem=10M: 5.10.223 passes, 6.1.176 fails." in text


def test_the_report_says_what_is_not_as_promised() -> None:
    wrong, text = printed(boot(append=SMALL))
    assert len(wrong) == 2
    assert "Not as expected: 6.1.0-50-686 mem=10M: fail was expected, pass came" in text
