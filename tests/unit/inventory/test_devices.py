"""Devices and their leases in SQL: a lab's hello, and who may touch a lease."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from farm.core.database import Database, now
from farm.core.errors import BadInputError
from farm.core.wire import DeviceOffer, DeviceOut
from farm.core.words import Health
from inventory import devices
from inventory.models import DeviceRow, DeviceTag, LabRow
from tests.support.serving import offer

SOON = timedelta(seconds=60)


def hello(database: Database, *offers: DeviceOffer, lab: str = "here", worker: str = "w") -> None:
    with database.write() as session:
        devices.register(session, lab, worker, offers)


def listed(database: Database, name: str | None = None) -> list[DeviceOut]:
    with database.read() as session:
        return devices.listing(session, name)


def lease(database: Database, name: str, boot: int, until: datetime | None = None) -> None:
    with database.write() as session:
        row = session.scalars(sa.select(DeviceRow).where(DeviceRow.name == name)).one()
        devices.take(row, boot, "w", until or now() + SOON)


def test_a_hello_registers_devices(database: Database) -> None:
    hello(database, offer("b"), offer("a", "pc-vmi", "pc", tags=("smp", "pae")), worker="w1")
    first, second = listed(database)
    assert (first.name, first.lab, first.type, first.arch) == ("a", "here", "box", "i386")
    assert sorted(first.environments) == ["pc", "pc-vmi"]
    assert sorted(first.tags) == ["arch:i386", "device:a", "pae", "smp"]
    assert (first.health, first.note, first.boot, first.online) == (Health.GOOD, "", None, True)
    assert second.name == "b"


def test_the_same_hello_again_changes_nothing(database: Database) -> None:
    hello(database, offer("a", tags=("pae",)))
    lease(database, "a", 7)
    before = listed(database)
    hello(database, offer("a", tags=("pae",)))
    after = listed(database)
    assert [item.model_dump(exclude={"lab_seen_at"}) for item in after] == [
        item.model_dump(exclude={"lab_seen_at"}) for item in before
    ]


def test_a_changed_device_changes(database: Database) -> None:
    hello(database, offer("a", "pc", "old", tags=("pae", "smp"), cmdline="x"))
    hello(database, offer("a", "pc", "new", tags=("smp", "vmi"), cmdline="y", arch="x86_64", deadlines={"total": 5}))
    (device,) = listed(database)
    assert sorted(device.environments) == ["new", "pc"]
    assert sorted(device.tags) == ["arch:x86_64", "device:a", "smp", "vmi"]
    with database.read() as session:
        row = session.scalars(sa.select(DeviceRow)).one()
        assert (row.cmdline, row.deadlines) == ("y", {"total": 5})
        assert session.scalars(sa.select(sa.func.count()).select_from(DeviceTag)).one() == 4


def test_a_missing_device_is_retired_and_may_come_back(database: Database) -> None:
    hello(database, offer("a"), offer("b"))
    hello(database, offer("b"))
    assert [device.name for device in listed(database)] == ["b"]
    hello(database, offer("a"), offer("b"))
    assert [device.name for device in listed(database)] == ["a", "b"]
    with database.read() as session:
        assert session.scalars(sa.select(sa.func.count()).select_from(DeviceRow)).one() == 2


def test_a_lease_outlives_a_hello_and_even_retirement(database: Database) -> None:
    hello(database, offer("a"), offer("b"))
    lease(database, "a", 7)
    hello(database, offer("b"))
    with database.read() as session:
        assert devices.held(session, "here") == [(7, "a")]


def test_labs_do_not_touch_each_other(database: Database) -> None:
    hello(database, offer("a"), lab="here")
    hello(database, offer("b"), lab="there")
    assert [(device.lab, device.name) for device in listed(database)] == [("here", "a"), ("there", "b")]


def test_a_name_belongs_to_one_lab(database: Database) -> None:
    hello(database, offer("a"), lab="here")
    with pytest.raises(BadInputError, match=r"lab 'here' already has a device of that name; .*: rename yours") as told:
        hello(database, offer("c"), offer("a"), lab="there")
    assert told.value.where == "device 'a' of lab 'there'"
    assert [(device.lab, device.name) for device in listed(database)] == [("here", "a")]


def test_a_device_that_moved_to_another_lab(database: Database) -> None:
    hello(database, offer("a"), offer("b"))
    hello(database, offer("b"))  # `a` is retired here
    hello(database, offer("a", "vm"), lab="there")
    assert [(device.lab, device.name, device.environments) for device in listed(database)] == [
        ("here", "b", ["box"]),
        ("there", "a", ["vm"]),
    ]


def test_a_lab_that_was_renamed(database: Database) -> None:
    hello(database, offer("a"))
    with database.write() as session:
        session.execute(sa.update(LabRow).values(seen_at=now() - 2 * devices.ONLINE))
    hello(database, offer("a"), lab="there")
    assert [(device.lab, device.name) for device in listed(database)] == [("there", "a")]


def test_two_devices_of_one_name_in_one_hello(database: Database) -> None:
    with pytest.raises(BadInputError, match="offered twice") as told:
        hello(database, offer("a", "pc"), offer("a", "vm"))
    assert told.value.where == "device 'a' of lab 'here'"


def test_one_device_by_name(database: Database) -> None:
    hello(database, offer("a"), offer("b"))
    assert [device.name for device in listed(database, "b")] == ["b"]
    assert listed(database, "c") == []


def test_a_lab_is_offline_when_it_was_not_heard(database: Database) -> None:
    hello(database, offer("a"))
    with database.write() as session:
        session.get_one(LabRow, "here").seen_at = now() - devices.ONLINE - timedelta(seconds=1)
    assert listed(database)[0].online is False
    with database.write() as session:
        devices.seen(session, "here", "w2")
    assert listed(database)[0].online is True
    with database.read() as session:
        assert session.get_one(LabRow, "here").worker == "w2"


def test_environments_and_their_architectures(database: Database) -> None:
    hello(database, offer("a", "pc"), offer("b", "pc", "vm", arch="x86_64"), offer("c", "gone"))
    hello(database, offer("a", "pc"), offer("b", "pc", "vm", arch="x86_64"))
    with database.read() as session:
        assert devices.environments(session) == {"pc": {"i386", "x86_64"}, "vm": {"x86_64"}}


def holder(session: Session, name: str) -> tuple[int | None, str | None, datetime | None]:
    row = session.scalars(sa.select(DeviceRow).where(DeviceRow.name == name)).one()
    return row.lease_boot, row.lease_holder, row.lease_expires_at


def test_a_lease_is_touched_by_its_own_boot_only(database: Database) -> None:
    hello(database, offer("a"), offer("b"))
    lease(database, "a", 7)
    until = now() + timedelta(hours=1)
    with database.write() as session:
        assert devices.extend(session, 8, until) is False
        devices.release(session, 8)
        devices.found_fault(session, 8, "broken")
    assert [(device.boot, device.health) for device in listed(database)] == [(7, "good"), (None, "good")]
    with database.write() as session:
        assert devices.extend(session, 7, until) is True
        assert holder(session, "a") == (7, "w", until)
        devices.release(session, 7)
        assert holder(session, "a") == (None, None, None)
        assert devices.extend(session, 7, until) is False


def test_leases_that_ran_out(database: Database) -> None:
    hello(database, offer("a"), offer("b"), offer("c"))
    moment = now()
    lease(database, "a", 7, moment - timedelta(seconds=1))
    lease(database, "b", 8, moment + timedelta(seconds=1))

    def expired(at: datetime) -> Sequence[int]:
        with database.read() as session:
            return sorted(devices.expired(session, at))

    assert expired(moment) == [7]
    assert expired(moment + timedelta(seconds=2)) == [7, 8]
    with database.write() as session:
        devices.extend_all(session, moment + timedelta(hours=1))
    assert expired(moment + timedelta(seconds=2)) == []
    with database.read() as session:
        assert holder(session, "c") == (None, None, None)


def test_what_a_lab_holds(database: Database) -> None:
    hello(database, offer("a"), offer("b"), offer("c"))
    hello(database, offer("d"), lab="there")
    for name, boot in (("a", 1), ("b", 2), ("d", 3)):
        lease(database, name, boot)
    with database.read() as session:
        assert sorted(devices.held(session, "here")) == [(1, "a"), (2, "b")]
        assert devices.held(session, "here", ["b", "c", "d"]) == [(2, "b")]
        assert devices.held(session, "here", []) == []


@pytest.mark.parametrize("health", list(Health))
def test_what_a_boot_shows_of_its_device(database: Database, health: Health) -> None:
    hello(database, offer("a"))
    lease(database, "a", 7)

    def after(fault: str | None) -> tuple[Health, str]:
        with database.write() as session:
            session.execute(sa.update(DeviceRow).values(health=health, note="as it was"))
            devices.found_fault(session, 7, fault)
        (device,) = listed(database)
        return device.health, device.note

    used = health in devices.USABLE
    assert after("stuck") == ((Health.SUSPECT, "stuck") if used else (health, "as it was"))
    assert after(None) == ((Health.GOOD, "") if used else (health, "as it was"))
