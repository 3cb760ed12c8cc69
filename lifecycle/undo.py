"""How each effect is taken back, and what stays and why; pure: what stands outside is told to it.

Nothing that a person changed since is ever overwritten. A field counts as changed when it holds neither what we wrote last nor
what stood there before us; what people did between two of our own steps was overwritten by the later one already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.errors import RefusedError
from contracts.owners import Owners
from contracts.records import EffectKey, Facts, Fields, Standing


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


def judge(
    deeds: Sequence[Deed], found: Mapping[Standing, Facts | None], leaving: Collection[Standing] = ()
) -> Mapping[EffectKey, Judgement]:
    """Judge effects, the latest of each case first, by what stands outside; `leaving` is what the rollback takes away besides.

    One that was undone before is not judged; what it gave back counts as ours.
    """
    scene = _Scene(dict(found), set(leaving))
    judged = {deed.key: scene.look_at(deed) for deed in sorted(deeds, key=lambda one: one.undo in HOLDERS)}
    for deed in deeds:
        if deed.inverse and deed.inverse.act is Act.DISSOCIATE and scene.stays_with_people(deed.record):
            judged[deed.key] = Judgement(Verdict.CHANGED, KEPT_DEAL)
    return {deed.key: judged[deed.key] for deed in deeds if not deed.undone}


class _Scene:
    """What would stand outside after each undo, one after another."""

    def __init__(self, now: dict[Standing, Facts | None], leaving: set[Standing]) -> None:
        self.now, self.leaving = now, leaving
        self.ours: set[tuple[Standing, str]] = set()
        self.changed: set[Standing] = set()

    def look_at(self, deed: Deed) -> Judgement:
        if deed.undone:
            self._take_note(deed)
            return Judgement(Verdict.UNDO)
        if reason := reason_to_stay(deed):
            return Judgement(Verdict.KEPT, reason)
        judgement = self._judged(deed)
        if deed.standing and judgement.verdict is Verdict.CHANGED:
            self.changed.add(deed.standing)
        return judgement

    def stays_with_people(self, deal: str) -> bool:
        return Standing("crm", "deal", deal) in self.changed

    def _judged(self, deed: Deed) -> Judgement:
        inverse, standing = deed.inverse, deed.standing
        if inverse is None:
            raise ValueError("what cannot be undone is not judged")
        if inverse.act is Act.DISSOCIATE:
            drop = {name: None for name, value in (deed.after or {}).items() if (deed.before or {}).get(name) != value}
            return Judgement(Verdict.UNDO, act=Act.DISSOCIATE, fields=drop)
        if standing is None:
            return Judgement(Verdict.UNDO, act=inverse.act)
        facts = self.now.get(standing)
        if facts is None:
            return Judgement(Verdict.UNDO, GONE)
        if inverse.act in (Act.ARCHIVE, Act.RESTORE):
            return self._of_a_record(deed, standing, facts)
        judgement = _of_a_paper(deed, inverse.act, facts) if inverse.act is not Act.TRASH else self._of_a_file(facts)
        if judgement.act in (Act.TRASH, Act.VOID):
            self.now[standing] = None
        return judgement

    def _of_a_record(self, deed: Deed, standing: Standing, facts: Facts) -> Judgement:
        """A record of the CRM, or a customer: fields of ours are compared, and what hangs on one that we made."""
        if deed.after is None:
            return Judgement(Verdict.KEPT, NO_IMAGE)
        fields: Mapping[str, Any] = facts["fields"]
        if deed.undo == "archive_company" and not same(fields.get(facts["key"]), deed.after.get(facts["key"])):
            return Judgement(Verdict.KEPT, NOT_OURS)
        before = deed.before or {}
        back = {name: before.get(name) for name in deed.after if not same(fields.get(name), before.get(name))}
        strange = [name for name in deed.after if not self._is_ours(standing, name, fields, deed)]
        if strange:
            return Judgement(Verdict.CHANGED, EDITED)
        if deed.before is None:
            if self._others(facts):
                return Judgement(Verdict.CHANGED, HELD)
            self.now[standing] = None
            return Judgement(Verdict.UNDO, act=Act.ARCHIVE)
        self.now[standing] = {**facts, "fields": {**fields, **before}}
        self.ours |= {(standing, name) for name in deed.after}
        return Judgement(Verdict.UNDO, act=Act.RESTORE, fields=back) if back else Judgement(Verdict.UNDO, BACK)

    def _is_ours(self, standing: Standing, name: str, fields: Mapping[str, Any], deed: Deed) -> bool:
        stands, before, after = fields.get(name), deed.before, deed.after or {}
        back = before is not None and same(stands, before.get(name))
        return (standing, name) in self.ours or same(stands, after.get(name)) or back

    def _take_note(self, deed: Deed) -> None:
        """What an earlier round gave back and nobody has touched since is ours."""
        standing = deed.standing
        facts = self.now.get(standing) if standing else None
        if standing and facts and deed.before is not None and deed.after is not None and "fields" in facts:
            fields, before = facts["fields"], deed.before
            self.ours |= {(standing, name) for name in deed.after if same(fields.get(name), before.get(name))}

    def _of_a_file(self, facts: Facts) -> Judgement:
        if not facts["ours"]:
            return Judgement(Verdict.CHANGED, EDITED)
        return Judgement(Verdict.CHANGED, HELD) if self._others(facts) else Judgement(Verdict.UNDO, act=Act.TRASH)

    def _others(self, facts: Facts) -> list[Standing]:
        """What hangs on a record, and is not taken away with it."""
        return [one for one in facts.get("holds", ()) if one not in self.leaving and self.now.get(one, facts) is not None]


def _of_a_paper(deed: Deed, act: Act, facts: Facts) -> Judgement:
    """An estimate, an invoice, a delivery request, a lock: where it stands decides."""
    if act is Act.UNLOCK:
        return _of_a_lock(deed, facts)
    status = facts["status"]
    if status in ("void", "canceled", "closed"):
        return Judgement(Verdict.UNDO, BACK)
    if status in ("paid", "uncollectible") or facts.get("partly_paid"):
        return Judgement(Verdict.CHANGED, SETTLED)
    return Judgement(Verdict.CHANGED, ACCEPTED) if status == "accepted" else Judgement(Verdict.UNDO, act=act)


def _of_a_lock(deed: Deed, facts: Facts) -> Judgement:
    if deed.before is None or deed.after is None:
        return Judgement(Verdict.KEPT, NO_IMAGE)
    if deed.before.get("lock") is not None:
        return Judgement(Verdict.KEPT, NOT_OURS)
    if facts["lock"] is None:
        return Judgement(Verdict.UNDO, BACK)
    if facts["lock"] != deed.after.get("lock"):
        return Judgement(Verdict.CHANGED, EDITED)
    return Judgement(Verdict.UNDO, act=Act.UNLOCK)


def same(one: object, other: object) -> bool:
    """Say whether two values of a field mean the same: nothing is an empty text, and numbers are compared as numbers."""
    if (one or "") == (other or ""):
        return True
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return False
