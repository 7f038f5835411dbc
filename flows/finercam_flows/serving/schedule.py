"""Schedules of deployments: cron, interval or rrule, with a time zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from prefect.schedules import Schedule
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from prefect.types import DateTime
from pydantic import BaseModel, ConfigDict, Field

from finercam_core.errors import ServeError

AHEAD = 60
"""Starts that are looked at for the longest pause of a schedule: two months of a nightly one."""


class ScheduleEntry(BaseModel):
    """A schedule as it is written in the file, with Prefect's names."""

    model_config = ConfigDict(extra="forbid")

    cron: str | None = None
    interval: timedelta | None = None
    rrule: str | None = None
    timezone: str = "UTC"
    anchor_date: datetime | None = None
    day_or: bool = True
    active: bool = True
    parameters: dict[str, Any] = Field(default_factory=dict)
    slug: str | None = None


_HINTS = {
    "cron": "it has five fields: minute, hour, day, month, day of the week, such as 0 2 * * *",
    "rrule": "see RFC 5545; such as FREQ=WEEKLY;BYDAY=SU;BYHOUR=3",
    "interval": "give seconds, such as 3600",
}


def schedule_of(entry: ScheduleEntry, deployment: str) -> Schedule:
    """Make Prefect's schedule.

    Parameters
    ----------
    entry : ScheduleEntry
    deployment : str
        Names the file and the deployment in the error.

    Raises
    ------
    ServeError
        If there is not exactly one of cron, interval and rrule, or it or the time zone is invalid.
    """
    kinds = {kind: getattr(entry, kind) for kind in _HINTS if getattr(entry, kind) is not None}
    if len(kinds) != 1:
        written = " and ".join(kinds) or "neither cron nor interval nor rrule"
        raise ServeError(f"{deployment}: a schedule has {written}", "give one of them, such as cron: 0 2 * * *")
    if entry.timezone not in available_timezones():
        raise ServeError(f"{deployment}: there is no time zone {entry.timezone!r}", "give a name such as Europe/Berlin")
    ((kind, value),) = kinds.items()
    if kind == "interval" and value <= timedelta(0):
        raise ServeError(f"{deployment}: the interval {value} is not positive", _HINTS[kind])
    try:
        return Schedule(
            cron=entry.cron, interval=entry.interval, rrule=entry.rrule, timezone=entry.timezone,
            anchor_date=entry.anchor_date or datetime.now(UTC), day_or=entry.day_or, active=entry.active,
            parameters=entry.parameters, slug=entry.slug,
        )  # fmt: skip
    except ValueError as error:
        raise ServeError(f"{deployment}: invalid {_NAMES[kind]} {value!r}", _HINTS[kind]) from error


_NAMES = {"cron": "cron expression", "rrule": "recurrence rule", "interval": "interval"}


def describe(schedule: Schedule) -> str:
    """The schedule as it is written in the file, with its time zone."""
    rule = schedule.cron or schedule.rrule or f"every {schedule.interval}"
    return f"{rule}  ({schedule.timezone})" + ("" if schedule.active else ", paused")


async def next_start(schedules: Sequence[Schedule]) -> datetime | None:
    """When the first of the active schedules fires next, in its own time zone; None if none is active."""
    starts: list[datetime] = []
    for schedule in schedules:
        if schedule.active:
            dates = await _calendar(schedule).get_dates(1, start=datetime.now(UTC))
            starts += [date.astimezone(ZoneInfo(schedule.timezone or "UTC")) for date in dates]
    return min(starts, default=None)


async def longest_gap(schedules: Sequence[Schedule]) -> timedelta | None:
    """Longest pause between two starts of the schedule that fires most evenly; None if none is active."""
    gaps = [await _gap(schedule) for schedule in schedules if schedule.active]
    return min((gap for gap in gaps if gap is not None), default=None)


async def _gap(schedule: Schedule) -> timedelta | None:
    times = [date.timestamp() for date in await _calendar(schedule).get_dates(AHEAD, start=datetime.now(UTC))]
    return max((timedelta(seconds=later - earlier) for earlier, later in pairwise(times)), default=None)


def _calendar(schedule: Schedule) -> CronSchedule | IntervalSchedule | RRuleSchedule:
    zone = schedule.timezone
    if schedule.cron is not None:
        return CronSchedule(cron=schedule.cron, timezone=zone, day_or=schedule.day_or)
    if schedule.rrule is not None:
        return RRuleSchedule(rrule=schedule.rrule, timezone=zone)
    assert schedule.interval is not None
    anchor = DateTime.fromisoformat(schedule.anchor_date.isoformat())
    return IntervalSchedule(interval=schedule.interval, anchor_date=anchor, timezone=zone)
