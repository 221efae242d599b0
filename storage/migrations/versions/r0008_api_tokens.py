"""Keep the API's tokens as hashes, and what each of them may still ask in this minute."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("expires_at", _BIG, nullable=True),
        sa.Column("revoked_at", _BIG, nullable=True),
        sa.Column("last_used_at", _BIG, nullable=True),
        sa.Column("minute", _BIG, nullable=False),
        sa.Column("calls", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_api_token_public_id", "api_token", ["public_id"], unique=True)
    op.create_index("ix_api_token_email", "api_token", ["email"])


def downgrade() -> None:
    op.drop_index("ix_api_token_email", table_name="api_token")
    op.drop_index("ix_api_token_public_id", table_name="api_token")
    op.drop_table("api_token")
