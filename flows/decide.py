"""A person's answer to a proposal, given in the Prefect UI. Prefect keeps the parameters, so there is no free text in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from contracts.catalog import catalog
from contracts.errors import RefusedError
from contracts.values import Slug
from flows.refusal import refused
from ledger.deciding import decide as answer_decision
from lifecycle.decisions import Verdict
from runtime.wiring import runtime
from tasks.options import FLOW

DOOR = "prefect"


class Reason(StrEnum):
    """Why a proposal is rejected; more than that is said where the deal is talked about."""

    PRICE = "price"
    SCOPE = "scope"
    TERMS = "terms"
    CLIENT = "client"
    OTHER = "other"


Person = Annotated[Slug, Field(json_schema_extra={"enum": list(catalog().owners.owners)})]
"""Anybody may stand in for an approver."""


@flow(name="decide", description="Approve or reject a proposal that waits; the first answers count.", **FLOW)
async def decide(decision: UUID, answer: Verdict, by: Person, reason: Reason | None = None) -> State[None]:
    """Take a person's answer to a decision. One that does not count, and why, is this run's state.

    Args:
        decision: Id of the decision, as the message that asks for it and `towline decide` show it
        answer: Approve or reject
        by: Who answers: an approver of contracts/owners.yaml or their stand-in, who does not own the deal
        reason: A rejection needs its reason
    """
    house = runtime()
    try:
        taken = await answer_decision(house.ledger, house.catalog, decision, answer, by=by, door=DOOR, reason=reason or "")
    except RefusedError as error:
        return refused(error)
    return Completed(message=f"decision {decision} is {taken.text}")
