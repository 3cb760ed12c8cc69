"""SMTP and IMAP keep the mail port's promises on a real mail server, and what is their own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import quote
from uuid import UUID, uuid4

import aiosmtplib
import pytest
from imap_tools import AND, MailBoxUnencrypted, MailMessage

from connectors.mail.smtp import SmtpImap
from connectors.mail.smtp_errors import imap_error, refused, unreachable
from connectors.mail.smtp_url import account_of
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import Ref
from tests.connectors.crm_rules import says_nothing_private
from tests.connectors.mail_rules import SENDER, MailRules, letter, posted
from tests.connectors.mailserver import PASSWORD, Smtp, free_port, imap_server, smtp_server

SECRET = quote(PASSWORD, safe="")


class Account:
    """A user's mailbox on the server."""

    def __init__(self, smtp: Smtp, imap_port: int, user: str, folder: str = "Gesendet") -> None:
        self.smtp, self.port, self.user, self.folder = smtp, imap_port, user, folder

    @contextmanager
    def box(self, folder: str) -> Iterator[MailBoxUnencrypted]:
        with MailBoxUnencrypted("127.0.0.1", self.port) as box:
            box.login(self.user, PASSWORD, initial_folder=folder)
            yield box

    def copies(self) -> list[MailMessage]:
        with self.box(self.folder) as box:
            return list(box.fetch(mark_seen=False))

    async def sent(self) -> list[EmailMessage]:
        return self.smtp.letters

    async def arrive(
        self, sender: str, subject: str, *, answers: str = "", labels: tuple[str, ...] = (), text: str = "Hello"
    ) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, SENDER, subject
        message["Message-ID"], message["Date"] = f"<{uuid4()}@mail.example>", "Mon, 23 Nov 2026 09:30:00 +0100"
        if answers:
            message["In-Reply-To"] = answers
        message.set_content(text)
        with self.box("INBOX") as box:
            box.append(message.as_bytes(), "INBOX", flag_set=labels or None)

    async def labels(self, key: UUID) -> set[str]:
        (copy,) = [one for one in self.copies() if str(key) in one.headers["message-id"][0]]
        return set(copy.flags)

    async def lose_next_answer(self) -> None:
        self.smtp.lose = True

    async def refuse_next(self) -> None:
        self.smtp.next_recipient = "550 5.1.1 <ada@northwind.example>: no such Ada Byron here"

    async def fail_next(self) -> None:
        self.smtp.next_recipient = "451 4.7.1 <ada@northwind.example>: greylisted"


@pytest.fixture(scope="module")
def imap_port() -> Iterator[int]:
    with imap_server() as port:
        yield port


@pytest.fixture
async def smtp() -> AsyncIterator[Smtp]:
    async with smtp_server() as server:
        yield server


@pytest.fixture
def postbox(smtp: Smtp, imap_port: int) -> Account:
    return Account(smtp, imap_port, f"u{uuid4().hex}")


def adapter(postbox: Account, *, password: str = SECRET, timeout: float = 20) -> SmtpImap:
    smtp = f"smtp://deals:{password}@127.0.0.1:{postbox.smtp.port}"
    return SmtpImap(smtp, f"imap://{postbox.user}:{password}@127.0.0.1:{postbox.port}", SENDER, timeout=timeout)


@pytest.fixture
async def mail(postbox: Account) -> AsyncIterator[SmtpImap]:
    mail = adapter(postbox)
    await mail.prepare()
    yield mail
    await mail.aclose()


@pytest.fixture
def locked_out(postbox: Account) -> SmtpImap:
    """A mail server that knows another password."""
    return adapter(postbox, password="wrong")


class TestSmtpImap(MailRules):
    """All rules, on SMTP and IMAP."""


async def test_a_login_that_only_smtp_refuses_is_for_the_operator_and_leaves_no_copy(mail: SmtpImap, postbox: Account) -> None:
    postbox.smtp.locked = True
    with pytest.raises(MisconfiguredError, match="SMTP login") as raised:
        await mail.send([letter()])
    assert says_nothing_private(raised.value)
    assert postbox.copies() == []


