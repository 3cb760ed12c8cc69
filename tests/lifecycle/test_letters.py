"""What clients are written to: every fact, twice the same, nothing that was not told, nothing that a value could break."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from contracts.values import Money
from lifecycle.letters import Words, cover_note, milestone, reminder, reply_subject, subject_of, summary

Write = Callable[..., Words]
PARTIES = {"company": "Northwind GmbH", "person": "Ada Byron", "deal": "CRM implementation", "owner": "Grace Hopper"}
NOBODY = {"company": "", "person": "", "deal": "", "owner": ""}
PRICE = Money(minor=1500050, currency="EUR")
PAGE = "https://pay.example/i/acct_1/live?s=ap&x=1"
BILL: dict[str, Any] = {"number": "NW-42", "amount": PRICE, "due_on": date(2026, 12, 3), "url": PAGE}

LETTERS: dict[str, tuple[Write, dict[str, Any]]] = {
    "summary": (summary, {"amount": PRICE, "url": PAGE, "approved_on": date(2026, 11, 3)}),
    "milestone": (milestone, {"milestone": "Data moved", "notes": ["All 48,000 records.\nSums agree.", "Training on 14 May."]}),
    "cover_note": (cover_note, BILL),
    "reminder_7": (reminder, BILL | {"days": 7}),
    "reminder_14": (reminder, BILL | {"days": 14}),
    "reminder_30": (reminder, BILL | {"days": 30}),
}
EMPTY = {"number": "", "due_on": None, "url": "", "milestone": "", "notes": ["-"]}
FACTS = {
    "summary": ["CRM implementation", "EUR 15,000.50", "3 November 2026", "attached as a PDF", "In the next days"],
    "milestone": ["Data moved", "All 48,000 records.", "Sums agree.", "Training on 14 May."],
    "cover_note": ["NW-42", "CRM implementation", "EUR 15,000.50", "3 December 2026"],
    "reminder_7": ["NW-42", "EUR 15,000.50", "3 December 2026", "If you have paid in the meantime"],
    "reminder_14": ["NW-42", "EUR 15,000.50", "3 December 2026", "If you have paid in the meantime"],
    "reminder_30": ["NW-42", "EUR 15,000.50", "3 December 2026", "If you have paid in the meantime"],
}
every_letter = pytest.mark.parametrize("name", LETTERS)
with_a_link = pytest.mark.parametrize("name", [name for name, (_, facts) in LETTERS.items() if "url" in facts])


def written(name: str, **other: Any) -> Words:
    write, facts = LETTERS[name]
    known = PARTIES | facts
    return write(**known | {key: value for key, value in other.items() if key in known})


class Page(HTMLParser):
    """A letter's HTML as a reader meets it: its words, its tags, where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = " ".join(unescape(re.sub(r"<[^>]+>", " ", html[html.index("<h1") :])).split())
        self.hidden = html.partition("display:none")[2].partition("</div>")[0].partition(">")[2]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for key, value in attrs if key in ("href", "src")]


def figures(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d|\d", text))


@every_letter
def test_a_letter_holds_its_facts_in_text_and_in_html(name: str) -> None:
    words = written(name)
    html = Page(words.html).words
    for fact in [*FACTS[name], "Hello Ada,", "Grace Hopper", "Northwind GmbH"]:
        assert fact in words.text
        assert fact in html


@every_letter
def test_text_and_html_say_the_same_sentences_and_figures(name: str) -> None:
    words = written(name)
    text, html = words.text.replace(PAGE, ""), Page(words.html).words
    sentences = [line for line in text.splitlines() if line.endswith((".", "?", ",")) and not line.startswith(("-", " "))]
    assert len(sentences) > 3
    assert [line for line in sentences if line not in html] == []
    assert figures(text) == figures(html) > set()


@every_letter
def test_the_headline_is_in_the_text_on_the_page_and_in_the_preview(name: str) -> None:
    words = written(name)
    headline = words.text.splitlines()[0]
    page = Page(words.html)
    assert page.words.startswith(headline)
    assert unescape(page.hidden).startswith(headline)


@every_letter
def test_all_letters_about_a_deal_carry_one_subject(name: str) -> None:
    assert written(name).subject == subject_of("CRM implementation") == "Your project: CRM implementation"


def test_an_answer_carries_the_subject_it_answers() -> None:
    assert reply_subject("CRM\n implementation") == "Re: Your project: CRM implementation"


@pytest.mark.parametrize("end", ["\r\nBcc: x@evil.example", "\nnext", "\u2028next", "\x85next", "\x00next", "\u202enext"])
def test_a_subject_is_one_line_of_visible_characters(end: str) -> None:
    subject = subject_of(f"CRM{end}")
    assert subject.isprintable()
    assert subject.startswith("Your project: CRM")


def test_a_long_title_is_cut_at_a_word() -> None:
    subject = subject_of("implementation " * 40)
    assert subject.endswith("implementation…")
    assert len(subject) < 140


@every_letter
def test_html_in_values_is_shown_and_not_obeyed(name: str) -> None:
    bad = '<img src="x" onerror="alert(1)">{{ 7 * 7 }}'
    words = written(name, company=bad, person="<b>Ada</b>", deal=bad, owner=bad, number=bad, milestone=bad, notes=[bad])
    page = Page(words.html)
    assert "img" not in page.tags
    assert bad in page.words
    assert bad in words.text


@every_letter
def test_a_letter_is_drawn_without_pictures_and_foreign_sheets(name: str) -> None:
    page = Page(written(name).html)
    assert not {"img", "script", "link", "form"} & set(page.tags)
    assert page.links == ([PAGE] if "url" in LETTERS[name][1] else [])


@with_a_link
def test_the_link_is_in_the_text_too(name: str) -> None:
    assert PAGE in written(name).text.splitlines()


@with_a_link
@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "//pay.example", "https://pay.example/a b", "https://pay.example/\nx"]
)
def test_what_is_no_page_gets_no_button(name: str, url: str) -> None:
    words = written(name, url=url)
    assert Page(words.html).links == []
    assert "See and pay" not in words.text
    assert "pay it online" not in words.text + words.html


