"""What every documents adapter must do; a vendor's test class inherits these and provides `docs` and `sandbox`."""

from uuid import uuid4

import pytest

from connectors.docs.port import Docs
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import (
    CopyRecord,
    DocumentRecord,
    FillRecord,
    FolderRecord,
    LockRecord,
    Outcomes,
    PdfRecord,
    Ref,
    Standing,
    Wanted,
)
from contracts.traces import Hand
from tests.connectors.conftest import Sandbox
from tests.connectors.crm_rules import says_nothing_private

PACKET = "<h1>{{account}}</h1><p>Owner: {{owner}}</p><p>{{account}} again</p>"
TEMPLATES = {"packet": PACKET}


def folder(name: str = "Northwind", parent: str | None = None) -> Wanted[FolderRecord]:
    return Wanted(uuid4(), FolderRecord(name, parent))


async def copied(docs: Docs, name: str = "northwind_packet") -> str:
    """Return the id of a fresh copy of the packet in a fresh folder."""
    place = folder()
    made = (await docs.create_folders([place]))[place.key]
    assert isinstance(made, Ref)
    copy = Wanted(uuid4(), CopyRecord("packet", name, made.id))
    document = (await docs.copy_templates([copy]))[copy.key]
    assert isinstance(document, Ref)
    return document.id


PAGE = "<h1>Proposal</h1><table><tr><td>Design</td><td>€ 1,500</td></tr></table><p>Köln – {{date}}</p>"


async def proposed(docs: Docs, html: str = PAGE) -> tuple[str, str]:
    """Return the ids of a fresh document and of the folder that it lies in."""
    place = folder()
    parent = (await docs.create_folders([place]))[place.key]
    assert isinstance(parent, Ref)
    wanted = Wanted(uuid4(), DocumentRecord("Proposal", parent.id, html))
    made = (await docs.create_documents([wanted]))[wanted.key]
    assert isinstance(made, Ref)
    return made.id, parent.id


async def locked(docs: Docs, document: str, reason: str = "approved") -> Outcomes:
    """Lock one document."""
    return await docs.lock([Wanted(uuid4(), LockRecord(document, reason))])


