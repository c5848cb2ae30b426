"""first tables

Revision: 0001, the first; 2026-11-24 15:12:27.631034
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "builds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("release", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("version_key", sa.String(length=200), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=True),
        sa.Column("banner", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tree", sa.String(length=200), nullable=False),
        sa.Column("branch", sa.String(length=200), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("patch", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_builds")),
        sa.UniqueConstraint(
            "sha256", "tree", "branch", "commit", "patch", name=op.f("uq_builds_sha256_tree_branch_commit_patch")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("builds", schema=None) as batch_op:
        batch_op.create_index("ix_builds_order", ["branch", "version_key"], unique=False)

    op.create_table(
        "labs",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_labs")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("lab", sa.String(length=100), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("arch", sa.String(length=20), nullable=False),
        sa.Column("cmdline", sa.Text(), nullable=False),
        sa.Column("deadlines", sa.JSON(), nullable=False),
        sa.Column("health", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("lease_boot", sa.Integer(), nullable=True),
        sa.Column("lease_holder", sa.String(length=200), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lab"], ["labs.name"], name=op.f("fk_devices_lab")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("name", name=op.f("uq_devices_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index("ix_devices_free", ["lab", "lease_boot"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("build_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitter", sa.String(length=100), nullable=False),
        sa.Column("initrd", sa.String(length=64), nullable=True),
        sa.Column("pattern", sa.String(length=500), nullable=True),
        sa.Column("environments", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("appends", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("deadlines", sa.JSON(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["build_id"], ["builds.id"], name=op.f("fk_jobs_build_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_build_id"), ["build_id"], unique=False)

    op.create_table(
        "boots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("build_id", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(length=200), nullable=False),
        sa.Column("append", sa.String(length=1500), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("retry_of", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("cmdline", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phases", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("type", sa.String(length=100), nullable=True),
        sa.Column("function", sa.String(length=200), nullable=True),
        sa.Column("signature", sa.String(length=64), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("booted", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["builds.id"], name=op.f("fk_boots_build_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_boots_device_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_boots_job_id")),
        sa.ForeignKeyConstraint(["retry_of"], ["boots.id"], name=op.f("fk_boots_retry_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boots")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("boots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_boots_build_id"), ["build_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_boots_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_boots_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_boots_queue", ["state", "priority", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_boots_signature"), ["signature"], unique=False)
        batch_op.create_index("ix_boots_track", ["environment", "append", "build_id"], unique=False)

    op.create_table(
        "device_environments",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_environments_device_id")),
        sa.PrimaryKeyConstraint("device_id", "environment", name=op.f("pk_device_environments")),
    )
    with op.batch_alter_table("device_environments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_environments_environment"), ["environment"], unique=False)

    op.create_table(
        "device_tags",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_tags_device_id")),
        sa.PrimaryKeyConstraint("device_id", "tag", name=op.f("pk_device_tags")),
    )
    op.create_table(
        "boot_needs",
        sa.Column("boot_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["boot_id"], ["boots.id"], name=op.f("fk_boot_needs_boot_id")),
        sa.PrimaryKeyConstraint("boot_id", "tag", name=op.f("pk_boot_needs")),
    )


def downgrade() -> None:
    op.drop_table("boot_needs")
    op.drop_table("device_tags")
    with op.batch_alter_table("device_environments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_environments_environment"))

    op.drop_table("device_environments")
    with op.batch_alter_table("boots", schema=None) as batch_op:
        batch_op.drop_index("ix_boots_track")
        batch_op.drop_index(batch_op.f("ix_boots_signature"))
        batch_op.drop_index("ix_boots_queue")
        batch_op.drop_index(batch_op.f("ix_boots_job_id"))
        batch_op.drop_index(batch_op.f("ix_boots_device_id"))
        batch_op.drop_index(batch_op.f("ix_boots_build_id"))

    op.drop_table("boots")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_build_id"))

    op.drop_table("jobs")
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_index("ix_devices_free")

    op.drop_table("devices")
    op.drop_table("labs")
    with op.batch_alter_table("builds", schema=None) as batch_op:
        batch_op.drop_index("ix_builds_order")

    op.drop_table("builds")
