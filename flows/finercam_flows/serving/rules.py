"""What `prefect.yaml` asks of the server itself, beside its deployments: concurrency limits and alerts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from prefect.client.orchestration import PrefectClient, get_client
from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finercam_core.errors import ServeError
from finercam_core.suggestions import did_you_mean
from finercam_flows.serving.alerts import Alerts, apply_alerts
from finercam_flows.serving.config import Deployment, content_of
from finercam_flows.serving.entrypoint import sentences
from finercam_flows.serving.limits import apply_limits
from finercam_flows.serving.server import DEFAULT_URL, answers

PREFECTS = ("name", "prefect-version", "build", "push", "pull", "definitions", "deployments")
OWN = ("limits", "alerts", "allow_factories")


class Rules(BaseModel):
    """Rules of the server, as they are written in the file.

    Attributes
    ----------
    limits : mapping of str to int
        Shards that are computed at a time, by ``gpu`` or a store's location.
    alerts : Alerts, optional
    """

    model_config = ConfigDict(extra="forbid")

    limits: Mapping[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    alerts: Alerts | None = None


def read_rules(path: Path) -> Rules:
    """Read the rules of a file.

    Raises
    ------
    ServeError
        If it cannot be read, a rule is invalid, or a field is none that Prefect or finercam knows.
    """
    content = content_of(path)
    unknown = [str(key) for key in content if key not in (*PREFECTS, *OWN)]
    if unknown:
        remedy = did_you_mean(unknown[0], [*OWN, *PREFECTS]) or f"finercam's own are {', '.join(OWN)}"
        raise ServeError(f"{path.name} has an unknown field {unknown[0]!r}", remedy)
    try:
        return Rules.model_validate({key: content[key] for key in ("limits", "alerts") if content.get(key)})
    except ValidationError as error:
        raise ServeError(f"{path.name}: {sentences(error)[0]}", "correct it and start again") from error


async def apply_rules(client: PrefectClient, rules: Rules, deployments: Sequence[Deployment]) -> list[str]:
    """Write the rules to a server that has the deployments; one sentence for each."""
    said = await apply_limits(client, rules.limits)
    return said if rules.alerts is None else [*said, *await apply_alerts(client, rules.alerts, deployments)]


async def set_up(rules: Rules, deployments: Sequence[Deployment]) -> list[str]:
    """Write the rules to the server at `PREFECT_API_URL`, to which `prefect deploy` gave the deployments.

    Raises
    ------
    ServeError
        If no server answers there, or it lacks a deployment or the block of the alerts.
    """
    url = (PREFECT_API_URL.value() or DEFAULT_URL).rstrip("/")
    if not answers(url):
        raise ServeError(f"no Prefect server answers at {url}", "set PREFECT_API_URL to the server of the work pools")
    async with get_client() as client:
        return await apply_rules(client, rules, deployments)
