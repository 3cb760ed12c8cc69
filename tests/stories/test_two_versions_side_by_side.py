"""Two versions of a contract are accepted side by side; flows read the newest, and what is kept names the one that was sent."""

from __future__ import annotations

from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from contracts.event import Envelope
from contracts.lead import LeadQualified
from ledger.intake import misfit
from ledger.trace import effects_of
from runtime.logs import get_logger
from tasks.opening import batch_of
from tests.world import World, lead

NAMED = {"dataschema": "lead.qualified/2"}
FAIR = {"name": "Hannover fair 2026", "medium": "event"}


def new_lead(name: str, *, of: str, **changes: Any) -> dict[str, Any]:
    """A lead of somebody who sends version 2."""
    return lead(name, of=of, envelope=NAMED, campaign=FAIR, **changes)


async def test_an_old_and_a_new_sender_are_served_in_one_run(world: World) -> None:
    """
    Given a sender who knows version 1 of a lead, and one who knows version 2 and says which campaign it came from
    When both leads travel in one run
    Then both have their deal, and the second one's shows its campaign in the CRM
    And event, outside changes and documents name the version that was sent.
    """
    old, new = await world.travels(lead("old", of="northwind"), new_lead("new", of="fabrikam"))
    assert [await world.status(one) for one in (old, new)] == ["done", "done"]
    deals = {deal["properties"]["dealname"]: deal["properties"] for deal in await world.vendors.objects("crm", "deals")}
    campaigns = {name.split()[0]: deal.get("towline_campaign") for name, deal in deals.items()}
    assert campaigns == {"Northwind": None, "Fabrikam": "Hannover fair 2026"}
    for event, contract in ((old, "lead.qualified/1"), (new, "lead.qualified/2")):
        async with world.house.ledger.begin() as books:
            (row,) = await books.inbox.get([event])
            effects = await effects_of(books, row)
            case = await world.case_of(event)
            documents = [one for one in await books.documents.of_case(case.id, case.account_id) if one.event_id == event]
        assert row.contract == contract
        assert effects
        assert documents
        assert {one.contract for one in (*effects, *documents)} == {contract}


async def test_what_an_old_version_does_not_know_is_set_aside_under_that_version(world: World) -> None:
    """
    Given a sender who names version 1 and sends a campaign, and one whose version 2 has a service that we do not sell
    When both leads come in
    Then both are in quarantine, each with an exception that names the version it was judged by.
    """
    wrong = await world.arrives(lead("old", campaign=FAIR), new_lead("new", of="fabrikam", service="miracles"))
    assert [await world.status(one) for one in wrong] == ["quarantined", "quarantined"]
    found = [(one.contract, one.cause) for event in wrong for one in await world.exceptions(event)]
    assert found == [
        ("lead.qualified/1", "contract/lead.qualified/campaign/extra_forbidden"),
        ("lead.qualified/2", "contract/lead.qualified/service/enum"),
    ]


async def test_an_event_that_was_stored_before_the_newest_version_is_judged_as_it_was(world: World) -> None:
    """
    Given an event that was stored when version 1 was the newest, from a sender who names no version
    When it is judged again today, as for a replay
    Then it is judged by version 1, and travels as ever.
    """
    sent = lead("before")
    del sent["dataschema"]
    assert Envelope.model_validate(sent).contract == "lead.qualified/2"
    stored = {"contract": "lead.qualified/1", "payload": sent | {"data": sent["data"] | {"campaign": FAIR}}, "source": "form"}
    found = misfit(type("Row", (), stored)())  # type: ignore[arg-type]
    assert found is not None
    assert (found.field, found.rule) == ("campaign", "extra_forbidden")
    assert misfit(type("Row", (), stored | {"payload": sent})()) is None  # type: ignore[arg-type]


async def test_every_log_entry_of_a_run_names_the_versions_of_its_events(world: World) -> None:
    """
    Given a run with an old and a new lead
    When something in it is logged, by whomever
    Then the entry names both versions, and one that is written after the run names none.
    """
    events = await world.arrives(lead("old"), new_lead("new", of="fabrikam"))
    await world.handed_out("lead.qualified")
    with capture_logs(processors=[merge_contextvars]) as entries:
        async with batch_of("lead.qualified", events, LeadQualified):
            get_logger("test").warning("within")
        get_logger("test").warning("after")
    assert [entry.get("contracts") for entry in entries] == [["lead.qualified/1", "lead.qualified/2"], None]
