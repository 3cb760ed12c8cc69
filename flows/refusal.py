"""How a run ends whose question was wrong: red, with the reason in words, and no owner is called for a slip of the pen."""

from __future__ import annotations

from prefect.client.schemas.objects import State
from prefect.states import Failed

from contracts.errors import TowlineError

REFUSED = "Refused"


def refused(error: TowlineError) -> State[None]:
    """Return the state of a run that has changed nothing, because what a person asked for cannot be."""
    return Failed(name=REFUSED, message=error.text)
