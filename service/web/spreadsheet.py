"""Rows as CSV that a spreadsheet shows and never runs (OWASP ASVS 5.0, 1.2.10; RFC 4180).

It knows cells and refuses to know conversations.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# Some spreadsheets drop these as they open a file, and what follows would come first.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A spreadsheet may run a cell that begins with one of these; the full-width forms are
# folded to the ASCII ones by some of them.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  (the full-width characters are the point)


def text_cell(value: str | None) -> str:
    """Return a text that no spreadsheet takes for a formula. Numbers do not come here."""
    if value is None:
        return ""
    plain = _CONTROL.sub("", value)
    return f"'{plain}" if plain.startswith(_DANGEROUS) else plain


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield one CSV line at a time, so that an export of any size needs no memory."""
    yield _line(header)
    for row in rows:
        yield _line([text_cell(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
