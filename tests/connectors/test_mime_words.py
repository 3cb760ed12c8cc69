"""Of a letter that came only what its sender wrote is read, as plain text, whatever the letter is made of."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from connectors.mail.mime import words_of


def letter(text: str = "", html: str = "") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Re: Kick-off"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    message.add_attachment(b"\x00secret", maintype="application", subtype="pdf", filename="a.pdf")
    return message.as_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We agree.\nAda", "We agree.\nAda"),
        ("Wir sind einverstanden: ja\n\nAm Di schrieb Towline:\n> secret\n> more", "Wir sind einverstanden: ja"),
        ("Yes\n\nOn Tue, Towline wrote:\n\n> secret", "Yes"),
        ("Yes\n-----Original Message-----\nFrom: Towline\nsecret", "Yes"),
        ("> secret\nYes\n> secret\nand yes", "Yes\nand yes"),
        ("", ""),
    ],
)
def test_what_a_letter_quotes_is_left_out(text: str, words: str) -> None:
    assert words_of(letter(text)) == words


def test_a_letter_of_html_alone_is_read_as_people_see_it() -> None:
    message = EmailMessage()
    message.set_content("<p>We <b>agree</b></p><style>p {}</style><p>Ada</p>", subtype="html")
    assert words_of(message.as_bytes()) == "We agree\nAda"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"Content-Type: text/plain; charset=nowhere\r\n\r\nwe agree",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing",
        b"Content-Type: application/pdf\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)
def test_a_broken_letter_breaks_nothing(raw: bytes) -> None:
    assert "\0" not in words_of(raw)
