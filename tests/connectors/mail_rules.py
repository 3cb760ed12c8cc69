"""What every mail adapter must do; a vendor's test class inherits these and provides `mail`, `locked_out` and `postbox`."""

from dataclasses import replace
from email.message import EmailMessage
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest

from connectors.mail.port import Mail
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, UncertainError
from contracts.letters import Attachment, Letter, Thread
from contracts.records import Ref, Wanted
from tests.connectors.crm_rules import says_nothing_private

SENDER = "Towline Döals <deals@towline.example>"


class Postbox(Protocol):
    """The world around a mailbox, as a test sees it."""

    async def sent(self) -> list[EmailMessage]:
        """Return what went out, oldest first."""

    async def arrive(self, sender: str, subject: str, *, answers: str = "", labels: tuple[str, ...] = (), text: str = "") -> None:
        """Let a letter come in."""

    async def labels(self, key: UUID) -> set[str]:
        """Return the labels of a letter that we sent."""

    async def lose_next_answer(self) -> None:
        """Let the next letter go out, and its sender not know."""

    async def refuse_next(self) -> None:
        """Let the server refuse the next letter for good."""

    async def fail_next(self) -> None:
        """Let the server refuse the next letter for now."""


KICK_OFF = Letter("ada@northwind.example", "Ada Byron", "Kick-off", "Dear Ada,\nwe begin.\n", "<p>Dear Ada</p>")
BAD_ADDRESSES = ["", "ada", "ada@", "a@b.example, c@d.example", "ada@x.example\nBcc: b@c.example", "ädä@x.example"]


def letter(**changes: Any) -> Wanted[Letter]:
    return Wanted(uuid4(), replace(KICK_OFF, **changes))


async def posted(mail: Mail, one: Wanted[Letter]) -> Ref:
    outcome = (await mail.send([one]))[one.key]
    assert isinstance(outcome, Ref)
    return outcome