class DocsRules:
    """The port's promises; the fixture `docs` is prepared with TEMPLATES."""

    async def test_a_folder_stands_in_the_root_folder_under_its_name_and_key(self, docs: Docs, sandbox: Sandbox) -> None:
        place = folder()
        made = (await docs.create_folders([place]))[place.key]
        root, created = await sandbox.objects("docs", "folders")
        assert (created["id"], created["key"], created["object"]["parents"]) == (made.id, str(place.key), [root["id"]])
        assert made.url.startswith("https://")

    async def test_a_copy_of_a_template_is_filled_and_a_filled_one_stays_as_it_is(self, docs: Docs) -> None:
        document = await copied(docs)
        for values in ({"account": "Northwind & <Co>", "owner": "sales-1"}, {"account": "Other", "owner": "other"}):
            fill = Wanted(uuid4(), FillRecord(document, values))
            assert (await docs.fill([fill]))[fill.key] == Ref(document)
            assert await docs.read_text(document) == "Northwind & <Co>\nOwner: sales-1\nNorthwind & <Co> again\n"

    async def test_a_root_folder_and_templates_that_were_thrown_away_are_made_anew(self, docs: Docs, sandbox: Sandbox) -> None:
        await sandbox.control("POST", "reset")
        one = folder()
        made = (await docs.create_folders([one]))[one.key]
        assert isinstance(made, Ref)
        await sandbox.control("POST", "reset")
        assert "{{" in await docs.read_text(await copied(docs))

    async def test_filling_with_nothing_changes_nothing(self, docs: Docs) -> None:
        document = await copied(docs)
        fill = Wanted(uuid4(), FillRecord(document, {}))
        assert (await docs.fill([fill]))[fill.key] == Ref(document)
        assert "{{account}}" in await docs.read_text(document)

    async def test_what_was_made_is_found_by_its_key_unless_it_is_in_the_bin(self, docs: Docs) -> None:
        places = [folder(f"Folder {n}") for n in range(45)]
        made = await docs.create_folders(places)
        assert await docs.find([*made, uuid4()]) == made
        assert await docs.find([]) == {}

    async def test_a_refused_record_does_not_keep_the_others_from_being_made(self, docs: Docs) -> None:
        good, lost = folder(), folder("Byron", parent="no-such-folder")
        outcomes = await docs.create_folders([good, lost])
        assert isinstance(outcomes[good.key], Ref)
        assert isinstance(outcomes[lost.key], RefusedError)
        assert says_nothing_private(outcomes[lost.key])

    async def test_what_is_not_there_cannot_be_read(self, docs: Docs) -> None:
        with pytest.raises(RefusedError):
            await docs.read_text("no-such-document")

    async def test_an_unknown_template_is_for_the_operator(self, docs: Docs) -> None:
        with pytest.raises(MisconfiguredError, match="template"):
            await docs.copy_templates([Wanted(uuid4(), CopyRecord("no-such-template", "x", "y"))])

    async def test_preparing_again_makes_nothing_and_a_changed_template_a_new_file(self, docs: Docs, sandbox: Sandbox) -> None:
        await docs.prepare(TEMPLATES)
        assert len(await sandbox.objects("docs", "folders")) == len(await sandbox.objects("docs", "documents")) == 1
        await docs.prepare({"packet": "<p>new</p>"})
        assert len(await sandbox.objects("docs", "documents")) == 2
        assert await docs.read_text(await copied(docs)) == "new\n"

    async def test_a_lost_answer_is_uncertain_and_the_key_finds_the_one_that_was_made(self, docs: Docs, sandbox: Sandbox) -> None:
        place = folder()
        await sandbox.fault("docs", "POST", lose_answer=True)
        with pytest.raises(UncertainError) as raised:
            await docs.create_folders([place])
        assert says_nothing_private(raised.value)
        made = (await sandbox.objects("docs", "folders"))[-1]
        assert (await docs.find([place.key]))[place.key].id == made["id"]

    async def test_one_lost_answer_among_many_is_that_record_s_outcome(self, docs: Docs, sandbox: Sandbox) -> None:
        places = [folder(f"Folder {n}") for n in range(5)]
        await sandbox.fault("docs", "POST", lose_answer=True)
        kinds = [type(outcome) for outcome in (await docs.create_folders(places)).values()]
        assert sorted(kind.__name__ for kind in kinds) == ["Ref"] * 4 + ["UncertainError"]

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"status": 401, "count": 2}, MisconfiguredError),
            ({"status": 403}, MisconfiguredError),
            ({"status": 500}, UncertainError),
            ({"status": 502, "body": "html"}, UncertainError),
            ({"status": 503}, RetryableError),
            ({"status": 0}, UncertainError),
        ],
    )
    async def test_a_call_that_fails_as_a_whole_says_what_to_do(
        self, docs: Docs, sandbox: Sandbox, fault: dict[str, object], kind: type[TowlineError]
    ) -> None:
        await sandbox.fault("docs", "POST", **fault)
        with pytest.raises(kind) as raised:
            await docs.create_folders([folder()])
        assert says_nothing_private(raised.value)

    async def test_a_failure_while_filling_may_be_tried_again(self, docs: Docs, sandbox: Sandbox) -> None:
        fill = Wanted(uuid4(), FillRecord(await copied(docs), {"account": "Northwind"}))
        await sandbox.fault("docs", "POST", status=500)
        with pytest.raises(RetryableError):
            await docs.fill([fill])
        assert isinstance((await docs.fill([fill]))[fill.key], Ref)

    async def test_a_document_is_made_of_html_in_its_folder_and_found_by_its_key(self, docs: Docs, sandbox: Sandbox) -> None:
        place = folder()
        parent = (await docs.create_folders([place]))[place.key]
        assert isinstance(parent, Ref)
        wanted = [Wanted(uuid4(), DocumentRecord(f"Proposal {n}", parent.id, PAGE)) for n in range(12)]
        made = await docs.create_documents(wanted)
        assert await docs.find([one.key for one in wanted]) == made
        stored = {one["key"]: one["object"] for one in await sandbox.objects("docs", "documents")}
        for one in wanted:
            assert (stored[str(one.key)]["name"], stored[str(one.key)]["parents"]) == (one.record.name, [parent.id])
        first = made[wanted[0].key]
        assert isinstance(first, Ref)
        assert first.url.startswith("https://")
        assert (await docs.read_text(first.id)).split("\n") == ["Proposal", "Design", "€ 1,500", "Köln – {{date}}", ""]

    async def test_a_document_is_refused_without_its_folder_and_the_others_are_made(self, docs: Docs) -> None:
        _, parent = await proposed(docs)
        good, lost = (Wanted(uuid4(), DocumentRecord("Proposal", place, PAGE)) for place in (parent, "no-such-folder"))
        outcomes = await docs.create_documents([good, lost])
        assert isinstance(outcomes[good.key], Ref)
        assert isinstance(outcomes[lost.key], RefusedError)
        assert says_nothing_private(outcomes[lost.key])

    async def test_a_document_whose_answer_was_lost_is_found_by_its_key(self, docs: Docs, sandbox: Sandbox) -> None:
        _, parent = await proposed(docs)
        wanted = Wanted(uuid4(), DocumentRecord("Proposal", parent, PAGE))
        await sandbox.fault("docs", "POST", lose_answer=True)
        with pytest.raises(UncertainError) as raised:
            await docs.create_documents([wanted])
        assert says_nothing_private(raised.value)
        found = (await docs.find([wanted.key]))[wanted.key]
        assert "Proposal" in await docs.read_text(found.id)

    async def test_a_pdf_is_kept_of_a_document_as_it_is_now(self, docs: Docs, sandbox: Sandbox) -> None:
        document, parent = await proposed(docs)
        wanted = Wanted(uuid4(), PdfRecord(document, "Proposal.pdf", parent))
        outcomes = await docs.save_pdfs([wanted])
        (kept,) = await sandbox.objects("docs", "files")
        assert outcomes == {wanted.key: Ref(kept["id"], outcomes[wanted.key].url)} == await docs.find([wanted.key])  # type: ignore[union-attr]
        assert (kept["key"], kept["object"]["name"], kept["object"]["parents"]) == (str(wanted.key), "Proposal.pdf", [parent])
        assert kept["object"]["mimeType"] == "application/pdf"
        content = await docs.read_pdf(document)
        assert content.startswith(b"%PDF-")
        assert int(kept["object"]["size"]) == len(content)

    async def test_a_pdf_of_what_is_not_there_is_refused_and_one_whose_answer_was_lost_is_found(
        self, docs: Docs, sandbox: Sandbox
    ) -> None:
        document, parent = await proposed(docs)
        good, lost = (Wanted(uuid4(), PdfRecord(one, "Proposal.pdf", parent)) for one in (document, "no-such-document"))
        await sandbox.fault("docs", "POST", lose_answer=True)
        outcomes = await docs.save_pdfs([good, lost])
        assert isinstance(outcomes[lost.key], RefusedError)
        assert isinstance(outcomes[good.key], UncertainError)
        assert good.key in await docs.find([good.key])

    async def test_a_pdf_that_could_not_be_read_is_tried_again_since_nothing_was_kept(self, docs: Docs, sandbox: Sandbox) -> None:
        document, parent = await proposed(docs)
        await sandbox.fault("docs", "GET", lose_answer=True)
        with pytest.raises(RetryableError):
            await docs.save_pdfs([Wanted(uuid4(), PdfRecord(document, "Proposal.pdf", parent))])
        assert await sandbox.objects("docs", "files") == []
        await sandbox.fault("docs", "GET", status=500)
        with pytest.raises(RetryableError):
            await docs.read_pdf(document)

    async def test_a_locked_document_takes_no_edits_until_it_is_unlocked(self, docs: Docs) -> None:
        document = await copied(docs)
        fill = Wanted(uuid4(), FillRecord(document, {"account": "Northwind"}))
        (done,) = (await locked(docs, document)).values()
        assert done == Ref(document)
        for values in ([fill], [fill, Wanted(uuid4(), FillRecord(await copied(docs), {"account": "x"}))]):
            outcome = (await docs.fill(values))[fill.key]
            assert isinstance(outcome, RefusedError)
            assert says_nothing_private(outcome)
        assert "{{account}}" in await docs.read_text(document)
        opened = Wanted(uuid4(), document)
        assert [(await docs.unlock([opened]))[opened.key] for _ in range(2)] == [Ref(document)] * 2
        assert (await docs.fill([fill]))[fill.key] == Ref(document)

    async def test_a_lock_that_stands_keeps_its_reason_and_its_time(self, docs: Docs, sandbox: Sandbox) -> None:
        document, _ = await proposed(docs)
        shown = []
        for reason in ("approved by finance", "approved again"):
            assert list((await locked(docs, document, reason)).values()) == [Ref(document)]
            stored = {one["id"]: one["object"] for one in await sandbox.objects("docs", "documents")}
            shown += stored[document]["contentRestrictions"]
        assert shown[0] == shown[1]
        assert (shown[0]["readOnly"], shown[0]["reason"]) == (True, "approved by finance")

    async def test_what_is_not_there_can_be_neither_locked_nor_unlocked(self, docs: Docs) -> None:
        document, _ = await proposed(docs)
        good, lost = (Wanted(uuid4(), LockRecord(one, "approved")) for one in (document, "no-such-document"))
        outcomes = await docs.lock([good, lost])
        assert outcomes[good.key] == Ref(document)
        assert isinstance(outcomes[lost.key], RefusedError)
        gone = Wanted(uuid4(), "no-such-document")
        assert isinstance((await docs.unlock([gone]))[gone.key], RefusedError)

    @pytest.mark.parametrize("operation", ["GET", "PATCH"])
    async def test_a_lock_whose_answer_was_lost_may_be_asked_for_again(
        self, docs: Docs, sandbox: Sandbox, operation: str
    ) -> None:
        document, _ = await proposed(docs)
        await sandbox.fault("docs", operation, lose_answer=True)
        with pytest.raises((RetryableError, UncertainError)):
            await locked(docs, document)
        assert list((await locked(docs, document)).values()) == [Ref(document)]

    async def test_hashes_tell_changed_documents_from_unchanged_ones_and_leave_out_what_is_gone(self, docs: Docs) -> None:
        documents = [await copied(docs) for _ in range(3)]
        before = await docs.hashes([*documents, "no-such-document"])
        assert set(before) == set(documents)
        assert len(set(before.values())) == 1
        await docs.fill([Wanted(uuid4(), FillRecord(documents[0], {"account": "Northwind"}))])
        after = await docs.hashes([*documents, *documents])
        assert [after[one] == before[one] for one in documents] == [False, True, True]
        assert all(len(one) == 64 for one in after.values())
        assert await docs.hashes([]) == {}

    async def test_hashes_that_could_not_be_read_are_no_hashes(self, docs: Docs, sandbox: Sandbox) -> None:
        documents = [await copied(docs) for _ in range(3)]
        await sandbox.fault("docs", "GET", status=503)
        with pytest.raises(RetryableError):
            await docs.hashes(documents)

    async def test_a_document_that_is_not_there_has_no_pdf(self, docs: Docs) -> None:
        with pytest.raises(RefusedError) as raised:
            await docs.read_pdf("no-such-document")
        assert says_nothing_private(raised.value)

    async def test_what_lies_in_the_bin_is_gone_and_who_changed_a_document_is_known(self, docs: Docs, sandbox: Sandbox) -> None:
        document, parent = await proposed(docs)
        facts = await docs.look("file", [document, parent, "1no-such-file"])
        assert {"ours": True, "lock": None, "holds": []}.items() <= facts[document].items()
        assert facts[parent]["holds"] == [Standing("docs", "file", document)]
        edit = {"system": "docs", "kind": "documents", "id": document, "properties": {"text": "One more thing"}}
        await sandbox.control("PATCH", "people", edit)
        assert not (await docs.look("file", [document]))[document]["ours"]
        for _ in range(2):  # safe to repeat
            gone = Wanted(uuid4(), document)
            assert (await docs.trash([gone]))[gone.key] == Ref(document)
        facts = await docs.look("file", [document, parent])
        assert (set(facts), facts[parent]["holds"]) == ({parent}, [])

    async def test_a_changed_content_is_told_with_who_changed_it(self, docs: Docs, sandbox: Sandbox) -> None:
        document, _ = await proposed(docs)
        ours = (await docs.read_traces("document", ["content"], [document, "1no-such-file"]))[document]["content"]
        edit = {"system": "docs", "kind": "documents", "id": document, "properties": {"text": "One more thing"}}
        await sandbox.control("PATCH", "people", edit)
        theirs = (await docs.read_traces("document", ["content"], [document]))[document]["content"]
        assert ((ours.by, ours.who), (theirs.by, bool(theirs.who), bool(theirs.at))) == (
            (Hand.UNKNOWN, None),
            (Hand.PERSON, True, True),
        )
        assert ours.value != theirs.value == (await docs.hashes([document]))[document]
        await docs.trash([Wanted(uuid4(), document)])
        assert await docs.read_traces("document", ["content"], [document]) == {}

    async def test_a_lock_shows_what_it_finds_and_leaves(self, docs: Docs) -> None:
        document, _ = await proposed(docs)
        wanted = Wanted(uuid4(), LockRecord(document, "approved"))
        image = (await docs.images([wanted]))[wanted.key]
        assert (image.before, image.after) == ({"lock": None}, {"lock": "approved"})
        await docs.lock([wanted])
        assert (await docs.look("file", [document]))[document]["lock"] == "approved"
