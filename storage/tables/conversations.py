"""Conversations and their messages, as far as they came.

Beside them: what waits for a head, what is gone or unreadable, cursors and the helpdesks' counts.
"""

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import SQLModel

from storage.tables.columns import number, row_id, table_of, words


class SourceRow(SQLModel, table=True):
    """How far a helpdesk was read."""

    __tablename__ = "source"

    name: str = words(key=True)
    cursor: str | None = words(empty=True)
    synced_at: int | None = number(empty=True)
    words_until: int | None = number(empty=True)  # set while words of later changes are to come


class ConversationRow(SQLModel, table=True):
    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("key", name="uq_conversation_key"),
        Index("ix_conversation_measured", "measured_by", "id"),
        Index("ix_conversation_source_day", "source", "day"),
        Index(
            "ix_conversation_pending",
            "source",
            "id",
            sqlite_where=text("pending > 0"),
            postgresql_where=text("pending > 0"),
        ),
    )

    id: int | None = row_id()
    key: str = words()
    source: str = words()
    channel: str = words()
    subject: str = words()
    status: str = words()
    created_at: int = number()
    updated_at: int = number()
    day: int = number()  # ordinal of the local day in the workspace's time zone
    month: int = number()  # ordinal of that month's first day
    account: str | None = words(empty=True, index=True)
    requester: str | None = words(empty=True, index=True)  # a keyed hash
    agent: str | None = words(empty=True)
    tags: str = words()  # JSON list: the helpdesk's own tags
    rating: str | None = words(empty=True)  # JSON [score, comment]
    url: str | None = words(empty=True)
    state: str | None = words(empty=True)  # JSON: what the helpdesk shows
    whole: bool  # a page once held all its messages
    fingerprint: str = words()
    measured_by: str = words()  # "analyser|taxonomy" of the current analysis, or ""
    pending: int = number()  # counts changes since the last write-back outcome; 0 is settled


class MessageRow(SQLModel, table=True):
    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "external_id", name="uq_message_external"),
    )

    id: int | None = row_id()
    conversation_id: int = number()
    external_id: str = words()
    role: str = words()
    public: bool
    created_at: int = number()
    text: str = words()


class VoiceRow(SQLModel, table=True):
    """What the customer said in all of a conversation, as searchable words (`service.words`).

    SQLite's search index is beside it, in the table voice_search, and is kept up by triggers.
    """

    __tablename__ = "voice"
    __table_args__ = (
        Index(
            "ix_voice_words",
            text("array_to_tsvector(string_to_array(words, ' '))"),
            postgresql_using="gin",
        ).ddl_if(dialect="postgresql"),
    )

    conversation_id: int = number(key=True)
    words: str = words()


class WaitingMessageRow(SQLModel, table=True):
    """A message that came before its conversation."""

    __tablename__ = "waiting_message"

    conversation: str = words(key=True)
    external_id: str = words(key=True)
    role: str = words()
    public: bool
    created_at: int = number()
    text: str = words()


class TombstoneRow(SQLModel, table=True):
    """A conversation that is gone: no text, only what keeps an old page from bringing it back."""

    __tablename__ = "tombstone"
    __table_args__ = (Index("ix_tombstone_day", "source", "day"),)

    key: str = words(key=True)
    updated_at: int = number()
    gone_at: int = number()
    why: str | None = words(empty=True)
    # Both are set while the helpdesk still has it, so that its counts can be explained.
    source: str | None = words(empty=True)
    day: int | None = number(empty=True)  # ordinal of the local day on which it was created
    erasure: str | None = words(empty=True, index=True)  # who asked: then no page brings it back


class QuarantineRow(SQLModel, table=True):
    """A conversation that arrived unreadable: its key and the reason, none of its words."""

    __tablename__ = "quarantine"

    key: str = words(key=True)
    source: str = words()
    why: str = words()
    since: int = number()
    attempts: int = number()


class HelpdeskCountRow(SQLModel, table=True):
    """How many conversations a helpdesk itself counts on a day."""

    __tablename__ = "helpdesk_count"

    source: str = words(key=True)
    day: int = number(key=True)
    n: int = number()
    asked_at: int = number()


source = table_of(SourceRow)
conversation = table_of(ConversationRow)
message = table_of(MessageRow)
voice = table_of(VoiceRow)
waiting_message = table_of(WaitingMessageRow)
tombstone = table_of(TombstoneRow)
quarantine = table_of(QuarantineRow)
helpdesk_count = table_of(HelpdeskCountRow)
