"""Incidents on the command line: what was changed past us, without a value, and a person's word on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from ledger.database import Ledger
from ledger.incidents import NewIncident
from ledger.routing import ask
from lifecycle.reconciling import hashed
from tests.cli.conftest import Look, Towline

SALT = "2f1c"
VALUE = "https://drive.example/elsewhere"


def incident(**more: Any) -> NewIncident:
    """A link on a deal that a person has changed."""
    given: dict[str, Any] = {
        "system": "crm",
        "kind": "deal",
        "vendor_id": "310421",
        "entity": "opportunity",
        "field": "folder_url",
        "case_id": uuid4(),
        "owner": "sales-operations",
        "salt": SALT,
        "our_hash": hashed("ours", SALT),
        "found_hash": hashed(VALUE, SALT),
        "by": "person",
        "who": "9186656",
        "changed_at": None,
        "route": "ask",
    }
    return NewIncident(**given | more)


@pytest.fixture
def opened(look: Look) -> Any:
    """Let an incident be open, and its owner asked; return its number."""

    def open_(**more: Any) -> int:
        async def write(ledger: Ledger) -> int:
            new = incident(**more)
            async with ledger.begin() as books:
                await books.cases.open([new.case_id])
                (row,) = await books.incidents.open([new])
                await ask(books, [row])
                return int(row.id)

        return int(look(write))

    return open_


def test_what_was_changed_is_shown_by_whom_and_without_a_value(towline: Towline, opened: Any) -> None:
    number = opened(changed_at=datetime.now(UTC) - timedelta(days=2, hours=4))
    said = towline("incidents")
    assert (said.code, said.err) == (0, "")
    for part in ("opportunity.folder_url", "deal 310421", "person", "9186656", "2 d 4 h", "sales-operations", "ask", "open"):
        assert part in said.out
    (shown,) = towline("incidents", "--json").json
    assert (shown["id"], shown["found_hash"], shown["entity"]) == (number, hashed(VALUE, SALT), "opportunity")
    assert "salt" not in shown
    assert VALUE not in said.out


def test_where_nothing_was_changed_that_is_said(towline: Towline) -> None:
    assert towline("incidents").out == "nothing was changed past us\n"
    assert towline("incidents", "--json").json == []


def test_status_says_how_much_of_what_is_ours_was_changed(towline: Towline, look: Look, opened: Any) -> None:
    async def looked(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            await books.incidents.looked("crm", {("310421", "opportunity"): 6, ("310422", "opportunity"): 6})

    look(looked)
    nothing = {"entity": "opportunity", "fields": 12, "by": "person", "changed": 0}
    assert towline("status", "--json").json["bypass"] == [nothing]
    assert "changed past us" not in towline("status").out
    opened()
    assert towline("status", "--json").json["bypass"] == [nothing | {"changed": 1}]
    assert "1 of 12 fields of opportunity (8.3%) were changed past us, by: person" in towline("status").out


def test_what_counts_from_now_on_is_closed_and_nobody_is_asked_any_more(towline: Towline, opened: Any) -> None:
    number = opened()
    assert [row["cause"] for row in towline("exceptions", "--json").json] == ["reconcile/opportunity.folder_url"]
    said = towline("incidents", "take-over", str(number), "--by", "head-of-sales")
    assert (said.code, said.out) == (0, f"incident {number} is taken over\n")
    assert towline("exceptions", "--json").json == []
    assert towline("incidents", "--json").json == []
    (shown,) = towline("incidents", "--all", "--json").json
    assert (shown["state"], shown["decided_by"]) == ("taken over", "head-of-sales")
    again = towline("incidents", "take-over", str(number), "--by", "head-of-sales")
    assert (again.code, "is taken over already" in again.err) == (1, True)


def test_with_two_alike_in_a_deal_the_owner_is_asked_until_both_are_closed(towline: Towline, opened: Any) -> None:
    case = uuid4()
    numbers = [opened(case_id=case), opened(case_id=case, vendor_id="310422")]
    left = []
    for number in numbers:
        towline("incidents", "take-over", str(number), "--by", "head-of-sales")
        left.append(len(towline("exceptions", "--json").json))
    assert left == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("put-back", "7", "--by", "head-of-sales"), "there is no such incident; `towline incidents` shows them"),
        (("take-over", "7", "--by", "head-of-sales"), "there is no such incident; `towline incidents` shows them"),
        (("take-over", "1", "--by", "a passer-by"), "a passer-by is nobody in contracts/owners.yaml"),
        (("put-back", "1"), "say who decides: --by OWNER"),
        (("put-back", "1", "--by", "head-of-sales"), "document.record cannot be written as it was"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    towline: Towline, opened: Any, arguments: tuple[str, ...], why: str
) -> None:
    assert opened(system="docs", kind="document", entity="document", field="record") == 1
    said = towline("incidents", *arguments)
    assert (said.code, said.out) == (1, "")
    assert why in said.err
    (shown,) = towline("incidents", "--json").json
    assert (shown["state"], shown["route"], shown["decided_by"]) == ("open", "ask", None)


def test_a_number_that_is_none_is_refused(towline: Towline) -> None:
    assert towline("incidents", "put-back", "first", "--by", "head-of-sales").code == 2
