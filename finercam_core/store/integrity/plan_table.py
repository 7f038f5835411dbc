"""The plan, `specimens.parquet`, under its seal: read by everybody, written by the planner and by the repair."""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import pandas as pd

from finercam_core.errors import StoreError
from finercam_core.io.disk.sealed_pieces import check_pieces, identity, read_pieces
from finercam_core.io.disk.seals import MARK, SealError
from finercam_core.io.files import Files
from finercam_core.store.layout import CHUNK, PROVENANCE, SPECIMENS


def remedy(location: str) -> str:
    """What to do about a plan that is damaged or gone."""
    return f"`finercam repair {location}` rebuilds it from the maps"


def never_planned(location: str) -> StoreError:
    """The error for a store without a plan."""
    problem = f"{location} was never completely planned, or its {SPECIMENS} is gone"
    return StoreError(problem, f"run `finercam annotate` again, or {remedy(location)}")


def restored(location: object) -> str:
    """What to do about a root whose description is damaged."""
    return f"`finercam repair {location}` restores it from {PROVENANCE}"


def read_plan(files: Files, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The plan of a store, or some of its columns; FileNotFoundError if there is none.

    Raises
    ------
    StoreError
        If it is not what was written.
    """
    return files.read_table(SPECIMENS, columns, remedy=remedy(files.location))


class PlanPieces(Iterable[pd.DataFrame]):
    """The plan of a store, or some of its columns, as tables of some 65,000 rows, which end with a whole chunk.

    It can be read several times: its seal is checked the first time, and later that it is still the same plan.
    Iterating raises FileNotFoundError if there is none, and `StoreError` if it is not what was written, or another.

    Parameters
    ----------
    files : Files
    columns : sequence of str, optional
        With group and slot among them; all by default.
    """

    def __init__(self, files: Files, columns: Sequence[str] | None = None) -> None:
        self._files, self._columns = files, columns
        self._known = b""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        with self._files.opened(SPECIMENS) as file:
            try:
                self._check(file)
                yield from _whole_chunks(read_pieces(file, self._columns))
            except SealError as error:
                problem = f"{SPECIMENS} in {self._files.location} is damaged: {error}"
                raise StoreError(problem, remedy(self._files.location)) from error

    @property
    def sealed(self) -> bool:
        """Whether the plan that was read last has a seal; those of the first versions have none."""
        return self._known.startswith(MARK)

    def _check(self, file: IO[bytes]) -> None:
        found = identity(file)
        if not self._known:
            check_pieces(file)
            self._known = found
        elif found != self._known:
            raise StoreError(f"the plan of {self._files.location} was changed meanwhile", "run it again")


def _whole_chunks(pieces: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same rows in pieces that no chunk is divided between."""
    held: pd.DataFrame | None = None
    for piece in pieces:
        rows = piece if held is None else pd.concat([held, piece], ignore_index=True)
        whole = len(rows) - _in_last_chunk(rows.iloc[-CHUNK:])
        if whole:
            yield rows.iloc[:whole]
        held = rows.iloc[whole:].reset_index(drop=True)
    if held is not None:
        yield held


def _in_last_chunk(rows: pd.DataFrame) -> int:
    """How many of the rows are in the chunk of the last one."""
    if not len(rows):
        return 0
    group, chunk = rows["group"].to_numpy(object), rows["slot"].to_numpy() // CHUNK
    return int(((group == group[-1]) & (chunk == chunk[-1])).sum())


class PlanRows:
    """Rows of a plan, taken from its pieces as many as are asked for.

    Parameters
    ----------
    pieces : iterable of DataFrame
    """

    def __init__(self, pieces: Iterable[pd.DataFrame]) -> None:
        self._pieces = iter(pieces)
        self._held: pd.DataFrame | None = None

    def take(self, count: int, groups: Sequence[str] | None = None) -> pd.DataFrame:
        """The next rows, fewer at the end.

        Raises
        ------
        StoreError
            If they belong to other groups than those given: the plan is not sorted.
        """
        while self._held is None or len(self._held) < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held = piece if self._held is None else pd.concat([self._held, piece], ignore_index=True)
        rows = pd.DataFrame() if self._held is None else self._held
        taken, self._held = rows.iloc[:count].reset_index(drop=True), rows.iloc[count:]
        if groups is not None and not set(taken["group"].unique()) <= set(groups):
            problem = f"{SPECIMENS} is not sorted by group and slot: {taken['group'].iloc[0]} is not where it belongs"
            raise StoreError(problem, "restore it from a backup")
        return taken


def same_plan(one: Iterable[pd.DataFrame], other: Iterable[pd.DataFrame]) -> bool:
    """Whether two plans have the same rows and columns, wherever their pieces end."""
    rest = PlanRows(other)
    if any(not piece.reset_index(drop=True).equals(rest.take(len(piece))) for piece in one):
        return False
    return not len(rest.take(1))
