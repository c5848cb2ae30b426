"""The tables of what labs own. A lease is columns of the device's row: who holds it, for which boot, until when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from farm.core.database import Base, Moment, Word
from farm.core.words import Health


class LabRow(Base):
    """A lab that has said hello at least once."""

    __tablename__ = "labs"

    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    worker: Mapped[str] = mapped_column(sa.String(200))  # the process that spoke last
    seen_at: Mapped[datetime] = mapped_column(Moment)


class DeviceRow(Base):
    """One bootable thing."""

    __tablename__ = "devices"
    __table_args__ = (
        sa.UniqueConstraint("name"),
        # The queue looks for a free device of a lab on every claim.
        sa.Index("ix_devices_free", "lab", "lease_boot"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    lab: Mapped[str] = mapped_column(sa.ForeignKey("labs.name"))
    type: Mapped[str] = mapped_column(sa.String(100))
    arch: Mapped[str] = mapped_column(sa.String(20))
    cmdline: Mapped[str] = mapped_column(sa.Text)
    deadlines: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    health: Mapped[Health] = mapped_column(Word(Health), default=Health.GOOD)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    retired: Mapped[bool] = mapped_column(default=False)  # no longer in its lab's file; kept for history

    # The lease. `lease_boot` is the fence: only messages about that boot touch it.
    # No foreign key: jobs is a room above.
    lease_boot: Mapped[int | None] = mapped_column(default=None)
    lease_holder: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    lease_expires_at: Mapped[datetime | None] = mapped_column(Moment, default=None)

    environments: Mapped[list["DeviceEnvironment"]] = relationship(cascade="all, delete-orphan", lazy="raise")
    tags: Mapped[list["DeviceTag"]] = relationship(cascade="all, delete-orphan", lazy="raise")


class DeviceEnvironment(Base):
    """An environment that a device's results are filed under."""

    __tablename__ = "device_environments"

    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(200), primary_key=True, index=True)


class DeviceTag(Base):
    """A capability of a device. Rows, not JSON: the queue compares sets in SQL on both databases."""

    __tablename__ = "device_tags"

    device_id: Mapped[int] = mapped_column(sa.ForeignKey("devices.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
