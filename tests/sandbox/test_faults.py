"""Faults hit the calls they name, as often as they say, and a lost answer is lost on every kind of transport."""

from typing import Any

import httpx
import pytest

from sandbox.faults import Fault, Faults

DEALS = "/hubspot/crm/v3/objects/deals"
DEAL = {"properties": {"dealname": "Northwind"}}


@pytest.mark.parametrize(
    ("operation", "method", "path", "hit"),
    [
        (None, "GET", "/anything", True),
        ("POST", "POST", "/anything", True),
        ("POST", "GET", "/anything", False),
        ("/crm/v3/objects/deals", "GET", "/crm/v3/objects/deals", True),
        ("POST /crm/v3/objects/deals", "POST", "/crm/v3/objects/deals/batch/upsert", True),
        ("POST /crm/v3/objects/deals", "POST", "/crm/v3/objects/dealsandmore", False),
        ("GET /crm/v3/objects/{type}/{id}", "GET", "/crm/v3/objects/deals/17", True),
        ("GET /crm/v3/objects/{type}/{id}", "GET", "/crm/v3/objects/deals", False),
        ("POST /chat.postMessage", "POST", "/chatXpostMessage", False),
    ],
)
def test_an_operation_names_a_method_and_a_path_or_what_lies_below(operation: str, method: str, path: str, hit: bool) -> None:
    assert Fault(system="crm", operation=operation, status=500).hits("crm", method, path) is hit


def test_a_fault_is_spent_and_one_of_minus_one_stays() -> None:
    faults = Faults([Fault(system="crm", status=500, count=2), Fault(system="crm", status=503, count=-1)])
    taken = [faults.take("crm", "GET", "/") for _ in range(4)]
    assert [fault.status for fault in taken if fault] == [500, 500, 503, 503]
    assert faults.take("chat", "GET", "/") is None


async def test_a_fault_answers_in_the_vendors_words_and_does_nothing(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "operation": f"POST {DEALS[8:]}", "status": 500, "count": 1})
    refused = await http.post(DEALS, json=DEAL)
    assert (refused.status_code, refused.json()["status"]) == (500, "error")
    assert (await http.post(DEALS, json=DEAL)).status_code == 201
    assert len((await http.get(DEALS)).json()["results"]) == 1


@pytest.mark.parametrize("retry_after", [7, "Sun, 22 Nov 2026 09:00:00 GMT"])
async def test_a_fault_may_say_when_to_come_back(http: httpx.AsyncClient, retry_after: int | str) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "status": 503, "retry_after": retry_after})
    assert (await http.get(DEALS)).headers["Retry-After"] == str(retry_after)


async def test_a_fault_may_be_a_page_of_html(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "status": 502, "body": "html"})
    answer = await http.get(DEALS)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")


async def test_a_lost_answer_in_process_has_done_its_work(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "operation": "POST", "lose_answer": True})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post(DEALS, json=DEAL)
    assert len((await http.get(DEALS)).json()["results"]) == 1
    asked = (await http.get("/_sandbox/requests")).json()
    assert (asked[0]["status"], asked[0]["lost"]) == (201, True)


async def test_a_silent_fault_does_nothing_and_says_nothing(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "status": 0, "latency_ms": 5})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post(DEALS, json=DEAL)
    assert (await http.get(DEALS)).json()["results"] == []


@pytest.mark.parametrize("fault", [{"lose_answer": True}, {"status": 0}])
def test_over_a_real_connection_the_client_sees_it_break(sandbox: Any, fault: dict[str, Any]) -> None:
    sandbox.control("POST", "faults", {"system": "crm", "operation": "POST", **fault})
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.http.post(DEALS, json=DEAL)
    done = len(sandbox.http.get(DEALS).json()["results"])
    assert done == (1 if "lose_answer" in fault else 0)


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"system": "crm", "status": 200}, "status"),
        ({"system": "crm"}, "needs a status"),
        ({"system": "fax", "status": 500}, "system must be one of"),
        ({"system": "crm", "status": 500, "operation": "deals"}, "METHOD /path"),
        ({"system": "crm", "status": 500, "hours": 2}, "hours"),
        ([], "body"),
    ],
)
async def test_a_fault_that_cannot_be_is_refused_with_the_reason(http: httpx.AsyncClient, fault: Any, word: str) -> None:
    answer = await http.post("/_sandbox/faults", json=fault)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


async def test_faults_can_be_seen_and_taken_back(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "crm", "status": 500, "count": -1})
    assert [fault["status"] for fault in (await http.get("/_sandbox/faults")).json()] == [500]
    assert (await http.delete("/_sandbox/faults")).status_code == 204
    assert (await http.get(DEALS)).status_code == 200
