"""Let rollups be counted up and down in their place.

An index on what counts nothing made PostgreSQL write each row that is counted anew into every
index. Without it a changed count stays on its page, if that has room: a quarter is left free.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_rollup_nothing", "rollup_day")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE rollup_day SET (fillfactor = 75)")
        op.execute("CLUSTER rollup_day USING rollup_day_pkey")  # writes the pages anew, with room


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE rollup_day SET WITHOUT CLUSTER")
        op.execute("ALTER TABLE rollup_day RESET (fillfactor)")
    nothing = sa.text("n = 0")
    op.create_index(
        "ix_rollup_nothing", "rollup_day", ["day"], sqlite_where=nothing, postgresql_where=nothing
    )
