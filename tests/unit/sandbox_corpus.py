"""A few conversations about invoices, for the stand-ins of both helpdesks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.sandbox.corpus import (
    Corpus,
    CorpusAccount,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
)

TOKEN = "made-up-token"
BEGIN = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RITA = CorpusPerson(id="r1", name="Rita", email="rita@acme.test", account="a1")
ROB = CorpusPerson(id="r2", name="Rob", email="rob@nowhere.test", account=None)

Words = Sequence[tuple[str, str | None, bool, str]]  # role, author, public, text


def a_talk(
    helpdesk: str,
    number: int,
    words: Words,
    *,
    updated_at: datetime,
    channel: str,
    status: str,
) -> CorpusConversation:
    """The numberth conversation: it begins an hour after the one before, a message each 10 min."""
    begun, id_ = begun_at(number), f"{helpdesk[0]}-{number}"
    return CorpusConversation(
        id=id_,
        helpdesk=helpdesk,  # type: ignore[arg-type]  # one of the two
        channel=channel,
        subject=f"Invoice {number}",
        status=status,
        account="a1",
        requester="r1",
        agent="g1",
        helpdesk_tags=("billing",),
        created_at=begun,
        updated_at=updated_at,
        messages=tuple(
            CorpusMessage(
                id=f"{id_}-{place}",
                role=role,  # type: ignore[arg-type]  # one of its values
                author=author,
                public=public,
                created_at=begun + timedelta(minutes=10 * place),
                text=text,
            )
            for place, (role, author, public, text) in enumerate(words)
        ),
        origin="written for this test",
    )


def begun_at(number: int) -> datetime:
    return BEGIN + timedelta(hours=number)


def a_corpus(talks: Sequence[CorpusConversation], *requesters: CorpusPerson) -> Corpus:
    acme = CorpusAccount(
        id="a1", name="Acme", segment="enterprise", owner="maya@us.test", domain="acme.test"
    )
    return Corpus(
        accounts=(acme,),
        agents=(CorpusPerson(id="g1", name="Gus", email="gus@us.test", account=None),),
        requesters=requesters,
        conversations=tuple(talks),
    )
