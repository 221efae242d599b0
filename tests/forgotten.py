"""Everything that can hold a person's words, filled in; and where a word still stands."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import inspect

from service.domain.conversations import IncomingMessage, conversation_key
from service.domain.erasures import quoted_name
from service.domain.feedback import Feedback, Verdict
from service.domain.flags import FlagChange, FlagEvent
from service.domain.measurements import ChurnTier
from service.domain.people import SYSTEM
from service.domain.writeback import FieldChange, WriteOutcome
from service.governance import THEMES
from service.query import Query
from service.receipts import Receipts
from storage.database import SqlDatabase
from storage.engine import Engine
from tests.builders import (
    ACME,
    BOLT,
    NOON,
    a_conversation,
    a_message,
    a_page,
    a_quote,
    a_tag,
    an_analysis,
)

KEY = conversation_key("zendesk", "1")
LATE = conversation_key("zendesk", "9")
CANARY = "qzyxwvut"  # no other word begins like it: an index stores shared beginnings once
SAID = f"You charged my {CANARY} card twice."
PERSON = "r-forget"
POST = "answer:1"


def fill(database: SqlDatabase) -> None:
    """Conversation 1 is PERSON's, 2 somebody else's of the same account, 3 another account's."""
    one = a_conversation(1, SAID, subject=CANARY, requester=PERSON)
    two, three = a_conversation(2), a_conversation(3, account=BOLT.key)
    waiting = IncomingMessage(conversation=LATE, message=a_message(1, SAID))
    database.conversations.save_page("zendesk", a_page(one, two, three))
    database.conversations.save_page("zendesk", a_page(messages=(waiting,)))
    analysis = an_analysis(
        one, sentiment="negative", quotes=(a_quote(one),), summary=SAID, tags=(a_tag(CANARY),)
    )
    database.analyses.save([analysis, an_analysis(two), an_analysis(three)])
    database.analyses.set_by_person(KEY, "sentiment", "negative")
    database.analyses.fail(KEY, one.fingerprint(), "local-2", "too odd")
    change = FieldChange(conversation=KEY, fields={"topic": CANARY})
    database.write_back.record([WriteOutcome(change=change, written=True)])
    database.write_back.begin([change])
    database.checks.draw("sentiment", 3, seed=1, at=NOON)
    _say_again(database)


def _say_again(database: SqlDatabase) -> None:
    """What people and other parts keep of it."""
    raised = FlagChange(
        account=ACME.key,
        nth=0,
        event=FlagEvent.RAISED,
        at=NOON,
        by="rule",
        reason="one explicit signal",
        signals=(f"{KEY}#m1",),
        tier=ChurnTier.EXPLICIT,
    )
    database.flags.add(raised)
    reason = f"it was about the {CANARY} card only"
    silenced = FlagChange(
        account=ACME.key,
        nth=1,
        event=FlagEvent.NOT_A_RISK,
        at=NOON,
        by="carla@example.com",
        reason=reason,
        signals=raised.signals,
        tier=ChurnTier.EXPLICIT,
    )
    database.flags.add(silenced)
    receipts = Receipts(database, lambda: NOON)
    number = Query(metric="negative_rate")
    receipt = receipts.publish(number, SYSTEM, (1, 3), versions={}, as_of=NOON)
    verdict = Feedback(
        answer="1",
        person="olga@example.com",
        verdict=Verdict.WRONG,
        at=NOON,
        note=f"the {CANARY} quote is not about billing",
        receipt=receipt,
    )
    database.feedback.note(verdict)
    work = database.work
    asked = f"who wrote 'charged my {CANARY} card twice'?"
    work.remember("slack-thread:C1:1.0", json.dumps([{"text": asked, "reading": {}}]))
    work.remember(THEMES, json.dumps({CANARY: [CANARY], "other": ["raw Billing"]}))
    work.remember(quoted_name(POST), json.dumps([KEY]))
    work.remember(quoted_name("answer:2"), json.dumps([a_conversation(2).key]))
    work.accept("slack", "event 1", json.dumps({"asked": {"text": asked}}), at=NOON)
    work.outbox_start(POST, json.dumps({"channel": "C1", "text": SAID}), at=NOON)
    work.outbox_sent(POST, "C1:1.0")


def rows(database: SqlDatabase) -> Iterator[tuple[str, list[Any]]]:
    """Every table with its rows; the search index is a table like any other."""
    beside = database.engine.beside("inbox")
    for engine in dict.fromkeys((database.engine, beside)):
        yield from _rows(engine)
    if beside is not database.engine:
        beside.close()


def _rows(engine: Engine) -> Iterator[tuple[str, list[Any]]]:
    with engine.reading() as connection:
        for table in inspect(connection).get_table_names():
            query = f"SELECT * FROM {table}"  # noqa: S608 -- names of the schema's own
            yield table, list(connection.exec_driver_sql(query))


def tables_with(database: SqlDatabase, word: str) -> set[str]:
    return {table for table, found in rows(database) if word in str(found)}
