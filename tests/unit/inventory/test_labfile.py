"""Every mistake in a lab file is told with its line and column, in a sentence that says what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from farm.core.errors import SetupError
from inventory.labfile import LabFileError, Problem, json_schema, load_lab, parse_lab

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "lab.example.yaml"

GOOD = """\
lab: desk
types:
  i386-pc: {tags: [pae]}
devices:
  - name: box1
    type: i386-pc
    mac: 52:54:00:12:34:56
    power: {kind: qemu, memory: 64}
    console: {kind: qemu}
    boot: {kind: pxe}
"""


def problems(text: str) -> list[Problem]:
    with pytest.raises(LabFileError) as caught:
        parse_lab(text, "lab.yaml")
    return caught.value.problems


def problem(old: str, new: str) -> Problem:
    """The one problem that a change of GOOD makes."""
    assert old in GOOD
    (found,) = problems(GOOD.replace(old, new, 1))
    return found


def test_the_good_file_is_good() -> None:
    assert parse_lab(GOOD).devices[0].mac == "52:54:00:12:34:56"


def test_the_example_we_ship_is_good() -> None:
    made = load_lab(EXAMPLE)
    assert [each.name for each in made.devices] == ["qemu1", "box1", "box2"]
    assert [each.power.kind for each in made.devices] == ["qemu", "command", "command"]


def test_yaml_1_2_a_mac_is_no_base_60_number_and_on_is_a_word() -> None:
    made = parse_lab(
        GOOD.replace("52:54:00:12:34:56", "12:34:56:10:20:30")
        .replace("{kind: qemu, memory: 64}", "{kind: command, on: [switch, on, yes], off: [switch, off, no]}")
        .replace("{kind: qemu}", "{kind: tcp, host: ts, port: 4001}")
    )
    (box,) = made.devices
    assert box.mac == "12:34:56:10:20:30"
    assert box.power.kind == "command"
    assert box.power.on == ("switch", "on", "yes")


CASES = [
    (
        "memory: 64",
        "memroy: 64",
        8,
        25,
        "devices[0].power.memroy",
        "there is no setting `memroy` here; did you mean `memory`?",
    ),
    (
        "lab: desk",
        "lab: desk\nnetbot: {}",
        2,
        1,
        "netbot",
        "there is no setting `netbot` here; did you mean `netboot`?",
    ),
    (
        "tags: [pae]",
        "tgas: [pae]",
        3,
        13,
        "types.i386-pc.tgas",
        "there is no setting `tgas` here; did you mean `tags`?",
    ),
    ("kind: pxe", "kind: pxe, zzz: 1", 10, 23, "devices[0].boot.zzz", "there is no setting `zzz` here; there is kind"),
    ("{kind: qemu}", "{kind: ttty}", 9, 14, "devices[0].console", "there is no kind `ttty` here; did you mean `tty`?"),
    (
        "{kind: qemu}",
        "{kind: usb}",
        9,
        14,
        "devices[0].console",
        "there is no kind `usb` here; there is tty, tcp, qemu, plugin",
    ),
    ("{kind: qemu}", "{kind: tty}", 9, 14, "devices[0].console.path", "`path` is missing"),
    (
        "{kind: qemu, memory: 64}",
        "{kind: command, on: [a], off: [b]}",
        9,
        14,
        "devices[0].console",
        "console `qemu` is the serial port of a guest that power `qemu` runs; this one's is command",
    ),
    ("{kind: pxe}", "{}", 10, 11, "devices[0].boot", "`kind` is missing; it is one of"),
    ("    boot: {kind: pxe}\n", "", 5, 5, "devices[0].boot", "`boot` is missing"),
    ("memory: 64", "memory: lots", 8, 33, "devices[0].power.memory", "this should be a valid integer"),
    ("memory: 64", "memory: 4", 8, 33, "devices[0].power.memory", "greater than or equal to 8; found 4"),
    ("52:54:00:12:34:56", "52:54:00:12:34:5x", 7, 10, "devices[0].mac", "'52:54:00:12:34:5x' is no MAC address"),
    ("tags: [pae]", "arch: arm64", 3, 19, "types.i386-pc.arch", "this should be 'i386' or 'x86_64'; found 'arm64'"),
    ("type: i386-pc", "type: i386", 6, 11, "devices[0].type", "there is no device type 'i386'; types: i386-pc"),
    ("    mac: 52:54:00:12:34:56\n", "", 5, 5, "devices[0]", "boots by pxe and has no `mac`"),
    ("name: box1", "name: box 1", 5, 11, "devices[0].name", "this should match pattern"),
    ("name: box1", "name: 7", 5, 11, "devices[0].name", "this should be a valid string; found 7"),
    ("{kind: qemu}", "{kind: tcp, host: x}", 9, 14, "devices[0].console", "give either `host` and `port`, or `socket`"),
    ("{kind: qemu}", "{kind: tcp, host: x, port: 0}", 9, 41, "devices[0].console.port", "greater than or equal to 1"),
    ("kind: qemu", "kind: qemu, network: {kind: tap}", 8, 34, "devices[0].power.network.ifname", "`ifname` is missing"),
    (
        "kind: qemu",
        "kind: qemu, network: {kind: tap, ifnam: t, ifname: tap0}",
        *(8, 46, "devices[0].power.network.ifnam", "there is no setting `ifnam` here; did you mean `ifname`?"),
    ),
    (
        "name: box1",
        "name: box1\n    deadlines: {frist_byte: 3}",
        *(6, 17, "devices[0].deadlines.frist_byte", "'first_byte'"),
    ),
    (
        "{kind: qemu, memory: 64}",
        "{kind: command, on: [a], off: [a]}",
        *(8, 12, "devices[0].power", "`on` and `off` are the same command"),
    ),
    (
        "{kind: qemu, memory: 64}",
        "{kind: command, on: [a], off: [b], status: [c], status_on: '('}",
        *(8, 71, "devices[0].power.status_on", "'(' is no regular expression"),
    ),
    (
        "{kind: qemu, memory: 64}",
        "{kind: plugin, entry_point: nosuch}",
        *(8, 12, "devices[0].power", "no plugin 'nosuch' in entry point group farm.power"),
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "where", "message"), CASES)
def test_mistakes(  # noqa: PLR0917  (parametrised)
    old: str, new: str, line: int, column: int, where: str, message: str
) -> None:
    found = problem(old, new)
    assert (found.file, found.line, found.column, found.where) == ("lab.yaml", line, column, where)
    assert message in found.message
    assert "\n" not in found.message


def test_several_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("tags:", "tgas:").replace("memory", "memroy").replace("kind: pxe", "kind: pex")
    assert [(each.line, each.where) for each in problems(text)] == [
        (3, "types.i386-pc.tgas"),
        (8, "devices[0].power.memroy"),
        (10, "devices[0].boot"),
    ]


def test_a_second_device_on_the_same_things_is_told_three_times() -> None:
    box = GOOD[GOOD.index("  - name") :].replace("{kind: qemu}", "{kind: tty, path: /dev/ttyS0}")
    text = GOOD[: GOOD.index("  - name")] + box + box.replace("box1", "box2") + box
    found = problems(text)
    assert [(each.line, each.where) for each in found] == [
        (13, "devices[1].mac"),
        (15, "devices[1].console"),
        (17, "devices[2].name"),
    ]
    assert found[1].message == "serial port /dev/ttyS0 is already used by device 'box1'"


def test_anchors_and_merges_are_followed_to_where_the_mistake_stands() -> None:
    text = GOOD.replace(
        "lab: desk\n",
        "lab: desk\nnetboot: &n {listen: 127.0.0.1, prot: 1}\n",
    ).replace("{kind: qemu, memory: 64}", "&q {kind: qemu, memory: little}")
    second = (
        "  - {name: box2, type: i386-pc, mac: 52:54:00:12:34:57, "
        "power: {<<: *q}, console: {kind: qemu}, boot: {kind: pxe}}\n"
    )
    assert [(each.line, each.where) for each in problems(text + second)] == [
        (2, "netboot.prot"),
        (9, "devices[0].power.memory"),
        (9, "devices[1].power.memory"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("lab: desk\ntypes: {a\ndevices: [", 3, "not valid YAML: while parsing a flow"),
        ("lab: desk\n\tx: 1\n", 2, "not valid YAML"),
        ("lab: desk\nlab: other\n", 2, "duplicate key"),
        ("lab: *nobody\n", 1, "undefined alias"),
        ("lab: desk\n\nx: \x07\n", 3, "not valid YAML"),
        ("lab: !!python/object:os.system x\n", 1, "could not determine a constructor"),
        ("", 1, "a lab file is a mapping"),
        ("- a\n- b\n", 1, "a lab file is a mapping"),
        ("just words\n", 1, "a lab file is a mapping"),
        ("lab: a\n---\nlab: b\n", 2, "expected a single document"),
    ],
)
def test_what_is_no_yaml_or_no_lab_file(text: str, line: int, words: str) -> None:
    (found,) = problems(text)
    assert (found.file, found.line) == ("lab.yaml", line)
    assert words in found.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    with pytest.raises(LabFileError, match=r"No such file or directory; deploy/lab\.example\.yaml is a file to start"):
        load_lab(path)
    with pytest.raises(LabFileError, match="cannot be read: Is a directory"):
        load_lab(tmp_path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_bytes(b"lab: \xff\xfe")
    with pytest.raises(LabFileError, match=r"lab\.yaml:1:1: this is no UTF-8 text"):
        load_lab(path)


def test_the_error_is_a_farm_error_whose_text_is_one_line_a_problem() -> None:
    with pytest.raises(SetupError) as caught:
        parse_lab(GOOD.replace("memory", "memroy").replace("kind: pxe", "kind: pex"), "my.yaml")
    assert str(caught.value).splitlines() == [
        "my.yaml:8:25: devices[0].power.memroy: there is no setting `memroy` here; did you mean `memory`?",
        "my.yaml:10:11: devices[0].boot: there is no kind `pex` here; did you mean `pxe`?",
    ]


def _definitions(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"]
    return found


def test_the_json_schema_is_what_editors_take() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["required"]) == {"lab", "types", "devices"}
    device = _definitions(schema)["Device"]["properties"]
    assert set(device["power"]["discriminator"]["mapping"]) == {"qemu", "command", "plugin"}
    assert set(device["console"]["discriminator"]["mapping"]) == {"tty", "tcp", "qemu", "plugin"}
    assert set(device["boot"]["discriminator"]["mapping"]) == {"pxe", "plugin"}
    assert all(
        each.get("additionalProperties") is False for each in _definitions(schema).values() if "properties" in each
    )
