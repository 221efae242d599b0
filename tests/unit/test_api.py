"""The API as programs use it: whose token sees what, what is refused, and what a page says too."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import BaseModel

from service.domain.conversations import conversation_key
from service.flags import Flags
from service.links import Links
from service.query import Query
from service.stores import Person
from service.tokens import Tokens
from service.web import api_shapes as shapes
from service.web.api_params import of_groups, of_lists
from tests.browser import sample
from tests.browser.sample import ACME, ANA, COUNT, HOSTILE, LEE, MAYA, NOBODY, NOW, Sample

Headers = dict[str, str]
INITECHS = conversation_key("zendesk", "360001200001")
ADDRESSES = (
    "/api/v1/conversations",
    "/api/v1/group",
    "/api/v1/receipts/abc",
    "/api/v1/flags",
)


class Program:
    """A program that asks with a person's token."""

    def __init__(self, site: Sample, person: Person) -> None:
        self._client = site.app.test_client()
        _, secret = Tokens(site.database, sample.now).make(person.email)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, address: str, status: int = 200) -> Any:
        answer = self._client.get(f"/api/v1{address}", headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def ask(self, text: str, status: int = 200, **more: object) -> Any:
        body = {"text": text, **more}
        answer = self._client.post("/api/v1/ask", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    filled = sample.make(tmp_path_factory.mktemp("api"))
    Flags(database=filled.database, links=Links("http://localhost"), clock=sample.now).update()
    yield filled
    filled.database.close()


@pytest.fixture
def client(site: Sample) -> FlaskClient:
    return site.app.test_client()


@pytest.fixture
def ana(site: Sample) -> Program:
    return Program(site, ANA)


@pytest.fixture
def maya(site: Sample) -> Program:
    return Program(site, MAYA)


@pytest.fixture
def lee(site: Sample) -> Program:
    return Program(site, LEE)


def as_documented(shape: type[BaseModel], answer: Mapping[str, object]) -> bool:
    """Whether an answer has every documented name and no other."""
    return shape.model_validate(answer).model_dump(mode="json") == answer


# --- Who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer vbt_made-up", "Basic YTpi", "vbt_x", "Bearer é"]
)
def test_nothing_opens_without_a_token(client: FlaskClient, address: str, sent: str) -> None:
    refused = client.get(address, headers={"Authorization": sent})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json is not None
    assert "verbatim token make" in refused.json["what_to_do"]


def test_a_signed_in_browser_is_nobody_here(site: Sample) -> None:
    browser = site.client(ANA)
    assert browser.get("/").status_code == 200
    assert browser.get("/api/v1/conversations").status_code == 401
    assert browser.post("/api/v1/ask", json={"text": "help"}).status_code == 401
    cookie = browser.get_cookie("verbatim", domain="localhost")
    assert cookie is not None
    session = {"Authorization": f"Bearer {cookie.value}"}
    assert browser.get("/api/v1/flags", headers=session).status_code == 401


def test_a_token_in_an_address_opens_nothing(site: Sample, ana: Program) -> None:
    secret = ana.headers["Authorization"].split()[1]
    for name in ("token", "access_token", "key"):
        address = f"/api/v1/conversations?{name}={secret}"
        assert site.app.test_client().get(address).status_code == 401
        refused = ana.get(f"/conversations?{name}={secret}", status=400)
        assert secret not in refused["error"]


def test_a_revoked_token_opens_nothing_at_once(site: Sample) -> None:
    program = Program(site, NOBODY)
    program.get("/flags")
    Tokens(site.database, sample.now).revoke(NOBODY.email)
    program.get("/flags", status=401)


def test_a_token_ends_on_its_day(site: Sample, client: FlaskClient) -> None:
    def long_ago() -> datetime:
        return NOW - timedelta(days=90)

    _, secret = Tokens(site.database, long_ago).make(ANA.email, days=90)
    sent = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/flags", headers=sent).status_code == 401


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    site = sample.make(tmp_path, filled=False, api_calls_per_minute=2)
    first, second = Program(site, ANA), Program(site, ANA)
    for _ in range(2):
        first.get("/flags")
    refused = site.app.test_client().get("/api/v1/flags", headers=first.headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    second.get("/flags")  # every token has calls of its own
    site.database.close()


def test_an_address_that_does_not_exist_says_so_in_json(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json is not None
    assert set(answer.json) == {"error", "what_to_do"}


def test_another_method_is_told_which_is_right(client: FlaskClient, ana: Program) -> None:
    answer = client.delete("/api/v1/flags", headers=ana.headers)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert client.get("/api/v1/ask", headers=ana.headers).status_code == 405


# --- Who sees what -------------------------------------------------------------------------------


def test_the_analyst_reads_every_conversation_once_over_all_pages(ana: Program) -> None:
    seen: list[str] = []
    page = ana.get("/conversations?limit=20")
    total = page["total"]["n"]
    while True:
        assert as_documented(shapes.Conversations, page)
        seen += [one["conversation"] for one in page["conversations"]]
        if page["next"] is None:
            break
        page = ana.get(f"/conversations?limit=20&after={page['next']}")
    assert len(seen) == len(set(seen)) == total == COUNT + 1


def _asked_of(program: Program, name: str) -> str:
    told = str(program.ask(f"what are customers of {name} unhappy about?"))
    return re.sub(r"/r/[\w-]+", "/r/", told).replace(name, "NAME")


def test_a_csm_is_told_of_her_accounts_and_of_no_other(maya: Program) -> None:
    page = maya.get("/conversations?limit=200")
    assert {one["account"]["key"] for one in page["conversations"]} == {ACME}
    assert len(page["conversations"]) == page["total"]["n"]
    assert maya.get("/conversations?account=zendesk:a2")["conversations"] == []
    assert maya.get(f"/conversations?conversation={INITECHS}")["total"]["n"] == 0
    groups = maya.get("/group?group=account")["groups"]
    assert [one["titles"] for one in groups] == [["Acme"]]
    # Her own word is repeated as not understood, like one that is nobody's name.
    assert _asked_of(maya, "Initech") == _asked_of(maya, "Zorbexia")
    assert {one["account"]["key"] for one in maya.get("/flags")["flags"]} <= {ACME}


def test_a_person_without_accounts_is_told_of_nothing(site: Sample) -> None:
    noel = Program(site, NOBODY)
    assert noel.get("/conversations")["total"]["n"] == 0
    assert noel.get("/group?metric=negative_rate")["groups"] == []
    assert noel.get("/flags")["flags"] == []
    assert noel.ask("how many conversations last week?")["headline"]["current"]["n"] == 0
    assert noel.ask("show me quotes about billing")["quotes"] == []


def test_a_leader_is_told_only_of_validated_metrics(tmp_path: Path) -> None:
    site = sample.make(tmp_path)
    lee = Program(site, LEE)
    listed = lee.get("/conversations?limit=1")["conversations"][0]
    assert {one["state"] for one in listed["labels"].values()} == {"withheld"}
    for address in (
        "/group?metric=negative_rate",
        "/group?group=sentiment",
        "/conversations?sentiment=negative",
        "/conversations?not.effort=high",
        "/flags",
    ):
        assert "withheld" in lee.get(address, status=403)["error"]
    assert lee.get("/group?group=driver")["groups"]
    at_risk, unusual = "which accounts are at risk of churn?", "anything unusual last week?"
    assert [lee.ask(text)["headline"] for text in (at_risk, unusual)] == [None, None]
    site.validate("churn_risk")
    assert lee.get("/conversations?churn_risk=yes")["total"]["n"] > 0
    assert lee.ask(at_risk)["headline"]["current"]["n"] > 0
    told = lee.ask(unusual)
    assert told["headline"]["metric"] == "churn_risk_rate"
    assert "negative share and high-effort share withheld" in " ".join(told["also_changed"])
    lee.get("/flags")
    lee.get("/conversations?sentiment=negative", status=403)
    site.database.close()


def test_a_leader_cannot_read_a_withheld_number_by_its_receipt(ana: Program, lee: Program) -> None:
    told = ana.get("/group?metric=negative_rate")["total"]["receipt"]
    lee.get(f"/receipts/{told.rpartition('/')[2]}", status=403)


def test_a_csm_cannot_read_a_number_of_others_by_its_receipt(ana: Program, maya: Program) -> None:
    for address in ("/conversations", "/conversations?account=zendesk:a2"):
        told = ana.get(address)["total"]["receipt"]
        maya.get(f"/receipts/{told.rpartition('/')[2]}", status=403)
    own = maya.get("/conversations")["total"]["receipt"]
    assert maya.get(f"/receipts/{own.rpartition('/')[2]}")["same"] is True


# --- What is told --------------------------------------------------------------------------------


def test_a_question_is_answered_as_the_command_answers_it(ana: Program) -> None:
    for text in (
        "why did sentiment drop last week?",
        "how many conversations last week?",
        "top drivers last month",
        "show me quotes about being charged twice",
        "help",
        "what is negative share?",
        "close all tickets",
    ):
        assert as_documented(shapes.Answer, ana.ask(text))


def test_a_follow_up_keeps_the_question_before(ana: Program) -> None:
    first = ana.ask("how many conversations last week?", today="2026-11-22")
    thread = [{"text": "how many conversations last week?", "reading": first["reading"]}]
    then = ana.ask("and for chat?", thread=thread, today="2026-11-22")
    assert then["reading"]["filters"] == {"channel": ["chat"]}
    assert then["reading"]["period"] == first["reading"]["period"]


def test_a_groups_number_is_the_list_that_it_links_to(ana: Program) -> None:
    told = ana.get("/group?metric=negative_rate&group=driver&from=2026-11-01&to=2026-11-22")
    assert as_documented(shapes.Grouping, told)
    assert told["groups"]
    for one in told["groups"]:
        for part in (one, one["conversations"], one["empty"], one["unmeasured"]):
            listed = part["listing"].removeprefix("http://localhost/")
            assert ana.get(f"/conversations{listed}")["total"]["n"] == part["n"]
            number = ana.get(f"/receipts/{part['receipt'].rpartition('/')[2]}")
            assert (number["now"]["n"], number["now"]["of"]) == (part["n"], part["of"])
        parts = (one["of"], one["empty"]["n"], one["unmeasured"]["n"])
        assert sum(parts) == one["conversations"]["n"]


def test_groups_beyond_the_limit_are_counted(ana: Program) -> None:
    told = ana.get("/group?group=day&limit=3")
    assert len(told["groups"]) == 3
    assert told["left_out"] > 0
    assert [one["values"] for one in told["groups"]] == sorted(
        one["values"] for one in told["groups"]
    )


def test_three_states_of_a_metric_stay_three(ana: Program) -> None:
    rows = ana.get("/conversations?limit=200")["conversations"]
    states = {one["labels"]["sentiment"]["state"] for one in rows}
    assert states == {"measured", "empty", "unmeasured"}
    for one in rows:
        label = one["labels"]["sentiment"]
        assert (label["value"] is not None) == (label["state"] == "measured")


def test_a_receipt_tells_then_and_now(ana: Program) -> None:
    told = ana.get("/conversations?sentiment=negative")["total"]
    number = ana.get(f"/receipts/{told['receipt'].rpartition('/')[2]}")
    assert as_documented(shapes.Recount, number)
    assert number["then"] == number["now"] == {"n": told["n"], "of": told["of"]}
    assert number["query"] == {"sentiment": ["negative"]}


def test_flags_come_with_the_words_behind_them(ana: Program) -> None:
    told = ana.get("/flags")
    assert as_documented(shapes.Flags, told)
    assert {one["account"]["name"] for one in told["flags"]} >= {"Acme"}
    for one in told["flags"]:
        assert any("cancel" in each["text"] for each in one["signals"])


def test_hostile_texts_travel_as_data(ana: Program) -> None:
    row = ana.get(f"/conversations?conversation={HOSTILE}")["conversations"][0]
    assert row["subject"] == '<img src=x onerror=alert(1)> "help"'


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/conversations?sentimnet=negative",
        "/conversations?metric=negative_rate",
        "/conversations?group=driver",
        "/conversations?vs_from=2026-11-01&vs_to=2026-11-02",
        "/conversations?from=2026-11-01",
        "/conversations?from=2026-11-02&to=2026-11-01",
        "/conversations?from=yesterday&to=today",
        "/conversations?from=",
        "/conversations?limit=0",
        "/conversations?limit=201",
        "/conversations?limit=1&limit=2",
        "/conversations?limit=%C2%B2",
        "/conversations?limit=99999999999999999999",
        "/conversations?after=nonsense",
        "/conversations?sort=subject",
        "/conversations?text=a%00b",
        "/conversations?custom_nothing=yes",
        f"/conversations?text={'x' * 600}",
        "/conversations?" + "&".join(f"tag={n}" for n in range(200)),
        "/group?metric=happiness",
        "/group?group=driver&group=tag&group=day",
        "/group?group=driver&group=driver",
        "/group?group=conversation",
        "/group?group=mood",
        "/group?after=x",
        "/receipts/abc?full=1",
        "/receipts/a%00b",
        "/flags?account=zendesk:a1",
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(ana: Program, address: str) -> None:
    refused = ana.get(address, status=400)
    assert set(refused) == {"error", "what_to_do"}
    assert refused["error"].endswith(".")


@pytest.mark.parametrize(
    "more",
    [
        {"text": ""},
        {"text": "   "},
        {"text": 7},
        {"text": "x" * 2_001},
        {"extra": 1},
        {"text": "a\0b"},
        {"text": "why?", "thread": [{"reading": {"intent": "count", "filters": {"tag": ["\0"]}}}]},
        {"today": "tomorrow"},
        {"thread": "no"},
        {"thread": [{"text": "x", "role": "system"}]},
        {"thread": [{}] * 21},
        {"thread": [{"reading": {}}]},
        {"thread": [{"reading": {"intent": "drop"}}]},
        {"text": "more", "thread": [{"reading": {"intent": "trend", "group_by": ["mood"]}}]},
        {"text": "why?", "thread": [{"reading": {"intent": "count", "metric": "happiness"}}]},
        {"text": "how many conversations in the last 999999999 weeks"},
        {"text": "same week last year", "today": "0001-01-01"},
        {"thread": [{"reading": {"intent": "quotes", "limit": 10**9}}]},
        {"thread": [{"reading": {"intent": "count", "period": {"start": 1, "end": 2}}}]},
    ],
)
def test_a_body_of_another_shape_is_refused(ana: Program, more: dict[str, object]) -> None:
    refused = ana.ask(**{"text": "help", **more, "status": 400})  # type: ignore[arg-type]  # hostile on purpose
    assert refused["error"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"text=help", "application/x-www-form-urlencoded", 415),
        (b'{"text": "help"}', "text/plain", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"text": "' + b"x" * 600_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_question_is_refused(
    client: FlaskClient, ana: Program, body: bytes, kind: str, status: int
) -> None:
    answer = client.post("/api/v1/ask", data=body, content_type=kind, headers=ana.headers)
    assert answer.status_code == status
    assert answer.json is not None
    assert set(answer.json) == {"error", "what_to_do"}


# --- Its description -----------------------------------------------------------------------------


def test_the_description_opens_for_everybody_and_tells_of_no_workspace(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["openapi"].startswith("3.1")
    assert "Acme" not in answer.text


@pytest.mark.parametrize("documented", [of_lists(), of_groups()])
def test_every_documented_condition_can_be_asked(documented: list[dict[str, Any]]) -> None:
    own = {"from", "to", "limit", "after", "metric", "sort", "group"}
    for name in {str(one["name"]) for one in documented} - own:
        assert Query.from_params([(name, "2026-11-01")]) != Query()
