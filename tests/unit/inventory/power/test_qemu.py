"""What a QEMU device's settings become on QEMU's command line; the process itself is met in tests/integration."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from inventory.boot.netboot import Netboot
from inventory.drivers import DriverError, Site
from inventory.power.qemu import QemuConfig, QemuPower, first_stage

SHOW = """#!/bin/sh
for word in "$@"; do echo "$word"; done > {out}
echo "a warning" >&2
echo "{last}" >&2
echo >&2
exit 1
"""


def started_with(tmp_path: Path, mac: str | None = "52:54:00:00:00:01", **settings: object) -> list[str]:
    """The arguments that a stand-in for QEMU is started with; it fails, as QEMU would on a wrong one."""
    program, out = tmp_path / "qemu-show", tmp_path / "out"
    program.write_text(SHOW.format(out=out, last="cannot do that"))
    program.chmod(0o755)
    run_dir = tmp_path / "run"
    run_dir.mkdir(exist_ok=True)
    config = QemuConfig.model_validate({"kind": "qemu", "binary": str(program)} | settings)
    power = QemuPower(config, Site("q1", mac, run_dir, Netboot(port=8069)))
    with pytest.raises(DriverError, match=r"^device q1: power qemu: QEMU did not start: cannot do that$"):
        asyncio.run(power.standby())
    assert power.accel_used == (settings.get("accel") or "tcg")
    assert not (run_dir / "console").exists()
    return out.read_text().splitlines()


def pairs(words: list[str]) -> dict[str, str]:
    return {option: value for option, value in zip(words, [*words[1:], ""], strict=True) if option.startswith("-")}


def test_the_default_guest(tmp_path: Path) -> None:
    words = started_with(tmp_path)
    got = pairs(words)
    run = tmp_path / "run"
    assert got["-machine"] == "pc,graphics=off"
    assert got["-accel"] == "tcg"
    assert got["-m"] == "256"
    assert got["-smp"] == "1"
    assert got["-netdev"] == f"user,id=n0,tftp={run}/tftp,bootfile=/farm.ipxe"
    assert got["-device"] == "e1000,netdev=n0,mac=52:54:00:00:00:01"
    assert got["-qmp"] == "unix:qmp.sock,server=on,wait=off", "from the run directory: the address is short"
    assert got["-pidfile"] == f"{run}/qemu.pid"
    assert {"-S", "-no-shutdown", "-nodefaults", "-no-user-config"} <= set(words)
    assert "-cpu" not in words
    assert not {"-no-reboot", "-enable-kvm"} & set(words), "a reboot loop is a finding, and KVM nothing to assume"


def test_all_settings(tmp_path: Path) -> None:
    words = started_with(
        tmp_path,
        mac=None,
        memory=96,
        cpu="pentium2",
        smp=2,
        accel="kvm",
        nic="pcnet",
        network={"kind": "tap", "ifname": "tap7"},
        extra_args=["-rtc", "base=2008-12-01"],
    )
    got = pairs(words)
    assert (got["-m"], got["-cpu"], got["-smp"], got["-accel"]) == ("96", "pentium2", "2", "kvm")
    assert got["-netdev"] == "tap,id=n0,ifname=tap7,script=no,downscript=no"
    assert got["-device"] == "pcnet,netdev=n0"
    assert words[-2:] == ["-rtc", "base=2008-12-01"]
    assert not (tmp_path / "run" / "tftp").exists()


def test_a_comma_in_a_path_is_doubled(tmp_path: Path) -> None:
    odd = tmp_path / "a,b"
    odd.mkdir()
    got = pairs(started_with(odd))
    assert got["-netdev"].startswith(f"user,id=n0,tftp={tmp_path}/a,,b/run/tftp,")
    assert got["-pidfile"] == f"{tmp_path}/a,b/run/qemu.pid", "no option list, so as it is"


def test_the_first_stage_goes_on_to_the_boot_server(tmp_path: Path) -> None:
    started_with(tmp_path)
    script = (tmp_path / "run" / "tftp" / "farm.ipxe").read_text()
    assert script == first_stage(8069)
    assert script.startswith("#!ipxe\n")
    assert "http://10.0.2.2:8069/ipxe?mac=${netX/mac}" in script
    assert "no network boot server" in first_stage(None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"memory": 4}, "greater than or equal to 8"),
        ({"accel": "hvf"}, "'auto', 'tcg' or 'kvm'"),
        ({"nic": "ne2k"}, "'e1000'"),
        ({"network": {"kind": "bridge"}}, "'user', 'tap'"),
        ({"network": {"kind": "tap", "ifname": "a,script=/bin/sh"}}, "match pattern"),
        ({"network": {"kind": "tap", "ifname": "longer-than-15-ch"}}, "match pattern"),
        ({"extra_args": "-s -S"}, "valid tuple"),
    ],
)
def test_wrong_settings(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        QemuConfig.model_validate({"kind": "qemu"} | settings)
