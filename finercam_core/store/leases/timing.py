"""How often a lease is renewed, and when one that is not renewed counts as left."""

from dataclasses import dataclass

from finercam_core.errors import StoreError


@dataclass(frozen=True)
class LeaseTiming:
    """How long a lease lives, in seconds of each process's own monotonic clock.

    Parameters
    ----------
    renew : float
        The owner renews this often.
    watch : float
        A challenger takes a lease that was not renewed for this long.
    """

    renew: float = 8.0
    watch: float = 40.0


def lost(location: str) -> StoreError:
    """The error of a run whose lease another run has taken."""
    return StoreError(
        f"another run took {location} over while this one was asleep or cut off",
        "wait for the other run to end; what this run finished is kept",
    )
