"""Judges effects by what was written of them and what stands outside now: undone, kept, or changed by a person since; pure.

A field counts as changed when it holds neither what we wrote last nor what stood there before us; what people did between two
of our own steps was overwritten by the later one already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from contracts.records import EffectKey, Facts, Standing
from lifecycle import undo
from lifecycle.undo import HOLDERS, Act, Deed, Judgement, Verdict, reason_to_stay


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
            judged[deed.key] = Judgement(Verdict.CHANGED, undo.KEPT_DEAL)
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
            return Judgement(Verdict.UNDO, undo.GONE)
        if inverse.act in (Act.ARCHIVE, Act.RESTORE):
            return self._of_a_record(deed, standing, facts)
        judgement = _of_a_paper(deed, inverse.act, facts) if inverse.act is not Act.TRASH else self._of_a_file(facts)
        if judgement.act in (Act.TRASH, Act.VOID):
            self.now[standing] = None
        return judgement

    def _of_a_record(self, deed: Deed, standing: Standing, facts: Facts) -> Judgement:
        """A record of the CRM, or a customer: fields of ours are compared, and what hangs on one that we made."""
        if deed.after is None:
            return Judgement(Verdict.KEPT, undo.NO_IMAGE)
        fields: Mapping[str, Any] = facts["fields"]
        if deed.undo == "archive_company" and not same(fields.get(facts["key"]), deed.after.get(facts["key"])):
            return Judgement(Verdict.KEPT, undo.NOT_OURS)
        before = deed.before or {}
        back = {name: before.get(name) for name in deed.after if not same(fields.get(name), before.get(name))}
        strange = [name for name in deed.after if not self._is_ours(standing, name, fields, deed)]
        if strange:
            return Judgement(Verdict.CHANGED, undo.EDITED)
        if deed.before is None:
            if self._others(facts):
                return Judgement(Verdict.CHANGED, undo.HELD)
            self.now[standing] = None
            return Judgement(Verdict.UNDO, act=Act.ARCHIVE)
        self.now[standing] = {**facts, "fields": {**fields, **before}}
        self.ours |= {(standing, name) for name in deed.after}
        return Judgement(Verdict.UNDO, act=Act.RESTORE, fields=back) if back else Judgement(Verdict.UNDO, undo.BACK)

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
            return Judgement(Verdict.CHANGED, undo.EDITED)
        return Judgement(Verdict.CHANGED, undo.HELD) if self._others(facts) else Judgement(Verdict.UNDO, act=Act.TRASH)

    def _others(self, facts: Facts) -> list[Standing]:
        """What hangs on a record, and is not taken away with it."""
        return [one for one in facts.get("holds", ()) if one not in self.leaving and self.now.get(one, facts) is not None]


def _of_a_paper(deed: Deed, act: Act, facts: Facts) -> Judgement:
    """An estimate, an invoice, a delivery request, a lock: where it stands decides."""
    if act is Act.UNLOCK:
        return _of_a_lock(deed, facts)
    status = facts["status"]
    if status in ("void", "canceled", "closed"):
        return Judgement(Verdict.UNDO, undo.BACK)
    if status in ("paid", "uncollectible") or facts.get("partly_paid"):
        return Judgement(Verdict.CHANGED, undo.SETTLED)
    return Judgement(Verdict.CHANGED, undo.ACCEPTED) if status == "accepted" else Judgement(Verdict.UNDO, act=act)


def _of_a_lock(deed: Deed, facts: Facts) -> Judgement:
    if deed.before is None or deed.after is None:
        return Judgement(Verdict.KEPT, undo.NO_IMAGE)
    if deed.before.get("lock") is not None:
        return Judgement(Verdict.KEPT, undo.NOT_OURS)
    if facts["lock"] is None:
        return Judgement(Verdict.UNDO, undo.BACK)
    if facts["lock"] != deed.after.get("lock"):
        return Judgement(Verdict.CHANGED, undo.EDITED)
    return Judgement(Verdict.UNDO, act=Act.UNLOCK)


def same(one: object, other: object) -> bool:
    """Say whether two values of a field mean the same: nothing is an empty text, and numbers are compared as numbers."""
    if (one or "") == (other or ""):
        return True
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return False
