"""The tables of the ledger. A table is never the contract: values are checked before they come here."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from contracts.autonomy import Level
from contracts.systems import Route
from contracts.traces import Hand
from lifecycle.autonomy import Outcome
from lifecycle.causes import Closing
from lifecycle.confidence import Treatment
from lifecycle.continuity import Kind
from lifecycle.decisions import Decision
from lifecycle.decisions import Verdict as Answered
from lifecycle.ownership import Layer
from lifecycle.reconciling import IncidentState
from lifecycle.recording import RecordKind
from lifecycle.switches import Scope
from lifecycle.undo import Ending, RollbackState, Verdict


class EventStatus(StrEnum):
    """Where an event stands."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    DONE = "done"
    UNDONE = "undone"


class EffectState(StrEnum):
    """Where an outside change stands."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    UNDONE = "undone"


def _moment(**options: Any) -> Any:
    return Column(DateTime(timezone=True), **options)


def _one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{value}'" for value in kind)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


class Event(SQLModel, table=True):
    """The inbox: one row per (source, external id), kept as it was received; `original` is that where it was corrected since."""

    __tablename__: ClassVar[Any] = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        _one_of("status", EventStatus),
        Index("inbox_ready", "type", "seq", postgresql_where=text("status = 'received'")),
        Index("inbox_case", "case_id", "occurred_at", "seq"),
        Index("inbox_leased", "lease_until", postgresql_where=text("status = 'running'")),
        Index("inbox_received_at", "received_at"),
        Index("inbox_ended", "type", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        Index("inbox_waiting", "case_id", postgresql_where=text("status = 'waiting'")),
        Index("inbox_open", "type", "status", "received_at", postgresql_where=text("status NOT IN ('done', 'undone')")),
        Index("inbox_untold", "seq", postgresql_where=text("status <> 'running' AND told IS DISTINCT FROM status")),
    )

    id: UUID = Field(primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), nullable=False))
    source: str
    external_id: str
    type: str
    contract: str
    case_id: UUID
    payload: Any = Field(sa_column=Column(JSONB, nullable=False))
    original: Any = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    status: str = EventStatus.RECEIVED
    occurred_at: datetime = Field(sa_column=_moment(nullable=False))
    received_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    not_before: datetime | None = Field(default=None, sa_column=_moment())
    leased_by: str | None = None
    lease_until: datetime | None = Field(default=None, sa_column=_moment())
    attempts: int = 0
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    deaths: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    died_at: datetime | None = Field(default=None, sa_column=_moment())
    turns: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    flow_run_id: UUID | None = None
    from_start: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    told: str | None = None
    holds_up: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))


class Death(SQLModel, table=True):
    """A process that died, and the events that it worked on."""

    __tablename__: ClassVar[Any] = "deaths"

    process: UUID = Field(primary_key=True)
    events: Any = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now(), index=True))


class Retired(SQLModel, table=True):
    """What retention leaves of an event: its id, so that a second delivery is still a duplicate."""

    __tablename__: ClassVar[Any] = "retired"

    id: UUID = Field(primary_key=True)


class Effect(SQLModel, table=True):
    """An outside change: intended before the call, its result after it."""

    __tablename__: ClassVar[Any] = "effects"
    __table_args__ = (
        _one_of("state", EffectState),
        Index("effects_event", "event_id"),
        Index("effects_case", "case_id"),
        Index("effects_record", "vendor_id"),
    )

    key: UUID = Field(primary_key=True)
    act_key: UUID
    event_id: UUID
    case_id: UUID
    contract: str | None = None
    step: str
    system: str
    state: str = EffectState.INTENDED
    undo: str | None = None
    vendor_id: str | None = None
    vendor_url: str | None = None
    cause: str | None = None
    attempts: int = 1
    generation: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    started_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    undone_at: datetime | None = Field(default=None, sa_column=_moment())


class ImageRow(SQLModel, table=True):
    """What a change found and left outside, in its vendor's words. It may name people, so it stands in no other table."""

    __tablename__: ClassVar[Any] = "images"

    effect_key: UUID = Field(primary_key=True)
    generation: int
    before: Any = Field(default=None, sa_column=Column(JSONB))
    after: Any = Field(sa_column=Column(JSONB, nullable=False))


