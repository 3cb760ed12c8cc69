"""People see which rules refuse most, how the CRM's records fare by night, and for a stopped row what mends it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from contracts.records import Ref
from ledger.audits import Count
from ledger.database import Ledger
from ledger.effects import Intent
from ledger.exceptions import NewException
from ledger.gates import NewWarning
from ledger.tables import EffectState
from lifecycle.keys import case_id, effect_key
from tests.cli.conftest import Look, Towline
from tests.cli.test_reading import Received

RULE = {"kind": "completeness", "severity": "critical", "description": "Every lead names the seller who owns it"}
CAUSE = "gate/lead/lead_has_an_owner"


async def judged(ledger: Ledger) -> None:
    rules = [{**RULE, "rule": "lead_has_an_owner", "elements": 40, "unexpected": 10}]
    rules += [{**RULE, "rule": "lead_names_its_company", "elements": 40, "unexpected": 0}]
    async with ledger.begin() as books:
        await books.gates.keep("lead", flow_run_id=None, checked=40, failed=10, summary={"expectations": rules})


def test_the_rules_that_refuse_most_are_shown_with_their_share(towline: Towline, look: Look) -> None:
    look(judged)
    (worst,) = towline("gates", "--json").json
    assert {name: worst[name] for name in ("suite", "rule", "severity", "judged", "refused", "open", "closed_at")} == {
        "suite": "lead",
        "rule": "lead_has_an_owner",
        "severity": "block",
        "judged": 40,
        "refused": 10,
        "open": 0,
        "closed_at": None,
    }
    assert "25.00 %" in towline("gates").out
    assert len(towline("gates", "--all", "--json").json) == 2
    assert towline("gates", "--days", "0").code == 2


def test_nights_show_error_rate_and_duplicate_rate(towline: Towline, look: Look) -> None:
    async def two_nights(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            for night, twins in ((date(2026, 11, 24), 4), (date(2026, 11, 25), 2)):
                await books.audits.keep(night, [Count("contacts", "email_stands_once", "uniqueness", "critical", 200, 9)])
                counts = [Count("contacts", "email_stands_once", "uniqueness", "critical", 200, twins)]
                counts.append(Count("contacts", "record_has_a_name", "completeness", "critical", 200, 1))
                await books.audits.keep(night, counts)

    look(two_nights)
    found = towline("gates", "nights", "--json").json
    assert [(row["night"], row["errors"], row["duplicates"]) for row in found] == [("2026-11-25", 3, 2), ("2026-11-24", 5, 4)]
    said = towline("gates", "nights", "--nights", "1").out
    assert "1.50 %" in said
    assert "2026-11-24" not in said


def test_the_data_docs_are_built_by_hand(towline: Towline, look: Look, home: Path) -> None:
    look(judged)
    said = towline("gates", "docs", "--json")
    assert said.json["address"].endswith("/data-docs/")
    assert "did not hold" in (home / "data-docs" / "index.html").read_text()


def test_a_stopped_row_is_shown_with_its_deal_and_the_command_that_lets_it_go_on(
    towline: Towline, look: Look, received: Received
) -> None:
    lead, case = received("form-1").id, case_id("test", "form-1")

    async def stops(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            key = effect_key(case, "open_deal")
            await books.effects.intend([Intent(key, key, lead, case, "open_deal", "crm", None)])
            await books.effects.settle({key: Ref("77", "https://crm.example/77")}, {key: EffectState.DONE})
            route = f"enter the owner, then `towline replay --cause {CAUSE}`"
            await books.exceptions.open([NewException(lead, case, "lead.qualified", "", CAUSE, "no owner", route, "sales")])

    look(stops)
    (row,) = towline("exceptions", "--cause", CAUSE, "--json").json
    assert (row["event_id"], row["deal"], row["retry"]) == (str(lead), "https://crm.example/77", f"towline replay {lead}")
    said = towline("exceptions", "--all").out
    assert "https://crm.example/77" in said
    assert f"towline replay --cause {CAUSE}" in said


def test_a_case_shows_what_the_gate_warns_of(towline: Towline, look: Look, received: Received) -> None:
    lead, case = received("form-1").id, case_id("test", "form-1")

    async def warned(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            await books.gates.warn([lead], [NewWarning(lead, case, "lead", "told_at_once", "late", "it was told late")])

    look(warned)
    assert [one["rule"] for one in towline("case", str(case), "--json").json["warnings"]] == ["told_at_once"]
    assert "it was told late" in towline("case", str(case)).out
