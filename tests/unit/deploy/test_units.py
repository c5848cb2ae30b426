"""The systemd units: taken by systemd, and started with options that the farm has."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def exec_start(unit: Path) -> list[str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read(unit)
    return parser["Service"]["ExecStart"].split()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    program = exec_start(unit)[0]
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(f"ExecStart={program}", "ExecStart=/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], text=True, capture_output=True, check=False)
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert ours == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_farm_knows_the_units_command_and_options(unit: Path) -> None:
    _, command, *rest = exec_start(unit)
    farm = Path(sys.executable).with_name("farm")
    shown = subprocess.run([farm, command, "--help"], text=True, capture_output=True, check=True).stdout
    for option in (word for word in rest if word.startswith("--")):
        assert re.search(rf"{option}\b", shown), f"farm {command} has no {option}"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_lets_the_farm_switch_its_machines_off_before_it_is_killed(unit: Path) -> None:
    text = unit.read_text()
    assert "KillMode=mixed" in text
    assert int(re.findall(r"TimeoutStopSec=(\d+)", text)[0]) >= 60
