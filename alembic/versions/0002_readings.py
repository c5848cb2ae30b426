"""how a boot ended and what else its console told; stages have more names; a job brings its build's symbols

Revision: 0002, after 0001; 2026-11-25 03:05
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Words as they were and are: a migration must not change with the code. Going down, a new stage becomes the old one
# that it was a part of.
RENAMED = {"kernel": "banner"}
BEFORE = {
    "banner": "kernel",
    "netboot": "loader",
    "setup_arch": "kernel",
    "start_kernel": "kernel",
    "drivers": "initcalls",
}


def _rename(words: dict[str, str]) -> None:
    boots = sa.table("boots", sa.column("stage", sa.String))
    for old, new in words.items():
        op.execute(boots.update().where(boots.c.stage == old).values(stage=new))


def upgrade() -> None:
    # Columns are added and dropped in place, on SQLite too (3.35 of 2021): a copied table would lose its AUTOINCREMENT.
    op.add_column("boots", sa.Column("outcome", sa.String(length=20), nullable=True))
    op.add_column("boots", sa.Column("details", sa.JSON(), server_default="{}", nullable=False))
    op.create_index(op.f("ix_boots_outcome"), "boots", ["outcome"], unique=False)
    op.add_column("jobs", sa.Column("symbols", sa.String(length=64), nullable=True))
    _rename(RENAMED)


def downgrade() -> None:
    _rename(BEFORE)
    op.drop_column("jobs", "symbols")
    op.drop_index(op.f("ix_boots_outcome"), table_name="boots")
    op.drop_column("boots", "details")
    op.drop_column("boots", "outcome")
