"""Runs that fall silent are marked as crashed by the Prefect server itself, by an automation on their heartbeats."""

from datetime import timedelta

from prefect.automations import AutomationCore
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture

NAME = "finercam: runs that fell silent"
BEAT_SECONDS = 30  # the shortest that Prefect allows
SILENT = timedelta(seconds=4 * BEAT_SECONDS)
TAG = "finercam"  # of the deployments that are watched
_BEAT = "prefect.flow-run.heartbeat"
_ENDS = ("Completed", "Failed", "Crashed", "Cancelled", "Paused", "Suspended", "AwaitingRetry")


async def watch_heartbeats(client: PrefectClient) -> None:
    """Have the server end runs that gave signs of life and then none, such as those of a machine that was unplugged."""
    trigger = EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
        for_each={"prefect.resource.id"},
        after={_BEAT},
        expect={_BEAT, *(f"prefect.flow-run.{end}" for end in _ENDS)},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENT,
    )
    message = f"no sign of life for {SILENT.seconds} s; the next run does what is left"
    wanted = AutomationCore(
        name=NAME, description="Made by `finercam serve`.", trigger=trigger,
        actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)],
    )  # fmt: skip
    for old in await client.read_automations_by_name(NAME):
        await client.delete_automation(old.id)
    await client.create_automation(wanted)
