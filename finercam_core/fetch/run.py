"""The threads of a run: they take files from the lanes until nothing is left, the run is stopped, or the disk fails."""

import threading
from collections.abc import Callable, Sequence

from finercam_core.fetch.lanes import Lanes
from finercam_core.fetch.reasons import Stopped


def run_all(
    hosts: Sequence[str], work: Callable[[int, str], None], *, per_host: int, workers: int, stop: threading.Event
) -> None:
    """Call `work(position, host)` for every position, in threads, no host more often than `per_host` at once.

    Parameters
    ----------
    hosts : sequence of str
        Host of each position.
    work : callable
        May raise `Stopped`; any other exception ends the run and is raised here.
    per_host, workers : int
        Bounds.
    stop : threading.Event
        When set, no further position is begun. It is also set when this function is interrupted.
    """
    lanes, errors = Lanes(hosts, per_host), []

    def worker() -> None:
        while not stop.is_set() and (taken := lanes.take()):
            host, position = taken
            try:
                work(position, host)
            except Stopped:
                break
            except BaseException as error:
                errors.append(error)
                stop.set()
                lanes.close()
            finally:
                lanes.done(host)

    threads = [threading.Thread(target=worker, name=f"fetch-{i}") for i in range(min(workers, lanes.width))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # Ctrl-C arrives here, in the main thread
        stop.set()
        lanes.close()
        for thread in threads:
            if thread.is_alive():
                thread.join()
        raise
    if errors:
        raise errors[0]
