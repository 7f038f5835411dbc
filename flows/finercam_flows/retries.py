"""Prefect's retries: which errors a task is tried again after, how often and when."""

import errno
from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from finercam_core.errors import FinercamError

# A full disk, a missing folder or a forbidden one is the same a minute later.
LASTING = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOENT", "ENOTDIR")
    if hasattr(errno, name)  # not every system has all of them
)


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
    "retries": 3,
    "retry_delay_seconds": [10, 60, 300],
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": worth_a_retry,
}
"""Arguments of Prefect's `task` for a call that may fail for a while."""
