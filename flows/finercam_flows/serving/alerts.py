"""Prefect's automations that tell somebody: when a run fails, and when a scheduled one did not come about in time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import SendNotification
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel, ConfigDict, Field

from finercam_core.errors import ServeError
from finercam_flows.serving.config import Deployment
from finercam_flows.serving.schedule import longest_gap

FAILED = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}
COMPLETED = {"prefect.flow-run.Completed"}
SHORTEST = timedelta(seconds=10)  # Prefect's own bound
_FAILURE = (
    "Run {{ flow_run.name }} of {{ flow.name }} ended as {{ flow_run.state.name }}: {{ flow_run.state.message }} "
    "The artifact `failure` on its page says what to do: {{ flow_run | ui_url }}"
)


class Alerts(BaseModel):
    """Who is told by the server, as it is written in the file.

    Attributes
    ----------
    notify : str
        A notification block of the server, as ``type/name``: ``slack-webhook/curators``.
    grace_hours : float
        A scheduled deployment is silent when no run of it completed for the longest pause of its schedule and these
        hours: 26 for a nightly run.
    """

    model_config = ConfigDict(extra="forbid")

    notify: str = Field(pattern=r"^[a-z0-9-]+/[^/]+$")
    grace_hours: float = Field(default=2.0, gt=0)


async def apply_alerts(client: PrefectClient, alerts: Alerts, deployments: Sequence[Deployment]) -> list[str]:
    """Write the automations to the server; those of the same names are changed.

    Parameters
    ----------
    client : PrefectClient
    alerts : Alerts
    deployments : sequence of Deployment
        They must be on the server.

    Returns
    -------
    list of str
        One sentence for each.

    Raises
    ------
    ServeError
        If the server has no such block, or not one of the deployments.
    """
    block = await _block(client, alerts.notify)
    identifiers = {each.title: await _identifier(client, each.title) for each in deployments}
    wanted = [_of_failure(title, identifier, block) for title, identifier in identifiers.items()]
    for each in deployments:
        gap = None if each.paused else await longest_gap(each.schedules)
        if gap is not None:
            silence = max(gap + timedelta(hours=alerts.grace_hours), SHORTEST)
            wanted.append(_of_silence(each.title, identifiers[each.title], block, silence))
    for automation in wanted:
        await _write(client, automation)
    return [f"{alerts.notify} is told: {automation.name}" for automation in wanted]


async def remove_alerts(client: PrefectClient, title: str) -> None:
    """Delete the automations of a deployment that is served no more."""
    for name in (_failure_name(title), _silence_name(title)):
        for found in await client.read_automations_by_name(name):
            await client.delete_automation(found.id)


def _failure_name(title: str) -> str:
    return f"finercam: a run of {title} failed"


def _silence_name(title: str) -> str:
    return f"finercam: no run of {title}"


def _of_failure(title: str, deployment: UUID, block: UUID) -> AutomationCore:
    return AutomationCore(
        name=_failure_name(title),
        description="A run ended without its result.",
        trigger=EventTrigger(expect=FAILED, match_related=_of(deployment), posture=Posture.Reactive, threshold=1),
        actions=[SendNotification(block_document_id=block, subject=_failure_name(title), body=_FAILURE)],
    )


def _of_silence(title: str, deployment: UUID, block: UUID, silence: timedelta) -> AutomationCore:
    hours = f"{silence / timedelta(hours=1):.4g} hours"
    body = (
        f"No run of {title} has completed for {hours}. See whether `finercam serve` or the worker of its work pool is "
        f"alive, and start a run with: prefect deployment run '{title}'"
    )
    return AutomationCore(
        name=_silence_name(title),
        description=f"No run has completed for {hours}.",
        trigger=EventTrigger(
            expect=COMPLETED, match_related=_of(deployment), posture=Posture.Proactive, threshold=1, within=silence
        ),
        actions=[SendNotification(block_document_id=block, subject=f"{_silence_name(title)} for {hours}", body=body)],
    )


def _of(deployment: UUID) -> dict[str, str | list[str]]:
    return {"prefect.resource.id": f"prefect.deployment.{deployment}", "prefect.resource.role": "deployment"}


async def _block(client: PrefectClient, notify: str) -> UUID:
    kind, _, name = notify.partition("/")
    try:
        return (await client.read_block_document_by_name(name, kind)).id
    except ObjectNotFound as error:
        raise ServeError(
            f"the Prefect server has no notification block {notify}",
            "make it under Blocks on its pages, or correct alerts.notify in prefect.yaml",
        ) from error


async def _identifier(client: PrefectClient, title: str) -> UUID:
    try:
        return (await client.read_deployment_by_name(title)).id
    except ObjectNotFound as error:
        raise ServeError(f"the Prefect server has no deployment {title}", "run: prefect deploy --all") from error


async def _write(client: PrefectClient, automation: AutomationCore) -> None:
    found = await client.read_automations_by_name(automation.name)
    if found:
        await client.update_automation(found[0].id, automation)
    else:
        await client.create_automation(automation)
