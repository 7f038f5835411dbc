"""What a killed `finercam serve` left behind: orphaned runs, missed nights, deployments no longer in the file."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

FILE = "served.json"


async def pause_retired(client: PrefectClient, served: dict[str, UUID], folder: Path) -> list[str]:
    """Pause what was served from this folder the last time and is not any more.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    served : dict
        Titles of the deployments that are served now, and their ids.
    folder : Path
        Where the list of the last time is kept; it is replaced.

    Returns
    -------
    list of str, the titles of the deployments that were paused.
    """
    file = folder / FILE
    before: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    paused = []
    for title in sorted(before.keys() - served.keys()):
        try:
            await client.pause_deployment(UUID(before[title]))
        except ObjectNotFound:  # deleted in the pages, or another server
            continue
        paused.append(title)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({title: str(one) for title, one in served.items()}, indent=1), encoding="utf-8")
    partial.replace(file)
    return paused


MISSED_AFTER = timedelta(minutes=1)
PAGE = 200
LOST = "`finercam serve` was killed while this run went on; the next run does what is left"


async def end_lost_runs(client: PrefectClient, deployments: Collection[UUID]) -> list[FlowRun]:
    """Mark as crashed what says that it runs; call it before a runner is started, when nothing can run.

    That also gives back the places that such runs hold in their deployment's concurrency limit.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    deployments : collection of UUID
        Served by this process and by no other.

    Returns
    -------
    list of FlowRun, as they were.
    """
    active = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    lost = await _runs(client, deployments, {"state": {"type": {"any_": active}}})
    for run in lost:
        await client.set_flow_run_state(run.id, Crashed(message=LOST), force=True)
    return lost


async def skip_missed_runs(client: PrefectClient, deployments: Collection[UUID]) -> list[FlowRun]:
    """Cancel scheduled runs whose time passed while nobody served, but for the last of each deployment.

    A run does all that is new, so that one makes up for a week.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    deployments : collection of UUID

    Returns
    -------
    list of FlowRun, the runs cancelled.
    """
    before = {"before_": (datetime.now(UTC) - MISSED_AFTER).isoformat()}
    late = await _runs(
        client, deployments, {"state": {"type": {"any_": [StateType.SCHEDULED]}}, "expected_start_time": before}
    )
    late = [run for run in late if run.auto_scheduled and run.run_count == 0]
    skipped = list(_all_but_last(late))
    for run in skipped:
        message = "missed while `finercam serve` was not running; a later run does its work"
        await client.set_flow_run_state(run.id, Cancelled(message=message), force=True)
    return skipped


async def _runs(client: PrefectClient, deployments: Collection[UUID], which: dict[str, object]) -> list[FlowRun]:
    chosen = {**which, "deployment_id": {"any_": list(deployments)}}
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(chosen), sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE, offset=len(found),
        )  # fmt: skip
        found += page
        if len(page) < PAGE:
            return found


def _all_but_last(runs: list[FlowRun]) -> Iterator[FlowRun]:
    key = lambda run: str(run.deployment_id)  # noqa: E731
    for _, of_one in groupby(sorted(runs, key=key), key=key):  # sorted keeps the order of time
        yield from list(of_one)[:-1]
