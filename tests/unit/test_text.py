"""Text at the connectors' door: what customers' words may and may not become."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._text import MOST_BYTES, MOST_NESTED, clean, html_to_text, plain
from service.domain.segments import new_text_spans


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>can<b>not</b> log  in</p>", "cannot log in"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        (
            "see <a href='https://evil.example/?t=1'>the invoice</a> please",
            "see the invoice please",
        ),
        ("a<script>steal()</script><style>p {}</style><!-- note -->b", "ab"),
        ("5 &lt; 6 &amp; 7&nbsp;8", "5 < 6 & 7 8"),
        (
            "<p>Broken</p><blockquote><p>What is?<br>Tell</p></blockquote>",
            "Broken\n\n> What is?\n> Tell",
        ),
        ("3 < 4 and <unknown>x</unknown>", "3 < 4 and x"),
        ("", ""),
    ],
)
def test_html_becomes_the_lines_a_browser_would_show(html: str, text: str) -> None:
    assert plain(html, is_html=True) == text


def test_a_plain_body_keeps_its_angle_brackets() -> None:
    assert plain("if a<b then <b>x</b>", is_html=False) == "if a<b then <b>x</b>"


def test_what_no_database_stores_is_replaced_and_lengths_stay() -> None:
    assert clean("a\x00b\ud83dc") == "a\ufffdb\ufffdc"
    assert clean("😀") == "😀"


def test_every_line_ending_becomes_a_newline() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


def test_cleaning_twice_changes_nothing() -> None:
    once = clean("a\r\r\n\x00\ud800")
    assert clean(once) == once


@pytest.mark.parametrize(
    "html",
    ["<blockquote>" * 50_000 + "words", '<a href="' * 50_000 + "words", "<" * 300_000 + " words"],
)
def test_hostile_markup_still_gives_its_words(html: str) -> None:
    assert "words" in html_to_text(html)


def test_deep_nesting_below_the_limit_is_read_without_recursion() -> None:
    assert html_to_text("<div>" * (MOST_NESTED - 1) + "words") == "words"


def test_above_the_nesting_limit_tags_are_stripped_and_lines_kept() -> None:
    html = "<div>" * (MOST_NESTED + 1) + "one<br>t<b>w</b>o &amp; three"
    assert plain(html, is_html=True) == "one\ntwo & three"


def test_a_huge_body_is_cut_at_the_cap_and_never_inside_a_character() -> None:
    text = plain("é" * MOST_BYTES, is_html=False)
    assert len(text.encode()) == MOST_BYTES
    assert set(text) == {"é"}


@pytest.mark.parametrize(
    ("html", "text", "new"),
    [
        (
            '<div>Fails.</div><div class="gmail_quote"><div class="gmail_attr">On 2 Nov 2026 Ana '
            'wrote:<br></div><blockquote class="gmail_quote">Try again</blockquote></div>',
            "Fails.\n> On 2 Nov 2026 Ana wrote:\n>\n> Try again\n>",
            ["Fails."],
        ),
        (
            '<div class="gmail_quote"><div class="gmail_attr">Ana wrote:</div><blockquote>Which?'
            "</blockquote><div>This one.</div></div>",
            "> Ana wrote:\n>\n> Which?\n>\nThis one.",
            ["This one."],
        ),
        (
            '<div>Is this you?</div><div class="gmail_quote">Forwarded message<br>Pay now</div>',
            "Is this you?\n> Forwarded message\n> Pay now",
            ["Is this you?"],
        ),
        (
            '<div>Twice.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b>'
            " Ana</div><div>We refunded.</div>",
            "Twice.\n> From: Ana\n> We refunded.",
            ["Twice."],
        ),
        (
            '<div>Twice.</div><div id="appendonsend"></div><div>And late.</div>',
            "Twice.\nAnd late.",
            ["Twice.\nAnd late."],
        ),
        (
            '<div>Broken.</div><div id="yahoo_quoted_8" class="yahoo_quoted">Hello</div>',
            "Broken.\n> Hello\n>",
            ["Broken."],
        ),
        (
            '<p>No.</p><div class="moz-cite-prefix">Am 2.11.26 schrieb Ana:</div>'
            '<blockquote type="cite">Geht es?</blockquote><p>Nein.</p>',
            "No.\n\n> Am 2.11.26 schrieb Ana:\n>\n> Geht es?\n>\nNein.",
            ["No.", "Nein."],
        ),
        (
            '<blockquote style="margin:0 0 0 40px;border:none;padding:0">indented</blockquote>',
            "indented",
            ["indented"],
        ),
    ],
)
def test_what_a_mail_program_calls_old_gets_marks(html: str, text: str, new: list[str]) -> None:
    read = plain(html, is_html=True)
    assert read == text
    assert [read[start:end].strip() for start, end in new_text_spans(read)] == new


def test_many_nested_quotes_are_looked_into_a_bounded_number_of_times() -> None:
    html = '<div class="gmail_quote">' * 1900 + "<i>y</i>" * 5000 + "<blockquote>old"
    assert "old" in html_to_text(html)


WORDS = st.text(st.characters() | st.sampled_from(" \n\t\r\xa0\f\x00\ufeff;#"), max_size=20).map(
    escape
)
PIECES = st.sampled_from(("<br>", "<br />", "&nbsp;", "&#39;", " ", "\n", "&amp;lt;")) | WORDS
INSIDE = st.lists(PIECES, max_size=5).map("".join)
PARAGRAPHS = INSIDE.flatmap(
    lambda words: st.sampled_from(('<p dir="auto">', "<p>")).map(lambda tag: f"{tag}{words}</p>")
)
WRAPPERS = st.sampled_from(("{}", "<div>{}</div>", '<div class="zd-comment" dir="auto">{}</div>'))


@given(wrapper=WRAPPERS, pieces=st.lists(INSIDE | PARAGRAPHS, max_size=5))
def test_flat_markup_reads_the_same_with_and_without_the_parser(
    wrapper: str, pieces: list[str]
) -> None:
    html = wrapper.replace("{}", "".join(pieces))
    with_an_element_that_needs_the_parser = f"{html}<i></i>"
    assert html_to_text(html) == html_to_text(with_an_element_that_needs_the_parser)


def test_markup_that_nearly_is_flat_ends_in_time() -> None:
    assert html_to_text("<p>" * 5 + "a &amp; " * 100_000 + "<b>").startswith("a & a")
