"""Stripe's rules that every call is under: keys, versions, forms, errors, idempotency, rate limits."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from starlette.responses import Response

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.stripe.answers import Refusal
from sandbox.stripe.forms import nested
from sandbox.stripe.idempotency import Memory
from sandbox.system import Call
from tests.sandbox.conftest import Running
from tests.sandbox.test_stripe_contract import client_of

CUSTOMERS, INVOICES = "/stripe/v1/customers", "/stripe/v1/invoices"


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def customers_of(http: httpx.AsyncClient) -> int:
    return len((await http.get(CUSTOMERS)).json()["data"])


async def invoice_of(http: httpx.AsyncClient) -> str:
    customer = (await http.post(CUSTOMERS, data={"email": "a@b.example"})).json()["id"]
    made: str = (await http.post(INVOICES, data={"customer": customer})).json()["id"]
    return made


async def test_the_same_key_with_the_same_parameters_is_answered_as_before(http: httpx.AsyncClient) -> None:
    first, again = [await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1")) for _ in range(2)]
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    assert await customers_of(http) == 1


@pytest.mark.parametrize(("path", "data"), [(CUSTOMERS, {"name": "B"}), ("/stripe/v1/products", {"name": "A"})])
async def test_the_same_key_for_something_else_is_refused(http: httpx.AsyncClient, path: str, data: dict[str, str]) -> None:
    await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1"))
    refused = await http.post(path, data=data, headers=keyed("k1"))
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "idempotency_error")
    assert await customers_of(http) == 1


async def test_a_key_that_is_in_use_just_now_is_a_conflict(http: httpx.AsyncClient) -> None:
    calls = [http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1")) for _ in range(2)]
    answers = sorted(await asyncio.gather(*calls), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "idempotency_key_in_use"
    again = await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1"))
    assert again.json() == answers[0].json()


async def test_what_was_refused_before_it_began_may_be_mended_under_its_key(http: httpx.AsyncClient) -> None:
    assert (await http.post(CUSTOMERS, data={"email": "none"}, headers=keyed("k1"))).status_code == 400
    assert (await http.post(CUSTOMERS, data={"email": "a@b.example"}, headers=keyed("k1"))).status_code == 200


async def test_what_was_declined_by_its_status_stays_so_under_its_key(http: httpx.AsyncClient) -> None:
    path = f"{INVOICES}/{await invoice_of(http)}"
    assert (await http.post(f"{path}/void", headers=keyed("k1"))).status_code == 400
    await http.post(f"{path}/add_lines", data={"lines[0][amount]": "5"})
    await http.post(f"{path}/finalize")
    again = await http.post(f"{path}/void", headers=keyed("k1"))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (400, "true")
    assert (await http.post(f"{path}/void", headers=keyed("k2"))).json()["status"] == "void"


async def test_a_failure_of_the_server_is_kept_for_its_key(http: httpx.AsyncClient) -> None:
    await http.post("/_sandbox/faults", json={"system": "billing", "operation": "POST", "status": 500})
    first, again = [await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1")) for _ in range(2)]
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (500, 500, "true")
    assert first.json()["error"]["type"] == "api_error"
    assert (await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k2"))).status_code == 200


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 0}])
async def test_what_never_reached_the_server_is_not_kept(http: httpx.AsyncClient, fault: dict[str, int]) -> None:
    await http.post("/_sandbox/faults", json={"system": "billing", "operation": "POST", **fault})
    try:
        await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1"))
    except httpx.RemoteProtocolError:
        assert fault == {"status": 0}
    assert (await http.post(CUSTOMERS, data={"name": "A"}, headers=keyed("k1"))).status_code == 200


def test_a_key_is_forgotten_after_a_day() -> None:
    moment = [1000.0]
    memory = Memory(Store(), lambda: moment[0])
    call: Any = Call("POST", "/v1/customers", httpx.QueryParams(), {"idempotency-key": "k"}, b"")  # type: ignore[arg-type]
    assert memory.begin(call) is None
    memory.end(call)
    memory.keep(call, "req_1", Response(b"{}"))
    assert memory.begin(call) is not None
    moment[0] += 24 * 3600 + 1
    assert memory.begin(call) is None


async def test_a_key_can_be_too_long(http: httpx.AsyncClient) -> None:
    assert (await http.post(CUSTOMERS, headers=keyed("x" * 256))).json()["error"]["type"] == "idempotency_error"


@pytest.mark.parametrize(
    ("method", "path", "data", "code", "param"),
    [
        ("POST", CUSTOMERS, {"nme": "A"}, "parameter_unknown", "nme"),
        ("POST", CUSTOMERS, {"email": "none"}, "email_invalid", "email"),
        ("POST", CUSTOMERS, {"metadata": "text"}, None, "metadata"),
        ("POST", CUSTOMERS, {"metadata[a]": "x" * 501}, None, "metadata"),
        ("POST", INVOICES, {}, "parameter_missing", "customer"),
        ("POST", INVOICES, {"customer": ""}, "parameter_invalid_empty", "customer"),
        ("POST", INVOICES, {"customer": "cus_nowhere"}, "resource_missing", "customer"),
        ("POST", "/stripe/v1/invoiceitems", {"customer": "cus_nowhere"}, "resource_missing", "customer"),
        ("POST", "/stripe/v1/refunds", {"charge": "ch_nowhere"}, "resource_missing", "charge"),
        ("POST", "/stripe/v1/refunds", {}, None, None),
        ("POST", "/stripe/v1/products", {"id": "x"}, "parameter_missing", "name"),
        ("POST", "/stripe/v1/quotes", {"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ("POST", "/stripe/v1/quotes", {"line_items[0][quantity]": "1"}, "parameter_missing", "line_items[0][price_data]"),
        ("GET", CUSTOMERS + "?limit=0", {}, None, "limit"),
        ("GET", CUSTOMERS + "?limit=many", {}, "parameter_invalid_integer", "limit"),
        ("GET", CUSTOMERS + "?starting_after=cus_nowhere", {}, "resource_missing", "starting_after"),
        ("GET", CUSTOMERS + "/search?query=name", {}, None, "query"),
        ("GET", CUSTOMERS + "/search?query=colour:'red'", {}, None, "query"),
        ("GET", CUSTOMERS + "/search", {}, "parameter_missing", "query"),
        ("POST", CUSTOMERS, {"expand[]": "shoes"}, None, "expand"),
        ("POST", CUSTOMERS, {"a" + "[b]" * 2000: "x"}, None, "a"),
    ],
)  # fmt: skip
async def test_what_is_asked_wrongly_is_refused_in_stripe_s_words(
    http: httpx.AsyncClient, method: str, path: str, data: dict[str, str], code: str | None, param: str | None
) -> None:
    answer = await http.request(method, path, data=data or None)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)
    assert answer.headers["request-id"] in error["request_log_url"]


@pytest.mark.parametrize(
    ("terms", "param"),
    [
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": "5"}, "days_until_due"),
        ({"collection_method": "send_invoice", "days_until_due": "-1"}, "days_until_due"),
        ({"collection_method": "by_dove"}, "collection_method"),
        ({"currency": "euro"}, "currency"),
    ],
)
async def test_terms_of_payment_that_contradict_each_other_are_refused(
    http: httpx.AsyncClient, terms: dict[str, str], param: str
) -> None:
    customer = (await http.post(CUSTOMERS, data={"email": "a@b.example"})).json()["id"]
    answer = await http.post(INVOICES, data={"customer": customer, **terms})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_an_invoice_that_is_sent_needs_an_address(http: httpx.AsyncClient) -> None:
    customer = (await http.post(CUSTOMERS, data={"name": "A"})).json()["id"]
    terms = {"customer": customer, "collection_method": "send_invoice", "days_until_due": "5"}
    assert "email" in (await http.post(INVOICES, data=terms)).json()["error"]["message"]


async def test_an_unknown_path_or_id_is_not_found(http: httpx.AsyncClient) -> None:
    for path in ("/stripe/v1/shoes", f"{CUSTOMERS}/cus_nowhere", f"{INVOICES}/in_nowhere"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


@pytest.mark.parametrize("key", ["sk_test_invalid", "sk_test_expired", "sk_test_revoked"])
def test_a_bad_key_is_an_authentication_error(sandbox: Running, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        client_of(sandbox, key).v1.customers.list()
    body: Any = refused.value.json_body
    assert body["error"].get("code") == ("api_key_expired" if key.endswith("expired") else None)


async def test_a_key_may_be_the_user_of_basic_authentication(http: httpx.AsyncClient) -> None:
    assert (await http.get(CUSTOMERS, auth=("sk_test_towline", ""))).status_code == 200
    assert (await http.get(CUSTOMERS, auth=("sk_test_invalid", ""))).status_code == 401
    for authorization in ("", "Basic ???", "Basic /w=="):
        answer = await http.get(CUSTOMERS, headers={"Authorization": authorization})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Stripe"')


async def test_a_hundred_calls_a_second_and_key_are_let_through() -> None:
    """Given a second that does not end, then the 101st call of a key is told so, and another key goes on."""
    app = create_app(Settings(limits=True))
    window = app.state.systems["billing"].window
    assert (window.calls, window.seconds) == (100, 1)
    window.seconds = 3600
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
        mine, other = ({"Authorization": f"Bearer sk_test_{name}"} for name in ("mine", "other"))
        statuses = [(await http.get(CUSTOMERS, headers=mine)).status_code for _ in range(100)]
        refused = await http.get(CUSTOMERS, headers=mine)
        assert (set(statuses), refused.status_code) == ({200}, 429)
        assert refused.json()["error"]["code"] == "rate_limit"
        assert refused.headers["stripe-rate-limited-reason"] == "global-rate"
        assert (await http.get(CUSTOMERS, headers=other)).status_code == 200


async def test_the_version_is_answered_and_nonsense_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get(CUSTOMERS)).headers["stripe-version"] == "2026-05-27.dahlia"
    assert (await http.get(CUSTOMERS, headers={"Stripe-Version": "latest"})).status_code == 400


def test_all_that_was_made_and_every_key_outlive_a_restart(serve: Callable[..., Running], tmp_path: Path) -> None:
    first = client_of(serve(state=tmp_path))
    made = first.v1.customers.create({"name": "A", "email": "a@b.example"}, {"idempotency_key": "k1"})
    second = client_of(serve(state=tmp_path))
    assert second.v1.customers.create({"name": "A", "email": "a@b.example"}, {"idempotency_key": "k1"}).id == made.id
    assert [one.id for one in second.v1.customers.list({"email": "a@b.example"}).data] == [made.id]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("a=1&b[c]=2", {"a": "1", "b": {"c": "2"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1][b]=y&a[0][b]=x&a[0][c]=", {"a": [{"b": "x", "c": ""}, {"b": "y"}]}),
        ("a%5Bb%5D%5B%5D=%26", {"a": {"b": ["&"]}}),
        ("", {}),
    ],
)
def test_forms_are_nested(form: str, value: dict[str, Any]) -> None:
    assert nested(form) == value


def test_a_form_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(Refusal):
        nested("a=1&a[b]=2")
