"""Tell whose words the search index found without reading the messages: on SQLite, two indexes.

What the search index finds is exact in words of plain letters (ASCII); the others are read again.
A conversation's drivers are indexed with its sentiment: words are mostly asked for with both.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SAID = "words IS NOT NULL AND length(words) {0} length(CAST(words AS BLOB))"
_INDEXES = {"ix_message_words_plain": "=", "ix_message_words_other": "!="}


def upgrade() -> None:
    _index_conversations("driver", "sentiment")
    if op.get_context().dialect.name != "sqlite":
        return
    for name, compared in _INDEXES.items():
        op.execute(
            f"CREATE INDEX {name} ON message (id, conversation_id) WHERE {_SAID.format(compared)}"
        )


def downgrade() -> None:
    _index_conversations("driver")
    if op.get_context().dialect.name == "sqlite":
        for name in _INDEXES:
            op.execute(f"DROP INDEX {name}")


def _index_conversations(*beside: str) -> None:
    op.drop_index("ix_fact_conversation", "fact")
    op.create_index("ix_fact_conversation", "fact", ["conversation_id", *beside])
