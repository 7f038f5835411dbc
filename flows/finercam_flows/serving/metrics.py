"""Figures of stores for Prometheus: read from the stores themselves when somebody asks, so that a kill loses none."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from finercam_core.errors import FinercamError, ServeError
from finercam_core.redaction import without_secrets
from finercam_core.settings import settings
from finercam_core.store import StoreSummary, open_store, summarise
from finercam_core.store.summary import RunActivity, last_run

MAX_AGE = 15.0
"""Seconds for which figures are kept: a store of a million specimens takes two seconds to count."""
Rows = list[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class StoreFigures:
    """What a store says; `summary` is None where it cannot be read."""

    place: str
    summary: StoreSummary | None
    activity: RunActivity | None


class StoreCollector(Collector):
    """Gauges of stores, read anew when the last figures are older than `MAX_AGE`.

    Parameters
    ----------
    stores : iterable of str
        Their locations.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(self, stores: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stores, self._clock = list(dict.fromkeys(stores)), clock
        self._read: tuple[float, list[StoreFigures]] | None = None

    def collect(self) -> Iterator[Metric]:
        """The gauges, as Prometheus' client asks for them."""
        figures = self._figures()
        for name, (text, labels, rows) in GAUGES.items():
            gauge = GaugeMetricFamily(f"finercam_{name}", text, labels=("store", *labels))
            for one in figures:
                for values, number in rows(one):
                    gauge.add_metric((one.place, *values), number)
            yield gauge

    def _figures(self) -> list[StoreFigures]:
        now = self._clock()
        if self._read is None or now - self._read[0] > MAX_AGE:
            self._read = (now, [_figures(store) for store in self._stores])
        return self._read[1]


@contextmanager
def watched(stores: Iterable[str], say: Callable[[str], None]) -> Iterator[None]:
    """Serve metrics while the context lasts, if `FINERCAM_METRICS_PORT` is set, and say where."""
    port, host = settings().metrics_port, settings().metrics_host
    if port is None:
        yield
        return
    end = serve_metrics(stores, port, host)
    say(f"Metrics for Prometheus: http://{host}:{port}/metrics")
    try:
        yield
    finally:
        end()


def serve_metrics(stores: Iterable[str], port: int, host: str) -> Callable[[], None]:
    """Answer Prometheus at ``http://host:port/metrics`` in a thread; what ends it.

    Raises
    ------
    ServeError
        If the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(StoreCollector(stores))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ServeError(
            f"metrics cannot be served at {host}:{port}: {error.strerror}", "set FINERCAM_METRICS_PORT to another port"
        ) from error

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _figures(location: str) -> StoreFigures:
    place = without_secrets(location)
    try:
        return StoreFigures(place, summarise(open_store(location)), last_run(location))
    except (FinercamError, OSError):
        return StoreFigures(place, None, None)


def _up(one: StoreFigures) -> Rows:
    return [((), float(one.summary is not None))]


def _specimens(one: StoreFigures) -> Rows:
    totals = {} if one.summary is None else one.summary.totals
    return [((state,), totals[state]) for state in ("done", "failed", "pending") if state in totals]


def _failures(one: StoreFigures) -> Rows:
    return [] if one.summary is None else [((cause.lower(),), n) for cause, n in one.summary.causes.items()]


def _of_run(value: Callable[[RunActivity], float | None]) -> Callable[[StoreFigures], Rows]:
    def rows(one: StoreFigures) -> Rows:
        number = None if one.activity is None else value(one.activity)
        return [] if number is None else [((), number)]

    return rows


def _time(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


GAUGES: dict[str, tuple[str, tuple[str, ...], Callable[[StoreFigures], Rows]]] = {
    "store_up": ("1 if the store can be read", (), _up),
    "specimens": ("Specimens of the store", ("state",), _specimens),
    "failures": ("Specimens without a map", ("cause",), _failures),
    "run_images_per_second": ("Images per second of the last run", (), _of_run(lambda run: run.rate)),
    "run_queue": (
        "Specimens that the last run has still to compute", (),
        _of_run(lambda run: 0 if run.finished else run.planned - run.done - run.failed),
    ),
    "run_device_busy_ratio": (
        "Share of the workers' time in which a model did not wait for images", (), _of_run(lambda run: run.busy_share)
    ),
    "run_finished": ("1 if the last run came to its end", (), _of_run(lambda run: float(run.finished))),
    "run_updated_timestamp_seconds": ("When the last run last wrote", (), _of_run(lambda run: _time(run.updated))),
    "last_success_timestamp_seconds": ("When a run last ended well", (), _of_run(lambda run: _time(run.succeeded))),
}  # fmt: skip
"""By name, after ``finercam_``: its help, its labels after ``store``, and its values."""
