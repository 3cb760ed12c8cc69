"""Every id that must come out the same however often it is made: pure functions of ids, so that a repeat finds the first."""

from __future__ import annotations

from typing import NewType
from uuid import UUID, uuid5

from contracts.records import EffectKey

HOUSE = UUID("6b1f6c1e-3f0a-5d0e-9c57-0d6a7c1f3b52")

EventId = NewType("EventId", UUID)
CaseId = NewType("CaseId", UUID)
DecisionId = NewType("DecisionId", UUID)
AccountId = NewType("AccountId", UUID)


def event_id(source: str, external_id: str) -> EventId:
    """Return the id of the event that `source` calls `external_id`: the same delivery twice is one event."""
    return EventId(uuid5(HOUSE, f"event\n{source}\n{external_id}"))


def case_id(source: str, deal: str) -> CaseId:
    """Return the id of the case of a deal that `source` calls `deal`: events that name it travel in order."""
    return CaseId(uuid5(HOUSE, f"case\n{source}\n{deal}"))


def account_id(identity: str) -> AccountId:
    """Return the id of the account with this identity key (domain, or folded name)."""
    return AccountId(uuid5(HOUSE, f"account\n{identity}"))


def decision_id(case: UUID, document: str, content_hash: str, *, after: UUID | None = None) -> DecisionId:
    """Return the id of the decision about a content: other content is another one, and so is what is asked `after` a void one."""
    asked = f"decision\n{case}\n{document}\n{content_hash}"
    return DecisionId(uuid5(HOUSE, f"{asked}\n{after}" if after else asked))


def incident_id(number: int) -> UUID:
    """Return the id that stands for an incident where an event's would: what is done about it is done once."""
    return uuid5(HOUSE, f"incident\n{number}")


def effect_key(subject: UUID, step: str) -> EffectKey:
    """Return the key of a step done once per subject (an event, a case or an account)."""
    return uuid5(HOUSE, f"effect\n{subject}\n{step}")


def batch_key(step: str, keys: list[EffectKey]) -> EffectKey:
    """Return the key of one act that serves several effects at once, such as one message about a batch."""
    return uuid5(HOUSE, "\n".join(["batch", step, *sorted(map(str, keys))]))


def again(key: EffectKey, generation: int) -> EffectKey:
    """Return the key that the outside system carries once an effect was undone so often: the first one names what is gone."""
    return uuid5(HOUSE, f"again\n{key}\n{generation}") if generation else key


def undo_key(key: EffectKey) -> EffectKey:
    """Return the key of taking back what the outside system carries under a key."""
    return uuid5(HOUSE, f"undo\n{key}")
