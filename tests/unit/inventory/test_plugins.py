"""Drivers of other packages, by entry points of a package that is installed for the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.boot.plugin import BootPlugin
from inventory.console.plugin import ConsolePlugin
from inventory.drivers import Site
from inventory.fakes import FakeBoot, FakeConsole, FakePower
from inventory.labfile import LabFileError, parse_lab
from inventory.plugins import plugin_config
from inventory.power.plugin import PowerPlugin

ENTRY_POINTS = """\
[farm.power]
stand-in = inventory.fakes:FakePowerConfig
no-module = nowhere_at_all:Config
no-class = inventory.fakes:Missing
no-config = inventory.fakes:FakeBox
no-build = inventory.config:DriverConfig
claiming = third_party:Outlet
[farm.console]
stand-in = inventory.fakes:FakeConsoleConfig
[farm.boot]
stand-in = inventory.fakes:FakeBootConfig
"""

THIRD_PARTY = """\
from inventory.config import DriverConfig
class Outlet(DriverConfig):
    number: int
    def claims(self): return (f"outlet {self.number}",)
    def build(self, site): raise NotImplementedError
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    info = tmp_path / "third_party-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "third_party.py").write_text(THIRD_PARTY)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("third_party", None)


def test_each_room_builds_its_plugin(tmp_path: Path) -> None:
    site = Site("a", None, tmp_path)
    power = PowerPlugin(kind="plugin", entry_point="stand-in").build(site)
    script = [{"after": 1, "text": "hello"}]
    console = ConsolePlugin(kind="plugin", entry_point="stand-in", options={"script": script}).build(site)
    boot = BootPlugin(kind="plugin", entry_point="stand-in").build(site)
    assert isinstance(power, FakePower)
    assert isinstance(console, FakeConsole)
    assert isinstance(boot, FakeBoot)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nosuch", "no plugin 'nosuch' in entry point group farm.power (known: claiming, no-build"),
        ("no-module", "plugin 'no-module' of group farm.power does not load: No module named 'nowhere_at_all'"),
        ("no-class", "does not load: module 'inventory.fakes' has no attribute 'Missing'"),
        ("no-config", "is no DriverConfig with a build(site) method"),
        ("no-build", "is no DriverConfig with a build(site) method"),
    ],
)
def test_what_cannot_be_used_is_told(name: str, words: str) -> None:
    with pytest.raises(ValueError, match="plugin") as caught:
        plugin_config("farm.power", name, {})
    assert words in str(caught.value)


def test_a_group_without_plugins() -> None:
    with pytest.raises(ValueError, match="known: none is installed"):
        plugin_config("farm.nothing", "x", {})


def test_wrong_options_are_named() -> None:
    options: dict[str, object] = {"script": [{"after": "soon", "text": "x"}], "endnig": 1}
    with pytest.raises(ValueError, match="options of plugin 'stand-in'") as caught:
        plugin_config("farm.console", "stand-in", options)
    assert "script.0.after: Input should be a valid number" in str(caught.value)
    assert "endnig: Extra inputs are not permitted" in str(caught.value)


LAB = """\
lab: desk
types: {any: {}}
devices:
  - name: a
    type: any
    power: {kind: plugin, entry_point: claiming, options: {number: 1}}
    console: {kind: plugin, entry_point: stand-in}
    boot: {kind: plugin, entry_point: stand-in}
  - name: b
    type: any
    power: {kind: plugin, entry_point: claiming, options: {number: 2}}
    console: {kind: plugin, entry_point: stand-in, options: {ending: gone}}
    boot: {kind: plugin, entry_point: stand-in}
"""


def test_a_lab_of_plugins_needs_no_mac() -> None:
    assert [each.name for each in parse_lab(LAB).devices] == ["a", "b"]


def test_a_plugins_options_and_claims_are_checked_with_the_file() -> None:
    with pytest.raises(LabFileError, match="outlet 1 is already used by device 'a'") as caught:
        parse_lab(LAB.replace("number: 2", "number: 1"))
    assert [(each.line, each.where) for each in caught.value.problems] == [(11, "devices[1].power")]
    with pytest.raises(LabFileError, match=r"options of plugin 'claiming': number: Field required"):
        parse_lab(LAB.replace("{number: 2}", "{}"))
