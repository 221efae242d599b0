"""Says which part of a message is new, and which is old mail, a signature or a disclaimer.

It labels and never deletes: the segments cover the text exactly. When in doubt words are new,
because a customer's lost words are worse than old words kept. One pass over the lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from service.domain.mail_marks import (
    LONGEST_LINE,
    Header,
    Mark,
    ends_attribution,
    header_of,
    is_attribution,
    is_disclaimer,
    mark_of,
    opens_attribution,
)

REMEMBERED = 2_048  # texts: a conversation's are asked about a dozen times while it is measured
LONGEST_REMEMBERED = 10_000
LONG_REMEMBERED = 4  # of the longer ones, of some megabytes each
MOST_LINES = 50_000  # lines that are looked at; further ones are like the last of them
_SIGNATURE_LINES = 10
_SIGNATURE_WIDTH = 100
_WRAPPED = 2  # lines that a mail program puts before the last one of an attribution
_LAST_PARAGRAPHS = 6  # only there a disclaimer is looked for
_DISCLAIMER_LINES = 40

# Possessive: a long line of spaces is read once.
_LINE = re.compile(r"^[^\S\n]*+\S[^\n]*", re.MULTILINE)
_STOPS = (".", "!", "?", "\u2026")
_LOG_LINE = re.compile(r"\s*(?:> \S{1,80}@\d+\.\d|>>> )")  # npm's output, Python's prompt


class Kind(StrEnum):
    NEW = "new"
    QUOTED = "quoted"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Code points [start, end) of a text."""

    start: int
    end: int
    kind: Kind


def segments(text: str) -> tuple[Segment, ...]:
    """Cut a text into labelled parts; joined in order they are the text."""
    return tuple(_joined(_labelled(text), len(text)))