async def test_a_copy_is_starred_until_its_letter_is_sent(mail: SmtpImap, postbox: Account) -> None:
    sent, lost = letter(subject="sent"), letter(subject="lost")
    await posted(mail, sent)
    await postbox.lose_next_answer()
    with pytest.raises(UncertainError):
        await mail.send([lost])
    flags = {one.subject: set(one.flags) - {"\\Recent"} for one in postbox.copies()}
    assert flags == {"sent": {"\\Seen", "Towline"}, "lost": {"\\Seen", "\\Flagged"}}
    found = await mail.find([sent.key, lost.key])
    assert isinstance(found[sent.key], Ref)
    assert isinstance(found[lost.key], UncertainError)
    assert says_nothing_private(found[lost.key])


async def test_a_person_settles_what_nobody_saw(mail: SmtpImap, postbox: Account) -> None:
    went, stayed = letter(subject="went"), letter(subject="stayed")
    for one in (went, stayed):
        await postbox.lose_next_answer()
        with pytest.raises(UncertainError):
            await mail.send([one])
    with postbox.box("Gesendet") as box:
        box.flag(box.uids(AND(subject="went")), "\\Flagged", False)
        box.delete(box.uids(AND(subject="stayed")))
    found = await mail.find([went.key, stayed.key])
    assert list(found) == [went.key]
    assert isinstance(found[went.key], Ref)


async def test_a_sent_letter_that_somebody_stars_is_still_sent(mail: SmtpImap, postbox: Account) -> None:
    one = letter()
    ref = await posted(mail, one)
    with postbox.box("Gesendet") as box:
        box.flag(box.uids(), "\\Flagged", True)
    assert await mail.find([one.key]) == {one.key: ref}


async def test_a_copy_that_the_server_filed_itself_is_proof(mail: SmtpImap, postbox: Account) -> None:
    one = letter()
    await postbox.lose_next_answer()
    with pytest.raises(UncertainError):
        await mail.send([one])
    with postbox.box("Gesendet") as box:
        box.append(postbox.smtp.taken[-1], "Gesendet")
    assert isinstance((await mail.find([one.key]))[one.key], Ref)


async def test_nothing_goes_out_that_cannot_be_filed(postbox: Account) -> None:
    mail = SmtpImap(
        f"smtp://deals:{SECRET}@127.0.0.1:{postbox.smtp.port}", f"imap://u:{SECRET}@127.0.0.1:{free_port()}", SENDER, timeout=5
    )
    with pytest.raises(RetryableError, match="IMAP: no connection"):
        await mail.send([letter()])
    assert postbox.smtp.taken == []


async def test_a_server_that_is_away_leaves_no_copy(postbox: Account) -> None:
    imap = f"imap://{postbox.user}:{SECRET}@127.0.0.1:{postbox.port}"
    mail = SmtpImap(f"smtp://deals:{SECRET}@127.0.0.1:{free_port()}", imap, SENDER, timeout=5)
    one = letter()
    with pytest.raises(RetryableError, match="SMTP: no connection"):
        await mail.send([one])
    assert await mail.find([one.key]) == {}
    assert postbox.copies() == []


@pytest.mark.parametrize(
    ("said", "kind"), [("554 5.7.1 Ada is spam", RefusedError), ("452 4.3.1 full", RetryableError)], ids=["554", "452"]
)
async def test_a_text_that_is_declined_was_not_sent(
    mail: SmtpImap, postbox: Account, said: str, kind: type[TowlineError]
) -> None:
    first, second = letter(), letter()
    postbox.smtp.next_letter = said
    outcomes = await mail.send([first, second])
    assert isinstance(outcomes[first.key], kind)
    assert says_nothing_private(outcomes[first.key])  # type: ignore[arg-type]
    assert await mail.find(list(outcomes)) == {second.key: outcomes[second.key]}


async def test_many_letters_share_one_login(mail: SmtpImap, postbox: Account) -> None:
    outcomes = await mail.send([letter(subject=f"Letter {n}") for n in range(20)])
    assert all(isinstance(outcome, Ref) for outcome in outcomes.values())
    assert (len(postbox.smtp.taken), postbox.smtp.logins) == (20, 1)


