"""A note of HubSpot's editor reads as plain text, whatever people pasted into it."""

import html

import pytest

from contracts.rich_text import plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a &amp; b &lt;c&gt; &#8364;", "a & b <c> €"),
        ('<div style="" dir="auto" data-top-level="true"><p style="margin:0;">One</p><p>Two</p></div>', "One\nTwo"),
        ("<p>One</p><p><br></p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<br/><br />c<br>", "a\nb\n\nc"),
        ("<p>in <strong>one</strong>\n  line&nbsp;here</p>", "in one line here"),
        ("<ul><li>A</li><li><p>B</p></li></ul><p>C</p>", "- A\n- B\nC"),
        ("<h2>Done</h2>All of it", "Done\nAll of it"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('see <a href="https://x.example/a?b=1&amp;c=2">the plan</a>.', "see the plan (https://x.example/a?b=1&c=2)."),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:ines@agency.example">Ines</a><a>bare</a>', "Inesbare"),
        ("<style>p { color: red }</style>seen<script>alert('x')</script>", "seen"),
        ("<!-- hidden -->seen<img src='x'>", "seen"),
        ("</style></p>a <b>unclosed", "a unclosed"),
        ("2 < 3 and <", "2 < 3 and <"),
    ],
)  # fmt: skip
def test_rich_text_is_read_as_its_reader_sees_it(markup: str, text: str) -> None:
    assert plain(markup) == text


@pytest.mark.parametrize("text", ["a", "a\nb", "a\n\nb", "<script>x</script> & \"quotes\" 'too'", "Ünïcödé €"])
def test_what_we_write_as_html_is_read_back_the_same(text: str) -> None:
    assert plain(html.escape(text).replace("\n", "<br>")) == text


@pytest.mark.parametrize("piece", ["<", "<p>", "</p>", "<a href='", "&#", "<!--", "<li>", "<![CDATA["])
def test_markup_that_never_ends_is_read_all_the_same(piece: str) -> None:
    assert plain(f"seen {piece * 500}").startswith("seen")
