"""Log lines as JSON, where `FINERCAM_LOG` is json: each with its run, and where there is one its shard and specimen."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from finercam_core.redaction import visible, without_secrets
from finercam_core.settings import settings

_SHARD: ContextVar[str] = ContextVar("shard", default="")
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_NAMES = {"asctime": "time", "levelname": "level", "name": "logger"}


class RunFormatter(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, run, shard, and whatever the record brings.

    Prefect's loggers bring flow_run_id, flow_run_name and task_run_id, the explainer brings specimen and status.
    """

    def __init__(self) -> None:
        super().__init__(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%S%z", rename_fields=_NAMES)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Add what the record does not know itself, and leave secrets out of what it says."""
        super().add_fields(log_data, record, message_dict)
        log_data["message"] = visible(without_secrets(str(log_data.get("message", ""))))
        run = getattr(record, "flow_run_id", None) or _current_run()
        log_data |= {key: value for key, value in (("run", run), ("shard", _SHARD.get())) if value}


def start() -> None:
    """Make the lines of this process JSON on stderr, if the setting says so; Prefect leaves such a handler alone."""
    if settings().log != "json":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RunFormatter())
    logging.getLogger().handlers[:] = [handler]
    for name in ("finercam_core", "finercam_flows"):
        logging.getLogger(name).setLevel(logging.INFO)


@contextmanager
def shard(name: str) -> Iterator[None]:
    """Lines of this context are about a shard."""
    token = _SHARD.set(name)
    try:
        yield
    finally:
        _SHARD.reset(token)


def _current_run() -> str:
    """Id of the run that this process or task is part of; "" outside of one. Prefect is not imported for it."""
    prefect = sys.modules.get("prefect.context")
    if prefect is None:
        return ""
    task, flow = prefect.TaskRunContext.get(), prefect.FlowRunContext.get()
    if task is not None and task.task_run.flow_run_id:
        return str(task.task_run.flow_run_id)
    return "" if flow is None or flow.flow_run is None else str(flow.flow_run.id)
