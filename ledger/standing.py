"""Where each action stands, on what evidence; how a person moves it, and how it falls back by itself when the evidence breaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.autonomy import Action, Autonomy, Level
from contracts.errors import MisconfiguredError
from ledger.correcting import HOUSE, level_of
from ledger.database import Books, Ledger
from ledger.exceptions import NewException
from lifecycle.autonomy import CAUSE, Figures, Told, above, below, broken, figures, require_step

EVERY_ONE = 1_000_000
NEWEST = 500
"""Outcomes by which an action may fall back: it is looked at every second."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
ROUTE = "look at what was wrong with `towline autonomy {0}`; confirm where it stands with `towline autonomy {0} {1} --by {2}`"


@dataclass(frozen=True, slots=True)
class Standing:
    """An action with its level, since when, what was told of its proposals, the newest first, and the time now."""

    name: str
    action: Action
    level: Level
    since: datetime
    told: Sequence[Told]
    now: datetime

    @property
    def next_level(self) -> Level | None:
        """The level above, None at the action's ceiling."""
        return above(self.level) if self.level.rank < self.action.ceiling.rank else None

    def evidence_for(self, level: Level) -> Figures:
        """Return what speaks for a level above: all that was told since the action stands where it does."""
        return figures(self.told, from_confidence=self.action.threshold(level), since=self.since)

    def evidence_of_now(self) -> Figures:
        """Return what the level stands on: what was told in the last weeks, as many as the evidence covers."""
        lately = self.now - timedelta(weeks=self.action.evidence.weeks)
        return figures(self.told, from_confidence=self.action.threshold(self.level), since=max(self.since, lately))


async def standings(books: Books, autonomy: Autonomy, names: Iterable[str], *, newest: int = EVERY_ONE) -> list[Standing]:
    """Return where these actions stand, each with its newest outcomes.

    Raises:
        MisconfiguredError: there is no such action.
    """
    levels, now = await books.suggestions.levels(), await books.suggestions.now()
    found = []
    for name in names:
        if (action := autonomy.actions.get(name)) is None:
            raise MisconfiguredError(f"there is no action {name}; choose one of {', '.join(autonomy.actions)}")
        row = levels.get(name)
        rows = await books.suggestions.told(name, action.decides, limit=newest)
        told = [Told(float(one.confidence), bool(one.is_right), one.at, one.completed) for one in rows]
        found.append(Standing(name, action, level_of(action, row), row.since if row else BEGINNING, told, now))
    return found


async def move(ledger: Ledger, autonomy: Autonomy, name: str, wanted: Level, *, by: str, reason: str) -> Standing:
    """Put an action on a level, or confirm where it fell to; return where it stood before.

    Raises:
        MisconfiguredError: there is no such action, or no reason.
        RefusedError: it may not go there; the text names what is missing.
    """
    async with ledger.begin() as books:
        await books.suggestions.one_at_a_time()
        (standing,) = await standings(books, autonomy, [name])
        require_step(name, standing.action, standing.level, wanted, by, standing.evidence_for(wanted))
        if wanted is not standing.level:
            if not reason.strip():
                raise MisconfiguredError("say why with --reason; it stays written down")
            await books.suggestions.stand(name, wanted, by=by, reason=reason.strip())
        await books.exceptions.close_cause(f"{CAUSE}{name}", closed_as=f"{wanted} by {by}")
    return standing


async def fall_back(ledger: Ledger, autonomy: Autonomy) -> list[str]:
    """Take each action down a level whose evidence does not hold any more, and tell its owner which clause broke; return them.

    Raises:
        RetryableError: the ledger is not available; nothing was written.
    """
    fallen, machines = [], [name for name, action in autonomy.actions.items() if action.stops]
    async with ledger.begin() as books:
        await books.suggestions.one_at_a_time()
        for one in await standings(books, autonomy, machines, newest=NEWEST):
            lower = below(one.level)
            if lower is None or not (why := broken(one.action, one.evidence_of_now())):
                continue
            reason = f"{one.name} fell back from “{one.level}” to “{lower}”: {'; '.join(why)}"
            await books.suggestions.stand(one.name, lower, by=HOUSE, reason="; ".join(why))
            await books.exceptions.close_cause(f"{CAUSE}{one.name}", closed_as="fell further")
            await books.exceptions.open([_exception(one, lower, reason)])
            fallen.append(one.name)
    return fallen


def _exception(standing: Standing, lower: Level, reason: str) -> NewException:
    return NewException(
        event_id=None,
        case_id=None,
        event_type=standing.name,
        contract="",
        cause=f"{CAUSE}{standing.name}",
        reason=reason,
        route=ROUTE.format(standing.name, lower, standing.action.owner),
        owner=standing.action.owner,
    )
