"""The versions of the ladder of meaning: how it stood, since when, and who changed what."""

from sqlmodel import SQLModel

from storage.tables.columns import number, row_id, table_of, words


class TaxonomyVersionRow(SQLModel, table=True):
    __tablename__ = "taxonomy_version"

    id: int | None = row_id()
    version: str = words()
    base: str = words()  # edition of the file that was in force then
    text: str = words()  # the whole ladder, as a taxonomy file
    by: str = words()
    at: int = number()
    change: str = words()  # in words; last, since it hides the function of that name


taxonomy_version = table_of(TaxonomyVersionRow)
