"""What every documents adapter must do; a vendor's test class inherits these and provides `docs` and `sandbox`."""

from uuid import uuid4

import pytest

from connectors.docs.port import Docs
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import CopyRecord, FillRecord, FolderRecord, Ref, Wanted
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
