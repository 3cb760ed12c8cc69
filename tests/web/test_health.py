"""Probes, measurements and the start page say how the house stands, to anybody, without personal data."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ledger.database import Ledger
from tests.cli.test_incidents import incident
from tests.web.sender import Sender, gateway, lead


def measured(text: str, name: str) -> dict[str, float]:
    """The samples of a metric, by its labels as they are written."""
    return {labels: float(value) for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)}


async def test_a_gateway_with_its_ledger_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()["checks"]) == (200, {"catalog": "ok", "ledger": "ok"})


async def test_without_a_ledger_it_is_alive_but_not_ready(tmp_path: Any) -> None:
    nowhere = Ledger(f"postgresql+asyncpg://postgres@/towline?host={tmp_path}")
    async with gateway(nowhere) as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, "does not answer")
        assert measured((await client.get("/metrics")).text, "towline_ledger_up") == {"": 0}
        page = await client.get("/")
        assert (page.status_code, "ledger does not answer" in page.text) == (503, True)
    await nowhere.close()


async def test_a_database_without_our_tables_is_not_ready(ledger: Ledger, database_url: str) -> None:
    empty = Ledger(re.sub(r"/test\d+\?", "/postgres?", database_url))
    async with gateway(empty) as client:
        ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, "has no tables of this version")
    await empty.close()


async def test_measurements_count_answers_events_and_open_work(sender: Sender, client: httpx.AsyncClient) -> None:
    for event in (lead("one"), lead("one"), lead("bad", person=None), lead("odd") | {"type": "Ada Byron"}):
        await sender.event(event)
    await client.get("/nowhere/Ada")
    await client.post("/webhooks/Ada")
    text = (await client.get("/metrics")).text
    assert measured(text, "towline_events_total") == {
        'answer="received",type="lead.qualified"': 1,
        'answer="duplicate",type="lead.qualified"': 1,
        'answer="quarantined",type="lead.qualified"': 1,
        'answer="quarantined",type="unknown"': 1,
    }
    answers = measured(text, "towline_http_answers_total")
    assert answers['route="/events",status="202"'] == 3
    assert answers['route="unknown",status="404"'] == 1
    assert measured(text, "towline_http_seconds_count")['route="/events"'] == 4
    assert measured(text, "towline_inbox_events") == {
        'status="received",type="lead.qualified"': 1,
        'status="quarantined",type="lead.qualified"': 1,
        'status="quarantined",type="unknown"': 1,
    }
    assert measured(text, "towline_open_exceptions")['cause="contract/lead.qualified/person/missing"'] == 1
    assert measured(text, "towline_ledger_up") == {"": 1}
    assert "Ada" not in text


async def test_the_bypass_meter_shows_what_of_ours_was_changed_and_by_what(ledger: Ledger, client: httpx.AsyncClient) -> None:
    async with ledger.begin() as books:
        await books.incidents.looked("crm", {("1", "opportunity"): 6, ("2", "opportunity"): 6})
        changed = [incident(vendor_id=one, by=by) for one, by in (("1", "person"), ("2", "person"), ("2", "import"))]
        await books.incidents.open([changed[0], changed[1]])
        await books.incidents.open([replace(changed[2], field="payment")])
    text = (await client.get("/metrics")).text
    assert measured(text, "towline_fields_compared") == {'entity="opportunity"': 12}
    labels = {'by="person",entity="opportunity"': 2, 'by="import",entity="opportunity"': 1}
    assert measured(text, "towline_fields_changed") == labels


async def test_causes_that_senders_make_up_do_not_become_labels_without_end(sender: Sender, client: httpx.AsyncClient) -> None:
    for number in range(60):
        await sender.event(lead(f"form-{number}", **{f"field_{number}": 1}))
    causes = measured((await client.get("/metrics")).text, "towline_open_exceptions")
    assert (len(causes), causes['cause="other"'], sum(causes.values())) == (51, 10, 60)


async def test_the_start_page_shows_work_owners_and_ids_but_nobodys_name(sender: Sender, client: httpx.AsyncClient) -> None:
    good = (await sender.event(lead("good"))).json()["id"]
    await sender.event(lead("bad", person={"name": "Ada Byron", "email": "none"}))
    await sender.event(lead("<script>alert(1)</script>") | {"type": "<script>Ada</script>"})
    page = await client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for shown in (good, "Lead qualified", "quarantined", "sales-operations", "contract/lead.qualified/person.email/email"):
        assert shown in page.text
    for secret in ("Ada", "Northwind", "northwind", "<script>"):
        assert secret not in page.text
    assert 'href="http://127.0.0.1:4200"' in page.text
    assert 'href="http://127.0.0.1:8500"' in page.text
    assert not re.findall(r'(?:src|href)="(?!http://127\.0\.0\.1|/|data:,)', page.text)


async def test_an_empty_house_has_a_start_page_and_a_stylesheet(client: httpx.AsyncClient) -> None:
    assert "Nothing waits." in (await client.get("/")).text
    style = await client.get("/console.css")
    assert (style.status_code, style.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert "prefers-color-scheme: dark" in style.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/api/status", "/console.css"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
