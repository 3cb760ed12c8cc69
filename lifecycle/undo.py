"""How each effect is taken back, what stays and why, and who may let it be undone; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from contracts.errors import RefusedError
from contracts.owners import Owners
from contracts.records import EffectKey, Fields, Standing


class RollbackState(StrEnum):
    """Where a rollback stands. Released: someone may begin. Stopped: by a person, and may be resumed."""

    PROPOSED = "proposed"
    RELEASED = "released"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What a look at an effect says: it can be undone, it stays, or a person changed it since and is asked."""

    UNDO = "undo"
    KEPT = "kept"
    CHANGED = "changed"


class Ending(StrEnum):
    """What became of an effect in a rollback."""

    UNDONE = "undone"
    KEPT = "kept"
    CHANGED = "changed"
    FAILED = "failed"


class Act(StrEnum):
    """What is done outside to take an effect back."""

    ARCHIVE = "archive"
    RESTORE = "restore"
    DISSOCIATE = "dissociate"
    CLOSE = "close"
    TRASH = "trash"
    UNLOCK = "unlock"
    CANCEL = "cancel"
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Inverse:
    """How an undo is carried out: the kind of record it is about, and the act."""

    kind: str
    act: Act


MESSAGE = "delete_message"
INVERSES: Mapping[str, Inverse] = {
    "archive_company": Inverse("company", Act.ARCHIVE),
    "restore_contact": Inverse("contact", Act.RESTORE),
    "archive_deal": Inverse("deal", Act.ARCHIVE),
    "remove_associations": Inverse("link", Act.DISSOCIATE),
    "restore_deal": Inverse("deal", Act.RESTORE),
    "close_request": Inverse("request", Act.CLOSE),
    "archive_note": Inverse("note", Act.ARCHIVE),
    "trash_folder": Inverse("file", Act.TRASH),
    "trash_document": Inverse("file", Act.TRASH),
    "unlock_document": Inverse("file", Act.UNLOCK),
    "delete_customer": Inverse("customer", Act.RESTORE),
    "cancel_estimate": Inverse("estimate", Act.CANCEL),
    "void_invoice": Inverse("invoice", Act.VOID),
    MESSAGE: Inverse("message", Act.DELETE),
}
"""What is done for each name of an undo. A record that we made, and not only changed, is not restored but archived."""

STANDS_ALONE = ("milestone.reached", "invoice.overdue", "payment.failed", "payment.refunded")
"""Events on which nothing later in their case stands: undoing one undoes no other."""

CANCELLATION = "deal.cancelled"
STAYS: Mapping[str, str] = {
    "send_invoice": "billing has sent it to the client",
    "cancel_replaced": "a cancelled estimate cannot be opened again",
}
LETTER = "a letter that was sent cannot be unsent"
GIVEN_UP = "a cancellation is not taken back: the deal begins anew"
IN_DOUBT = "nobody knows whether it happened: replay its event first"
SHARED = "other deals of ours stand on it"
NOT_OURS = "it stood there before us"
NO_IMAGE = "it was done before before-images were kept"
GONE = "it is gone already"
BACK = "it stands as before already"
EDITED = "somebody changed it since"
HELD = "somebody has put other records on it since"
KEPT_DEAL = "its deal was changed by somebody since, and stays"
SETTLED = "the client has paid it, or billing has closed it"
ACCEPTED = "the client has accepted it"


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect as a rollback looks at it. `shared`: another effect that stays made or uses the same record."""

    key: EffectKey
    case: UUID
    event: UUID
    event_type: str
    step: str
    system: str
    undo: str | None
    record: str
    before: Fields | None = None
    after: Fields | None = None
    shared: bool = False
    in_doubt: bool = False
    undone: bool = False

    @property
    def inverse(self) -> Inverse | None:
        """How it is taken back; None for what cannot be."""
        if self.event_type == CANCELLATION:
            return None
        return INVERSES[MESSAGE] if self.system == "chat" else INVERSES.get(self.undo or "")

    @property
    def standing(self) -> Standing | None:
        """The outside record whose state decides; None where nothing is to be looked at."""
        inverse = self.inverse
        unseen = inverse is None or inverse.kind in ("link", "message")
        return None if unseen or inverse is None else Standing(self.system, inverse.kind, self.record)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What shall become of an effect; an undo without an act has nothing left to do."""

    verdict: Verdict
    reason: str = ""
    act: Act | None = None
    fields: Fields = field(default_factory=dict)


def require_known(owners: Owners, by: str) -> None:
    """Raise RefusedError for somebody who is not in the owners' file: a rollback is asked for by name."""
    if by not in owners.owners:
        raise RefusedError(f"{by} is nobody in contracts/owners.yaml", cause="rollback.nobody")


def require_release(owners: Owners, by: str, *, asked_by: str, cases: int) -> None:
    """Raise RefusedError unless `by` may release a rollback: of more than one deal only a second person."""
    require_known(owners, by)
    if cases > 1 and by == asked_by:
        raise RefusedError(f"{by} has asked for this: more than one deal takes a second person", cause="rollback.second_person")


TAKEN_AWAY = ("archive_deal", "trash_document", "trash_folder", "void_invoice")
"""Undos after which a record does not hold on to another one any more."""
HOLDERS = ("archive_company", "restore_contact", "trash_folder", "delete_customer")
"""Undos of records that others hang on: they are judged last."""


def reason_to_stay(deed: Deed) -> str | None:
    """Say why an effect cannot be taken back whatever stands outside; None for one that can."""
    if deed.event_type == CANCELLATION:
        return GIVEN_UP
    if deed.inverse is None:
        return LETTER if deed.system == "mail" else STAYS.get(deed.step, "there is no way back from it")
    return IN_DOUBT if deed.in_doubt else SHARED if deed.shared else None
