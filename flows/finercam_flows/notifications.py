"""Who is told, and how, when a run fails: one clear sentence in its log, on its page, and to addresses of yours."""

import logging
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.logging.loggers import flow_run_logger

from finercam_core.errors import FinercamError
from finercam_core.markdown import as_text
from finercam_core.redaction import visible, without_secrets
from finercam_core.settings import settings


class Sentences(logging.Filter):
    """Leaves the traceback out of a run's log where the error explains itself; the level DEBUG keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, an error of finercam's own without its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FinercamError) and not logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
            record.exc_info = record.exc_text = None
        return True


logging.getLogger("prefect.flow_runs").addFilter(Sentences())


def say_why(flow: "Flow[..., Any]", flow_run: FlowRun, state: "State[Any]") -> None:
    """Hook of a failed or crashed run: `announce` in one clear sentence what went wrong."""
    announce(flow.name, flow_run, sentence_of(state))


def announce(flow: str, flow_run: FlowRun, sentence: str) -> None:
    """Say what happened to a run in its log, on its page as the artifact `failure`, and by `notify`."""
    logger, sentence = flow_run_logger(flow_run), visible(without_secrets(sentence))
    told = as_text(sentence)
    logger.error(sentence)
    title = f"Run {flow_run.name} of `{flow}` failed"
    with get_client(sync_client=True) as client:  # hooks of a crash run outside of the run
        steps = "\n".join(f"- {step}" for step in next_steps(flow_run, _title(client, flow, flow_run)))
        client.create_artifact(
            ArtifactCreate(
                key="failure", type="markdown",
                data=f"**Run {as_text(flow_run.name)} of `{flow}` failed**\n\n{told}\n\nWhat to do:\n\n{steps}",
                description=told, flow_run_id=flow_run.id,
            )
        )  # fmt: skip
    if not notify(f"finercam: {title}", sentence):
        logger.warning("not every address in FINERCAM_NOTIFY could be reached")


def next_steps(flow_run: FlowRun, title: str) -> list[str]:
    """What to do after a run failed, as Markdown; `title` is its deployment's, "" for a run of a command."""
    store = flow_run.parameters.get("store")
    look = f"finercam info '{without_secrets(store)}' --failures" if isinstance(store, str) and store else ""
    again = f"prefect deployment run '{title}'" if title else "the same command"
    return [
        "Correct what the sentence above names; the log of this run has the details.",
        *([f"See what is stored, and why specimens have no map: {as_text(look)}"] if look else []),
        f"Start it again: {as_text(again)}. What is finished is kept, and only the rest is computed.",
    ]


def _title(client: SyncPrefectClient, flow: str, flow_run: FlowRun) -> str:
    if flow_run.deployment_id is None:
        return ""
    try:
        return f"{flow}/{client.read_deployment(flow_run.deployment_id).name}"
    except ObjectNotFound:  # deleted while the run went on
        return ""


def sentence_of(state: "State[Any]") -> str:
    """What went wrong, for people."""
    if state.is_crashed() and state.message:
        return state.message
    try:
        state.result()
    except FinercamError as error:
        return f"{error.problem}. {error.remedy[:1].upper()}{error.remedy[1:]}." if error.remedy else f"{error}."
    except Exception as error:  # said, not swallowed: the state keeps it
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no further details'}"
    return state.message or "The run ended without giving a reason"


def notify(title: str, text: str) -> bool:
    """Send a message to every address in the environment variable ``FINERCAM_NOTIFY``; without one do nothing.

    Parameters
    ----------
    title, text : str

    Returns
    -------
    bool, False if an address is invalid or could not be reached.
    """
    addresses = settings().notify.get_secret_value().split()
    if not addresses:
        return True
    from apprise import Apprise

    sender = Apprise()
    refused = [address for address in addresses if not sender.add(address)]
    return bool(sender.notify(title=title, body=text)) and not refused
