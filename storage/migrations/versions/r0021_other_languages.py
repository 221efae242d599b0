"""Tell how many conversations are in which other language without reading every analysis."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    other = sa.text("language != 'en'")
    op.create_index(
        "ix_analysis_other_language",
        "analysis",
        ["language", "conversation_id"],
        sqlite_where=other,
        postgresql_where=other,
    )


def downgrade() -> None:
    op.drop_index("ix_analysis_other_language", "analysis")
