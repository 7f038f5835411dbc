"""What happens when a flow or task fails: which errors are worth a retry, one sentence that says why, messages."""

import errno
import logging
import os
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.flows import Flow
from prefect.logging.loggers import flow_run_logger
from prefect.tasks import Task

from finercam_core.errors import FinercamError

# A full disk, a missing folder or a forbidden one is the same a minute later.
LASTING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR})


def transient(error: BaseException) -> bool:
    """Whether the same call may succeed a minute later: trouble of a network or a device, not of the data.

    A bad catalog, a wrong setting or a full disk is not tried again; nor is a server that answers with a refusal
    (HTTP 4xx), apart from 408 and 429, which ask for patience.
    """
    status = getattr(error, "status", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return status >= 500 or status in (408, 429)
    if isinstance(error, FinercamError):
        return error.__cause__ is not None and transient(error.__cause__)
    return isinstance(error, OSError) and error.errno not in LASTING and not isinstance(error, FileNotFoundError)


def worth_a_retry(_task: "Task[Any, Any]", _run: TaskRun, state: "State[Any]") -> bool:
    """Condition of Prefect's retries: `transient` of what the task raised."""
    try:
        state.result()
    except Exception as error:
        return transient(error)
    return False


RETRY: dict[str, Any] = {
    "retries": 3, "retry_delay_seconds": [10, 60, 300], "retry_jitter_factor": 0.3, "retry_condition_fn": worth_a_retry
}  # fmt: skip


class Sentences(logging.Filter):
    """Leaves the traceback out of the log of a run where the error explains itself; DEBUG keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, an error of finercam's own without its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FinercamError) and not logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
            record.exc_info = record.exc_text = None
        return True


logging.getLogger("prefect.flow_runs").addFilter(Sentences())


def say_why(flow: "Flow[..., Any]", flow_run: FlowRun, state: "State[Any]") -> None:
    """Hook of a failed or crashed run: one clear sentence in the log, as an artifact, and to whom it concerns."""
    announce(flow.name, flow_run, sentence_of(state))


def announce(flow: str, flow_run: FlowRun, sentence: str) -> None:
    """Say what happened to a run in its log, on its page as the artifact `failure`, and by `notify`."""
    logger = flow_run_logger(flow_run)
    logger.error(sentence)
    title = f"Run {flow_run.name} of `{flow}` failed"
    with get_client(sync_client=True) as client:  # hooks of a crash run outside of the run
        client.create_artifact(
            ArtifactCreate(
                key="failure", type="markdown", data=f"**{title}**\n\n{sentence}", description=sentence,
                flow_run_id=flow_run.id,
            )
        )  # fmt: skip
    if not notify(f"finercam: {title}", sentence):
        logger.warning("not every address in FINERCAM_NOTIFY could be reached")


def sentence_of(state: "State[Any]") -> str:
    """What went wrong, for people."""
    if state.is_crashed() and state.message:
        return state.message
    try:
        state.result()
    except FinercamError as error:
        return f"{error.problem}. {error.remedy[:1].upper()}{error.remedy[1:]}." if error.remedy else f"{error}."
    except Exception as error:  # said, not swallowed: the state keeps it
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no more is known'}"
    return state.message or "The run ended without a reason"


VARIABLE = "FINERCAM_NOTIFY"


def notify(title: str, text: str) -> bool:
    """Send a message to every address in the environment variable ``FINERCAM_NOTIFY``; without one do nothing.

    Parameters
    ----------
    title, text : str

    Returns
    -------
    bool, False if an address could not be reached or is none.
    """
    addresses = os.environ.get(VARIABLE, "").split()
    if not addresses:
        return True
    from apprise import Apprise

    sender = Apprise()
    refused = [address for address in addresses if not sender.add(address)]
    return bool(sender.notify(title=title, body=text)) and not refused
