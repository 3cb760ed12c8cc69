"""The daily digest: how far deliveries are, what waits for a decision, and what is overdue."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from lifecycle.digest import since_the_last
from runtime.wiring import runtime
from tasks.batch import waits
from tasks.digest import post, read_news
from tasks.holding import paused
from tasks.options import FLOW

ANY_DAY, ANYWHERE = "0 8 * * 1-5", "UTC"
"""The working day where the catalog schedules no digest, so that a person can still ask for one."""


@flow(name="digest", description="Tell each channel of milestones, waiting decisions and overdue invoices.", **FLOW)
async def digest(today: date | None = None) -> State[None]:
    """Post one message a channel about the time since the last working day; nothing to say, no message.

    Args:
        today: The day to run it for, if not this one
    """
    operation = next(one for one in runtime().catalog.operations if one.flow == "digest")
    cron, zone = operation.at or ANY_DAY, operation.zone or ANYWHERE
    day = today or datetime.now(ZoneInfo(zone)).date()
    news = await read_news(day, *since_the_last(day, cron, zone))
    for channel, told in news.items():
        if why := await paused("chat"):
            return waits(f"{why}: not all channels were told of {day}; run it for that day again when it may go on")
        await post(day, channel, told)
    return Completed(message=f"told {len(news)} channels")
