"""Schedules of deployments: cron, interval or rrule, with a time zone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from prefect.schedules import Schedule
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from prefect.types import DateTime
from pydantic import BaseModel, ConfigDict, Field

from finercam_core.errors import ServeError


class Timing(BaseModel):
    """A schedule in Prefect's own words."""

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


def schedule_of(timing: Timing, where: str) -> Schedule:
    """Make Prefect's schedule.

    Parameters
    ----------
    timing : Timing
    where : str
        Names the deployment in the error.

    Raises
    ------
    ServeError
        If there is not exactly one of cron, interval and rrule, or it or the time zone is none.
    """
    given = {key: getattr(timing, key) for key in ("cron", "interval", "rrule") if getattr(timing, key) is not None}
    if len(given) != 1:
        has = " and ".join(given) or "neither cron nor interval nor rrule"
        raise ServeError(f"{where}: a schedule has {has}", "give one of them, such as cron: 0 2 * * *")
    if timing.timezone not in available_timezones():
        raise ServeError(f"{where}: there is no time zone {timing.timezone!r}", "give a name such as Europe/Berlin")
    kind, value = next(iter(given.items()))
    if kind == "interval" and value <= timedelta(0):
        raise ServeError(f"{where}: the interval {value} is not positive", _SUCH_AS[kind])
    try:
        return Schedule(
            cron=timing.cron, interval=timing.interval, rrule=timing.rrule, timezone=timing.timezone,
            anchor_date=timing.anchor_date or datetime.now(UTC), day_or=timing.day_or, active=timing.active,
            parameters=timing.parameters, slug=timing.slug,
        )  # fmt: skip
    except ValueError as error:
        raise ServeError(f"{where}: {value!r} is no {kind} that can be used", _SUCH_AS[kind]) from error


_SUCH_AS = {
    "cron": "it has five fields: minute, hour, day, month, day of the week, such as 0 2 * * *",
    "rrule": "see RFC 5545; such as FREQ=WEEKLY;BYDAY=SU;BYHOUR=3",
    "interval": "give seconds, such as 3600",
}


def in_words(schedule: Schedule) -> str:
    """The schedule as the file has it, with its time zone."""
    when = schedule.cron or schedule.rrule or f"every {schedule.interval}"
    return f"{when}  ({schedule.timezone})" + ("" if schedule.active else ", paused")


async def next_start(schedules: tuple[Schedule, ...]) -> datetime | None:
    """When the first of the schedules fires next, in its own time zone."""
    dates: list[datetime] = []
    for one in schedules:
        if one.active:
            found = await _calendar(one).get_dates(1, start=datetime.now(UTC))
            dates += [date.astimezone(ZoneInfo(one.timezone or "UTC")) for date in found]
    return min(dates, default=None)


def _calendar(schedule: Schedule) -> CronSchedule | IntervalSchedule | RRuleSchedule:
    zone = schedule.timezone
    if schedule.cron is not None:
        return CronSchedule(cron=schedule.cron, timezone=zone, day_or=schedule.day_or)
    if schedule.rrule is not None:
        return RRuleSchedule(rrule=schedule.rrule, timezone=zone)
    assert schedule.interval is not None
    anchor = DateTime.fromisoformat(schedule.anchor_date.isoformat())
    return IntervalSchedule(interval=schedule.interval, anchor_date=anchor, timezone=zone)
