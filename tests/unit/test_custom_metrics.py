"""Metrics that a workspace defines as data: their file, their answers, and where they appear."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import measures, writeback
from service.analysis import local
from service.analysis._claude_form import as_data, make_form, read_form
from service.analysis._claude_reading import material_of, reading
from service.cli import run
from service.custom_metrics import custom_metric, parse_metrics, write_metrics
from service.domain.answers import Intent
from service.domain.measurements import CUSTOM, EmptyReason, Example, Metric
from service.domain.people import SYSTEM
from service.domain.writeback import field_specs, takes
from service.errors import Misused, NoLongerDefined
from service.links import Links
from service.query import Dimension, Query
from service.settings import settings_from
from service.taxonomy_files import default_taxonomy
from tests.talk import agent, customer, talk
from verbatim import Built

LEGAL = custom_metric(
    name="legal_threat",
    title="Legal threat",
    question="Does the customer threaten legal action?",
    values=("yes", "no"),
    decision="who answers",
    owner="maya@example.com",
    examples=(
        Example(value="yes", text="I will contact my lawyer"),
        Example(value="yes", text="We will take legal action against you"),
        Example(value="yes", text="I am reporting you to the consumer protection agency"),
        Example(value="no", text="Where is my order?"),
        Example(value="no", text="I was charged twice this month"),
        Example(value="no", text="I cannot sign in to my account"),
    ),
)
URGENCY = custom_metric(
    name="urgency",
    title="Urgency",
    question="How soon does the customer need an answer?",
    values=("high", "normal"),
    examples=(
        Example(value="high", text="This is urgent, we need it fixed today"),
        Example(value="high", text="Our production is down, please respond immediately"),
        Example(value="normal", text="No rush, whenever you have time"),
        Example(value="normal", text="Just a quick question about the settings"),
    ),
)
CLEAR = (
    ("I'll be contacting my solicitor about this", "yes"),
    ("you will hear from my lawyer next week", "yes"),
    ("where is my parcel, the order is late", "no"),
)


@pytest.fixture(autouse=True)
def own_metrics() -> Iterator[None]:
    """Each test starts and ends without any."""
    measures.define(())
    yield
    measures.define(())


def test_a_file_reads_back_as_it_was_written() -> None:
    assert parse_metrics(write_metrics([LEGAL, URGENCY])) == (LEGAL, URGENCY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("metrics: [{name: A b, question: x, values: [a, b]}]", "a-z, 0-9 and _"),
        ("metrics: [{name: a, values: [a, b]}]", "needs `question`"),
        ("metrics: [{name: a, question: x, values: [a]}]", "2 to 12 values"),
        ("metrics: [{name: a, question: x, values: [a, A]}]", "names a value twice"),
        ("metrics: [{name: a, question: x, values: [a, '=1+1']}]", "plain words"),
        ("metrics: [{name: a, question: x, values: [a, empty]}]", "plain words"),
        ("metrics: [{name: a, question: x, values: [a, b], examples: {c: [t]}}]", "is not known"),
        ("metrics: [{name: a, question: x, values: [a, b], color: red}]", "is not known"),
        (
            "metrics:\n- {name: a, question: x, values: [a, b]}\n"
            "- {name: a, question: x, values: [a, b]}",
            "names 'a' twice",
        ),
        ("- a", "mapping with `metrics`"),
    ],
)
def test_a_wrong_file_is_named_by_its_line_and_field(text: str, why: str) -> None:
    with pytest.raises(Misused, match="metrics, line") as found:
        parse_metrics(text)
    assert why in str(found.value)


def measured(text: str, *metrics: Metric) -> dict[str, tuple[str | None, EmptyReason | None]]:
    measures.define(metrics)
    analyser = local.build()
    analysis = next(iter(analyser.analyse([talk(customer(text))], default_taxonomy())))
    return {m.metric: (m.value, m.reason) for m in analysis.measurements}


@pytest.mark.parametrize(("text", "value"), CLEAR)
def test_the_local_analyser_answers_by_examples(text: str, value: str) -> None:
    assert measured(text, LEGAL)["custom_legal_threat"] == (value, None)


def test_it_abstains_where_no_example_is_near() -> None:
    found = measured("The sky over our bakery is rather blue and we like soup", LEGAL, URGENCY)
    empty = (None, EmptyReason.LOW_CONFIDENCE)
    assert (found["custom_legal_threat"], found["custom_urgency"]) == (empty, empty)


def test_one_word_of_an_example_is_no_answer() -> None:
    """What customers write about anyway stands against the examples, however few these are."""
    asked = custom_metric(
        name="wish",
        title="Wish",
        question="Does the customer ask for something that is missing?",
        values=("yes", "no"),
        examples=(
            Example(value="yes", text="Please add an export to Excel"),
            Example(value="yes", text="Is there any plan to support single sign-on"),
            Example(value="no", text="Where is my order?"),
        ),
    )
    measures.define([asked, URGENCY])
    said = (
        *("good for your support", "no thank you for your support"),
        *("not today have a great day", "ok thanks no more help needed for today bye"),
        *("I want to request a physical card", "i am waiting", "My card is not working today"),
    )
    asked_of = [talk(customer(text), number=n) for n, text in enumerate(said)]
    for found in local.build().analyse(asked_of, default_taxonomy()):
        assert {found.measured(one.name).value for one in (asked, URGENCY)} <= {None, "no"}  # type: ignore[union-attr]  # each is measured


def test_it_never_guesses_a_metric_without_examples() -> None:
    bare = custom_metric(name="bare", title="Bare", question="?", values=("yes", "no"))
    assert measured("I will sue you", bare)["custom_bare"] == (None, EmptyReason.NO_EXAMPLES)


def test_one_sentence_that_says_yes_outweighs_those_that_do_not() -> None:
    text = "I was charged twice this month. Where is my order? I will contact my lawyer."
    assert measured(text, LEGAL)["custom_legal_threat"][0] == "yes"


def test_other_languages_and_silence_stay_empty_with_the_same_reasons() -> None:
    german = "Ich werde meinen Anwalt einschalten, wenn Sie mir das Geld nicht zurückzahlen."
    assert measured(german, LEGAL)["custom_legal_threat"] == (None, EmptyReason.LANGUAGE)
    assert measured("ok", LEGAL)["custom_legal_threat"][0] is None


def test_an_answer_shows_the_sentence_and_changes_no_other_metric() -> None:
    conversation = talk(customer("Where is my parcel? I will contact my lawyer."), agent("Sorry."))
    plain = next(iter(local.build().analyse([conversation], default_taxonomy())))
    measures.define([LEGAL])
    analyser = local.build()
    found = next(iter(analyser.analyse([conversation], default_taxonomy())))
    shown = [quote.text for quote in found.quotes if quote.shows == "custom_legal_threat"]
    assert shown == ["I will contact my lawyer."]
    assert found.measurements[: len(plain.measurements)] == plain.measurements
    (trial,) = local.tried(LEGAL, [conversation], local.theme_vectors())
    assert trial.measurement == found.measured(LEGAL.name)
    assert [trial.words] == shown


@pytest.mark.parametrize(
    ("quoted", "value", "reason"),
    [
        ("my lawyer will write to you", "yes", None),
        ("I will sue all of you", None, EmptyReason.NO_QUOTE),
    ],
)
def test_claude_shows_the_words_of_a_yes_or_there_is_none(
    quoted: str, value: str | None, reason: EmptyReason | None
) -> None:
    form = make_form(default_taxonomy(), [LEGAL])
    said = {"message": 1, "text": quoted, "shows": LEGAL.name}
    answer = {"quotes": [said], "custom": {LEGAL.name: "yes"}}
    material = material_of(talk(customer("Where is it, or my lawyer will write to you.")))
    _, numbers = as_data(material.conversation)
    filled = read_form(json.dumps(answer), form)
    at = datetime(2026, 11, 9, tzinfo=UTC)
    found = reading(filled, material, numbers, analyser="a", taxonomy="t", at=at).analysis
    measurement = found.measured(LEGAL.name)
    assert measurement is not None
    assert (measurement.value, measurement.reason) == (value, reason)
    assert any(quote.shows == LEGAL.name for quote in found.quotes) is (value is not None)
    assert LEGAL.name in json.dumps(form.schema["properties"]["quotes"])


def test_a_changed_definition_is_measured_again() -> None:
    without = local.version()
    measures.define([LEGAL])
    one = local.version()
    measures.define([LEGAL, URGENCY])
    assert len({without, one, local.version()}) == 3


@given(st.from_regex(r"custom_[a-z][a-z0-9_]{0,39}", fullmatch=True), st.text(min_size=1))
def test_a_question_about_an_own_metric_survives_its_url(name: str, value: str) -> None:
    query = Query(group_by=(Dimension(name),)).narrowed(Dimension(name), value)
    assert Query.from_params(query.to_params()) == query


def test_where_room_is_short_each_own_metric_is_counted_but_not_its_plain_no() -> None:
    measures.define([LEGAL, URGENCY])
    assert measures.own_rates() == (
        "custom_legal_threat_yes_rate",
        "custom_urgency_high_rate",
        "custom_urgency_normal_rate",
    )


def test_no_other_name_becomes_a_dimension() -> None:
    with pytest.raises(Misused):
        Query.from_params([("customs", "x")])
    with pytest.raises(Misused):
        Query.from_params([("custom_' OR 1=1", "x")])


def test_setup_and_write_back_know_it_where_the_helpdesk_takes_own_fields() -> None:
    specs = {spec.name: spec for spec in field_specs((), (), [LEGAL])}
    assert specs["custom_legal_threat"].title == "Verbatim Legal threat"
    assert specs["custom_legal_threat"].values == ("yes", "no")
    measures.define([LEGAL])
    conversation = talk(customer("I will contact my lawyer about this."))
    analysis = next(iter(local.build().analyse([conversation], default_taxonomy())))
    wanted = writeback.desired(analysis, Links("http://here"), fields={CUSTOM})
    assert wanted.fields == {"custom_legal_threat": "yes"}
    assert wanted.tags == {"vb_custom_legal_threat__yes"}
    assert not takes({"sentiment"}, "custom_legal_threat")


def workspace(home: Path) -> Built:
    return Built(lambda: settings_from({"VERBATIM_HOME": str(home)}))


def row(number: int, text: str) -> str:
    message = {"id": "m1", "role": "customer", "text": text}
    return json.dumps(
        {"id": f"c{number}", "created_at": "2026-11-02T09:14:00Z", "messages": [message]}
    )


def test_a_metric_that_is_added_by_command_is_counted_listed_asked_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "metrics.yaml").write_text(write_metrics([LEGAL]), encoding="utf-8")
    example = "high=This is urgent, we need it fixed today"
    added = ["metrics", "add", "urgency", "--question", "How soon?", "--value", "high"]
    assert run(workspace(tmp_path), [*added, "--value", "normal", "--example", example]) == 0
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(row(n, text) for n, (text, _) in enumerate(CLEAR)), encoding="utf-8")
    here = workspace(tmp_path)
    assert run(here, ["import", str(file)]) == 0
    assert run(here, ["analyse", "--analyser", "local"]) == 0
    facts, name = here.database().facts, Dimension("custom_legal_threat")
    groups = facts.groups(Query(group_by=(name,)), SYSTEM)
    assert {values[0]: tally.total for values, tally in groups} == {"yes": 2, "no": 1}
    rate = facts.count(Query(metric="custom_legal_threat_yes_rate"), SYSTEM)
    assert (rate.numerator, rate.complement) == (2, 1)
    listed = facts.conversations(Query().narrowed(name, "yes"), SYSTEM).rows
    assert [one.labels["custom_legal_threat"] for one in listed] == ["yes", "yes"]
    today = datetime(2026, 11, 4, tzinfo=UTC).date()
    answer = here.answers().ask_text("how many legal threat tickets this week", SYSTEM, today=today)
    assert answer.headline is not None
    assert answer.headline.current.n == 2
    assert "legal threat yes" in " ".join(answer.text)
    assert "custom" not in " ".join(answer.text)
    capsys.readouterr()
    assert run(here, ["export", "--custom", "legal_threat=yes", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(here, ["export", "--custom", "nothing=yes", "-"]) == 2
    assert run(here, ["metrics", "list", "--json"]) == 0
    names = [one["name"] for one in json.loads(capsys.readouterr().out)["metrics"]]
    assert names[-2:] == ["custom_legal_threat", "custom_urgency"]
    assert run(here, ["metrics", "remove", "urgency"]) == 0
    assert run(here, ["metrics", "remove", "urgency"]) == 2
    here.answers().ask_text("legal threat share this week", SYSTEM, today=today)
    assert run(here, ["metrics", "remove", "legal_threat"]) == 0
    assert measures.own_metrics() == ()
    assert run(here, ["receipts", "verify"]) == 0  # what was published is counted again


def test_labels_of_own_metrics_are_imported_evaluated_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "metrics.yaml").write_text(write_metrics([LEGAL]), encoding="utf-8")
    labelled = []
    for number, (text, value) in enumerate(CLEAR):
        labelled.append(json.loads(row(number, text)))
        labelled[-1]["labels"] = {"custom": {"legal_threat": value == "yes"}}
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, labelled)), encoding="utf-8")
    here = workspace(tmp_path)
    assert run(here, ["evaluate", str(file), "--analyser", "local", "--json"]) == 0
    found = {one["metric"]: one for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert found["custom_legal_threat"]["agreement"] == 1.0
    assert run(here, ["label", str(file), "--analyser", "local"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["custom"]["legal_threat"]["value"] for one in lines] == ["yes", "yes", "no"]
    assert run(here, ["import", str(file)]) == 0
    query = Query().narrowed(Dimension("custom_legal_threat"), "yes")
    assert here.database().facts.count(query, SYSTEM).total == 2
    labelled[0]["labels"]["custom"]["legal_threat"] = "perhaps"
    file.write_text("\n".join(map(json.dumps, labelled)), encoding="utf-8")
    assert run(here, ["import", str(file)]) == 1


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("sentiment", "Mood"),
        ("mood", "Sentiment"),
        ("risk", "churn  risk"),
        ("negative_rate", "Mood"),
        ("driver", "Mood"),
        ("mood", "Topic"),
    ],
)
def test_no_metric_is_called_what_something_else_is_called(
    name: str, title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    asked = ["--question", "How is it?", "--title", title]
    assert run(workspace, ["metrics", "add", name, *asked]) != 0
    assert "is taken already" in capsys.readouterr().err
    assert not workspace.settings.metrics_file.exists()


def test_a_metric_may_be_given_a_new_definition_under_its_name(tmp_path: Path) -> None:
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    for question in ("How soon?", "How soon is it needed?"):
        assert run(workspace, ["metrics", "add", "urgency", "--question", question]) == 0


def test_a_running_process_notices_what_another_one_adds_and_removes(tmp_path: Path) -> None:
    running = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    before = running.analyser().version
    other = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    assert run(other, ["metrics", "add", "urgency", "--question", "How soon?"]) == 0
    measures.define(())  # what the other process defined is not ours
    assert running.analyser().version != before
    assert [metric.title for metric in measures.own_metrics()] == ["Urgency"]
    assert run(other, ["metrics", "remove", "urgency"]) == 0
    assert running.analyser().version == before


def test_a_broken_file_of_metrics_stops_no_running_process(tmp_path: Path) -> None:
    running = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    before = running.analyser().version
    running.settings.metrics_file.write_text("metrics: 3", encoding="utf-8")
    assert running.analyser().version == before


def test_a_metric_taken_out_of_the_file_by_hand_stops_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = workspace(tmp_path)
    here.settings.metrics_file.write_text(write_metrics([LEGAL]), encoding="utf-8")
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(row(n, text) for n, (text, _) in enumerate(CLEAR)), encoding="utf-8")
    assert run(here, ["import", str(file)]) == 0
    here = workspace(tmp_path)
    for metric in ("conversations", "custom_legal_threat_yes_rate"):
        here.answers().ask(Query(metric=metric), SYSTEM, intent=Intent.COUNT)
    rule = ["alerts", "add", "threats", "--metric", "custom_legal_threat_yes_rate", "--above", "9"]
    assert run(here, rule) == 0
    here.settings.metrics_file.unlink()
    here = workspace(tmp_path)
    capsys.readouterr()
    assert run(here, ["receipts", "verify"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "custom_legal_threat_yes_rate is no longer defined; its 1 receipt cannot be run again.",
        "1 receipt, 0 changed",
    ]
    assert run(here, ["receipts", "verify", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (gone,) = told["no_longer_defined"]["custom_legal_threat_yes_rate"]
    assert told["receipts"] == 1
    with pytest.raises(NoLongerDefined):
        here.answers().recount(gone, SYSTEM)
    assert run(here, ["alerts"]) == 0
    assert "threats: sees nothing" in capsys.readouterr().out
    assert here.watch().look(here.watch().today()) is not None
    assert run(here, ["alerts", "end", "threats"]) == 0
    assert here.watch().blind() == []
