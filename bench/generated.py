"""Makes up a helpdesk of any size: 5 comments and 10 audits a ticket, as the reference assumes.

The words are the bundled corpus's, joined to the length of mail; the same size gives the same
helpdesk.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from connectors.sandbox.corpus import (
    Corpus,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
    HelpdeskName,
    SpeakerRole,
    load_corpus,
)
from connectors.sandbox.intercom import IntercomStand, intercom_app
from connectors.sandbox.records import Keyset, seconds
from connectors.sandbox.running import TOKEN
from connectors.sandbox.zendesk import ZendeskStand, zendesk_app
from connectors.sandbox.zendesk_records import Audit, Change, Ticket

COMMENTS = 5
AUDITS = 10
PEOPLE = 0.6  # requesters per conversation
_SPAN = timedelta(days=700)
_LASTS = timedelta(hours=30)  # one conversation, from its first word to its last change
_SPEAKERS: tuple[SpeakerRole, ...] = ("customer", "agent", "customer", "agent", "agent")
_CHANNELS = ("email", "web", "api")
_MOST_JOINED = 9  # texts of the bundle in one comment
_AFTER_ALL = 4_000_000_000  # ids of audits that the stand-in did not make
# Whatever is asked for, our own half of it is never what a run waits for.
_CALLS_PER_WINDOW = 1_000_000


def zendesk(size: int) -> ZendeskStand:
    """A stand-in with so many tickets, ten audits each, of which five carry a comment."""
    stand = zendesk_app(
        generated("zendesk", size), token=TOKEN, clock=_now, hide=timedelta(seconds=0)
    )
    state, numbers = stand.state, iter(range(_AFTER_ALL, _AFTER_ALL + 100 * size + 100))
    for ticket in state.tickets.values():
        ticket.audits += islice(_wordless(ticket, numbers), AUDITS - len(ticket.audits))
    state.audits.update({audit.id: audit for row in state.tickets.values() for audit in row.audits})
    state.events = Keyset((seconds(each.created_at), each.id) for each in state.audits.values())
    return stand


def intercom(size: int) -> IntercomStand:
    return intercom_app(
        generated("intercom", size), token=TOKEN, clock=_now, calls_per_window=_CALLS_PER_WINDOW
    )


def generated(helpdesk: HelpdeskName, size: int) -> Corpus:
    now = _now()
    bundle = load_corpus(now=now)
    texts = _texts(bundle)
    people = _people(bundle, max(round(size * PEOPLE), 1))
    dice = random.Random(f"{helpdesk} {size}")  # noqa: S311 - nothing secret is drawn
    step = _SPAN / max(size, 1)
    conversations = tuple(
        _conversation(
            helpdesk, number, now - _SPAN - 2 * _LASTS + number * step, bundle, people, texts, dice
        )
        for number in range(size)
    )
    return replace(bundle, requesters=people, conversations=conversations)


def _texts(bundle: Corpus) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"customer": [], "agent": []}
    for conversation in bundle.conversations:
        for message in conversation.messages:
            found["agent" if message.role == "bot" else message.role].append(message.text)
    return found


def _people(bundle: Corpus, count: int) -> tuple[CorpusPerson, ...]:
    names = [person.name.split() for person in bundle.requesters]
    dice = random.Random(count)  # noqa: S311 - nothing secret is drawn
    return tuple(
        CorpusPerson(
            id=f"person-{number}",
            name=f"{dice.choice(names)[0]} {dice.choice(names)[-1]}",
            email=f"person{number}@example.com",
            account=dice.choice(bundle.accounts).id,
        )
        for number in range(count)
    )


def _conversation(
    helpdesk: HelpdeskName,
    number: int,
    begun: datetime,
    bundle: Corpus,
    people: Sequence[CorpusPerson],
    texts: dict[str, list[str]],
    dice: random.Random,
) -> CorpusConversation:
    requester, agent = dice.choice(people), dice.choice(bundle.agents)
    authors = {"customer": requester.id, "agent": agent.id}
    messages = tuple(
        CorpusMessage(
            id=str(number * COMMENTS + place),
            role=role,
            author=authors[role],
            public=place != len(_SPEAKERS) - 1,
            created_at=begun + timedelta(minutes=dice.randint(1, 50)) + place * _LASTS / AUDITS,
            text=" ".join(dice.choices(texts[role], k=dice.randint(1, _MOST_JOINED))),
        )
        for place, role in enumerate(_SPEAKERS)
    )
    return CorpusConversation(
        id=str(number),
        helpdesk=helpdesk,
        channel=_CHANNELS[number % len(_CHANNELS)],
        subject=dice.choice(texts["customer"])[:80],
        status="solved",
        account=requester.account,
        requester=requester.id,
        agent=agent.id,
        helpdesk_tags=tuple(sorted(dice.sample(("vip", "refund", "login", "bug", "sales"), 2))),
        created_at=begun,
        updated_at=begun + _LASTS,
        messages=messages,
        origin="made up",
    )


def _wordless(ticket: Ticket, numbers: Iterator[int]) -> Iterator[Audit]:
    """Changes of an attribute, from the last comment to the ticket's last change."""
    last = ticket.comments[-1].created_at
    for place, number in enumerate(numbers):
        yield Audit(
            id=number,
            ticket_id=ticket.id,
            author_id=ticket.assignee_id or ticket.submitter_id,
            created_at=min(last + timedelta(minutes=place), ticket.updated_at),
            comment=None,
            changes=(
                Change(
                    id=number, type="Change", field_name="priority", value="high", previous=None
                ),
            ),
        )


def _now() -> datetime:
    return datetime.now(UTC)