async def test_a_mailbox_that_was_numbered_anew_loses_no_letter(mail: SmtpImap, postbox: Account) -> None:
    start = await mail.received(None)
    await postbox.arrive("ada@northwind.example", "while nobody looked")
    _, following, at = start.cursor.split(":")
    post = await mail.received(f"1:{int(following) + 50}:{at}")
    assert [one.subject for one in post.letters] == ["while nobody looked"]
    assert post.cursor.split(":")[0] == start.cursor.split(":")[0]
    with pytest.raises(RefusedError):
        await mail.label(Ref("inbox:1:1"), "Decision")


async def test_a_label_is_a_keyword_and_nothing_else(mail: SmtpImap, postbox: Account) -> None:
    one = letter()
    ref = await posted(mail, one)
    await mail.label(ref, "Client decision")
    assert "Client_decision" in await postbox.labels(one.key)
    for wrong in ("\\Deleted", "a) (b", "é", ""):
        with pytest.raises(RefusedError):
            await mail.label(ref, wrong)


async def test_a_server_without_a_folder_for_sent_letters_gets_one(smtp: Smtp) -> None:
    with imap_server(mailboxes="") as port:
        postbox = Account(smtp, port, "deals", "Sent")
        mail = adapter(postbox)
        await asyncio.gather(mail.prepare(), adapter(postbox).prepare())
        one = letter()
        await posted(mail, one)
        assert [copy.subject for copy in postbox.copies()] == ["Kick-off"]
        assert list(await mail.find([one.key])) == [one.key]


async def test_a_server_may_let_us_send_without_a_login(imap_port: int) -> None:
    async with smtp_server(login=False) as smtp:
        postbox = Account(smtp, imap_port, f"u{uuid4().hex}")
        imap = f"imap://{postbox.user}:{SECRET}@127.0.0.1:{imap_port}"
        await posted(SmtpImap(f"smtp://127.0.0.1:{smtp.port}", imap, SENDER), letter())
        assert smtp.recipients == [["ada@northwind.example"]]


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "smtp://host:port", "deals@example.com"])
def test_a_bad_url_is_for_the_operator_and_is_not_repeated(url: str) -> None:
    with pytest.raises(MisconfiguredError) as raised:
        account_of(url, "smtp", {"smtps": 465, "smtp": 587})
    assert "deals@example.com" not in str(raised.value)


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    ports = {"smtps": 465, "smtp": 587}
    local, far, secure = (
        account_of(url, "smtp", ports)
        for url in ("smtp://127.0.0.1", "smtp://u%40x:p%2Fw@mail.example", "smtps://mail.example:1465")
    )
    assert [(one.port, one.encrypted, one.starts_tls) for one in (local, far, secure)] == [
        (587, False, False),
        (587, False, True),
        (1465, True, False),
    ]
    assert (far.user, far.password) == ("u@x", "p/w")
    assert "p/w" not in repr(far)


async def test_a_server_without_starttls_gets_no_password(imap_port: int) -> None:
    async with smtp_server(host="127.0.0.2") as smtp:
        imap = f"imap://u{uuid4().hex}:{SECRET}@127.0.0.1:{imap_port}"
        with pytest.raises(MisconfiguredError, match="STARTTLS"):
            await SmtpImap(f"smtp://deals:{SECRET}@127.0.0.2:{smtp.port}", imap, SENDER).send([letter()])
        assert (smtp.logins, smtp.taken) == (0, [])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(aiosmtplib.SMTPSenderRefused(550, "no", "a@b")), MisconfiguredError),
        (refused(aiosmtplib.SMTPSenderRefused(450, "no", "a@b")), RetryableError),
        (refused(aiosmtplib.SMTPServerDisconnected("gone")), RetryableError),
        (unreachable(aiosmtplib.SMTPAuthenticationError(454, "later")), RetryableError),
        (unreachable(aiosmtplib.SMTPConnectResponseError(554, "no")), RetryableError),
        (unreachable(ssl.SSLCertVerificationError("self-signed")), MisconfiguredError),
        (imap_error(ssl.SSLCertVerificationError("self-signed")), MisconfiguredError),
        (imap_error(OSError("[OVERQUOTA]")), RetryableError),
    ],
    ids=lambda value: getattr(value, "cause", getattr(value, "__name__", None)),
)
def test_every_failure_has_a_remedy(error: TowlineError, kind: type[TowlineError]) -> None:
    assert type(error) is kind
