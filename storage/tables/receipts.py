"""Published numbers. A receipt holds keys and counts, never text of a conversation."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class ReceiptRow(SQLModel, table=True):
    __tablename__ = "receipt"

    id: str = words(key=True)
    query: str = words()  # JSON list of URL parameters
    as_of: int = number()
    versions: str = words()  # JSON
    n: int = number()
    of: int = number()
    members: str = words()  # JSON list of conversation keys
    others: str | None = words(empty=True)  # the same, of what a share was counted out of
    published_at: int | None = number(empty=True)


receipt = table_of(ReceiptRow)
