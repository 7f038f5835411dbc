"""What runs of `finercam serve` may call and connect to: what stands in its own settings, whatever a form is given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from finercam_core.errors import ServeError
from finercam_core.permissions import AllowedFactories, allow_in_environment, is_factory
from finercam_flows.process.allowed import allow_schedulers
from finercam_flows.serving.config import Deployment, content_of

FIELD = "allow_factories"


def allow(config: Path, deployments: Sequence[Deployment], further: Sequence[str] = ()) -> AllowedFactories:
    """Put into the environment of all runs what the file and the command allow.

    Parameters
    ----------
    config : Path
        The file: its field ``allow_factories``, and the functions and schedulers that its deployments themselves name.
    deployments : sequence of Deployment
        As read from it.
    further : sequence of str
        Functions and folders of classifiers that are allowed as well.

    Returns
    -------
    AllowedFactories

    Raises
    ------
    ServeError
        If ``allow_factories`` is no list of texts.
    """
    words = [word for deployment in deployments for word in _parameters(deployment)]
    named = [*_allowed_in(config), *(word for word in words if is_factory(word)), *further]
    allow_in_environment(named)
    allow_schedulers(word for word in words if word.startswith(("tcp://", "tls://", "ucx://")))
    return AllowedFactories.from_environment()


def _parameters(deployment: Deployment) -> Iterator[str]:
    """Classifiers, models and runners that a deployment names, also in the parameters of a schedule."""
    for stated in (deployment.parameters, *(schedule.parameters for schedule in deployment.schedules)):
        yield from (value for key in ("classifier", "model", "runner") if isinstance(value := stated.get(key), str))


def _allowed_in(config: Path) -> list[str]:
    entries: Any = content_of(config).get(FIELD) or []
    if not isinstance(entries, list) or not all(isinstance(entry, str) and entry for entry in entries):
        raise ServeError(f"{FIELD} in {config.name} is {entries!r}", "list names, such as - my_package.module:function")
    return entries
