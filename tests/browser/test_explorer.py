"""What a person does with the explorer, in a real browser: two clicks, back, keys, no noise."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Reader, Scheme, Visit
from tests.browser.sample import ANA, COMPLAINT, HOSTILE, HOSTILE_TEXT

pytestmark = pytest.mark.browser
CONVERSATION = "/conversations/zendesk:360001200000"


def test_two_clicks_lead_from_a_number_to_the_highlighted_words(reader: Reader) -> None:
    visit = reader.visit(ANA)
    visit.open("/group?metric=churn_risk_rate&group=driver")
    visit.page.locator("table.numbers td.n a").first.click()
    visit.page.locator("table.list th a", has_text="Charged twice").first.click()
    expect(visit.page.locator("mark", has_text="cancel").first).to_be_visible()


def test_evidence_opens_at_its_words(reader: Reader) -> None:
    visit = reader.visit(ANA)
    visit.open(CONVERSATION)
    visit.page.locator(".shown a", has_text="charged twice").click()
    words = visit.page.locator("#quote")
    expect(words).to_be_in_viewport()
    linked = "".join(visit.page.locator("mark.linked").all_text_contents())
    assert linked == COMPLAINT


def test_a_mark_of_a_chart_opens_its_conversations_by_keyboard(reader: Reader) -> None:
    visit = reader.visit(ANA)
    visit.open("/group?metric=negative_rate&group=driver")
    visit.page.locator(".chart svg a").first.focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page).to_have_url(re.compile(r"/\?driver=.*sentiment=negative"))


def test_back_restores_the_filters(reader: Reader) -> None:
    visit = reader.visit(ANA)
    visit.open("/")
    visit.page.get_by_label("Sentiment", exact=True).select_option("negative")
    visit.page.get_by_role("button", name="Apply").click()
    expect(visit.page).to_have_url(f"{visit.address}/?sentiment=negative")
    visit.page.get_by_label("Driver", exact=True).select_option("Billing")
    visit.page.get_by_role("button", name="Apply").click()
    expect(visit.page).to_have_url(f"{visit.address}/?driver=Billing&sentiment=negative")
    visit.page.go_back()
    expect(visit.page).to_have_url(f"{visit.address}/?sentiment=negative")
    expect(visit.page.get_by_label("Sentiment", exact=True)).to_have_value("negative")
    expect(visit.page.get_by_label("Driver", exact=True)).to_have_value("")


def test_the_list_can_be_read_without_a_mouse(reader: Reader) -> None:
    visit = reader.visit(ANA)
    visit.open("/")
    visit.page.keyboard.press("j")
    visit.page.keyboard.press("j")
    visit.page.keyboard.press("k")
    first = visit.page.locator("[data-row] th a").first
    expect(first).to_be_focused()
    visit.page.keyboard.press("/")
    expect(visit.page.get_by_label("A customer mentions")).to_be_focused()
    visit.page.keyboard.type("jk/")
    expect(visit.page.get_by_label("A customer mentions")).to_have_value("jk/")


def test_everything_can_be_read_without_scripts(reader: Reader) -> None:
    visit = reader.visit(ANA, scripts=False)
    visit.open("/")
    visit.page.get_by_label("A customer mentions").fill("charged")
    visit.page.get_by_role("button", name="Apply").click()
    expect(visit.page).to_have_url(f"{visit.address}/?text=charged")
    visit.page.locator("[data-row] th a").first.click()
    expect(visit.page.locator(".transcript")).to_contain_text("charged twice")


def test_hostile_words_stay_words(reader: Reader) -> None:
    visit = reader.visit(ANA)
    start = HOSTILE_TEXT.index("I will cancel")
    visit.open(f"/conversations/{HOSTILE}?quote=m1:{start}-{start + 13}#quote")
    assert "".join(visit.page.locator("mark.linked").all_text_contents()) == "I will cancel"
    assert visit.page.locator(".words").first.text_content() == HOSTILE_TEXT
    overflow = visit.page.locator("html").evaluate("e => e.scrollWidth - e.clientWidth")
    assert overflow <= 0
    assert visit.complaints == []


def test_on_a_narrow_screen_the_open_page_is_in_sight_and_nothing_runs_over(
    reader: Reader,
) -> None:
    visit = reader.visit(ANA)
    visit.page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/taxonomy", "/trust"):
        visit.open(path)
        box = visit.page.locator("nav a[aria-current]").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
        assert visit.page.locator("html").evaluate("e => e.scrollWidth - e.clientWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_quiet_and_keep_to_themselves(
    reader: Reader, scheme: Scheme
) -> None:
    visit = reader.visit(ANA, scheme)
    visit.open("/?sentiment=negative")
    _check(visit)
    visit.page.locator("a.receipt").click()
    _check(visit)
    for path in (
        f"{CONVERSATION}?quote=m1:0-10#quote",
        "/group?metric=negative_rate&group=driver",
        "/group?metric=negative_rate&group=week&group=channel",
        "/drivers/billing",
        "/accounts/zendesk:a1",
        "/trust",
        "/?text=zeppelin",
    ):
        visit.open(path)
        _check(visit)
    assert visit.complaints == []
    assert visit.strangers == []


def _check(visit: Visit) -> None:
    found = Axe().run(visit.page)
    assert found.violations_count == 0, found.generate_report()
