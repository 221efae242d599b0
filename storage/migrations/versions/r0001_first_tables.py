"""Make the tables for conversations, analyses, facts, people, receipts and work."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The words of customers, searched in place: the index holds no second copy of them.
_SQLITE_SEARCH = (
    """CREATE VIRTUAL TABLE message_search USING fts5(
        words, content='message', content_rowid='id', detail=full)""",
    """CREATE TRIGGER message_search_insert AFTER INSERT ON message
        WHEN new.words IS NOT NULL BEGIN
        INSERT INTO message_search(rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER message_search_delete AFTER DELETE ON message
        WHEN old.words IS NOT NULL BEGIN
        INSERT INTO message_search(message_search, rowid, words)
        VALUES ('delete', old.id, old.words); END""",
    """CREATE TRIGGER message_search_forget AFTER UPDATE ON message
        WHEN old.words IS NOT NULL BEGIN
        INSERT INTO message_search(message_search, rowid, words)
        VALUES ('delete', old.id, old.words); END""",
    """CREATE TRIGGER message_search_update AFTER UPDATE ON message
        WHEN new.words IS NOT NULL BEGIN
        INSERT INTO message_search(rowid, words) VALUES (new.id, new.words); END""",
)
_POSTGRES_SEARCH = """CREATE INDEX ix_message_words ON message
    USING gin (array_to_tsvector(string_to_array(words, ' '))) WHERE words IS NOT NULL"""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "agent",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "analysis",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=False),
        sa.Column("taxonomy", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("tone_start", sa.Text(), nullable=True),
        sa.Column("tone_end", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "assigned_tag",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("nth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=True),
        sa.Column("driver", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "nth"),
    )
    op.create_table(
        "conversation",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("requester", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("measured_by", sa.Text(), nullable=False),
        sa.Column("pending", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="uq_conversation_key"),
    )
    op.create_index(op.f("ix_conversation_account"), "conversation", ["account"], unique=False)
    op.create_index("ix_conversation_measured", "conversation", ["measured_by", "id"], unique=False)
    op.create_index(
        "ix_conversation_pending",
        "conversation",
        ["source", "id"],
        unique=False,
        sqlite_where=sa.text("pending > 0"),
        postgresql_where=sa.text("pending > 0"),
    )
    op.create_index(op.f("ix_conversation_requester"), "conversation", ["requester"], unique=False)
    op.create_index("ix_conversation_source_day", "conversation", ["source", "day"], unique=False)
    op.create_table(
        "fact",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("m", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=False),
        sa.Column("effort", sa.Text(), nullable=False),
        sa.Column("churn_risk", sa.Text(), nullable=False),
        sa.Column("analysed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "rank"),
    )
    op.create_index("ix_fact_account", "fact", ["account", "day"], unique=False)
    op.create_index("ix_fact_day", "fact", ["rank", "day", "channel", "sentiment"], unique=False)
    op.create_index("ix_fact_driver", "fact", ["driver", "day", "sentiment", "m"], unique=False)
    op.create_index(
        "ix_fact_newest", "fact", ["rank", "created_at", "conversation_id"], unique=False
    )
    op.create_table(
        "failure",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "version"),
    )
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column(
            "received_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id"),
    )
    op.create_index("ix_inbox_open", "inbox", ["source", "finished", "received_at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column(
            "lease_until", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("done_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "due"),
    )
    op.create_table(
        "ledger",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "measurement",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("origin", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("conversation_id", "metric", "origin"),
    )
    op.create_table(
        "measurement_history",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_history_conversation", "measurement_history", ["conversation_id", "id"], unique=False
    )
    op.create_table(
        "memory",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "message",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "external_id", name="uq_message_external"),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "person",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("slack_user", sa.Text(), nullable=True),
        sa.Column("accounts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("email"),
    )
    op.create_index(op.f("ix_person_slack_user"), "person", ["slack_user"], unique=False)
    op.create_table(
        "quote",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("nth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column(
            "nth_of_kind", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("start_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("end_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "nth"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rollup_day",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("m", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("metric", "driver", "day", "m", "value"),
    )
    op.create_index(
        "ix_rollup_nothing",
        "rollup_day",
        ["day"],
        unique=False,
        sqlite_where=sa.text("n = 0"),
        postgresql_where=sa.text("n = 0"),
    )
    op.create_table(
        "session",
        sa.Column("session_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("session_hash"),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("used_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("synced_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "tombstone",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "updated_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("gone_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "touch",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("m", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "dimension", "value"),
    )
    op.create_index(
        "ix_touch_value", "touch", ["dimension", "value", "conversation_id"], unique=False
    )
    op.create_table(
        "waiting_message",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "external_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_SEARCH:
            op.execute(statement)
    else:
        op.execute(_POSTGRES_SEARCH)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE message_search")
    op.drop_table("waiting_message")
    op.drop_index("ix_touch_value", table_name="touch")
    op.drop_table("touch")
    op.drop_table("tombstone")
    op.drop_table("source")
    op.drop_table("sign_in_link")
    op.drop_table("session")
    op.drop_index(
        "ix_rollup_nothing",
        table_name="rollup_day",
        sqlite_where=sa.text("n = 0"),
        postgresql_where=sa.text("n = 0"),
    )
    op.drop_table("rollup_day")
    op.drop_table("receipt")
    op.drop_table("quote")
    op.drop_index(op.f("ix_person_slack_user"), table_name="person")
    op.drop_table("person")
    op.drop_table("outbox")
    op.drop_table("message")
    op.drop_table("memory")
    op.drop_index("ix_history_conversation", table_name="measurement_history")
    op.drop_table("measurement_history")
    op.drop_table("measurement")
    op.drop_table("ledger")
    op.drop_table("job_run")
    op.drop_index("ix_inbox_open", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("failure")
    op.drop_index("ix_fact_newest", table_name="fact")
    op.drop_index("ix_fact_driver", table_name="fact")
    op.drop_index("ix_fact_day", table_name="fact")
    op.drop_index("ix_fact_account", table_name="fact")
    op.drop_table("fact")
    op.drop_index("ix_conversation_source_day", table_name="conversation")
    op.drop_index(op.f("ix_conversation_requester"), table_name="conversation")
    op.drop_index(
        "ix_conversation_pending",
        table_name="conversation",
        sqlite_where=sa.text("pending > 0"),
        postgresql_where=sa.text("pending > 0"),
    )
    op.drop_index("ix_conversation_measured", table_name="conversation")
    op.drop_index(op.f("ix_conversation_account"), table_name="conversation")
    op.drop_table("conversation")
    op.drop_table("assigned_tag")
    op.drop_table("analysis")
    op.drop_table("agent")
    op.drop_table("account")