class MailRules:
    """The port's promises."""

    async def test_a_letter_goes_out_as_it_was_written(self, mail: Mail, postbox: Postbox) -> None:
        one = letter(name='Adá "Gräfin" Byron, Lady', subject="Grüße an Northwind: 你好 " * 5, text="Straße ✓\n" * 3)
        ref = await posted(mail, one)
        assert ref.url
        (sent,) = await postbox.sent()
        assert sent["Message-ID"] == f"<{one.key}@towline.example>"
        assert str(sent["From"]) == SENDER
        (to,) = sent["To"].addresses
        assert (to.display_name, to.addr_spec) == ('Adá "Gräfin" Byron, Lady', "ada@northwind.example")
        assert sent["Subject"] == ("Grüße an Northwind: 你好 " * 5).strip()
        assert sent["Date"].datetime.tzinfo is not None
        assert sent["Auto-Submitted"] is None
        assert sent.get_content_type() == "multipart/alternative"
        text, html = sent.iter_parts()
        assert text.get_content().replace("\r\n", "\n") == "Straße ✓\n" * 3  # type: ignore[attr-defined]
        assert (html.get_content_type(), html.get_content().strip()) == ("text/html", "<p>Dear Ada</p>")  # type: ignore[attr-defined]

    async def test_nothing_in_a_name_or_a_subject_becomes_a_header(self, mail: Mail, postbox: Postbox) -> None:
        file = Attachment("plan\r\nBcc: spy@evil.example.pdf", "application/pdf\r\nBcc: x", b"%PDF")
        await posted(
            mail,
            letter(
                name="Ada\r\nBcc: spy@evil.example\r\n\r\nHello",
                subject="Hi\nBcc: spy@evil.example\u2028x",
                attachments=[file],
            ),
        )
        (sent,) = await postbox.sent()
        assert sent["Bcc"] is None
        assert [one.addr_spec for one in sent["To"].addresses] == ["ada@northwind.example"]
        assert sent["Subject"] == "Hi Bcc: spy@evil.example x"
        (attached,) = sent.iter_attachments()
        assert attached["Bcc"] is None
        assert attached.get_filename() == "plan Bcc: spy@evil.example.pdf"
        assert attached.get_content_type() == "application/octet-stream"

    @pytest.mark.parametrize(
        "to", ["", "ada", "ada@", "a@b.example, c@d.example", "ada@x.example\nBcc: b@c.example", "ädä@x.example"]
    )
    async def test_what_is_no_single_address_is_refused(self, mail: Mail, postbox: Postbox, to: str) -> None:
        bad, good = letter(to=to), letter()
        outcomes = await mail.send([bad, good])
        assert isinstance(outcomes[bad.key], RefusedError)
        assert says_nothing_private(outcomes[bad.key])
        assert isinstance(outcomes[good.key], Ref)
        assert len(await postbox.sent()) == 1

    async def test_a_domain_of_another_script_is_written_to(self, mail: Mail, postbox: Postbox) -> None:
        await posted(mail, letter(to="ada@münchen.example"))
        assert (await postbox.sent())[0]["To"].addresses[0].addr_spec == "ada@xn--mnchen-3ya.example"

    async def test_an_answer_names_the_letter_that_began_the_conversation(self, mail: Mail, postbox: Postbox) -> None:
        first = letter()
        thread = Thread(first.key, await posted(mail, first))
        await posted(mail, letter(subject="Re: Kick-off", thread=thread))
        _, answer = await postbox.sent()
        assert answer["In-Reply-To"] == answer["References"] == f"<{first.key}@towline.example>"

    @pytest.mark.parametrize("size", [10_000, 1_500_000])
    async def test_a_file_arrives_as_it_is(self, mail: Mail, postbox: Postbox, size: int) -> None:
        content = bytes(range(256)) * (size // 256)
        files = [Attachment("Plan für Ada.pdf", "application/pdf", content), Attachment("a.txt", "text/plain", b"\xff\r\n.\r\n")]
        await posted(mail, letter(attachments=files))
        (sent,) = await postbox.sent()
        assert sent.get_content_type() == "multipart/mixed"
        pdf, text = sent.iter_attachments()
        assert (pdf.get_filename(), pdf.get_content_type(), pdf.get_content()) == ("Plan für Ada.pdf", "application/pdf", content)  # type: ignore[attr-defined]
        assert text.get_payload(decode=True) == b"\xff\r\n.\r\n"

    async def test_letters_are_found_by_their_keys_and_filed_under_our_label(self, mail: Mail, postbox: Postbox) -> None:
        letters = [letter(subject=f"Letter {n}") for n in range(5)]
        made = await mail.send(letters)
        assert await mail.find([*made, uuid4()]) == made
        assert await mail.find([]) == {}
        for one in letters:
            assert "Towline" in await postbox.labels(one.key)

    async def test_a_lost_answer_is_uncertain_and_the_letter_is_not_taken_for_unsent(self, mail: Mail, postbox: Postbox) -> None:
        one = letter()
        await postbox.lose_next_answer()
        with pytest.raises(UncertainError) as raised:
            await mail.send([one])
        assert says_nothing_private(raised.value)
        assert len(await postbox.sent()) == 1
        assert one.key in await mail.find([one.key])

    async def test_one_lost_answer_among_many_is_that_letter_s_outcome(self, mail: Mail, postbox: Postbox) -> None:
        letters = [letter(subject=f"Letter {n}") for n in range(3)]
        await postbox.lose_next_answer()
        kinds = [type(outcome) for outcome in (await mail.send(letters)).values()]
        assert sorted(kind.__name__ for kind in kinds) == ["Ref", "Ref", "UncertainError"]
        assert len(await postbox.sent()) == 3

    async def test_a_refused_letter_does_not_keep_the_others_back_and_is_not_found(self, mail: Mail, postbox: Postbox) -> None:
        letters = [letter(), letter()]
        await postbox.refuse_next()
        outcomes = await mail.send(letters)
        refused = [key for key, outcome in outcomes.items() if isinstance(outcome, RefusedError)]
        sent = [key for key, outcome in outcomes.items() if isinstance(outcome, Ref)]
        assert (len(refused), len(sent), len(await postbox.sent())) == (1, 1, 1)
        assert says_nothing_private(outcomes[refused[0]])
        assert list(await mail.find(list(outcomes))) == sent

    async def test_a_letter_that_is_declined_for_now_can_be_sent_again(self, mail: Mail, postbox: Postbox) -> None:
        one = letter()
        await postbox.fail_next()
        with pytest.raises(RetryableError) as raised:
            await mail.send([one])
        assert says_nothing_private(raised.value)
        assert await mail.find([one.key]) == {}
        await posted(mail, one)
        assert len(await postbox.sent()) == 1

    async def test_a_login_that_is_refused_is_for_the_operator(self, locked_out: Mail, postbox: Postbox) -> None:
        one = letter()
        for call in (locked_out.prepare(), locked_out.send([one]), locked_out.find([one.key]), locked_out.received(None)):
            with pytest.raises(MisconfiguredError) as raised:
                await call
            assert says_nothing_private(raised.value)
        assert await postbox.sent() == []

    async def test_a_label_is_put_on_once(self, mail: Mail, postbox: Postbox) -> None:
        one = letter()
        ref = await posted(mail, one)
        for _ in range(2):
            await mail.label(ref, "Decision")
        assert await postbox.labels(one.key) >= {"Decision", "Towline"}

    async def test_what_came_since_the_last_look_is_told_once(self, mail: Mail, postbox: Postbox) -> None:
        await postbox.arrive("Old <old@contoso.example>", "before we looked")
        start = await mail.received(None)
        assert start.letters == ()
        first = letter()
        await posted(mail, first)
        await postbox.arrive("Ada Byron <ada@northwind.example>", "Re: Kick-off ✓", answers=f"<{first.key}@towline.example>")
        await postbox.arrive("charles@contoso.example", "tagged", labels=("Decision",))
        post = await mail.received(start.cursor)
        answer, tagged = post.letters
        assert (answer.sender, answer.subject) == ("Ada Byron <ada@northwind.example>", "Re: Kick-off ✓")
        assert list(answer.references) == [f"<{first.key}@towline.example>"]
        assert answer.message_id.startswith("<")
        assert answer.received_at.tzinfo is not None
        assert (tagged.sender, list(tagged.labels)) == ("charles@contoso.example", ["Decision"])
        assert list((await mail.received(post.cursor)).letters) == []
        await mail.label(answer.ref, "Seen")
        await postbox.arrive("zoe@contoso.example", "later")
        assert [one.subject for one in (await mail.received(post.cursor)).letters][-1] == "later"

    async def test_the_words_of_a_letter_that_came_are_read_without_what_it_quotes(self, mail: Mail, postbox: Postbox) -> None:
        start = await mail.received(None)
        await postbox.arrive("ada@northwind.example", "Re: Kick-off", text="We agree, ✓\n\nOn Tue, Towline wrote:\n> a secret\n")
        (came,) = (await mail.received(start.cursor)).letters
        assert await mail.read_words(came.ref) == "We agree, ✓"

    async def test_the_words_of_a_letter_that_is_gone_are_refused(self, mail: Mail) -> None:
        with pytest.raises(RefusedError):
            await mail.read_words(Ref("inbox:1:99999"))

    async def test_a_letter_that_is_not_there_cannot_be_labelled(self, mail: Mail) -> None:
        with pytest.raises(RefusedError):
            await mail.label(Ref("0123456789abcdef:0123456789abcdef"), "Decision")

    async def test_preparing_again_changes_nothing(self, mail: Mail, postbox: Postbox) -> None:
        await mail.prepare()
        one = letter()
        ref = await posted(mail, one)
        await mail.prepare()
        assert await mail.find([one.key]) == {one.key: ref}