def new_text_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of the parts that were written for this message."""
    return tuple((each.start, each.end) for each in segments(text) if each.kind is Kind.NEW)


def has_new_text(text: str) -> bool:
    if "\n" not in text and text.strip() and mark_of(text[:LONGEST_LINE]) is Mark.NONE:
        return True  # a single line that looks like nothing else
    return Kind.NEW in _labelled(text).kinds  # no such line is blank


def lies_in_new_text(text: str, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in new_text_spans(text))


def _labelled(text: str) -> "_Lines":
    return (_remembered if len(text) <= LONGEST_REMEMBERED else _long_remembered)(text)


def _freshly_labelled(text: str) -> "_Lines":
    lines = _Lines(text)
    lines.label()
    return lines


_remembered = lru_cache(maxsize=REMEMBERED)(_freshly_labelled)
_long_remembered = lru_cache(maxsize=LONG_REMEMBERED)(_freshly_labelled)


def _joined(lines: "_Lines", length: int) -> Iterator[Segment]:
    """Blank lines belong to the part before them."""
    start, kind = 0, lines.kinds[0] if lines.kinds else Kind.NEW
    for (line_start, _), line_kind in zip(lines.spans, lines.kinds, strict=True):
        if line_kind is not kind:
            if line_start > start:
                yield Segment(start=start, end=line_start, kind=kind)
            start, kind = line_start, line_kind
    if length > start:
        yield Segment(start=start, end=length, kind=kind)


class _Lines:
    """The lines of a text that are not blank, what each looks like and what it turned out to be."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.spans: list[tuple[int, int]] = []
        for found in _LINE.finditer(text):
            self.spans.append(found.span())
            if len(self.spans) == MOST_LINES:
                break
        self._marks = _outside_fences([mark_of(self._line(i)) for i in range(len(self.spans))])
        self.kinds = [Kind.NEW] * len(self.spans)
        self._first_new = 0

    def label(self) -> None:
        end = self._label_history()
        self._label_quotes(end)
        self._label_attributions(end)
        self._label_signature(end)
        self._label_disclaimers()

    def _line(self, index: int) -> str:
        start, end = self.spans[index]
        return self._text[start : min(end, start + LONGEST_LINE)]

    def _is(self, index: int, mark: Mark) -> bool:
        return 0 <= index < len(self._marks) and self._marks[index] is mark

    def _set(self, start: int, end: int, kind: Kind) -> None:
        self.kinds[start:end] = [kind] * (end - start)

    def _gap_before(self, index: int) -> bool:
        """Whether a blank line, or nothing, stands before a line."""
        if index == 0:
            return True
        return self._text.count("\n", self.spans[index - 1][1], self.spans[index][0]) > 1

    # Old mail that goes on to the end.

    def _label_history(self) -> int:
        """Label what a mail program appended; return the line from which everything is old."""
        index, count = 0, len(self.spans)
        while index < count:
            after = self._history_starts(index)
            if after is None:
                index += 1
                continue
            start = index - self._is(index - 1, Mark.RULE)
            if not self._is(after, Mark.QUOTE):
                self._set(start, count, Kind.QUOTED)
                return start
            # Marked old words end where the marks end; an answer may stand below them.
            self._set(start, after, Kind.QUOTED)
            self._first_new = after if start <= self._first_new else self._first_new
            index = after
        return count

    def _history_starts(self, index: int) -> int | None:
        """Return the first line after the head of an old mail that starts here."""
        mark = self._marks[index]
        if mark is Mark.ORIGINAL:
            return self._after_headers(index + 1)
        if mark is Mark.ABOVE:
            if self._first_new < index:
                return index + 1
            # Nothing stands above: whatever follows may be the answer.
            self._set(index, index + 1, Kind.QUOTED)
            self._first_new = index + 1
            return None
        return self._after_header_block(index) if mark is Mark.HEADER else None

    def _after_headers(self, index: int) -> int:
        while self._is(index, Mark.HEADER):
            index += 1
        return index

    def _after_header_block(self, index: int) -> int | None:
        """Three headers in a row that a mail program writes above an old mail."""
        if self._is(index - 1, Mark.HEADER) and not self._gap_before(index):
            return None  # it did not start a block a line ago either
        end, found = index, []
        while self._is(end, Mark.HEADER) and (end == index or not self._gap_before(end)):
            found.append(header_of(self._line(end)))
            end += 1
            # An address list may be wrapped once.
            wrapped = self._is(end, Mark.NONE) and self._is(end + 1, Mark.HEADER)
            end += wrapped and not self._gap_before(end) and not self._gap_before(end + 1)
        return end if self._is_reply_head(index, set(found)) else None

    def _is_reply_head(self, index: int, found: set[Header | None]) -> bool:
        if Header.TECHNICAL in found or Header.FROM not in found or len(found) < 3:
            return False
        before = next((i for i in range(index - 1, -1, -1) if not self._is(i, Mark.RULE)), None)
        if before is None:
            return Header.DATE in found  # without one it may be a form that was filled in
        # "These are the headers:" announces what the customer wants to show.
        return self._line(before).rstrip()[-1:] not in (":", "\uff1a")

    # Lines with a quotation mark.

    def _label_quotes(self, end: int) -> None:
        runs = list(self._quote_runs(end))
        known = any(self._attribution_start(first - 1) is not None for first, _ in runs)
        leads = bool(runs) and (runs[0][0] == 0 or known) and len(runs) > 1
        for first, last in runs:
            if self._is_quoted(first, last, leads=leads):
                self._set(first, last, Kind.QUOTED)

    def _quote_runs(self, end: int) -> Iterator[tuple[int, int]]:
        index = 0
        while index < end:
            first = index
            while index < end and self._is(index, Mark.QUOTE):
                index += 1
            if index > first:
                yield first, index
            index += 1

    def _is_quoted(self, first: int, last: int, *, leads: bool) -> bool:
        """A single mark may be an arrow; what stands around it decides."""
        if self._attribution_start(first - 1) is not None:
            return True
        if first > 0 and self.kinds[first - 1] is Kind.QUOTED:
            return True
        if _LOG_LINE.match(self._line(first)):
            return False
        return last - first > 1 or leads or self._is_somebodys_sentence(first)

    def _is_somebodys_sentence(self, index: int) -> bool:
        """An arrow goes on with the thought of the line before; a quoted line is a sentence."""
        line = self._line(index).strip()
        if line.endswith("?") or len(self.spans) == 1:
            return True
        before = self._line(index - 1).rstrip() if index else "."
        words = line.lstrip("> ")
        return before.endswith(_STOPS) and words[:1].isupper() and words.endswith(_STOPS)

    def _label_attributions(self, end: int) -> None:
        for index in range(end):
            following = index + 1
            if self._marks[index] is not Mark.ATTRIBUTION:
                continue
            if following < len(self.spans) and not (
                self._is(following, Mark.QUOTE) or following == end
            ):
                continue
            start = self._attribution_start(index)
            if start is not None:
                self._set(start, following, Kind.QUOTED)

    def _attribution_start(self, index: int) -> int | None:
        """Return the first line of the attribution that ends at a line, if one does."""
        if not self._is(index, Mark.ATTRIBUTION) or not ends_attribution(self._line(index)):
            return None
        words, start = self._line(index), index
        for above in range(index, max(index - _WRAPPED, 0) - 1, -1):
            if opens_attribution(self._line(above)):
                start = above
                break
            if self._gap_before(above):
                break
        if start == index and not self._is(index + 1, Mark.QUOTE) and not is_attribution(words):
            return None
        return start

    # What stands under the customer's name.

    def _label_signature(self, end: int) -> None:
        for index in range(end):
            if self._is(index, Mark.MOBILE):
                self._set(index, index + 1, Kind.SIGNATURE)
            elif self._is(index, Mark.DASHES) and self.kinds[index] is Kind.NEW:
                reach = min(index + _SIGNATURE_LINES + 2, end)
                last = next(
                    (i for i in range(index, reach) if self.kinds[i] is not Kind.NEW), reach
                )
                if self._is_signature(index, last):
                    self._set(index, last, Kind.SIGNATURE)

    def _is_signature(self, first: int, last: int) -> bool:
        if last - first > _SIGNATURE_LINES + 1:
            return False
        block = [self._line(index).rstrip() for index in range(first + 1, last)]
        if any(len(line) > _SIGNATURE_WIDTH and not is_disclaimer(line) for line in block):
            return False
        # Without the space of the standard, two dashes are often just a line between two thoughts.
        standard = self._text[slice(*self.spans[first])].endswith("-- ")
        return standard or not any(line.endswith(("?", "!")) for line in block)

    def _label_disclaimers(self) -> None:
        """Only paragraphs at the end are looked at, and never the only one."""
        own = [index for index, kind in enumerate(self.kinds) if kind is Kind.NEW]
        for first, last in self._paragraphs_from_the_end(own):
            if own[0] < first and is_disclaimer(self._paragraph(first, last)):
                self._set(first, last, Kind.DISCLAIMER)

    def _paragraphs_from_the_end(self, own: Sequence[int]) -> Iterator[tuple[int, int]]:
        position = len(own)
        for _ in range(_LAST_PARAGRAPHS):
            if position == 0:
                return
            last = own[position - 1] + 1
            first = last - 1
            position -= 1
            while position and not self._gap_before(first) and own[position - 1] == first - 1:
                first -= 1
                position -= 1
            if last - first <= _DISCLAIMER_LINES:
                yield first, last

    def _paragraph(self, first: int, last: int) -> str:
        return " ".join(self._line(index).strip(" *_") for index in range(first, last))


def _outside_fences(marks: list[Mark]) -> list[Mark]:
    """What stands between two code fences is shown, not sent: it marks nothing."""
    fences = [index for index, mark in enumerate(marks) if mark is Mark.FENCE]
    for opening, closing in zip(fences[::2], fences[1::2], strict=False):
        marks[opening : closing + 1] = [Mark.NONE] * (closing + 1 - opening)
    return marks
