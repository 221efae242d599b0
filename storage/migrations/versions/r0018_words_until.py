"""Remember up to when the words of a source's conversations are here, while its walk goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as source:
        source.add_column(
            sa.Column(
                "words_until", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("source") as source:
        source.drop_column("words_until")
