"""`prefect.yaml`: read, checked, and turned into deployments; every error is one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.flows import Flow
from prefect.schedules import Schedule
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from finercam_core.errors import ServeError
from finercam_flows.serving.entrypoint import flow_at, parameter_errors, sentences
from finercam_flows.serving.schedule import ScheduleEntry, schedule_of


class ConcurrencyLimit(BaseModel):
    """How many runs of a deployment go on at a time, and what happens to further ones."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(ge=1)
    collision_strategy: ConcurrencyLimitStrategy = ConcurrencyLimitStrategy.ENQUEUE
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class WorkPool(BaseModel):
    """Where `prefect deploy` sends the runs of a deployment, and what their jobs are given."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    work_queue_name: str | None = None
    job_variables: dict[str, JsonValue] = Field(default_factory=dict)


class DeploymentEntry(BaseModel):
    """A deployment as it is written in the file, with Prefect's names.

    `work_pool`, `build`, `push` and `pull` are for `prefect deploy`, which reads the same file.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[^/%]+$")
    entrypoint: str = Field(min_length=1)
    description: str | None = None
    version: str | None = None
    tags: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    schedules: list[ScheduleEntry] = Field(default_factory=list)
    paused: bool = False
    concurrency_limit: Annotated[int, Field(ge=1)] | ConcurrencyLimit | None = None
    work_pool: WorkPool | None = None
    build: JsonValue = None
    push: JsonValue = None
    pull: JsonValue = None


@dataclass(frozen=True)
class Deployment:
    """A deployment that can be served.

    Attributes
    ----------
    flow : prefect.Flow
    name : str
        Prefect calls the deployment ``<flow's name>/<name>``.
    parameters : dict
        Names and values of the flow's parameters, as written in the file.
    schedules : tuple of prefect.schedules.Schedule
    description, version : str, optional
    tags : tuple of str
    paused : bool
        Whether its schedules are off.
    concurrency_limit : int or ConcurrencyLimitConfig, optional
        Runs at the same time.
    pool : str
        Name of the work pool that `prefect deploy` gives it to; "" for none.
    """

    flow: Flow[..., Any]
    name: str
    parameters: dict[str, Any]
    schedules: tuple[Schedule, ...]
    description: str | None
    version: str | None
    tags: tuple[str, ...]
    paused: bool
    concurrency_limit: int | ConcurrencyLimitConfig | None
    pool: str = ""

    @property
    def title(self) -> str:
        """What Prefect calls it."""
        return f"{self.flow.name}/{self.name}"


def missing_inputs(deployments: Sequence[Deployment]) -> list[str]:
    """One sentence for each catalog or store that runs read, that does not exist, and that no deployment makes."""
    made = {str(each.parameters.get("store")) for each in deployments if each.flow.name == "annotate"}
    needed = {
        (key, str(each.parameters[key]))
        for each in deployments
        for key in ("catalog", "store")
        if key in each.parameters
    }
    return [
        f"there is no {key} {path} yet; runs that read it fail until there is"
        for key, path in sorted(needed)
        if path not in made and "://" not in path and not Path(path).exists()
    ]


def read_config(path: Path) -> list[Deployment]:
    """Read the deployments of a file.

    Parameters
    ----------
    path : Path
        A YAML file with Prefect's fields: `deployments`, each with `name`, `entrypoint`, `parameters`, `schedules`,
        `concurrency_limit`, `description`, `tags`, `version`, `paused`.

    Returns
    -------
    list of Deployment
        At least one.

    Raises
    ------
    ServeError
        If the file is missing or is not such a YAML file, or if a flow, field, schedule or parameter in it is invalid.
    """
    deployments = [
        _deployment(entry, f"{path.name}, deployment {_label(entry, i)}") for i, entry in enumerate(_entries(path))
    ]
    titles = [deployment.title for deployment in deployments]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ServeError(f"{path.name} has two deployments called {twice[0]}", "give each a name of its own")
    return deployments


def _entries(path: Path) -> list[Any]:
    entries = content_of(path).get("deployments")
    if not isinstance(entries, list) or not entries:
        raise ServeError(f"{path.name} has no deployments", "see an example with: finercam serve --init")
    return entries


def content_of(path: Path) -> dict[str, Any]:
    """Everything in the file; {} if it is no mapping. A `ServeError` if it is missing or no YAML."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ServeError(f"{path} does not exist", "write an example of it with: finercam serve --init") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"{path} cannot be read: {error}", "give a text file that you may read") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ServeError(f"{path.name}{line} is not YAML: {problem}", "check the indentation and the colons") from error
    return content if isinstance(content, dict) else {}


def _label(content: Any, index: int) -> str:
    name = content.get("name") if isinstance(content, dict) else None
    return repr(name) if isinstance(name, str) and name else f"number {index + 1}"


def _deployment(content: Any, label: str) -> Deployment:
    entry = _entry(content, label)
    schedules = tuple(schedule_of(schedule, label) for schedule in entry.schedules)
    flow = flow_at(entry.entrypoint, label)
    for changes in [schedule.parameters for schedule in entry.schedules] or [{}]:
        errors = parameter_errors(flow, {**entry.parameters, **changes}, complete=bool(entry.schedules))
        if errors:
            raise ServeError(f"{label}: {errors[0]}", f"{flow.name} takes {', '.join(flow.parameters.properties)}")
    limit = entry.concurrency_limit
    return Deployment(
        flow, entry.name, entry.parameters, schedules, entry.description, entry.version, tuple(entry.tags),
        entry.paused, ConcurrencyLimitConfig(**limit.model_dump()) if isinstance(limit, ConcurrencyLimit) else limit,
        entry.work_pool.name if entry.work_pool else "",
    )  # fmt: skip


def _entry(content: Any, label: str) -> DeploymentEntry:
    if not isinstance(content, dict):
        raise ServeError(f"{label} is {content!r}, not a list of fields", "start with: - name: …")
    unknown = [str(key) for key in content if key not in DeploymentEntry.model_fields]
    if unknown:
        remedy = _correction(unknown[0], list(DeploymentEntry.model_fields))
        raise ServeError(f"{label} has an unknown field {unknown[0]!r}", remedy)
    try:
        return DeploymentEntry.model_validate(content)
    except ValidationError as error:
        raise ServeError(f"{label}: {sentences(error)[0]}", "correct it and start again") from error


def _correction(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"the fields are {', '.join(known)}"
