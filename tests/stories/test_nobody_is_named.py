"""Personal data stays in the ledger's inbox and in the vendors: Prefect, logs, exceptions, alerts and verdicts never hold any."""

from __future__ import annotations

import json

import pytest

from deployments.alerts import Alerts
from deployments.postgres import EmbeddedPostgres
from tests.world import DAY, World, event, lead, sample
from tests.written import content, database_of, tables, told_everything

NAME, MAIL, PHONE = "Zxqvarid", "zxqvarid.marker", "4930991827"
PERSON = {"name": f"{NAME} Qlomber", "email": f"{MAIL}@northwind.example", "phone": f"+{PHONE}"}
MARKERS = (NAME.lower(), "qlomber", MAIL, PHONE)


async def test_a_persons_name_address_and_number_reach_nobody_but_the_vendors(
    world: World, postgres: EmbeddedPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Given a person whose leads are done, refused by a vendor, stopped by the gate and set aside for their contract
    When everything that was written about them is searched
    Then Prefect's whole database, all logs, exceptions, alerts, effects, verdicts and alert messages name nobody
    And the vendors have the person, so that the search was not for nothing.
    """
    caplog.set_level("DEBUG")
    (done,) = await world.travels(lead("form-1", person=PERSON))
    doubtful = lead("form-2", of="contoso", person=PERSON, confidence=0.1)
    misfit = lead("form-3", person={**PERSON, "email": f"{MAIL} at home"})
    imported = sample("opportunity.created", "import")
    odd = event("opportunity.created", "o-1", imported | {"person": {**PERSON, PERSON["email"]: "a field of this name"}})
    stopped, quarantined, _ = await world.arrives(doubtful, misfit, odd)
    await world.qualify(stopped)
    await world.vendors.fault("crm", "POST /crm/v3/objects/contacts", status=400, count=-1)
    (refused,) = await world.arrives(lead("form-4", of="refusing", person=PERSON))
    await world.qualify(refused)
    statuses = [await world.status(one) for one in (done, stopped, quarantined, refused)]
    assert statuses == ["done", "parked", "quarantined", "parked"]
    await Alerts(world.house, now=lambda: DAY).look()

    for event_type in ("lead.qualified", "opportunity.created"):
        await told_everything(world, postgres, event_type, "Tell the owners")
    prefect = content(postgres, "prefect", tables(postgres, "prefect"))
    assert str(done) in prefect
    assert _named_in(prefect) == []
    assert _named_in(caplog.text + "".join(str(record.__dict__) for record in caplog.records)) == []
    for table in ("exceptions", "alerts", "effects", "gate_results", "cases", "documents"):
        assert (table, _named_in(content(postgres, database_of(world), [table]))) == (table, [])
    messages = json.dumps(await world.vendors.objects("chat", "messages"))
    assert "Lead qualified" in messages
    assert _named_in(messages) == []
    contacts = json.dumps(await world.vendors.objects("crm", "contacts"))
    assert set(_named_in(contacts)) == set(MARKERS)


def _named_in(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text.lower()]
