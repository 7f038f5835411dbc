"""`write_verdict_table`: the table of a store's verdicts as CSV and Parquet, with its data dictionary."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from finercam_core.errors import ExportError, counted
from finercam_core.export.destination import refuse_destination
from finercam_core.export.verdict_table.dictionary import COLUMNS, KINDS, data_package, table_schema
from finercam_core.export.verdict_table.rows import Row, rows_of
from finercam_core.export.verdict_table.specimens import CatalogFields, judged_specimen
from finercam_core.io.atomic import write_whole
from finercam_core.io.disk.formulas import neutralised_table
from finercam_core.io.progress import Progress
from finercam_core.regions.traits import traits_of
from finercam_core.review import LastVerdicts, Verdict
from finercam_core.store import Store

CSV, PARQUET, DICTIONARY, PACKAGE = "verdicts.csv", "verdicts.parquet", "verdicts.schema.json", "datapackage.json"
_TYPES = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}


@dataclass
class TableSummary:
    """What was written.

    Attributes
    ----------
    folder : Path
    rows, specimens, reviewers : int
    notes : list of str
        What is missing, a sentence each.
    """

    folder: Path
    rows: int = 0
    specimens: int = 0
    reviewers: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        whole = f"{counted(self.rows, 'row')} of {counted(self.specimens, 'specimen')}"
        names = f"{CSV} and {PARQUET}; {DICTIONARY} says what each column is"
        lines = [f"{whole} and {counted(self.reviewers, 'reviewer')} in {self.folder}: {names}"]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def write_verdict_table(
    store: Store,
    folder: str | Path,
    *,
    reviewer: str = "",
    catalog: str = "",
    raw_text: bool = False,
    progress: Progress | None = None,
) -> TableSummary:
    """Write all last verdicts of a store, accepted or not, as one table.

    Parameters
    ----------
    store : Store
    folder : str or Path
        Created if it is missing.
    reviewer : str
        Who asks: only specimens that they have judged are written, so that the table tells nobody what others said
        before their own verdict; "" for somebody who reviews nothing.
    catalog : str
        The catalog, if it has moved; some of its fields are not in the store.
    raw_text : bool
        In the CSV file, leave texts that begin like formulas as they are; the Parquet file always does.
    progress : callable, optional
        Called with the number of specimens written, and of all.

    Returns
    -------
    TableSummary

    Raises
    ------
    ExportError
        If there is no verdict, or the folder is one of a store or of photographs, or cannot be written.
    """
    target = Path(folder)
    refuse_destination(target, store)
    last = LastVerdicts(store.location)
    fields, summary = CatalogFields(store, catalog), TableSummary(target)
    summary.notes += [fields.problem] if fields.problem else []
    summary.notes += [f"not in the table: {line}: {problem}" for line, problem in last.problems.items()]
    rows = pd.DataFrame(_rows(store, last, fields, summary, reviewer, progress), columns=list(KINDS))
    if rows.empty:
        whose = f"of specimens that {reviewer} has judged " if reviewer else ""
        raise ExportError(f"there is no verdict {whose}in {store.location}", "review it first")
    table = typed(rows)
    summary.rows, summary.reviewers = len(table), int(table["reviewer"].nunique())
    unmeasured = int((table["problem"] != "").sum())
    if unmeasured:
        summary.notes.append(f"{counted(unmeasured, 'row')} not measured in full; the column problem says why")
    try:
        _write(table, target, data_package(store, len(table)), raw_text=raw_text)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written: {error.strerror or error}", "free or unlock the disk"
        ) from error
    return summary


def _rows(
    store: Store, last: LastVerdicts, fields: CatalogFields, summary: TableSummary, reviewer: str,
    progress: Progress | None,
) -> Iterator[Row]:  # fmt: skip
    traits, whole = traits_of(store), len({image_id for image_id, _ in last.judged})
    for image_id, verdicts in last.by_specimen():
        if reviewer and not _has_judged(reviewer, verdicts):
            continue
        if image_id not in store.rows.index:
            summary.notes.append(f"not in the table: {image_id} is judged, but no longer in the collection")
            continue
        yield from rows_of(judged_specimen(store, fields, image_id, verdicts), verdicts, traits)
        summary.specimens += 1
        if progress is not None:
            progress(summary.specimens, whole)


def _has_judged(reviewer: str, verdicts: list[Verdict]) -> bool:
    return reviewer in {verdict.reviewer for verdict in verdicts}


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """A table of the columns of the dictionary, in its types; texts that are not there are empty, numbers missing."""
    table = pd.DataFrame(index=rows.index)
    for column in COLUMNS:
        values = rows[column.name] if column.name in rows else pd.Series(None, rows.index, dtype=object)
        if column.kind == "datetime":
            table[column.name] = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        elif column.kind == "string":
            table[column.name] = values.astype(object).where(values.notna(), "").astype("string")
        else:
            table[column.name] = values.astype(_TYPES[column.kind])
    return table


def _write(table: pd.DataFrame, folder: Path, package: dict[str, object], *, raw_text: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    told = table.assign(time=table["time"].map(lambda time: "" if pd.isna(time) else time.isoformat()))
    shown = told if raw_text else neutralised_table(told)
    write_whole(folder / CSV, shown.to_csv(index=False, lineterminator="\n").encode())
    write_whole(folder / PARQUET, table.to_parquet(index=False))
    for name, value in ((DICTIONARY, table_schema()), (PACKAGE, package)):
        write_whole(folder / name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
