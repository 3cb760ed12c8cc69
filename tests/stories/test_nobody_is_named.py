"""Personal data stays in the ledger's inbox and in the vendors: Prefect, logs, exceptions, alerts and verdicts never hold any."""

from __future__ import annotations

import asyncio
import json

import pytest

from deployments.alerts import Alerts
from deployments.postgres import EmbeddedPostgres
from tests.world import World, event, lead, sample

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
    await Alerts(world.house).look()

    await _told_everything(postgres, world)
    prefect = _content(postgres, "prefect", _tables(postgres, "prefect"))
    assert str(done) in prefect
    assert _named_in(prefect) == []
    assert _named_in(caplog.text + "".join(str(record.__dict__) for record in caplog.records)) == []
    for table in ("exceptions", "alerts", "effects", "gate_results", "cases", "documents"):
        content = _content(postgres, _database(world), [table])
        assert (table, _named_in(content)) == (table, [])
    messages = json.dumps(await world.vendors.objects("chat", "messages"))
    assert "Lead qualified" in messages
    assert _named_in(messages) == []
    contacts = json.dumps(await world.vendors.objects("crm", "contacts"))
    assert set(_named_in(contacts)) == set(MARKERS)


def _tables(postgres: EmbeddedPostgres, database: str) -> list[str]:
    return postgres.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database).split()


def _content(postgres: EmbeddedPostgres, database: str, tables: list[str]) -> str:
    """Every row of every column of these tables, as text."""
    return "".join(postgres.psql(f'COPY "{table}" TO STDOUT', database) for table in tables)


def _named_in(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text.lower()]


def _database(world: World) -> str:
    url = world.house.settings.database_url or ""
    return url.partition("@/")[2].partition("?")[0]


async def _told_everything(postgres: EmbeddedPostgres, world: World) -> None:
    """Wait until Prefect has stored what our runs had to say: their last task is there."""
    runs = {row.flow_run_id for row in await world.events() if row.status == "done"}
    last = f"SELECT count(*) FROM task_run WHERE name LIKE 'Tell the owners%' AND flow_run_id IN ({_quoted(runs)})"  # noqa: S608
    for _ in range(100):
        if int(await asyncio.to_thread(postgres.psql, last, "prefect")) == len(runs):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("Prefect did not store the task runs")


def _quoted(ids: set[object]) -> str:
    return ", ".join(f"'{one}'" for one in ids)
