"""Text at the connectors' door: what customers' words may and may not become."""

import pytest

from connectors._text import MOST_BYTES, MOST_NESTED, clean, html_to_text, plain


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
