"""A proxy named in the environment is for vendors, not for what listens on this machine."""

import pytest

from connectors.chat.slack import Slack
from connectors.http import ApiClient
from connectors.network import takes_proxy
from connectors.oauth import StaticToken
from connectors.remedies import Dialect
from tests.connectors.chat_rules import message
from tests.connectors.conftest import Sandbox


@pytest.mark.parametrize("url", ["http://127.0.0.1:8500/hubspot", "http://localhost/x", "http://[::1]:8500"])
def test_what_listens_here_is_spoken_to_directly(url: str) -> None:
    assert not takes_proxy(url)


def test_a_vendor_may_be_behind_a_proxy() -> None:
    assert takes_proxy("https://api.hubapi.com")


async def test_a_proxy_that_is_not_there_does_not_keep_us_from_the_sandbox(
    served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    client = ApiClient("crm", f"{served.url}/hubspot", StaticToken("t"), Dialect("none", lambda _: ("", ""), {}, lambda *_: ()))
    chat = Slack(f"{served.url}/slack/api", "xoxb-test")
    assert await client.call("GET", "/crm/v3/objects/deals", nature="read") == {"results": []}
    assert (await chat.post(message())).id
    await client.aclose()
    await chat.aclose()
