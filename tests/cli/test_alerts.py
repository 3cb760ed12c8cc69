"""People see what owners were told and who has seen it, and acknowledge where chat cannot take it."""

from __future__ import annotations

from ledger.database import Ledger
from tests.cli.conftest import Look, Towline


async def told(ledger: Ledger) -> int:
    async with ledger.begin() as books:
        number = await books.alerts.announce("lead/open_deal/crm.http_422", "#sales", "sales-operations")
        assert number is not None
        await books.alerts.said(number, message_id="C1:1", deals=3)
        return number


def test_an_alert_is_shown_and_acknowledged_once(towline: Towline, look: Look) -> None:
    number = look(told)
    assert "1 not seen by anybody" in towline("alerts").out
    assert towline("alerts", "acknowledge", str(number), "--by", "nobody").code == 1
    assert towline("alerts", "acknowledge", str(number), "--by", "sales-operations").out == "acknowledged by sales-operations\n"
    again = towline("alerts", "acknowledge", str(number), "--by", "integration")
    assert (again.code, "sales-operations has acknowledged it already" in again.err) == (1, True)
    assert towline("alerts", "acknowledge", "99999", "--by", "integration").code == 1
    (shown,) = towline("alerts", "--json").json["alerts"]
    assert (shown["acknowledged_by"], shown["said"]) == ("sales-operations", 3)
    assert "all of them seen; half of 1 acknowledged within" in towline("alerts").out
    assert towline("status", "--json").json["alerts"]["open"] == 1


def test_where_nothing_is_open_it_says_so(towline: Towline) -> None:
    out = towline("alerts").out
    assert "no alert is open" in out
    assert "no test alert arrived yet" in out
