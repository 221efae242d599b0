"""What is exported goes in again: into an empty workspace, with the same answers."""

import json
from pathlib import Path

import pytest

from service.cli import run
from service.domain.conversations import ConversationKey
from service.domain.measurements import SetBy
from service.settings import settings_from
from service.stores import Person
from service.workspace import Workspace
from tests.journeys.conftest import Ran, Said
from verbatim import Built

ASKED = (
    "why did sentiment drop last week?",
    "how many conversations in the last 60 days by driver",
    "show me quotes about billing in the last 60 days",
)


@pytest.fixture
def other(tmp_path: Path) -> Workspace:
    return Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "other")}))


def _answers(workspace: Workspace, said: Said) -> list[object]:
    found: list[object] = []
    for text in ASKED:
        told = json.loads(said.by(workspace, "ask", text, "--json"))
        found.append((told["headline"], told["parts"], told["quotes"]))
    return found


def _without_receipts(value: object) -> object:
    """A receipt is of one workspace and moment."""
    if isinstance(value, dict):
        return {k: _without_receipts(v) for k, v in value.items() if k not in {"receipt", "url"}}
    if isinstance(value, list | tuple):
        return [_without_receipts(each) for each in value]
    return value


def test_an_export_imported_elsewhere_gives_the_same_answers_without_measuring_again(
    small: Ran, other: Workspace, said: Said, tmp_path: Path
) -> None:
    database = small.workspace.database()
    first = next(iter(database.conversations.stored_keys("zendesk")))[0]
    database.analyses.set_by_person(first, "sentiment", "positive", set_by=SetBy.AGENT)
    answers = _answers(small.workspace, said)
    assert "helpdesk_url" in str(answers)  # there are quotes to lose
    then = _without_receipts(answers)
    file = tmp_path / "conversations.jsonl"
    said.by(small.workspace, "export", str(file))
    for _ in range(2):  # once more changes nothing
        told = json.loads(said.by(other, "import", str(file), "--json"))
        assert (told["conversations"], told["bad"]) == (60, 0)
        assert _without_receipts(_answers(other, said)) == then
    assert json.loads(said.by(other, "analyse", "--json"))["analysed"] == 0
    set_by = {m.metric: m.set_by for m in _analysis(other, first).measurements}
    assert set_by["sentiment"] is SetBy.AGENT
    again = tmp_path / "again.jsonl"
    said.by(other, "export", str(again))
    assert _comparable(again) == _comparable(file)


def _analysis(workspace: Workspace, key: ConversationKey):  # type: ignore[no-untyped-def]  # a test's
    found = workspace.database().analyses.get(key)
    assert found is not None
    return found


def _comparable(file: Path) -> list[object]:
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        row.pop("requester", None)  # the hash of a hash
    return rows


def test_only_what_was_asked_for_and_may_be_seen_is_exported(
    small: Ran, said: Said, tmp_path: Path
) -> None:
    database = small.workspace.database()
    account = sorted(one.key for one in database.conversations.accounts())[0]
    scope = frozenset({account})
    database.people.save(Person(email="ana@x.example", name="Ana", role="analyst", accounts=scope))
    database.people.save(Person(email="leo@x.example", name="Leo", role="leader"))
    file = tmp_path / "some.jsonl"
    said.by(small.workspace, "export", str(file), "--account", account)
    wanted = file.read_text()
    assert wanted
    said.by(small.workspace, "export", str(file), "--as", "ana@x.example")
    assert file.read_text() == wanted
    said.by(small.workspace, "export", "--as", "leo@x.example", code=1)
    line = said.by(small.workspace, "export", "--source", "intercom").splitlines()[0]
    assert json.loads(line)["source"] == "intercom"


def test_claims_of_a_file_are_checked(other: Workspace, said: Said, tmp_path: Path) -> None:
    text = "I was charged twice, mail me at jo@corp.example."
    quote = {
        "message": "m1",
        "start": 0,
        "end": 19,
        "text": "I was charged twice",
        "shows": "driver",
    }
    untrue = {**quote, "text": "I love this product"}
    row = {
        "id": "1",
        "created_at": "2026-11-02T09:14:00Z",
        "messages": [{"role": "customer", "text": text}],
        "analysis": {
            "analyser": "elsewhere-1",
            "taxonomy": "t",
            "created_at": "2026-11-02T09:14:00Z",
            "measurements": [{"metric": "sentiment", "value": "negative"}],
            "quotes": [quote, untrue],
            "summary": "Mail jo@corp.example.",
        },
    }
    bad = {**row, "id": "2", "analysis": {**row["analysis"], "created_at": "soon"}}  # type: ignore[dict-item]  # a dict
    file = tmp_path / "claims.jsonl"
    file.write_text(json.dumps(row) + "\n" + json.dumps(bad) + "\n")
    told = json.loads(said.by(other, "import", str(file), "--json", code=1))
    assert (told["conversations"], told["bad"]) == (1, 1)
    assert "`analysis.created_at`" in told["bad_rows"][0]["why"]
    found = _analysis(other, ConversationKey("import:1"))
    assert [one.text for one in found.quotes] == ["I was charged twice"]
    assert found.summary == "Mail [email]."


def test_an_export_of_nothing_says_which_condition_nobody_meets(
    small: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(small.workspace, ["export", "--driver", "Biling"]) == 0
    assert "No conversation has the driver Biling; there is Billing" in capsys.readouterr().err
    assert run(small.workspace, ["export", "--period", "2001-01-01..2001-01-02"]) == 0
    assert "take a longer period" in capsys.readouterr().err
