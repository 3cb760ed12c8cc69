"""`POST /slack/interactions` and `/slack/commands`: signature, one committed row, the answer; a worker does the rest."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.chat import slack_hooks
from connectors.hooks import Incoming
from web.gateway.body import read_body
from web.house import House


def routes(house: House) -> list[Route]:
    """Return the routes that people in chat come in by."""
    take = partial(take_interaction, house)
    return [Route(f"/slack/{what}", take, methods=["POST"]) for what in ("interactions", "commands")]


async def take_interaction(house: House, request: Request) -> Response:
    """Write down what somebody did in chat and answer 200; what is none of ours is answered alike, and forgotten.

    Without a signing secret no signature is right, and nothing is taken.
    """
    now = house.now()
    incoming = Incoming(request.method, str(request.url), dict(request.headers), await read_body(request), now)
    slack_hooks.verify(incoming, house.settings.chat_signing_secrets, now)
    done = slack_hooks.interaction(incoming)
    if done is not None:
        async with house.ledger.begin() as books:
            await books.interactions.receive(done)
    return Response()
