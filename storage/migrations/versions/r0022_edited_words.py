"""Let an edited message be found by the words that stayed.

SQLite may run a table's triggers in any order: where the new words came into the search index
before the old ones left it, those in both were lost. One trigger has an order of its own.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_FORGET = """CREATE TRIGGER message_search_forget AFTER UPDATE ON message
    WHEN old.words IS NOT NULL BEGIN
    INSERT INTO message_search(message_search, rowid, words)
    VALUES ('delete', old.id, old.words); END"""
_TAKE_IN = """CREATE TRIGGER message_search_update AFTER UPDATE ON message
    WHEN new.words IS NOT NULL BEGIN
    INSERT INTO message_search(rowid, words) VALUES (new.id, new.words); END"""
_UPDATE = """CREATE TRIGGER message_search_update AFTER UPDATE OF words ON message
    WHEN old.words IS NOT new.words BEGIN
    INSERT INTO message_search(message_search, rowid, words)
    SELECT 'delete', old.id, old.words WHERE old.words IS NOT NULL;
    INSERT INTO message_search(rowid, words)
    SELECT new.id, new.words WHERE new.words IS NOT NULL; END"""
_EMPTY = "INSERT INTO message_search(message_search) VALUES ('delete-all')"
_FILL = (
    "INSERT INTO message_search(rowid, words) SELECT id, words FROM message WHERE words IS NOT NULL"
)


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER message_search_forget")
        op.execute("DROP TRIGGER message_search_update")
        for statement in (_UPDATE, _EMPTY, _FILL):
            op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER message_search_update")
        op.execute(_FORGET)
        op.execute(_TAKE_IN)
