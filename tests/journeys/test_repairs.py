"""What a person does when something is amiss: prove, sweep, retry, drop, by the command line."""

import json

from flask import Response

from service.domain.conversations import ConversationKey
from tests.journeys.conftest import Fresh, Ran, Said

JSON = {"Content-Type": "application/json"}


def test_a_dropped_page_is_named_by_its_days_in_every_answer_and_fetched_again(
    fresh: Fresh, said: Said
) -> None:
    workspace, sandbox = fresh
    zendesk = sandbox.stands["zendesk"]
    zendesk.faults.lose_page(path="/api/v2/incremental/tickets")
    zendesk.faults.lose_page(path="/api/v2/incremental/ticket_events")  # or it would heal itself
    said.by(workspace, "sync")
    said.by(workspace, "analyse")
    lost = json.loads(said.by(workspace, "reconcile", "--days", "200", "--json", code=1))["sources"]
    (row,) = [each for each in lost if each["source"] == "zendesk"]
    days = {each["day"]: each["missing"] for each in row["days"] if each["missing"]}
    assert row["missing"] == sum(days.values()) > 0

    told = said.by(workspace, "reconcile", "--days", "200", code=1)
    assert all(f"{day}: helpdesk" in told for day in days)
    assert "verbatim sync zendesk --full" in told
    assert "verbatim reconcile --repair" in told
    assert "of Zendesk are missing since" in said.by(
        workspace, "ask", "how many conversations in the last 60 days"
    )

    said.by(workspace, "sync", "zendesk", "--full")
    assert "missing" not in said.by(workspace, "reconcile")
    assert "missing" not in said.by(workspace, "ask", "how many conversations in the last 60 days")


def test_what_could_not_be_read_is_listed_retried_and_dropped(fresh: Fresh, said: Said) -> None:
    workspace, sandbox = fresh
    zendesk = sandbox.stands["zendesk"]
    first, second = list(zendesk.state.tickets)[:2]
    poisoned = {first, second}

    @zendesk.app.after_request
    def spoil(response: Response) -> Response:
        body = response.get_json(silent=True) or {}
        for row in [*body.get("tickets", ()), *filter(None, [body.get("ticket")])]:
            if row["id"] in poisoned:
                row["created_at"] = "soon"
        return Response(json.dumps(body), response.status_code, {**JSON})

    said.by(workspace, "sync")
    listed = json.loads(said.by(workspace, "quarantine", "list", "--json"))["quarantined"]
    assert {each["key"] for each in listed} == {f"zendesk:{first}", f"zendesk:{second}"}
    assert f"zendesk:{first}: " in said.by(workspace, "quarantine", "list")
    (row,) = json.loads(said.by(workspace, "reconcile", "--json"))["sources"][1:]
    assert (row["quarantined"], row["missing"]) == (2, 0)
    assert said.by(workspace, "quarantine", "retry") == "2 still set aside\n"

    poisoned.discard(first)
    assert said.by(workspace, "quarantine", "retry", f"zendesk:{first}") == "0 still set aside\n"
    assert workspace.database().conversations.get(ConversationKey(f"zendesk:{first}")) is not None

    assert said.by(workspace, "quarantine", "drop", f"zendesk:{second}") == "1 dropped\n"
    assert "none of these is set aside" in said.by(workspace, "quarantine", "drop", "zendesk:0")
    assert said.by(workspace, "quarantine", "list") == "Nothing is set aside.\n"
    assert "1 missing" in said.by(workspace, "reconcile", code=1)


def test_the_weekly_sweep_finds_what_the_export_no_longer_tells(small: Ran, said: Said) -> None:
    state = small.sandbox.stands["zendesk"].state
    state.vanish_ticket(next(iter(state.tickets)))
    told = said.by(small.workspace, "reconcile", code=1)
    assert "1 more than there" in told
    assert said.by(small.workspace, "sweep").splitlines() == [
        "intercom: 0 purged",
        "zendesk: 1 purged",
    ]
    assert "more than there" not in said.by(small.workspace, "reconcile")
