"""`farm devices`."""

import json
from typing import Any

from farm.core.words import Health


def test_devices_is_a_table(run: Any, farm: Any, make: Any) -> None:
    farm.devices = [
        make.device("box1", boot=12, tags=["pae", "smp"]),
        make.device("box2", health=Health.QUARANTINED, note="3 infra boots in a row", environments=["a", "b"]),
        make.device("box3", online=False),
    ]
    assert run("devices").stdout.splitlines() == [
        "device  lab   environments  arch  health       doing    tags      note",
        "box1    demo  qemu-i386     i386  good         boot 12  pae, smp",
        "box2    demo  a, b          i386  quarantined  idle     pae       3 infra boots in a row",
        "box3    demo  qemu-i386     i386  offline      idle     pae",
    ]


def test_a_device_that_is_gone_shows_its_health_in_json(run: Any, farm: Any, make: Any) -> None:
    farm.devices = [make.device(online=False, health=Health.SUSPECT)]
    (shown,) = json.loads(run("devices", "--json").stdout)
    assert (shown["online"], shown["health"]) == (False, "suspect")


def test_no_devices_says_what_to_do(run: Any) -> None:
    assert run("devices").stdout == "no devices: start a worker with a lab file\n"
    assert json.loads(run("devices", "--json").stdout) == []


def test_the_words_have_colours_on_a_terminal(on_terminal: Any, farm: Any, make: Any) -> None:
    farm.devices = [make.device()]
    wrote, code = on_terminal("devices")
    assert code == 0
    assert b"\x1b[32mgood" in wrote


def test_a_terminal_is_not_overrun(on_terminal: Any, farm: Any, make: Any) -> None:
    farm.devices = [make.device(note="x" * 300)]
    wrote, _ = on_terminal("devices", NO_COLOR="1", TERM="dumb")
    assert max(len(line) for line in wrote.decode().splitlines()) <= 100
    assert "…" in wrote.decode()