class Case(SQLModel, table=True):
    """One deal's trip along the path."""

    __tablename__: ClassVar[Any] = "cases"
    __table_args__ = (Index("cases_changed", "changed_at"), Index("cases_stage", "stage", "changed_at"))

    id: UUID = Field(primary_key=True)
    account_id: UUID | None = Field(default=None, index=True)
    title: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    owner: str | None = None
    stage: str = "new"
    amount_minor: int | None = Field(default=None, sa_column=Column(BigInteger))
    currency: str | None = None
    crm_deal_id: str | None = Field(default=None, unique=True)
    opened_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    changed_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class CaseReference(SQLModel, table=True):
    """By which outside records a case is known besides its deal: `request:456`, `invoice:in_1`."""

    __tablename__: ClassVar[Any] = "case_references"

    reference: str = Field(primary_key=True)
    case_id: UUID = Field(index=True)


class ContinuityEntry(SQLModel, table=True):
    """One movement of a case's money: approved, changed, delivered, invoiced, paid; what is taken back is below zero."""

    __tablename__: ClassVar[Any] = "continuity"
    __table_args__ = (_one_of("kind", Kind), UniqueConstraint("case_id", "kind", "event_id"))

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_id: UUID
    event_id: UUID
    kind: str
    minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    reference: str | None = None
    due_on: date | None = None
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class DecisionRow(SQLModel, table=True):
    """What waits for a person, about one content, and what they answered: who, when, by which door, on which hash."""

    __tablename__: ClassVar[Any] = "decisions"
    __table_args__ = (
        _one_of("state", Decision),
        Index("decisions_waiting", "asked_at", postgresql_where=text("state = 'waiting'")),
        Index("decisions_case", "case_id"),
        Index("decisions_untold", "asked_at", postgresql_where=text("state <> 'waiting' AND told IS DISTINCT FROM state")),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    case_id: UUID
    event_id: UUID
    title: str = Field(sa_column=Column(Text, nullable=False))
    document: str
    url: str
    content_hash: str
    minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    terms: Any = Field(sa_column=Column(JSONB, nullable=False))
    owner: str | None = None
    state: str = Decision.WAITING
    asked_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    decided_at: datetime | None = Field(default=None, sa_column=_moment())
    decided_by: str | None = None
    door: str | None = None
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    told: str | None = None
    turns: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    turned_at: datetime | None = Field(default=None, sa_column=_moment())


class AnswerRow(SQLModel, table=True):
    """One person's answer to a decision: for which approver it counts, who gave it, by which door, and on which content."""

    __tablename__: ClassVar[Any] = "decision_answers"
    __table_args__ = (_one_of("verdict", Answered), UniqueConstraint("decision_id", "login"))

    decision_id: UUID = Field(primary_key=True)
    approver: str = Field(primary_key=True)
    by: str
    login: str | None = None
    verdict: str
    content_hash: str
    door: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class Delegation(SQLModel, table=True):
    """An approver has named a stand-in for a time, and why; kept when it is over."""

    __tablename__: ClassVar[Any] = "delegations"
    __table_args__ = (CheckConstraint("until > since", name="until_is_later"), Index("delegations_until", "until"))

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    approver: str
    stand_in: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    since: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    until: datetime = Field(sa_column=_moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=_moment())


class ExceptionRow(SQLModel, table=True):
    """Work that a person can finish: why it stopped, which way it goes, and whose it is."""

    __tablename__: ClassVar[Any] = "exceptions"
    __table_args__ = (
        Index("exceptions_open", "cause", postgresql_where=text("closed_at IS NULL")),
        Index("exceptions_event", "event_id"),
        Index("exceptions_opened_at", "opened_at"),
        _one_of("closed_because", Closing),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    event_id: UUID | None = None
    case_id: UUID | None = None
    event_type: str
    contract: str
    cause: str
    field: str | None = None
    reason: str
    route: str
    owner: str
    amount_minor: int | None = Field(default=None, sa_column=Column(BigInteger))
    currency: str | None = None
    flow_run_id: UUID | None = None
    opened_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    closed_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_as: str | None = None
    closed_because: str | None = None


class Document(SQLModel, table=True):
    """The document index: which one is current, and what it belongs to."""

    __tablename__: ClassVar[Any] = "documents"
    __table_args__ = (
        UniqueConstraint("subject_id", "artefact", "version"),
        Index("documents_current", "subject_id", "artefact", unique=True, postgresql_where=text("is_current")),
        Index("documents_record", "vendor_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    subject_id: UUID
    account_id: UUID
    case_id: UUID
    event_id: UUID
    contract: str | None = None
    artefact: str
    version: int
    name: str
    vendor_id: str
    url: str
    is_current: bool = True
    approved_by: str | None = None
    delivery_item: str | None = None
    content_hash: str | None = None
    created_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class Alert(SQLModel, table=True):
    """One message to an owner per cause: what was said last, and where; who has seen it, and how far it went when nobody had."""

    __tablename__: ClassVar[Any] = "alerts"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    cause: str
    channel: str
    owner: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    message_id: str | None = None
    said: int = 0
    posted_at: datetime | None = Field(default=None, sa_column=_moment())
    acknowledged_at: datetime | None = Field(default=None, sa_column=_moment())
    acknowledged_by: str | None = None
    escalated_at: datetime | None = Field(default=None, sa_column=_moment())
    escalation_id: str | None = None
    mailed_at: datetime | None = Field(default=None, sa_column=_moment())
    opened_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    changed_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    closed_at: datetime | None = Field(default=None, sa_column=_moment())

    __table_args__ = (Index("alerts_open", "cause", unique=True, postgresql_where=text("closed_at IS NULL")),)


class Switch(SQLModel, table=True):
    """What a person has paused: everything, a path (by its event) or a system; kept when it is lifted."""

    __tablename__: ClassVar[Any] = "switches"
    __table_args__ = (
        _one_of("scope", Scope),
        Index("switches_off", "scope", "name", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    scope: str
    name: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    by: str
    since: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    lifted_at: datetime | None = Field(default=None, sa_column=_moment())
    lifted_by: str | None = None


class CircuitRow(SQLModel, table=True):
    """The failures in a row of one step in one system, and the outage that they turned out to be; kept when it is over."""

    __tablename__: ClassVar[Any] = "circuits"
    __table_args__ = (Index("circuits_current", "system", "step", unique=True, postgresql_where=text("closed_at IS NULL")),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    system: str
    step: str
    event_id: UUID
    cause: str
    failures: int = 0
    silent: bool = False
    several: bool = False
    began_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    opened_at: datetime | None = Field(default=None, sa_column=_moment())
    probes: int = 0
    probe_at: datetime | None = Field(default=None, sa_column=_moment())
    probe_event: UUID | None = None
    closed_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_by: UUID | None = None


class GateResult(SQLModel, table=True):
    """What a quality gate said about a batch, without any value of it."""

    __tablename__: ClassVar[Any] = "gate_results"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    suite: str
    flow_run_id: UUID | None = Field(default=None, index=True)
    checked: int
    failed: int
    summary: Any = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class GateWarning(SQLModel, table=True):
    """What the gate last warned of at an event that it let pass, without any value of it."""

    __tablename__: ClassVar[Any] = "warnings"
    __table_args__ = (Index("warnings_at", "at"),)

    event_id: UUID = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    case_id: UUID = Field(index=True)
    suite: str
    field: str
    reason: str
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class AuditRow(SQLModel, table=True):
    """How many of the CRM's records one expectation judged and refused in one night."""

    __tablename__: ClassVar[Any] = "audits"

    night: date = Field(primary_key=True)
    suite: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    kind: str
    severity: str
    checked: int
    refused: int
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class Rollback(SQLModel, table=True):
    """A plan of what shall be undone in the outside systems, who asked for it, who released it, and how far it is."""

    __tablename__: ClassVar[Any] = "rollbacks"
    __table_args__ = (_one_of("state", RollbackState),)

    id: UUID = Field(primary_key=True)
    scope: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    asked_by: str
    confirmed_by: str | None = None
    after_failure: bool = False
    state: str = RollbackState.PROPOSED
    asked_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    released_at: datetime | None = Field(default=None, sa_column=_moment())
    started_at: datetime | None = Field(default=None, sa_column=_moment())
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    leased_by: str | None = None
    lease_until: datetime | None = Field(default=None, sa_column=_moment())
    flow_run_id: UUID | None = None


class RollbackItem(SQLModel, table=True):
    """One effect of a rollback: what the dry run said of it, and what became of it; without any value of it."""

    __tablename__: ClassVar[Any] = "rollback_items"
    __table_args__ = (
        _one_of("verdict", Verdict),
        _one_of("outcome", Ending),
        Index("rollback_items_open", "case_id", postgresql_where=text("outcome IS NULL")),
    )

    rollback_id: UUID = Field(primary_key=True)
    effect_key: UUID = Field(primary_key=True)
    place: int
    case_id: UUID
    event_id: UUID
    system: str
    verdict: str
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    outcome: str | None = None
    settled_at: datetime | None = Field(default=None, sa_column=_moment())


class Budget(SQLModel, table=True):
    """What is left of a vendor's limit, and what comes back when. Not logged: after a crash it begins anew, full."""

    __tablename__: ClassVar[Any] = "budgets"
    __table_args__: ClassVar[Any] = {"prefixes": ["UNLOGGED"]}

    name: str = Field(primary_key=True)
    size: int
    rate: float = Field(sa_column=Column(Float, nullable=False))
    slots: int
    remaining: float = Field(sa_column=Column(Float, nullable=False))
    at: float = Field(sa_column=Column(Float, nullable=False))
    coming: Any = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    held_until: float = Field(default=0.0, sa_column=Column(Float, nullable=False, server_default="0"))
    granted: int = 0


class ContractChange(SQLModel, table=True):
    """A change of what is agreed: all files as it leaves them, who proposed it and who approved it, and from when it counts."""

    __tablename__: ClassVar[Any] = "contract_changes"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    author: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    base: int | None = None
    fingerprint: str
    texts: Any = Field(sa_column=Column(JSONB, nullable=False))
    proposed_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    takes_effect_at: datetime | None = Field(default=None, sa_column=_moment())
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_column=_moment())
    withdrawn_at: datetime | None = Field(default=None, sa_column=_moment())


class User(SQLModel, table=True):
    """Somebody who may sign in to the console: what they are to the house, and which owners of the catalog they speak for."""

    __tablename__: ClassVar[Any] = "users"

    login: str = Field(primary_key=True)
    name: str
    roles: Any = Field(sa_column=Column(ARRAY(Text), nullable=False))
    owners: Any = Field(sa_column=Column(ARRAY(Text), nullable=False))
    password_hash: str
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    closed_until: datetime | None = Field(default=None, sa_column=_moment())
    added_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    disabled_at: datetime | None = Field(default=None, sa_column=_moment())


class Session(SQLModel, table=True):
    """Somebody signed in, known by the hash of what their browser keeps."""

    __tablename__: ClassVar[Any] = "sessions"

    token_hash: bytes = Field(primary_key=True)
    login: str = Field(foreign_key="users.login")
    begun_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    seen_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    ended_at: datetime | None = Field(default=None, sa_column=_moment())


class UserAction(SQLModel, table=True):
    """What somebody did in the console: to what, why, and what it was before and after."""

    __tablename__: ClassVar[Any] = "user_actions"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    login: str
    action: str
    subject: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    before: Any = Field(default=None, sa_column=Column(JSONB))
    after: Any = Field(default=None, sa_column=Column(JSONB))


class InteractionRow(SQLModel, table=True):
    """What somebody did in chat, from before it is acknowledged until it is worked off; then without what they typed."""

    __tablename__: ClassVar[Any] = "interactions"
    __table_args__ = (Index("interactions_open", "received_at", postgresql_where=text("done_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    way: str
    action: str
    person: str
    subject: str = Field(sa_column=Column(Text, nullable=False))
    message: str
    answer_to: str = Field(sa_column=Column(Text, nullable=False))
    trigger: str
    said: Any = Field(sa_column=Column(JSONB, nullable=False))
    received_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    taken_until: datetime | None = Field(default=None, sa_column=_moment())
    done_at: datetime | None = Field(default=None, sa_column=_moment())
    outcome: str | None = None


class RecordRow(SQLModel, table=True):
    """What a person has put on a deal's record: words that were said elsewhere, by whom, when, where; and who vouches for it."""

    __tablename__: ClassVar[Any] = "records"
    __table_args__ = (_one_of("kind", RecordKind), Index("records_case", "case_id"))

    id: UUID = Field(primary_key=True)
    case_id: UUID
    kind: str
    words: str = Field(sa_column=Column(Text, nullable=False))
    author: str
    said_at: datetime = Field(sa_column=_moment(nullable=False))
    link: str = Field(sa_column=Column(Text, nullable=False))
    by: str
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class Capture(SQLModel, table=True):
    """One look at the company's mailbox: how many letters came, how many of them were put on record; nothing of what they say."""

    __tablename__: ClassVar[Any] = "captures"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    before: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    after: str = Field(sa_column=Column(Text, nullable=False))
    seen: int
    kept: int
    unplaced: int
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))


class Incident(SQLModel, table=True):
    """A field of ours that somebody changed past us, or a record that is gone: hashes only, salted, and the way it went."""

    __tablename__: ClassVar[Any] = "incidents"
    __table_args__ = (
        _one_of("state", IncidentState),
        _one_of("route", Route),
        _one_of("by", Hand),
        Index("incidents_record", "vendor_id", "field"),
        Index("incidents_open", "system", "vendor_id", "field", unique=True, postgresql_where=text("state = 'open'")),
        Index("incidents_case", "case_id"),
        Index("incidents_seen_at", "seen_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    system: str
    kind: str
    vendor_id: str
    entity: str
    field: str
    case_id: UUID
    owner: str
    salt: str
    our_hash: str
    found_hash: str
    by: str
    who: str | None = None
    changed_at: datetime | None = Field(default=None, sa_column=_moment())
    seen_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    route: str
    state: str = IncidentState.OPEN
    decided_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_column=_moment())


class Claim(SQLModel, table=True):
    """An owner's word that a thing of the catalog is theirs in a layer, while it names another one; kept when it is settled."""

    __tablename__: ClassVar[Any] = "claims"
    __table_args__ = (
        _one_of("layer", Layer),
        Index("claims_open", "subject", "layer", "owner", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    subject: str
    layer: str
    owner: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    opened_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    closed_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_by: str | None = None
    closed_as: str | None = Field(default=None, sa_column=Column(Text))


class Look(SQLModel, table=True):
    """When a record was last compared with the ledger, and how many fields of an entity that were."""

    __tablename__: ClassVar[Any] = "looks"

    system: str = Field(primary_key=True)
    vendor_id: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    fields: int
    at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now(), index=True))


UNDECIDED = "'waiting', 'alone', 'accepted', 'overridden'"
"""Outcomes of which it may still be open whether their event will be done."""


class Suggestion(SQLModel, table=True):
    """What was proposed for an event that stopped, why, and what became of it. Retention takes the values and leaves the rest."""

    __tablename__: ClassVar[Any] = "suggestions"
    __table_args__ = (
        _one_of("level", Level),
        _one_of("treatment", Treatment),
        _one_of("outcome", Outcome),
        Index("suggestions_event", "event_id"),
        Index("suggestions_case", "case_id"),
        Index("suggestions_action", "action", "settled_at"),
        Index("suggestions_open", "outcome", postgresql_where=text(f"completed IS NULL AND outcome IN ({UNDECIDED})")),
    )

    exception_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    action: str
    event_id: UUID
    case_id: UUID
    field: str
    was: str | None = Field(default=None, sa_column=Column(Text))
    proposed: str | None = Field(default=None, sa_column=Column(Text))
    confidence: float = Field(sa_column=Column(Float, nullable=False))
    parts: Any = Field(sa_column=Column(JSONB, nullable=False))
    reasons: Any = Field(sa_column=Column(JSONB, nullable=False))
    level: str
    treatment: str
    outcome: str = Outcome.WAITING
    given: str | None = Field(default=None, sa_column=Column(Text))
    by: str | None = None
    made_at: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    settled_at: datetime | None = Field(default=None, sa_column=_moment())
    completed: bool | None = None


class AutonomyLevel(SQLModel, table=True):
    """At which level an action stands, since when, by whom and why; the newest row of an action counts."""

    __tablename__: ClassVar[Any] = "autonomy"
    __table_args__ = (_one_of("level", Level), Index("autonomy_action", "action", "id"))

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    action: str
    level: str
    since: datetime = Field(sa_column=_moment(nullable=False, server_default=func.now()))
    by: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
