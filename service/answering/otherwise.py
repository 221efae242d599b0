"""The other readings of a question: what each is called, where it leads, and how it is chosen.

A reading was made elsewhere; here it only gets words, an address and its turn. It counts nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.answering.desk import numerator_query
from service.catalogue import Catalogue
from service.domain.answers import Alternative
from service.links import Links
from service.query import Dimension
from service.questions import to_query
from service.reading.model import Reading

ThreadItem = Mapping[str, object]


def alternatives(
    reading: Reading, catalogue: Catalogue, links: Links, *, person: str
) -> tuple[Alternative, ...]:
    """Return what else the words of a question may have meant, each with its conversations."""
    found = []
    for words, other in _called(reading.as_dict(), catalogue):
        query = replace(to_query(other, catalogue, person=person), group_by=(), compare_to=None)
        url = links.explore(numerator_query(query))
        found.append(Alternative(words=words, reading=other.as_dict(), url=url))
    return tuple(found)


def chosen(text: str, thread: Sequence[ThreadItem], catalogue: Catalogue) -> Reading | None:
    """Return the reading that a message asks for by its words, of those the thread was offered."""
    wanted = _plain(text)
    for item in reversed(thread):
        reading = item.get("reading")
        if isinstance(reading, Mapping):
            for words, other in _called(reading, catalogue):
                if _plain(words) == wanted:
                    return other
    return None


def _called(reading: Mapping[str, object], catalogue: Catalogue) -> Iterator[tuple[str, Reading]]:
    """Each alternative by what it filters and the reading itself does not."""
    others = reading.get("alternatives")
    for one in others if isinstance(others, list | tuple) else ():
        if not isinstance(one, Mapping):
            continue
        held, other = Reading.from_dict(reading).filters, Reading.from_dict(one)
        new = [
            _words(kind, value, catalogue)
            for kind, values in other.filters.items()
            for value in values
            if value not in held.get(kind, ())
        ]
        if new:
            yield " and ".join(new), other


def _words(kind: str, value: str, catalogue: Catalogue) -> str:
    if kind == "text":
        return f"the word “{value}”"
    called = "metric" if kind == "custom" else Dimension(kind).words
    return f"the {called} {catalogue.name(kind, value)}"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
