"""Budgets of vendors' accounts: every process draws its calls here, each with one statement, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.budgets import SLOT, Ask, Drawn

NOW = """
  (SELECT greatest(b.at, extract(epoch FROM clock_timestamp())::float8) AS now) AS c,
  LATERAL (SELECT floor(c.now / {slot})::bigint AS slot) AS s,
  LATERAL (SELECT least(s.slot - floor(b.at / {slot})::bigint, b.slots)::integer AS gone) AS g,
  LATERAL (SELECT least(b.size, b.remaining + b.rate * (c.now - b.at)
    + (SELECT coalesce(sum(x), 0) FROM unnest(b.coming[1:g.gone]) AS x)) AS remaining) AS l"""
"""What is left now: what came back evenly, and what came back as a whole in the slots of time that have gone by."""

DRAW = """
UPDATE budgets AS b SET (at, remaining, granted, coming) = (
  SELECT c.now, h.remaining - t.take, t.take,
    ARRAY(SELECT coalesce(b.coming[i + g.gone], 0) + CASE WHEN i = b.slots THEN t.take ELSE 0 END
                 - CASE WHEN i = p.place THEN u.unused ELSE 0 END
          FROM generate_series(1, b.slots) AS i ORDER BY i)
  FROM {now},
  LATERAL (SELECT b.slots - s.slot + CAST(:mark AS bigint) AS place) AS p,
  LATERAL (SELECT CASE WHEN b.slots = 0 OR p.place BETWEEN 1 AND b.slots THEN CAST(:unused AS integer) ELSE 0 END AS unused) AS u,
  LATERAL (SELECT least(b.size, l.remaining + u.unused) AS remaining) AS h,
  LATERAL (SELECT floor(h.remaining - CAST(:reserve AS float8) * b.size) AS most) AS m,
  LATERAL (SELECT CASE WHEN b.held_until > c.now OR m.most < CAST(:cost AS integer) THEN 0
    ELSE least(m.most, greatest(CAST(:needed AS integer), least(CAST(:ahead AS integer), floor(h.remaining / 20)))) END::integer
    AS take) AS t)
WHERE b.name = :name AND b.size = :size AND b.rate = :rate AND b.slots = :slots
RETURNING granted, remaining, greatest(held_until - at, 0) AS held, floor(at / {slot})::bigint AS mark
"""
"""The row is locked first and read then, so that two processes never get the same call."""

FILL = """
INSERT INTO budgets (name, size, rate, slots, remaining, at, coming, granted)
VALUES (:name, :size, :rate, :slots, CAST(:size AS integer), extract(epoch FROM clock_timestamp()),
  array_fill(0, ARRAY[CAST(:slots AS integer)]), 0)
ON CONFLICT (name) DO UPDATE SET size = excluded.size, rate = excluded.rate, slots = excluded.slots,
  remaining = excluded.remaining, coming = excluded.coming
WHERE (budgets.size, budgets.rate, budgets.slots) <> (excluded.size, excluded.rate, excluded.slots)
"""
HOLD = """
UPDATE budgets SET held_until = greatest(held_until, extract(epoch FROM clock_timestamp()) + CAST(:seconds AS float8))
WHERE name = :name
"""
STANDING = """
SELECT b.name, l.remaining AS "left", b.size, greatest(b.held_until - c.now, 0) AS held_seconds
FROM budgets AS b, LATERAL {now} ORDER BY b.name
"""


def _statement(words: str) -> TextClause:
    return text(words.format(now=NOW.format(slot=SLOT).lstrip(), slot=SLOT))


DRAWN, FILLED, HELD, STANDS = map(_statement, (DRAW, FILL, HOLD, STANDING))


class Budgets:
    """Questions and changes on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def draw(self, ask: Ask) -> Drawn:
        """Give calls away, each once; a limit that nobody has drawn of yet, or that has changed in its file, begins full."""
        limit = {"name": ask.name, "size": ask.limit.size, "rate": ask.limit.rate or 0.0, "slots": ask.limit.slots}
        asked = {"cost": ask.cost, "needed": ask.needed, "ahead": ask.ahead, "reserve": ask.reserve}
        back = {"unused": ask.unused, "mark": ask.mark}
        while (row := (await self._connection.execute(DRAWN, limit | asked | back)).one_or_none()) is None:
            await self._connection.execute(FILLED, limit)
        return Drawn(row.granted, row.remaining, row.held, row.mark)

    async def hold(self, name: str, seconds: float) -> None:
        """Give nothing of a limit away for so long."""
        await self._connection.execute(HELD, {"name": name, "seconds": seconds})

    async def standing(self) -> Sequence[Row[Any]]:
        """Return what is left of each limit that was ever drawn of: calls, of how many, and for how long they are held back."""
        return (await self._connection.execute(STANDS)).all()
