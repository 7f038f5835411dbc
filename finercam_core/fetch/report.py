"""What a fetch says: to whoever watches it while it runs, and at its end."""

from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from finercam_core.fetch.reasons import Reason


class FetchWatcher(Protocol):
    """Follows the progress of a fetch; its methods are called from many threads."""

    def planned(self, files: int, there: int, failed: int) -> None:
        """Numbers of files to fetch, of those that are there, and of those that failed for good in an earlier run."""

    def received(self, count: int) -> None:
        """Number of bytes that came."""

    def settled(self, *, good: bool) -> None:
        """One more file is in its place, or failed."""


class NoWatcher:
    """Watches nothing."""

    def planned(self, files: int, there: int, failed: int) -> None:
        """See `FetchWatcher`."""

    def received(self, count: int) -> None:
        """See `FetchWatcher`."""

    def settled(self, *, good: bool) -> None:
        """See `FetchWatcher`."""


@dataclass(frozen=True)
class FetchReport:
    """What a fetch did.

    Parameters
    ----------
    specimens : int
        Specimens in the catalog that was written.
    files : int
        Different files that they need, masks included.
    fetched, there : int
        Files that came in this run, and that were in their place before.
    failures : DataFrame
        As in ``failures.parquet``.
    unchecked : int
        Images whose checksum is of a kind that cannot be checked.
    swept : int
        Files that a killed run left without a log entry and that were deleted.
    causes : dict of str to int
        Sentences of the reasons and how often each occurred, from `failures`.
    again : int
        Failures whose cause may pass, from `failures`; the next run asks for these files again.
    """

    specimens: int
    files: int
    fetched: int
    there: int
    failures: pd.DataFrame
    unchecked: int = 0
    swept: int = 0
    causes: dict[str, int] = field(init=False)
    again: int = field(init=False)

    def __post_init__(self) -> None:
        counts = self.failures["reason"].value_counts()
        object.__setattr__(self, "again", int(self.failures["again"].sum()))
        object.__setattr__(self, "causes", {Reason(str(name)).sentence: int(n) for name, n in counts.items()})
