"""`prefect.yaml`: read, checked, and turned into what Prefect's runner takes; every fault is one sentence."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.schedules import Schedule
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finercam_core.errors import ServeError
from finercam_flows.serving.fields import misfits, misfits_of
from finercam_flows.serving.schedule import Timing, schedule_of

FLOWS = ("fetch", "train", "annotate", "evaluate", "report", "export")


def flow_at(entrypoint: str, where: str) -> "Flow[..., Any]":
    """Load a flow.

    Parameters
    ----------
    entrypoint : str
        As Prefect has it: ``package.module.flow`` or ``file.py:flow``.
    where : str
        Names the deployment in the error.

    Raises
    ------
    ServeError
        If there is no such flow, or its module cannot be imported.
    """
    remedy = f"ours are finercam_flows.X.X with X one of {', '.join(FLOWS)}; yours: package.module.flow or file.py:flow"
    if "." not in entrypoint:
        raise ServeError(f"{where}: {entrypoint!r} is no entrypoint", remedy)
    try:
        if ":" in entrypoint:
            found: Any = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        else:
            module, _, name = entrypoint.rpartition(".")
            found = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module of the user's raises
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ServeError(f"{where}: there is no flow {entrypoint}: {why}", remedy) from error
    if not isinstance(found, Flow):
        raise ServeError(f"{where}: {entrypoint} is no flow", remedy)
    return found


NAME = "prefect.yaml"


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = "ENQUEUE"
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class _Entry(BaseModel):
    """One deployment, in Prefect's own words."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[^/%]+$")
    entrypoint: str = Field(min_length=1)
    description: str | None = None
    version: str | None = None
    tags: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    schedules: list[Timing] = Field(default_factory=list)
    paused: bool = False
    concurrency_limit: Annotated[int, Field(ge=1)] | _Limit | None = None


@dataclass(frozen=True)
class Served:
    """A deployment that can be served.

    Attributes
    ----------
    flow : prefect.Flow
    name : str
        Prefect calls the deployment ``<flow's name>/<name>``.
    parameters : dict
    schedules : tuple of prefect.schedules.Schedule
    options : dict
        Further arguments of Prefect's `Runner.add_flow`.
    """

    flow: Flow[..., Any]
    name: str
    parameters: dict[str, Any]
    schedules: tuple[Schedule, ...]
    options: dict[str, Any]

    @property
    def title(self) -> str:
        """What Prefect calls it."""
        return f"{self.flow.name}/{self.name}"


def not_there_yet(deployments: Sequence[Served]) -> list[str]:
    """Sentences on catalogs and stores that runs read and that nobody has made so far."""
    made = {str(one.parameters.get("store")) for one in deployments if one.flow.name == "annotate"}
    needed = {
        (key, str(one.parameters[key])) for one in deployments for key in ("catalog", "store") if key in one.parameters
    }
    return [
        f"there is no {key} {place} yet; runs that read it fail until there is"
        for key, place in sorted(needed)
        if place not in made and "://" not in place and not Path(place).exists()
    ]


def read_config(path: Path) -> list[Served]:
    """Read the deployments of a file.

    Parameters
    ----------
    path : Path
        A YAML file with Prefect's fields: `deployments`, each with `name`, `entrypoint`, `parameters`, `schedules`,
        `concurrency_limit`, `description`, `tags`, `version`, `paused`.

    Returns
    -------
    list of Served, at least one.

    Raises
    ------
    ServeError
        If the file is missing, is no such YAML, or names a flow, a field, a schedule or a parameter that is not one.
    """
    found = [_served(entry, f"{path.name}, deployment {_label(entry, i)}") for i, entry in enumerate(_entries(path))]
    titles = [one.title for one in found]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ServeError(f"{path.name} has two deployments called {twice[0]}", "give each a name of its own")
    return found


def _entries(path: Path) -> list[Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ServeError(f"there is no {path}", "write an example of it with: finercam serve --init") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"{path} cannot be read: {error}", "give a text file that you may read") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ServeError(f"{path.name}{place} is not YAML: {what}", "mind the indentation and the colons") from error
    entries = content.get("deployments") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ServeError(f"{path.name} has no deployments", "see an example with: finercam serve --init")
    return entries


def _label(entry: Any, index: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return repr(name) if isinstance(name, str) and name else f"number {index + 1}"


def _served(content: Any, where: str) -> Served:
    if not isinstance(content, dict):
        raise ServeError(f"{where} is {content!r}, not a list of fields", "start with: - name: …")
    unknown = [str(key) for key in content if key not in _Entry.model_fields]
    if unknown:
        raise ServeError(f"{where} has a field {unknown[0]!r}", _meant(unknown[0], list(_Entry.model_fields)))
    try:
        entry = _Entry.model_validate(content)
    except ValidationError as error:
        raise ServeError(f"{where}: {misfits(error)[0]}", "mend it and start again") from error
    schedules = tuple(schedule_of(one, where) for one in entry.schedules)
    flow = flow_at(entry.entrypoint, where)
    for more in [one.parameters for one in entry.schedules] or [{}]:
        given = {**entry.parameters, **more}
        wrong = misfits_of(flow, given, all_needed=bool(entry.schedules))
        if wrong:
            raise ServeError(f"{where}: {wrong[0]}", f"{flow.name} takes {', '.join(flow.parameters.properties)}")
    limit = entry.concurrency_limit
    options = {
        "description": entry.description, "version": entry.version, "tags": entry.tags, "paused": entry.paused,
        "concurrency_limit": limit.model_dump(exclude_none=True) if isinstance(limit, _Limit) else limit,
    }  # fmt: skip
    return Served(flow, entry.name, entry.parameters, schedules, options)


def _meant(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"the fields are {', '.join(known)}"
