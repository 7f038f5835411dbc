"""What a `finercam serve` that ended left behind: orphaned runs, missed runs, deployments no longer in the file."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

from prefect.automations import AutomationCore
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from finercam_core.io.atomic import write_whole

TAG = "finercam"  # of the deployments whose runs are watched
ORPHANED = "`finercam serve` was killed during this run; the next run does what is left"
MISSED = "missed while `finercam serve` was not running; a later run does its work"
MISSED_AFTER = timedelta(minutes=1)
PAGE = 200  # runs per answer of the server


async def end_orphaned_runs(client: PrefectClient, deployments: Collection[UUID]) -> list[FlowRun]:
    """Mark as crashed all runs that are recorded as running.

    Call it before a runner is started, when none of them can be running. This also frees the slots that such runs hold
    in the concurrency limit of their deployment.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    deployments : collection of UUID
        Served by this process and by no other.

    Returns
    -------
    list of FlowRun
        The orphaned runs, as they were before.
    """
    active = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    orphaned = await _runs(client, deployments, {"state": {"type": {"any_": active}}})
    for run in orphaned:
        await client.set_flow_run_state(run.id, Crashed(message=ORPHANED), force=True)
    return orphaned


async def skip_missed_runs(client: PrefectClient, deployments: Collection[UUID]) -> list[FlowRun]:
    """Cancel all scheduled runs that are overdue, except the last of each deployment.

    A run does everything that is new, so that one makes up for a week.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    deployments : collection of UUID

    Returns
    -------
    list of FlowRun
        The cancelled runs.
    """
    before = {"before_": (datetime.now(UTC) - MISSED_AFTER).isoformat()}
    overdue = await _runs(
        client, deployments, {"state": {"type": {"any_": [StateType.SCHEDULED]}}, "expected_start_time": before}
    )
    overdue = [run for run in overdue if run.auto_scheduled and run.run_count == 0]
    missed = list(_all_but_last(overdue))
    for run in missed:
        await client.set_flow_run_state(run.id, Cancelled(message=MISSED), force=True)
    return missed


async def _runs(
    client: PrefectClient, deployments: Collection[UUID], conditions: Mapping[str, object]
) -> list[FlowRun]:
    """All runs of the deployments that satisfy the conditions, in the order of their scheduled time."""
    run_filter = FlowRunFilter.model_validate({**conditions, "deployment_id": {"any_": list(deployments)}})
    runs: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=run_filter, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=PAGE, offset=len(runs)
        )
        runs += page
        if len(page) < PAGE:
            return runs


def _all_but_last(runs: list[FlowRun]) -> Iterator[FlowRun]:
    def deployment(run: FlowRun) -> str:
        return str(run.deployment_id)

    for _, group in groupby(sorted(runs, key=deployment), key=deployment):  # sorting keeps the order of time
        yield from list(group)[:-1]


HEARTBEAT_SECONDS = 30  # the shortest interval that Prefect allows
SILENT_AFTER = timedelta(seconds=4 * HEARTBEAT_SECONDS)
AUTOMATION = "finercam: runs that fell silent"
_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDS = ("Completed", "Failed", "Crashed", "Cancelled", "Paused", "Suspended", "AwaitingRetry")


async def watch_heartbeats(client: PrefectClient) -> None:
    """Have the server mark runs as crashed whose heartbeats cease, such as those of a machine that was unplugged.

    This is an automation on the server; one made by an earlier `finercam serve` is replaced.
    """
    trigger = EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
        for_each={"prefect.resource.id"},
        after={_HEARTBEAT},
        expect={_HEARTBEAT, *(f"prefect.flow-run.{end}" for end in _ENDS)},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENT_AFTER,
    )
    message = f"no heartbeat for {SILENT_AFTER.seconds} s; the next run does what is left"
    crash = ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)
    for automation in await client.read_automations_by_name(AUTOMATION):
        await client.delete_automation(automation.id)
    await client.create_automation(
        AutomationCore(name=AUTOMATION, description="Made by `finercam serve`.", trigger=trigger, actions=[crash])
    )


SERVED = "served.json"


async def pause_retired(client: PrefectClient, served: Mapping[str, UUID], folder: Path) -> list[str]:
    """Pause the deployments that were served from this folder the last time and are no longer served.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    served : mapping of str to UUID
        Titles and ids of the deployments that are served now.
    folder : Path
        Where the list of the last time is kept; it is replaced.

    Returns
    -------
    list of str
        Titles of the deployments that were paused.
    """
    path = folder / SERVED
    before: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    paused = []
    for title in sorted(before.keys() - served.keys()):
        try:
            await client.pause_deployment(UUID(before[title]))
        except ObjectNotFound:  # deleted by somebody, or the records of another server
            continue
        paused.append(title)
    write_whole(path, json.dumps({title: str(id) for title, id in served.items()}, indent=1))
    return paused
