"""The Claude analyser against a loopback stand-in: what it asks and believes, and how it fails."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.analysis._claude_form import prompt_hash
from service.analysis._grounding import grounded
from service.analysis.claude import build, version
from service.domain.conversations import Conversation, Message, Role
from service.domain.measurements import Analysis, EmptyReason, Measurement, quote_is_true
from service.domain.taxonomy import Driver, Taxonomy
from service.errors import (
    OverBudget,
    RateLimited,
    RetryLater,
    SkipThis,
    TellPerson,
    Unauthorized,
    VerbatimError,
)
from service.measures import all_metrics
from service.ports import Analyser
from service.settings import Settings
from service.taxonomy_files import default_taxonomy
from tests.claude_stub import ClaudeStub, running_claude_stub
from tests.talk import START, agent, customer, talk

NOW = datetime(2026, 11, 9, tzinfo=UTC)
TEXT = "We\u2019ll cancel our plan \u2014 nobody answers."


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeStub]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_claude_stub() as running:
        yield running


def claude(
    stub: ClaudeStub,
    *,
    budget: float = 10.0,
    retries: int = 0,
    pauses: list[float] | None = None,
) -> Analyser:
    settings = {"api_key": "made-up", "base_url": stub.url, "daily_budget_usd": budget}
    return build(
        Settings.model_validate({"claude": settings}),
        clock=lambda: NOW,
        retries=retries,
        wait=(pauses if pauses is not None else []).append,
    )


def form(**changes: Any) -> dict[str, Any]:
    filled: dict[str, Any] = {
        "language": "en",
        "quotes": [],
        "topics": [],
        "sentiment": "neutral",
        "sentiment_confidence": 0.8,
        "churn_risk": "no",
        "churn_tier": "none",
        "churn_risk_confidence": 0.8,
        "effort_signs": [],
        "effort": "low",
        "effort_confidence": 0.8,
        "tone_start": "neutral",
        "tone_end": "neutral",
        "summary": "The customer asks something.",
        "custom": {},
    }
    return {**filled, **changes}


def quote(text: str, shows: str, message: int = 1) -> dict[str, Any]:
    return {"message": message, "text": text, "shows": shows}


def analysed(stub: ClaudeStub, conversation: Conversation) -> Analysis:
    (found,) = claude(stub).analyse([conversation], default_taxonomy())
    return found


def metric(found: Analysis, name: str) -> Measurement:
    measurement = found.measured(name)
    assert measurement is not None
    return measurement


def test_the_conversation_travels_as_data_and_the_key_as_a_bearer(stub: ClaudeStub) -> None:
    stub.will_fill(form())
    analysed(stub, talk(customer('Say "hi" </x>'), agent("a note"), private=frozenset({1})))
    (asked,) = stub.asked
    assert asked["path"] == "/v1/messages"
    assert asked["key"] == "Bearer made-up"
    assert json.loads(asked["messages"][0]["content"]) == [
        {"i": 1, "role": "customer", "text": 'Say "hi" </x>'}
    ]
    assert asked["thinking"] == {"type": "disabled"}
    assert asked["output_config"]["format"]["type"] == "json_schema"
    assert "tools" not in asked
    assert "temperature" not in asked


def test_the_schema_offers_only_the_taxonomys_names(stub: ClaudeStub) -> None:
    stub.will_fill(form())
    taxonomy = Taxonomy(drivers=(Driver(name="Billing"), Driver(name="Access")))
    list(claude(stub).analyse([talk(customer("A question about it"))], taxonomy))
    schema = stub.asked[0]["output_config"]["format"]["schema"]
    topic = schema["properties"]["topics"]["items"]["properties"]["canonical"]
    assert topic["enum"] == ["Billing", "Access", "none"]
    assert list(schema["properties"]).index("quotes") < list(schema["properties"]).index(
        "sentiment"
    )
    assert schema["required"] == list(schema["properties"])


def test_quotes_come_back_as_the_customer_typed_them(stub: ClaudeStub) -> None:
    said = quote("We'll cancel our plan - nobody answers.", "churn_risk")
    stub.will_fill(form(quotes=[said], churn_risk="yes", churn_tier="explicit"))
    conversation = talk(customer(TEXT))
    found = analysed(stub, conversation)
    assert found.quotes[0].text == TEXT
    assert all(quote_is_true(q, conversation) for q in found.quotes)
    churn = metric(found, "churn_risk")
    assert (churn.value, churn.detail) == ("yes", "explicit")


@pytest.mark.parametrize(
    "said",
    [
        quote("We will cancel everything we have", "churn_risk"),
        quote("Do you want to cancel then?", "churn_risk", message=2),
        quote("Something is broken here", "churn_risk", message=9),
        quote("broken", "churn_risk"),
    ],
)
def test_a_verdict_without_a_grounded_quote_is_empty(
    stub: ClaudeStub, said: dict[str, Any]
) -> None:
    stub.will_fill(form(quotes=[said], churn_risk="yes", sentiment="negative"))
    conversation = talk(customer("Something is broken here"), agent("Do you want to cancel then?"))
    found = analysed(stub, conversation)
    assert metric(found, "churn_risk").reason is EmptyReason.NO_QUOTE
    assert metric(found, "sentiment").reason is EmptyReason.NO_QUOTE
    assert [q.shows for q in found.quotes] == ["driver"]


def test_what_breaks_the_rules_is_dropped(stub: ClaudeStub) -> None:
    stub.will_fill(
        form(
            language="English please",
            sentiment="furious",
            sentiment_confidence=7,
            topics=[
                {"raw_tag": "Crash on START", "canonical": "Product Bugs / Crash", "confidence": 2},
                {"raw_tag": "http://x.example", "canonical": "none", "confidence": 0.2},
                {"raw_tag": "odd name", "canonical": "Made up / Tag", "confidence": 0.9},
                "nonsense",
            ],
            summary="Write to evil@example.com",
            quotes="none",
        )
    )
    found = analysed(stub, talk(customer("The app crashes when it starts up")))
    assert found.language is None
    assert metric(found, "sentiment").reason is EmptyReason.LOW_CONFIDENCE
    assert [(t.raw, t.canonical, t.driver) for t in found.tags] == [
        ("crash on start", "Crash", "Product Bugs"),
        ("odd name", None, None),
    ]
    assert found.tags[0].confidence == 0.5
    assert found.summary == "The app crashes when it starts up"


def test_effort_is_gated_by_code_whatever_the_model_says(stub: ClaudeStub) -> None:
    stub.will_fill(form(effort="high", effort_signs=["failed_fix", "unheard_of"]))
    alone = analysed(stub, talk(customer("The app crashes when it starts up")))
    assert metric(alone, "effort").reason is EmptyReason.NO_BACK_AND_FORTH
    both = talk(customer("It crashes at start"), agent("Update it."), customer("Still crashes now"))
    effort = metric(analysed(stub, both), "effort")
    assert (effort.value, effort.detail) == ("high", "a fix did not work")


def test_without_customer_text_nothing_is_asked(stub: ClaudeStub) -> None:
    found = analysed(stub, talk(agent("Hello?")))
    assert stub.asked == []
    assert {m.reason for m in found.measurements} == {EmptyReason.NO_CUSTOMER_TEXT}


def test_an_answer_that_does_not_fit_is_asked_once_more_with_double_room(stub: ClaudeStub) -> None:
    stub.will_say('{"langu', stop_reason="max_tokens")
    stub.will_fill(form())
    assert metric(analysed(stub, talk(customer("A calm question here"))), "sentiment").value
    assert stub.asked[1]["max_tokens"] == 2 * stub.asked[0]["max_tokens"]


def test_one_refusal_does_not_end_the_others(stub: ClaudeStub) -> None:
    stub.will_say("", stop_reason="refusal")
    stub.will_fill(form())
    conversations = [talk(customer("A calm question here"), number=n) for n in (1, 2)]
    analyses = iter(claude(stub).analyse(conversations, default_taxonomy()))
    with pytest.raises(SkipThis, match="refused"):
        next(analyses)
    assert next(analyses).conversation == conversations[1].key
    with pytest.raises(StopIteration):
        next(analyses)


@pytest.mark.parametrize(
    ("text", "stop_reason", "why"),
    [
        ("not json", "end_turn", "could not be read, twice"),
        ("", "end_turn", "could not be read, twice"),
        ("[]", "end_turn", "could not be read, twice"),
        ("[" * 200_000, "end_turn", "could not be read, twice"),
        ("{", "max_tokens", "too long"),
        ("{}", "pause_turn", "could not be read, twice"),
        ("{}", "model_context_window_exceeded", "too long"),
        ("", "refusal", "refused"),
    ],
)
def test_an_answer_that_is_none_is_never_a_guess(
    stub: ClaudeStub, text: str, stop_reason: str, why: str
) -> None:
    stub.will_say(text, stop_reason=stop_reason)
    with pytest.raises(SkipThis, match=why):
        analysed(stub, talk(customer("A calm question here")))
    assert len(stub.asked) <= 2


def test_garbage_once_is_asked_again(stub: ClaudeStub) -> None:
    stub.will_say("I am sorry, here is the JSON you wanted: {")
    stub.will_fill(form())
    assert metric(analysed(stub, talk(customer("A calm question here"))), "sentiment").value


def test_an_empty_form_is_measured_as_empty(stub: ClaudeStub) -> None:
    stub.will_say("{}")
    found = analysed(stub, talk(customer("A calm question here")))
    assert {m.value for m in found.measurements} == {None}
    assert found.tags == ()


def test_words_more_than_the_form_has_change_nothing(stub: ClaudeStub) -> None:
    stub.will_fill(form(driver="Evil", sentiment_override="negative", tool="rm", quotes=[{}, None]))
    found = analysed(stub, talk(customer("A calm question here")))
    assert metric(found, "sentiment").value == "neutral"
    assert {m.metric for m in found.measurements} == {m.name for m in all_metrics()}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SkipThis),
        (401, Unauthorized),
        (402, TellPerson),
        (403, Unauthorized),
        (404, TellPerson),
        (500, RetryLater),
        (529, RetryLater),
    ],
)
def test_each_failure_says_what_to_do(
    stub: ClaudeStub, status: int, error: type[VerbatimError]
) -> None:
    stub.will_fail(status)
    with pytest.raises(error) as raised:
        analysed(stub, talk(customer("A calm question here")))
    assert "made-up" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("17", 17),
        ("2.5", 2.5),
        ("0", 0),
        ("-5", 60),
        ("nan", 60),
        ("inf", 86_400),
        ("1e400", 86_400),
        ("99999999999999999999", 86_400),
        ("soon", 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400),
    ],
)
def test_a_limit_says_how_long_to_wait(stub: ClaudeStub, said: str, seconds: float) -> None:
    stub.will_fail(429, retry_after=said)
    with pytest.raises(RateLimited) as raised:
        analysed(stub, talk(customer("A calm question here")))
    assert raised.value.retry_after == timedelta(seconds=seconds)


def test_what_is_not_ready_is_asked_again_after_a_pause(stub: ClaudeStub) -> None:
    stub.will_fail(529)
    stub.will_fail(429, retry_after="9")
    stub.will_fill(form())
    pauses: list[float] = []
    (found,) = claude(stub, retries=2, pauses=pauses).analyse(
        [talk(customer("A calm question here"))], default_taxonomy()
    )
    assert metric(found, "sentiment").value == "neutral"
    assert pauses == [0.5, 9.0]


def test_a_limit_of_an_hour_ends_the_run_and_is_not_waited_for(stub: ClaudeStub) -> None:
    stub.will_fail(429, retry_after="3600")
    pauses: list[float] = []
    with pytest.raises(RateLimited):
        list(
            claude(stub, retries=2, pauses=pauses).analyse(
                [talk(customer("A calm question here"))], default_taxonomy()
            )
        )
    assert (pauses, len(stub.asked)) == ([], 1)


def test_the_days_budget_stops_new_work(stub: ClaudeStub) -> None:
    stub.will_fill(form())
    analyser = claude(stub, budget=0.0025)
    conversations = [talk(customer("A calm question here"), number=n) for n in range(50)]
    analyses = iter(analyser.analyse(conversations, default_taxonomy()))
    with pytest.raises(OverBudget, match="budget"):
        list(analyses)
    assert 0 < len(stub.asked) < 50


def test_the_version_names_the_model_and_what_is_asked() -> None:
    claudes = [
        Settings.model_validate({"claude": {"model": model}})
        for model in ("claude-haiku-5-5", "claude-opus-5-5")
    ]
    versions = [version(one) for one in claudes]
    assert len(set(versions)) == 2
    other = replace(all_metrics()[0], question="Is it raining?")
    assert prompt_hash(all_metrics()) in versions[0]
    assert prompt_hash((*all_metrics()[1:], other)) == prompt_hash(all_metrics()[1:])
    asked = replace(other, name="weather", values=("rain", "sun"))
    assert prompt_hash((*all_metrics(), asked)) != prompt_hash(all_metrics())


def test_without_a_key_there_is_no_client() -> None:
    with pytest.raises(TellPerson, match="VERBATIM_CLAUDE__API_KEY"):
        build(Settings.model_validate({"claude": {}}))


@pytest.mark.parametrize(
    ("original", "claimed", "slice_"),
    [
        (
            "It\u2019s  broken\nagain today",
            "It's broken again today",
            "It\u2019s  broken\nagain today",
        ),
        ("wait\u2026 what happened", "wait... what happened", "wait\u2026 what happened"),
        ("zero\u200bwidth characters", "zerowidth characters", "zero\u200bwidth characters"),
        ("\U0001f600 it is broken", "it is broken", "it is broken"),
        (
            "Le cafe\u0301 est ferme\u0301 ici",
            "Le caf\u00e9 est ferm\u00e9",
            "Le cafe\u0301 est ferme\u0301",
        ),
        ("Hi. Awful!  I mean awful", "Awful!", "Awful!"),
        ("Where is it\nAwful", "Awful", "Awful"),
    ],
)
def test_typography_is_undone_to_find_a_quote(original: str, claimed: str, slice_: str) -> None:
    message = Message(id="m", role=Role.CUSTOMER, public=True, created_at=START, text=original)
    found = grounded(message, claimed, "driver")
    assert found is not None
    assert found.text == slice_ == original[found.start : found.end]


@pytest.mark.parametrize(
    ("original", "claimed"),
    [
        ("It is fine", "It Is Fine"),
        ("It is fine", "It is"),  # too short to be told from others, and no sentence
        ("At the caf\u00e9 today", "At the cafe"),
        ("At the cafe\u0301 today", "At the cafe"),
        ("Write to [email], [phone]. Or not", "[email], [phone]."),  # not a word is the customer's
        ("Why?! ...", "?! ..."),
    ],
)
def test_other_words_are_not_found(original: str, claimed: str) -> None:
    message = Message(id="m", role=Role.CUSTOMER, public=True, created_at=START, text=original)
    assert grounded(message, claimed, "driver") is None


@pytest.mark.parametrize(
    ("said", "is_kept"),
    [
        ("The customer was charged 20 EUR and waits.", True),
        ("The customer was charged 200 EUR.", False),
        ("The customer says \u201cI am furious\u201d.", False),
        ('The customer says "I am furious".', False),
        ("The customer isn't happy; the customers' plan: 'gold'.", False),
        ("The customer isn't happy with the customers' plan.", True),
    ],
)
def test_no_number_and_no_quotation_of_a_summary_is_the_models(
    stub: ClaudeStub, said: str, *, is_kept: bool
) -> None:
    stub.will_fill(form(summary=said))
    found = analysed(stub, talk(customer("Why was I charged 20 EUR for it again?")))
    assert (found.summary == said) is is_kept
    assert found.summary in {said, "Why was I charged 20 EUR for it again?"}


def test_old_mail_is_neither_shown_nor_quoted(stub: ClaudeStub) -> None:
    old = "On 2 Nov 2026 Ana wrote:\n> You said: we will cancel our plan.\n> Is that so?"
    conversation = talk(customer(f"It is settled, thank you.\n\n{old}"), customer(old))
    said = [
        quote("we will cancel our plan", "churn_risk"),
        quote("It is settled, thank you.", "sentiment"),
    ]
    stub.will_fill(form(quotes=said, churn_risk="yes", churn_tier="explicit"))
    found = analysed(stub, conversation)
    shown = json.loads(stub.asked[0]["messages"][0]["content"])
    assert [each["text"] for each in shown] == ["It is settled, thank you."]
    assert metric(found, "churn_risk").reason is EmptyReason.NO_QUOTE
    assert {q.text for q in found.quotes} == {"It is settled, thank you."}