@every_letter
def test_a_letter_is_whole_without_what_may_be_missing(name: str) -> None:
    words = written(name, **NOBODY, **EMPTY)
    assert words.subject == "Your project"
    assert "\nHello,\n" in words.text
    assert "Your project team" in words.text
    for told in (words.text, Page(words.html).words):
        assert not re.search(r"None|  \.|: *\.|For \.|\{\{", told)
    assert "\n\n\n" not in words.text
    assert "Due date" not in words.text + words.html


@pytest.mark.parametrize("notes", [[], ["", " \n "]], ids=["none", "blank"])
def test_without_an_approved_note_nothing_is_written(notes: list[str]) -> None:
    with pytest.raises(ValueError, match="no note is approved"):
        written("milestone", notes=notes)


def test_each_note_is_a_bullet_that_keeps_its_lines() -> None:
    words = written("milestone")
    assert "- All 48,000 records.\n  Sums agree.\n- Training on 14 May.\n" in words.text
    assert "All 48,000 records.<br>Sums agree.</td>" in words.html
    assert words.html.count("&bull;") == 2


def test_values_of_many_lines_are_flattened_and_long_ones_cut() -> None:
    words = written("cover_note", number="NW\n-42\t7", deal="word " * 500)
    assert "NW -42 7" in words.text
    assert max(map(len, words.text.splitlines())) < 260
    assert len(written("milestone", notes=["long " * 9000]).text) < 5000


@pytest.mark.parametrize(
    ("person", "greeting"),
    [
        ("Ada Byron", "Hello Ada,"),
        ("Ada", "Hello Ada,"),
        ("Byron, Ada", "Hello Ada,"),
        ("Dr. Ada Byron", "Hello Ada,"),
        ("Prof Dr Ada Byron", "Hello Ada,"),
        ("Ada Byron, PhD", "Hello,"),
        ("Dr. Byron", "Hello,"),
        ("J. Byron", "Hello,"),
        ("ada@northwind.example", "Hello,"),
        ("x" * 60, "Hello,"),
        (" \n", "Hello,"),
    ],
)
def test_people_are_greeted_by_the_name_they_are_called(person: str, greeting: str) -> None:
    assert greeting in written("summary", person=person).text.splitlines()


def test_reminders_become_plainer_and_stay_of_good_faith() -> None:
    seven, fourteen, thirty = (written(f"reminder_{days}").text for days in (7, 14, 30))
    assert seven.startswith("A friendly reminder: invoice NW-42\n")
    assert fourteen.startswith("Still open: invoice NW-42\n")
    assert thirty.startswith("Please look at invoice NW-42\n")
    assert written("reminder_7", days=13).text == seven
    assert written("reminder_14", days=29).text == fourteen
    assert written("reminder_30", days=400).text == thirty


@pytest.mark.parametrize(("days", "said"), [(1, "1 day ago"), (7, "7 days ago"), (30, "30 days ago")])
def test_without_a_due_date_a_reminder_counts_the_days(days: int, said: str) -> None:
    words = written("reminder_7", due_on=None, days=days)
    assert said in words.text
    assert said in words.html
    assert said not in written("reminder_7", days=days).text


def test_nobody_is_reminded_before_it_is_due() -> None:
    with pytest.raises(ValueError, match="not overdue"):
        written("reminder_7", days=0)
