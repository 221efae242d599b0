"""The pages over real stores: who sees what, which numbers agree, what a hostile text can do."""

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.domain.conversations import conversation_key
from tests.browser import sample
from tests.browser.sample import ANA, HOSTILE, HOSTILE_TEXT, LEE, MAYA, NOBODY, Sample
from tests.builders import a_page

ROW = re.compile(r"<tr data-row>")
TOTAL = re.compile(r'class="total"><strong>([\d,]+)</strong>')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
RECEIPT = re.compile(r'class="receipt" href="([^"]+)"')
FIRST = conversation_key("zendesk", "360001200000")  # a complaint of Acme
SECOND = conversation_key("zendesk", "360001200001")  # a complaint of Initech
PAGES = (
    "/",
    "/?from=2026-11-09&to=2026-11-16&sentiment=negative",
    "/group",
    "/group?metric=negative_rate&group=week",
    "/group?metric=high_effort_rate&group=driver&group=channel",
    "/group?metric=accounts&group=segment",
    f"/conversations/{FIRST}",
    f"/conversations/{HOSTILE}",
    "/drivers/billing",
    "/drivers/unmapped",
    "/accounts/zendesk:a1",
    "/trust",
    "/export.csv",
)
QUERIES = (
    "",
    "sentiment=negative",
    "sentiment=empty",
    "sentiment=unmeasured",
    "account=none",
    "driver=Billing&channel=email",
    "not.driver=Billing",
    "text=charged",
    "churn_risk=yes&sort=created",
    "from=2026-11-09&to=2026-11-16",
    "segment=enterprise&status=open",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """One workspace for the module: these tests only read it."""
    filled = sample.make(tmp_path_factory.mktemp("site"))
    yield filled
    filled.database.close()


@pytest.fixture
def ana(site: Sample) -> FlaskClient:
    return site.client(ANA)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_for_somebody_who_is_signed_in(ana: FlaskClient, address: str) -> None:
    response = ana.get(address)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("address", [*PAGES, "/r/whatever", "/find?driver=Billing", "/nothing"])
def test_no_page_opens_without_a_session(site: Sample, address: str) -> None:
    response = site.client(None).get(address)
    assert response.status_code == 303
    assert response.location.startswith("/sign-in?next=")


@pytest.mark.parametrize("query", QUERIES)
def test_the_number_is_the_rows_of_all_pages_and_the_lines_of_the_export(
    ana: FlaskClient, query: str
) -> None:
    total = _total(ana.get(f"/?{query}").text)
    assert sum(len(ROW.findall(page)) for page in _walk(ana, f"/?{query}")) == total
    assert len(_export(ana, query)) == total


def test_no_conversation_is_on_two_pages_or_on_none(ana: FlaskClient) -> None:
    rows = [key for page in _walk(ana, "/") for key in re.findall(r"/conversations/([^\"]+)", page)]
    assert len(rows) == len(set(rows)) == sample.COUNT + 1


def test_the_previous_page_is_the_page_one_came_from(ana: FlaskClient) -> None:
    first = ana.get("/").text
    second = ana.get(_href(NEXT, first)).text
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    address = html.unescape(back[1]) if back else "/"
    assert _keys(ana.get(address).text) == _keys(first)


def test_each_sentiment_number_is_the_list_it_links_to(ana: FlaskClient) -> None:
    page = ana.get("/").text
    found = re.findall(r'<a href="([^"]+)"><b>([\d,]+)</b> ([a-z ]+)</a>', page)
    assert {title for _, _, title in found} == {
        "negative",
        "neutral",
        "positive",
        "empty",
        "not measured",
    }
    assert sum(int(n) for _, n, _ in found) == _total(page)
    for url, n, _ in found:
        assert _total(ana.get(html.unescape(url)).text) == int(n)


@pytest.mark.parametrize(
    "address",
    [
        "/group?metric=negative_rate&group=driver",
        "/group?metric=negative_rate&group=channel&group=status",
        "/group?metric=churn_risk_rate&group=week",
        "/group?metric=high_effort_rate&group=segment",
        "/group?group=account",
        "/group?metric=positive_rate&group=tag&from=2026-11-02&to=2026-11-16",
    ],
)
def test_every_number_of_a_group_is_the_list_it_links_to(ana: FlaskClient, address: str) -> None:
    page = ana.get(address).text
    table = page[page.index("<tbody>") :]
    cells = re.findall(r'<td class="n"><a href="([^"]+)"[^>]*>([^<]+)</a>', table)
    assert cells
    for url, words in cells:
        shown = re.search(r"\(?([\d,]+)(?: of [\d,]+\)?)?$", words)
        assert shown is not None
        assert _total(ana.get(html.unescape(url)).text) == int(shown[1].replace(",", ""))


@pytest.mark.parametrize(
    "address",
    [
        "/?nonsense=1",
        "/?sentiment=negative&colour=red",
        "/?from=2026-11-09",
        "/?from=soon&to=later",
        "/?from=2026-11-16&to=2026-11-09",
        "/?sort=loudest",
        "/?after=made-up",
        "/export.csv?nonsense=1",
        "/group?group=mood",
        "/group?metric=happiness",
        "/group?group=driver&group=tag&group=account",
        "/find?first=soon",
        f"/conversations/{FIRST}?colour=red",
    ],
)
def test_what_cannot_be_asked_gets_one_clear_sentence(ana: FlaskClient, address: str) -> None:
    response = ana.get(address)
    assert response.status_code == 400
    assert re.search(r'role="alert">[^<]{10,}\.</p>', response.text)


@pytest.mark.parametrize("address", ["/r/unknown", "/conversations/zendesk:1", "/drivers/nothing"])
def test_what_is_not_there_is_a_404(ana: FlaskClient, address: str) -> None:
    assert ana.get(address).status_code == 404


@pytest.mark.parametrize("group", ["driver", "account", "account&group=segment"])
def test_the_name_of_a_group_opens_its_own_page(ana: FlaskClient, group: str) -> None:
    words = ana.get(f"/group?group={group}").text
    opened = re.findall(r'<th scope="row"[^>]*><a class="plain" href="([^"]+)">([^<]+)<', words)
    assert opened
    for address, name in opened:
        assert f'<h1 dir="auto">{name}</h1>' in ana.get(html.unescape(address)).text


@pytest.mark.parametrize(
    ("address", "marked"),
    [("/drivers/billing", "Explore"), ("/group", "Group"), ("/own-metrics", "Trust")],
)
def test_the_navigation_marks_where_one_is(ana: FlaskClient, address: str, marked: str) -> None:
    found = re.findall(r'aria-current="page">([^<]+)</a>', ana.get(address).text)
    assert found == [marked]


def test_trust_tells_the_share_that_is_not_read_for_its_language(ana: FlaskClient) -> None:
    assert "Language: no conversation left blank because of its language." in ana.get("/trust").text


def test_each_number_of_trust_and_taxonomy_is_the_list_it_links_to(ana: FlaskClient) -> None:
    for address in ("/trust", "/taxonomy?tag=Double+charge"):
        page = ana.get(address).text
        links = set(re.findall(r'<a href="(/\?[^"]+)">([\d,]+)[^<]*</a>', page))
        days = {one for one in links if "from=" in one[0]}
        assert len(links - days) > 3
        for url, n in [*sorted(links - days), *sorted(days)[:2]]:
            assert _total(ana.get(html.unescape(url)).text) == int(n.replace(",", "")), url


def test_a_csm_sees_her_accounts_and_nothing_of_others(site: Sample) -> None:
    maya = site.client(MAYA)
    keys = {key for page in _walk(maya, "/") for key in _keys(page)}
    assert str(FIRST) in keys
    assert str(SECOND) not in keys
    assert {row["account"] for row in _export(maya, "")} == {"Acme"}
    assert maya.get(f"/conversations/{SECOND}").status_code == 404
    assert maya.get("/accounts/zendesk:a2").status_code == 404
    for address in (
        "/",
        "/?account=zendesk:a2",
        "/group?group=account&metric=accounts",
        "/trust",
        "/drivers/billing",
    ):
        assert "Initech" not in maya.get(address).text


def test_somebody_without_accounts_sees_no_conversation(site: Sample) -> None:
    noel = site.client(NOBODY)
    page = noel.get("/").text
    assert _total(page) == 0
    assert "No conversations match" in page
    assert _export(noel, "") == []
    assert noel.get(f"/conversations/{FIRST}").status_code == 404
    assert "Acme" not in noel.get("/group?group=account").text


def test_a_receipt_counts_again_and_links_to_its_list(ana: FlaskClient) -> None:
    page = ana.get("/?sentiment=negative").text
    receipt = ana.get(_href(RECEIPT, page))
    assert receipt.status_code == 200
    assert f"Then {_total(page)}, now {_total(page)}: the same" in receipt.text
    assert "/?sentiment=negative" in receipt.text


def test_a_csm_opens_receipts_of_her_accounts_and_no_others(site: Sample) -> None:
    maya = site.client(MAYA)
    broad = _href(RECEIPT, site.client(ANA).get("/?sentiment=negative").text)
    assert maya.get(broad).status_code == 403
    own = _href(RECEIPT, maya.get("/?sentiment=negative").text)
    assert maya.get(own).status_code == 200


def test_a_leader_is_told_what_is_withheld_and_nothing_of_its_content(site: Sample) -> None:
    lee = site.client(LEE)
    for address in (
        "/?sentiment=negative",
        "/group?metric=negative_rate&group=driver",
        "/group?group=sentiment",
        _href(RECEIPT, site.client(ANA).get("/?sentiment=negative").text),
    ):
        page = lee.get(address).text
        assert "Withheld: not validated" in page
        assert not re.search(r"\d of \d|%", page)
    assert lee.get("/export.csv?churn_risk=yes").status_code == 403
    for address in ("/", f"/conversations/{FIRST}", "/drivers/billing", "/accounts/zendesk:a1"):
        page = lee.get(address).text
        assert "withheld" in page
        assert "label-negative" not in page
        assert not re.search(r"\d of \d", page)
    assert {row["sentiment"] for row in _export(lee, "")} == {"withheld: not validated"}


def test_hostile_words_are_shown_and_never_run(ana: FlaskClient) -> None:
    page = ana.get(f"/conversations/{HOSTILE}").text
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert _words(page)[0] == HOSTILE_TEXT
    listed = ana.get("/").text
    assert "<img src=x" not in listed


def test_customer_words_choose_their_own_direction(ana: FlaskClient) -> None:
    page = ana.get(f"/conversations/{HOSTILE}").text
    assert page.count('<div class="words" dir="auto">') == 3


def test_a_quote_link_highlights_exactly_its_slice(ana: FlaskClient) -> None:
    start = HOSTILE_TEXT.index("I will cancel")
    span = f"{start}-{start + len('I will cancel')}"
    page = ana.get(f"/conversations/{HOSTILE}?quote=m1:{span}").text
    linked = re.findall(r'<mark[^>]*class="linked"[^>]*>([^<]*)</mark>', page)
    assert "".join(linked) == "I will cancel"
    assert page.count('id="quote"') == 1
    assert _words(page)[0] == HOSTILE_TEXT


@pytest.mark.parametrize(
    "span", ["m1:0-99999999", "m1:5-5", "m1:9-4", "m2:0-5", "m3:0-5", "m9:0-5", "nonsense"]
)
def test_a_quote_that_is_not_there_is_said_and_not_highlighted(ana: FlaskClient, span: str) -> None:
    page = ana.get(f"/conversations/{FIRST}?quote={span}").text
    assert "This quote no longer matches the source" in page
    assert 'id="quote"' not in page


def test_a_private_note_is_apart_and_never_highlighted(ana: FlaskClient) -> None:
    page = ana.get(f"/conversations/{FIRST}").text
    note = page[page.index('id="m-m3"') :]
    note = note[: note.index("</section>")]
    assert "Private note, never quoted" in note
    assert "<mark" not in note


def test_an_empty_metric_gives_its_reason_and_an_unmeasured_one_says_so(ana: FlaskClient) -> None:
    empty = ana.get("/conversations/zendesk:360001200008").text
    assert "Blank: under four words." in empty
    unmeasured = ana.get("/conversations/zendesk:360001200009").text
    assert unmeasured.count("not measured") == 3
    assert "Not analysed yet" in unmeasured
    assert "Unmapped" not in unmeasured


def test_the_export_runs_nothing_in_a_spreadsheet(ana: FlaskClient) -> None:
    rows = {row["conversation"]: row for row in _export(ana, "")}
    hostile = rows[str(HOSTILE)]
    assert hostile["url"] == f"http://localhost/conversations/{HOSTILE}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in hostile.values())
    assert rows["zendesk:360001200009"]["sentiment"] == "unmeasured"
    assert rows["zendesk:360001200008"]["sentiment"] == "empty"


def test_the_form_leads_to_one_clean_address(ana: FlaskClient) -> None:
    sent = "/find?first=2026-11-09&last=2026-11-15&driver=Billing&sentiment=&text="
    assert ana.get(sent).location == "/?from=2026-11-09&to=2026-11-16&driver=Billing"
    grouped = "/find?form=group&metric=negative_rate&group=driver&group="
    assert ana.get(grouped).location == "/group?metric=negative_rate&group=driver"


def test_a_share_that_nobody_validated_says_so(ana: FlaskClient) -> None:
    page = ana.get("/group?metric=negative_rate&group=driver").text
    assert "Sentiment: not validated" in page


def test_nothing_found_names_the_cause_and_a_next_step(ana: FlaskClient) -> None:
    page = ana.get("/?text=zeppelin").text
    assert "No conversations match" in page
    assert "Remove a condition above" in page


def test_a_workspace_without_a_sync_says_so(tmp_path: Path) -> None:
    site = sample.make(tmp_path, filled=False)
    page = site.client().get("/").text
    site.database.close()
    assert "Nothing has been fetched yet" in page
    assert "verbatim sync" in page


@pytest.mark.parametrize("address", [page for page in PAGES if "export" not in page])
def test_no_page_carries_inline_style_or_script(ana: FlaskClient, address: str) -> None:
    page = ana.get(address).text
    own = re.sub(r'<div class="words".*?</div>', "", page, flags=re.DOTALL)
    assert not re.search(r"<style|<script(?! src=)| style=| on\w+=\"", own)


@pytest.mark.parametrize("address", ["/", "/sign-in", "/nothing", "/healthz", "/?nonsense=1"])
def test_every_answer_is_guarded_by_headers(ana: FlaskClient, address: str) -> None:
    headers = ana.get(address).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def _total(page: str) -> int:
    found = TOTAL.search(page)
    assert found is not None
    return int(found[1].replace(",", ""))


def _href(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    assert found is not None
    return html.unescape(found[1])


def _keys(page: str) -> list[str]:
    return re.findall(r'/conversations/([^"?]+)"', page)


def _walk(client: FlaskClient, address: str) -> Iterator[str]:
    page = client.get(address).text
    yield page
    while NEXT.search(page):
        page = client.get(_href(NEXT, page)).text
        yield page


def _export(client: FlaskClient, query: str) -> list[dict[str, str]]:
    text = client.get(f"/export.csv?{query}").text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _words(page: str) -> list[str]:
    """Return the messages' texts as a reader sees them: marks removed, entities read."""
    found = re.findall(r'<div class="words" dir="auto">(.*?)</div>', page, flags=re.DOTALL)
    return [html.unescape(re.sub(r"</?mark[^>]*>", "", text)) for text in found]


def test_columns_are_removed_and_added_and_the_choice_is_remembered(site: Sample) -> None:
    client = site.client(ANA)
    assert '<th scope="col">Effort</th>' in client.get("/").text
    without = client.get("/?columns=account,sentiment").text
    assert '<th scope="col">Effort</th>' not in without
    assert '<th scope="col">Sentiment</th>' in without
    assert '<th scope="col">Effort</th>' not in client.get("/").text
    added = re.search(
        r'href="([^"]+)" title="Add this column">[^<]*<span[^>]*>☐</span> Effort', without
    )
    assert added is not None
    assert '<th scope="col">Effort</th>' in client.get(html.unescape(added.group(1))).text
    nothing = client.get("/?columns=none,unheard-of").text
    assert ROW.search(nothing)
    assert '<th scope="col">Account</th>' not in nothing


def test_ticked_rows_are_exported_and_analysed_and_no_others(ana: FlaskClient) -> None:
    ticked = f"metric=conversations&group=driver&conversation={FIRST}&conversation={SECOND}"
    assert f'name="conversation" value="{FIRST}"' in ana.get("/?driver=Billing").text
    chosen = ana.get(f"/?driver=Billing&conversation={FIRST}&conversation={SECOND}").text
    assert '<input type="hidden" name="driver" value="Billing">' in chosen
    assert f'name="conversation~2" value="{FIRST}"' in chosen
    narrowed = f"{ticked}&conversation~2={FIRST}"
    assert ">1</a>" in ana.get(f"/group?{narrowed}").text
    rows = list(csv.reader(io.StringIO(ana.get(f"/export.csv?{ticked}").text)))
    assert {row[0] for row in rows[1:]} == {FIRST, SECOND}
    grouped = ana.get(f"/group?{ticked}")
    assert grouped.status_code == 200
    assert ">2</a>" in grouped.text
    third = conversation_key("zendesk", "360001200002")
    many = ana.get(f"/group?{ticked}&conversation={third}").text
    assert "one of 3 chosen" in many


def test_a_conversation_without_a_subject_goes_by_its_summary(tmp_path: Path) -> None:
    filled = sample.make(tmp_path)
    stored = filled.database.conversations.get(FIRST)
    assert stored is not None
    later = stored.head.updated_at + timedelta(hours=1)
    nameless = replace(stored.head, subject="", updated_at=later)
    filled.database.conversations.save_page("zendesk", a_page(heads=(nameless,)))
    link = rf'class="what"><a href="/conversations/{FIRST}" dir="auto">([^<]*)</a>'
    title = re.search(link, filled.client(ANA).get(f"/?conversation={FIRST}").text)
    filled.database.close()
    assert title is not None
    assert title.group(1) not in {"", FIRST}


def test_an_account_page_opens_with_its_brief_and_says_what_is_not_validated(
    ana: FlaskClient, site: Sample
) -> None:
    page = ana.get(f"/accounts/{sample.ACME}").text
    brief = page[page.index('class="brief"') : page.index("All that is stored")]
    assert "conversations (" in brief
    assert '<a href="/r/' in brief
    assert "Say: your team wrote" in brief
    assert "Not validated: Sentiment, Churn risk, Effort" in page
    assert 'class="brief"' not in site.client(LEE).get(f"/accounts/{sample.ACME}").text


def test_a_driver_page_tells_of_fixes_and_alerts(ana: FlaskClient, site: Sample) -> None:
    page = ana.get("/drivers/billing").text
    assert "No alert stands." in page
    assert "No fix is on record." in page
    assert "Fixes and alerts" not in site.client(MAYA).get("/drivers/billing").text


def test_a_leader_is_shown_what_is_validated_beside_what_is_not(tmp_path: Path) -> None:
    own = sample.make(tmp_path)
    own.validate("sentiment")
    lee = own.client(LEE)
    page = lee.get("/").text
    assert "Churn risk, Effort: withheld: not validated." in page
    assert 'class="stack"' in page
    assert 'name="sentiment"' in page
    assert 'name="effort"' not in page
    assert "Negative share by week" in lee.get("/drivers/billing").text
    offered = lee.get("/group").text
    assert 'value="negative_rate"' in offered
    assert 'value="high_effort_rate"' not in offered
    own.database.close()
