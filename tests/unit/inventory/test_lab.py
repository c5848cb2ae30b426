"""What fits together in a lab, and the words derived from it."""

from typing import Any

import pytest
from pydantic import ValidationError

from farm.core.words import Deadline
from inventory.boot.netboot import NetbootConfig
from inventory.lab import DEFAULT_CMDLINE, Fault, Lab


def device(name: str = "box1", **settings: Any) -> dict[str, Any]:
    number = sum(name.encode())
    return {
        "name": name,
        "type": "i386-pc",
        "mac": f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}",
        "power": {"kind": "command", "on": ["switch", name, "on"], "off": ["switch", name, "off"]},
        "console": {"kind": "tty", "path": f"/dev/serial/{name}"},
        "boot": {"kind": "pxe"},
    } | settings


def lab(*devices: dict[str, Any], **settings: Any) -> Lab:
    types = {"i386-pc": {"tags": ["pae", "smp"]}, "vmware-esx": {"modes": ["", "vmi"]}}
    return Lab.model_validate({"lab": "desk", "types": types, "devices": devices} | settings)


def faults(*devices: dict[str, Any], **settings: Any) -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        lab(*devices, **settings)
    (error,) = caught.value.errors()
    assert error["type"] == "lab_faults"
    found: list[Fault] = error["ctx"]["faults"]
    assert error["msg"] == "; ".join(fault.message for fault in found)
    return found


def test_defaults() -> None:
    made = lab(device())
    (box,) = made.devices
    assert made.netboot == NetbootConfig(listen="127.0.0.1", port=0)
    assert made.types["i386-pc"].arch == "i386"
    assert box.cmdline == DEFAULT_CMDLINE
    assert box.deadlines == {}
    assert made.device("box1") is box
    with pytest.raises(KeyError):
        made.device("box2")


def test_deadlines_have_the_farms_five_names() -> None:
    (box,) = lab(device(deadlines={"first_byte": 90, "total": 600.5})).devices
    assert box.deadlines == {Deadline.FIRST_BYTE: 90.0, Deadline.TOTAL: 600.5}


@pytest.mark.parametrize("wrong", [{"boot": 3}, {"total": 0}, {"total": -1}])
def test_other_deadlines_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        lab(device(deadlines=wrong))


def test_an_environment_is_the_type_or_type_and_mode() -> None:
    made = lab(
        device("pc"),
        device("esx", type="vmware-esx"),
        device("esx-vmi-only", type="vmware-esx", modes=["vmi"]),
    )
    assert [made.environments(each) for each in made.devices] == [
        ["i386-pc"],
        ["vmware-esx", "vmware-esx-vmi"],
        ["vmware-esx-vmi"],
    ]


def test_tags_are_the_types_the_devices_and_its_own_name() -> None:
    made = lab(device(tags=["smp", "real"]))
    assert made.tags(made.devices[0]) == ["device:box1", "pae", "real", "smp"]


def test_an_unknown_type_is_named_with_the_known_ones() -> None:
    assert faults(device(type="i386-cp")) == [
        Fault(("devices", 0, "type"), "there is no device type 'i386-cp'; types: i386-pc, vmware-esx")
    ]
    assert "none is declared" in faults(device(), types={})[0].message


def test_an_unknown_mode_is_named_with_the_known_ones() -> None:
    assert faults(device(type="vmware-esx", modes=["vmi", "kvm"])) == [
        Fault(("devices", 0, "modes"), "device type 'vmware-esx' has no mode 'kvm'; its modes: '', 'vmi'")
    ]


def test_no_device_at_all() -> None:
    assert faults() == [Fault(("devices",), "there is no device; a lab has at least one")]


def test_pxe_needs_a_mac() -> None:
    assert faults(device(mac=None)) == [
        Fault(("devices", 0), "device 'box1' boots by pxe and has no `mac`; add its address")
    ]


def test_two_devices_of_one_name() -> None:
    assert faults(device("a"), device("a")) == [Fault(("devices", 1, "name"), "there are two devices called 'a'")]


def test_one_mac_in_two_spellings() -> None:
    found = faults(device("a", mac="52:54:00:AA:00:01"), device("b", mac="525400aa0001"))
    assert found == [Fault(("devices", 1, "mac"), "MAC address 52:54:00:aa:00:01 is already used by device 'a'")]


CONSOLES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "tty", "path": "/dev/ttyS0"}, "serial port /dev/ttyS0"),
    ({"kind": "tcp", "host": "Ser2Net", "port": 4001}, "console ser2net:4001"),
    ({"kind": "tcp", "socket": "/run/c1"}, "console /run/c1"),
]


@pytest.mark.parametrize(("console", "claim"), CONSOLES)
def test_one_console_has_one_device(console: dict[str, Any], claim: str) -> None:
    found = faults(device("a", console=console), device("b", console=console))
    assert found == [Fault(("devices", 1, "console"), f"{claim} is already used by device 'a'")]


POWERS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "command", "on": ["s", "1"], "off": ["s", "0"]}, "power outlet `s 1`"),
    ({"kind": "qemu", "network": {"kind": "tap", "ifname": "tap0"}}, "tap interface tap0"),
]


@pytest.mark.parametrize(("power", "claim"), POWERS)
def test_one_outlet_has_one_device(power: dict[str, Any], claim: str) -> None:
    found = faults(device("a", power=power), device("b", power=power))
    assert found == [Fault(("devices", 1, "power"), f"{claim} is already used by device 'a'")]


def test_the_consoles_of_guests_do_not_collide() -> None:
    guest = {"power": {"kind": "qemu"}, "console": {"kind": "qemu"}}
    assert len(lab(device("a", **guest), device("b", **guest)).devices) == 2


def test_all_faults_are_told_at_once() -> None:
    found = faults(device("a", type="x"), device("a"), device("c", mac=None))
    assert [fault.loc for fault in found] == [("devices", 0, "type"), ("devices", 2), ("devices", 1, "name")]
