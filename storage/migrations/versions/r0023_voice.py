"""Keep what a customer said in all of a conversation as one searched text.

How many conversations mention a word is then in the search index itself: no message is looked up
to learn whose it is. Words leave the messages; letters other than ASCII are spelled out.
"""

import sqlalchemy as sa
from alembic import op

from service.errors import Misused
from service.words import all_said, in_ascii

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BATCH = 500
_OLD_SEARCH = (
    "DROP TRIGGER message_search_insert",
    "DROP TRIGGER message_search_delete",
    "DROP TRIGGER message_search_update",
    "DROP TABLE message_search",
    "DROP INDEX ix_message_words_plain",
    "DROP INDEX ix_message_words_other",
)
_FILL = """INSERT INTO voice (conversation_id, words)
    SELECT conversation_id, {0} FROM message WHERE words <> '' GROUP BY conversation_id"""
_TO_SPELL = """SELECT conversation_id, words FROM voice
    WHERE conversation_id > :after AND (length(words) > 900000 OR length(words) <> {0})
    ORDER BY conversation_id LIMIT :batch"""
_NEW_SEARCH = (
    # The words are ASCII already: no other letters are folded, or taken for the end of a word.
    """CREATE VIRTUAL TABLE voice_search USING fts5(
        words, content='voice', content_rowid='conversation_id', tokenize="ascii tokenchars '_'")""",
    "INSERT INTO voice_search(rowid, words) SELECT conversation_id, words FROM voice",
    """CREATE TRIGGER voice_search_insert AFTER INSERT ON voice BEGIN
        INSERT INTO voice_search(rowid, words) VALUES (new.conversation_id, new.words); END""",
    """CREATE TRIGGER voice_search_delete AFTER DELETE ON voice BEGIN
        INSERT INTO voice_search(voice_search, rowid, words)
        VALUES ('delete', old.conversation_id, old.words); END""",
    # In one trigger, because SQLite may run several in any order.
    """CREATE TRIGGER voice_search_update AFTER UPDATE ON voice
        WHEN old.words IS NOT new.words BEGIN
        INSERT INTO voice_search(voice_search, rowid, words)
        VALUES ('delete', old.conversation_id, old.words);
        INSERT INTO voice_search(rowid, words) VALUES (new.conversation_id, new.words); END""",
)
_INDEX = """CREATE INDEX ix_voice_words ON voice
    USING gin (array_to_tsvector(string_to_array(words, ' ')))"""


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "voice",
        sa.Column("conversation_id", identity, nullable=False, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    joined = "group_concat(words, ' _ ')" if is_sqlite else "string_agg(words, ' _ ')"
    op.execute(_FILL.format(joined))
    _spell_out("length(CAST(words AS BLOB))" if is_sqlite else "octet_length(words)")
    for statement in _OLD_SEARCH if is_sqlite else ("DROP INDEX ix_message_words",):
        op.execute(statement)
    op.execute("ALTER TABLE message DROP COLUMN words")
    for statement in _NEW_SEARCH if is_sqlite else (_INDEX,):
        op.execute(statement)


def downgrade() -> None:
    raise Misused("A message's own words are not kept. Restore a backup made before the upgrade.")


def _spell_out(octets: str) -> None:
    connection, query = op.get_bind(), sa.text(_TO_SPELL.format(octets))
    change = sa.text("UPDATE voice SET words = :words WHERE conversation_id = :one")
    rows = connection.execute(query, {"after": -1, "batch": _BATCH}).all()
    while rows:
        spelled = [{"one": one, "words": all_said([in_ascii(words)])} for one, words in rows]
        connection.execute(change, spelled)
        last = {"after": rows[-1].conversation_id, "batch": _BATCH}
        rows = connection.execute(query, last).all()
