"""When to ask again: a condition on the cause, back-off with jitter, and never sooner than the server wants."""

import threading

import tenacity

from finercam_core.fetch.reasons import FetchFailure
from finercam_core.fetch.settings import FetchSettings


def retrying(settings: FetchSettings, stop: threading.Event) -> tenacity.Retrying:
    """Retry policy for one image; the last failure is raised as it is.

    Parameters
    ----------
    settings : FetchSettings
        Attempts, back-off and the time for one image.
    stop : threading.Event
        Ends the waiting between attempts.
    """
    backoff = tenacity.wait_exponential_jitter(
        multiplier=settings.backoff, max=settings.longest_backoff, jitter=settings.backoff
    )

    def wait(state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait if isinstance(failure, FetchFailure) else 0.0
        return max(asked, backoff(state))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, FetchFailure) and error.retry),
        stop=tenacity.stop_any(
            tenacity.stop_after_attempt(settings.attempts),
            tenacity.stop_before_delay(settings.total_timeout),
            tenacity.stop_when_event_set(stop),
        ),
        wait=wait,
        sleep=tenacity.nap.sleep_using_event(stop),
        reraise=True,
    )
