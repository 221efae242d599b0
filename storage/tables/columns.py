"""Column kinds that mean the same on SQLite and on PostgreSQL."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table, Text
from sqlmodel import Field, SQLModel

# A BIGINT primary key would lose SQLite's rowid alias, and a 32-bit one breaks on PostgreSQL.
_BIG = BigInteger().with_variant(Integer, "sqlite")


def number(*, key: bool = False, empty: bool = False, index: bool = False) -> Any:
    """A 64-bit whole number: ids, and times as milliseconds since 1970 in UTC."""
    return Field(sa_column=Column(_BIG, primary_key=key, nullable=empty, index=index))


def row_id() -> Any:
    """An id that the database hands out, in the order of insertion."""
    return Field(default=None, sa_column=Column(_BIG, primary_key=True, autoincrement=True))


def words(*, key: bool = False, empty: bool = False, index: bool = False) -> Any:
    """Text of any length; members of a StrEnum are stored by their value."""
    return Field(sa_column=Column(Text, primary_key=key, nullable=empty, index=index))


def table_of(model: type[SQLModel]) -> Table:
    """Return the Core table of a model: statements are written with it, never with objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
