"""What is said in mail and chat is kept only where somebody puts it on a deal's record; nothing else is stored anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.errors import TowlineError
from contracts.records import Ref
from ledger.database import Ledger
from ledger.effects import Intent
from ledger.tables import EffectState
from tasks.capture import take_letters
from tests.cli.asking import case_called, stand
from tests.talking import Talk, talking

WORDS = "They take the second option, starting in March"


@pytest.fixture
async def talk(ledger: Ledger, database_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(ledger, database_url, tmp_path) as found:
        await found.house.prepare()
        yield found


@pytest.fixture
async def deal(talk: Talk) -> str:
    """A deal in the CRM, and its case."""
    made = await talk.vendors.person_makes("deals", {"dealname": "Northwind GmbH"})
    await stand(talk.house.ledger, case_called("northwind"), "discovery", deal=made["id"])
    return str(made["id"])


async def records(talk: Talk) -> list[Any]:
    async with talk.house.ledger.begin() as books:
        return list(await books.records.of_case(case_called("northwind")))


async def said(talk: Talk, text: str) -> str:
    written = await talk.does("messages", channel="#deals", user="sales-1", text=text)
    return f"{written['channel']}:{written['ts']}"


async def test_a_message_is_promoted_with_its_link_author_time_and_approver(talk: Talk, deal: str) -> None:
    """
    Given a message in a channel
    When somebody who speaks for an owner promotes it, and says for which deal and as what
    Then it stands on the deal's record and as a note on the deal in the CRM, once, with link, author, time and approver.
    """
    place = await said(talk, WORDS)
    await talk.does("shortcuts", callback_id="promote", message=place, user="delivery-1")
    await talk.works()
    await talk.sends("delivery-1", deal="northwind", kind="action")
    (record,) = await records(talk)
    assert (record.kind, record.words, record.by) == ("action", WORDS, "delivery-operations")
    assert record.author == "sales-1@towline.example"
    assert f"{record.said_at.timestamp():.6f}" == place.partition(":")[2]
    assert record.link.startswith("https://towline-sandbox.slack.com/archives/")
    (note,) = await talk.vendors.objects("crm", "notes")
    for part in (WORDS, "sales-1@towline.example", "Delivery operations", record.link):
        assert part in note["properties"]["hs_note_body"]
    assert await talk.answers() == ["recorded with Northwind GmbH: Action that the client confirmed"]


async def test_words_are_promoted_by_a_command(talk: Talk, deal: str) -> None:
    await talk.does("commands", user="delivery-1", text="promote")
    await talk.works()
    await talk.sends("delivery-1", deal="Northwind GmbH", kind="decision", words=WORDS)
    (record,) = await records(talk)
    assert (record.kind, record.words, record.author) == ("decision", WORDS, "delivery-1@towline.example")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("contoso", "no deal has that in its name"),
        ("north", "2 deals have that in its name"),
        ("", "no deal has that in its name"),
    ],
)
async def test_where_it_is_not_clear_which_deal_is_meant_nothing_is_recorded(talk: Talk, deal: str, name: str, why: str) -> None:
    await stand(talk.house.ledger, case_called("other"), "discovery", deal="9999")
    place = await said(talk, WORDS)
    await talk.does("shortcuts", callback_id="promote", message=place, user="delivery-1")
    await talk.works()
    await talk.sends("delivery-1", deal=name, kind="action")
    assert await records(talk) == []
    assert await talk.answers() == [f"{why}; nothing was recorded"]


async def arrives(talk: Talk, sender: str = "ada@northwind.example", **letter: Any) -> None:
    made = {"system": "mail", "kind": "messages", "properties": {"from": sender, **letter}}
    await talk.vendors.control("POST", "people", made)


async def test_a_letter_that_somebody_has_labelled_is_put_on_the_record_of_the_deal_that_it_answers(
    talk: Talk, deal: str
) -> None:
    """
    Given a letter of ours to the client, and the client's answer, which quotes it
    When somebody in the mailbox labels the answer, and mail is looked at twice
    Then the client's own words stand on the deal's record and in the CRM, once, with link, author, time and voucher.
    """
    await take_letters(talk.house)
    key = await letter_of_ours(talk)
    text = f"{WORDS}\n\nOn Tue, Towline wrote:\n> a secret that was quoted"
    await arrives(talk, subject="Re: Kick-off", text=text, in_reply_to=f"{key}@towline.example", labels=["Towline/Decision"])
    for _ in range(2):
        await take_letters(talk.house)
    (record,) = await records(talk)
    assert (record.kind, record.words, record.author) == ("decision", WORDS, "ada@northwind.example")
    assert (record.by, record.link[:24]) == ("sales-operations", "https://mail.google.com/")
    (note,) = await talk.vendors.objects("crm", "notes")
    assert WORDS in note["properties"]["hs_note_body"]


@pytest.mark.parametrize(
    ("sender", "subject", "by"),
    [
        ("Dana <delivery-1@towline.example>", "Fwd: go live [towline/milestone Northwind GmbH]", "delivery-operations"),
        ("ada@northwind.example", "[towline/decision Northwind GmbH]", None),
        ("delivery-1@towline.example", "[towline/gossip Northwind GmbH]", None),
        ("delivery-1@towline.example", "[towline/decision Contoso]", None),
        ("delivery-1@towline.example", "no tag", None),
    ],
)
async def test_a_tag_in_the_subject_counts_when_whoever_wrote_it_speaks_for_an_owner(
    talk: Talk, deal: str, sender: str, subject: str, by: str | None
) -> None:
    await take_letters(talk.house)
    await arrives(talk, sender, subject=subject, text=WORDS)
    look = await take_letters(talk.house)
    found = await records(talk)
    assert [record.by for record in found] == ([by] if by else [])
    assert (look.seen, look.kept, look.unplaced) == (1, len(found), int("Contoso" in subject))
    async with talk.house.ledger.begin() as books:
        measured = await books.captures.measured()
    assert (measured.seen, measured.kept) == (1, len(found))


async def test_a_look_that_fails_goes_on_from_the_same_place(talk: Talk, deal: str) -> None:
    """Given a tagged letter, and a CRM that is down, when mail is looked at again later, then it is on record, once."""
    await take_letters(talk.house)
    await arrives(talk, "delivery-1@towline.example", subject="[towline/action Northwind GmbH]", text=WORDS)
    await talk.vendors.fault("crm", "POST /crm/v3/objects/notes", status=503, count=-1)
    with pytest.raises(TowlineError):
        await take_letters(talk.house)
    await talk.vendors.heal()
    assert (await take_letters(talk.house)).kept == 1
    assert len(await records(talk)) == len(await talk.vendors.objects("crm", "notes")) == 1


async def letter_of_ours(talk: Talk) -> UUID:
    """Let a letter to the client have gone out for the deal."""
    key = uuid4()
    intent = Intent(key, key, uuid4(), case_called("northwind"), "send_summary", "mail", None)
    async with talk.house.ledger.begin() as books:
        await books.effects.intend([intent])
        await books.effects.settle({key: Ref("m:t")}, {key: EffectState.DONE})
    return key


async def test_what_nobody_promotes_is_stored_nowhere(talk: Talk, deal: str, tmp_path: Path) -> None:
    """
    Given letters that come, messages that people write, one of which somebody begins to promote and does not, and one that is
    promoted
    When the whole ledger and the whole state folder are searched
    Then only the promoted one is found.
    """
    untold, begun, kept = "secret-untold-words", "secret-begun-words", "kept-words"
    await said(talk, untold)
    await talk.does("shortcuts", callback_id="promote", message=await said(talk, begun), user="delivery-1")
    await talk.works()
    (view,) = await talk.vendors.objects("chat", "views")
    place = await said(talk, kept)
    await talk.does("shortcuts", callback_id="promote", message=place, user="delivery-1")
    await talk.works()
    await take_letters(talk.house)
    await arrives(talk, subject=f"about {untold}", text=untold)
    await arrives(talk, subject="[towline/decision]", text=untold)
    await take_letters(talk.house)
    (other,) = [one for one in await talk.vendors.objects("chat", "views") if one["id"] != view["id"]]
    await talk.does("submissions", view=other["id"], user="delivery-1", values={"deal": "northwind", "kind": "decision"})
    await talk.works()
    stored = await everything(talk.house.ledger) + files(tmp_path)
    assert kept in stored
    assert untold not in stored
    assert begun not in stored


async def everything(ledger: Ledger) -> str:
    """Every row of every table, as text."""
    async with ledger._engine.begin() as connection:
        named = await connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in named.all():
            rows = await connection.exec_driver_sql(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            found += [row[0] for row in rows]
    return "\n".join(found)


def files(folder: Path) -> str:
    """What lies in all files of a folder."""
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())
