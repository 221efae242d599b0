"""Opens the file that somebody hands in and finds out what it is.

Knows compression, encodings and which reader takes it; the readers know the formats.
"""

import gzip
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader, RawIOBase, TextIOWrapper
from typing import IO, TYPE_CHECKING, TextIO, cast

from service.domain.imported import Imported, Reader
from service.errors import BadRow, Misused
from service.exchange import Row, bounded_lines, read_rows
from service.import_batches import Batch, batches_of_rows
from service.import_reader import batches_of_lines
from service.masking import Masks

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONVERSATIONS = "conversations"  # our own format
_START = 256 * 1024  # bytes that a format is recognised by
_READ_AT_ONCE = 256 * 1024  # bytes: line by line would be asked for in 8 KiB
_GZIP = b"\x1f\x8b"
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
_DAMAGED = "the compressed file is damaged, or cut off, from here on"
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it, or save it as CSV",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV",
    b"<": "XML or a web page; ask for the export as JSON or CSV",
    b"\xfd7zXZ": "compressed with xz; only gz is unpacked",
    b"(\xb5/\xfd": "compressed with zstd; only gz is unpacked",
    b"BZh": "compressed with bzip2; only gz is unpacked",
    b"SQLite format 3": "a database",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A text to be read once, and how it starts."""

    file: TextIO
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The format that a file is read by."""

    name: str
    title: str
    source: str
    read: Callable[[TextIO], Iterator[Row | BadRow]]

    def rows(self, opened: Opened) -> Iterator[Row | BadRow]:
        """Yield rows; a file that cannot be unpacked to its end is one more bad row."""
        line = 0
        try:
            for row in self.read(opened.file):
                line = row.line
                yield row
        except _BROKEN:
            yield BadRow(line + 1, _DAMAGED)

    def batches(self, opened: Opened, masks: Masks) -> Iterator[Batch]:
        """Yield the same rows masked; many of our own format are read by a second process."""
        if self.name != CONVERSATIONS:
            yield from batches_of_rows(self.rows(opened), masks)
            return
        lines = _Lines(opened.file)
        yield from batches_of_lines(lines, masks, source=self.source)
        if lines.end_in_damage:
            yield Batch(bad=[BadRow(lines.read + 1, _DAMAGED)])


class _Lines:
    """The lines of a file, as far as it can be unpacked."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.read = 0
        self.end_in_damage = False

    def __iter__(self) -> Iterator[str]:
        try:
            for line in bounded_lines(self._file):
                self.read += 1
                yield line
        except _BROKEN:
            self.end_in_damage = True


def opened(file: IO[bytes]) -> Opened:
    """Unpack and decode; nothing but the start is read."""
    stream = _Rejoined(file)
    if stream.start.startswith(_GZIP):
        unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=cast(IO[bytes], BufferedReader(stream))))
        stream = _Rejoined(unpacked)
    _refuse_others(stream.start)
    encoding = "utf-16" if stream.start[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig"
    start = stream.start.decode(encoding, "replace")
    text = TextIOWrapper(
        BufferedReader(stream, _READ_AT_ONCE),
        encoding=encoding,
        errors="replace",
        newline="",
    )
    return Opened(file=text, start=start)


def chosen_format(
    start: str,
    formats: Callable[[], Mapping[str, Reader]],
    *,
    name: str | None,
    source: str | None,
) -> Chosen:
    """Return the format by its name, or by how the file starts. Other formats than our own are
    loaded only where they are needed.
    """
    if name == CONVERSATIONS or (name is None and (not start.strip() or _is_ours(start))):
        return _conversations(source or "import")
    readers = formats()
    if name is not None and name not in readers:
        raise Misused(
            f"There is no format {name!r}; there is {', '.join([CONVERSATIONS, *readers])}."
        )
    if name is None:
        name = next((n for n, reader in readers.items() if reader.recognises(start)), None)
        if name is None and not start.lstrip().startswith("{"):
            raise Misused(
                "This is no file that can be imported: neither conversation JSONL nor "
                + ", ".join(f"{reader.title} ({n})" for n, reader in readers.items())
                + ". Name the format with --format if it is one of them."
            )
    if name is None:
        return _conversations(source or "import")
    return _of_reader(name, readers[name], source)


def _conversations(source: str) -> Chosen:
    return Chosen(
        name=CONVERSATIONS,
        title="conversation JSONL",
        source=source,
        read=lambda file: read_rows(bounded_lines(file), source=source),
    )


def _of_reader(name: str, reader: Reader, source: str | None) -> Chosen:
    if source not in (None, reader.source):
        raise Misused(f"{reader.title} is from {reader.source}, not from {source}.")
    return Chosen(
        name=name,
        title=reader.title,
        source=reader.source,
        read=lambda file: map(_row, reader.rows(file)),
    )


def _row(found: Imported | BadRow) -> Row | BadRow:
    if isinstance(found, BadRow):
        return found
    return Row(
        line=found.line,
        conversation=found.conversation,
        account=found.account,
        agent=found.agent,
        known_names=found.known_names,
        whole=found.whole,
    )


def _is_ours(start: str) -> bool:
    """Whether one of the first rows is a conversation of our own format."""
    lines = start.split("\n", 50)[:50]
    return any(isinstance(row, Row) for row in read_rows(lines))


def _refuse_others(start: bytes) -> None:
    for mark, what in _OTHERS.items():
        if start.lstrip(b"\xef\xbb\xbf \r\n").startswith(mark):
            raise Misused(f"This file cannot be imported: it is {what}.")


class _Rejoined(RawIOBase):
    """A stream of which the start was looked at; standard input cannot be turned back."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.start = self._read_start()
        self._left = memoryview(self.start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer).cast("B")
        part: bytes | memoryview = self._left[: len(room)]
        if part:
            self._left = self._left[len(part) :]
        else:
            part = self._file.read(len(room))
        room[: len(part)] = part
        return len(part)

    def _read_start(self) -> bytes:
        """Take what can be read; where a file is damaged is found out when its rows are read."""
        found = bytearray()
        try:
            while len(found) < _START and (more := self._file.read(4096)):
                found += more
        except _BROKEN:
            return bytes(found)
        return bytes(found)
