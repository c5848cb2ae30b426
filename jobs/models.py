"""The tables of what was asked and what came of it: builds, jobs, boots."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from farm.core.database import Base, Moment, Word
from farm.core.words import BootState, Outcome, Stage, Verdict


class BuildRow(Base):
    """One kernel image and where its source came from. The same image under another label is another build."""

    __tablename__ = "builds"
    __table_args__ = (
        sa.UniqueConstraint("sha256", "tree", "branch", "commit", "patch"),
        sa.Index("ix_builds_order", "branch", "version_key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    filename: Mapped[str] = mapped_column(sa.String(255))
    release: Mapped[str] = mapped_column(sa.String(255))  # as the image says: 6.1.0-50-686
    version: Mapped[str] = mapped_column(sa.String(255))  # as kernel people order it: 6.1.176
    version_key: Mapped[str] = mapped_column(sa.String(200))  # sorts as the version does
    bits: Mapped[int | None]  # None: too damaged to tell
    banner: Mapped[str] = mapped_column(sa.Text)
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    tree: Mapped[str] = mapped_column(sa.String(200))
    branch: Mapped[str] = mapped_column(sa.String(200))
    commit: Mapped[str] = mapped_column(sa.String(64))
    patch: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)


class JobRow(Base):
    """What a person submitted."""

    __tablename__ = "jobs"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    build_id: Mapped[int] = mapped_column(sa.ForeignKey("builds.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    submitter: Mapped[str] = mapped_column(sa.String(100))
    initrd: Mapped[str | None] = mapped_column(sa.String(64))
    symbols: Mapped[str | None] = mapped_column(sa.String(64))
    pattern: Mapped[str | None] = mapped_column(sa.String(500))
    environments: Mapped[list[str]] = mapped_column(sa.JSON)
    tags: Mapped[list[str]] = mapped_column(sa.JSON)
    appends: Mapped[list[str]] = mapped_column(sa.JSON)
    checks: Mapped[list[str]] = mapped_column(sa.JSON)
    deadlines: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    repeat: Mapped[int]
    priority: Mapped[int]

    build: Mapped[BuildRow] = relationship(lazy="raise")
    boots: Mapped[list["BootRow"]] = relationship(back_populates="job", lazy="raise", order_by="BootRow.id")


class BootRow(Base):
    """One attempt on one device. A retry is a row of its own."""

    __tablename__ = "boots"
    __table_args__ = (
        sa.Index("ix_boots_queue", "state", "priority", "id"),
        sa.Index("ix_boots_track", "environment", "append", "build_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("jobs.id"), index=True)
    build_id: Mapped[int] = mapped_column(sa.ForeignKey("builds.id"), index=True)
    environment: Mapped[str] = mapped_column(sa.String(200))
    append: Mapped[str] = mapped_column(sa.String(1500))
    repeat: Mapped[int]
    attempt: Mapped[int] = mapped_column(default=1)
    retry_of: Mapped[int | None] = mapped_column(sa.ForeignKey("boots.id"), default=None)
    priority: Mapped[int]
    state: Mapped[BootState] = mapped_column(Word(BootState), default=BootState.QUEUED)
    cancel_wanted: Mapped[bool] = mapped_column(default=False)  # a running boot is told at its next sign of life

    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("devices.id"), default=None, index=True)
    worker: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    token: Mapped[str | None] = mapped_column(sa.String(64), default=None)
    cmdline: Mapped[str] = mapped_column(sa.Text, default="")
    queued_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    phases: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)

    verdict: Mapped[Verdict | None] = mapped_column(Word(Verdict), default=None)
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome), default=None, index=True)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    stage: Mapped[Stage | None] = mapped_column(Word(Stage), default=None)
    title: Mapped[str | None] = mapped_column(sa.Text, default=None)
    type: Mapped[str | None] = mapped_column(sa.String(100), default=None)
    function: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    signature: Mapped[str | None] = mapped_column(sa.String(64), default=None, index=True)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    warnings: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    booted: Mapped[str | None] = mapped_column(sa.String(255), default=None)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")  # wire.Details

    job: Mapped[JobRow] = relationship(back_populates="boots", lazy="raise")
    build: Mapped[BuildRow] = relationship(lazy="raise")
    needs: Mapped[list["BootNeed"]] = relationship(cascade="all, delete-orphan", lazy="raise")


class BootNeed(Base):
    """A tag that a boot's device must have."""

    __tablename__ = "boot_needs"

    boot_id: Mapped[int] = mapped_column(sa.ForeignKey("boots.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
