"""The logs of a target folder: what was fetched, what failed and why, and the journal of an unfinished run."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from finercam_core.errors import FetchError
from finercam_core.fetch.checksums import digests
from finercam_core.fetch.folder import FOLDERS
from finercam_core.fetch.journal import COLUMNS, SCHEMA, no_results, read_journal, results_frame
from finercam_core.fetch.reasons import Reason
from finercam_core.fetch.records import KEY
from finercam_core.io.disk.seals import check_seal
from finercam_core.io.files import Files

FETCHED, FAILURES, JOURNAL = "fetched.parquet", "failures.parquet", "journal.jsonl"
_GOOD = [c for c in COLUMNS if c not in ("reason", "detail", "kept")]
_BAD = [*KEY, "reason", "detail", "attempts", "bytes", "kept", "time"]


class Log:
    """The results of every file of one folder.

    Parameters
    ----------
    folder : Path
        Target folder of the fetch.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / JOURNAL
        self.broken_off = self.journal.exists()

    def results(self) -> pd.DataFrame:
        """One row per file, columns as in the journal; the last result of a file counts.

        Raises
        ------
        FetchError
            A log is damaged.
        """
        parts = [self._read(FETCHED), self._read(FAILURES), read_journal(self.journal)]
        whole = pd.concat([part for part in parts if len(part)] or [no_results()], ignore_index=True)
        whole = whole[whole["reason"] != Reason.REJECTED_ROW]
        return whole.drop_duplicates(KEY, keep="last", ignore_index=True)

    def there(self, results: pd.DataFrame, *, verify: bool = False) -> pd.Series:
        """Whether each result's file exists with the right size and, on request, the right content."""
        sizes = self._sizes()
        there = pd.Series([sizes.get(path, -1) for path in results["path"]], results.index) == results["bytes"]
        there &= results["path"] != ""
        if verify:
            pairs = zip(results["path"], results["sha256"], there, strict=True)
            there = pd.Series([ok and self._intact(path, sha256) for path, sha256, ok in pairs], results.index, bool)
        return there

    def write(self, results: pd.DataFrame, failures: pd.DataFrame) -> None:
        """Write both logs; then the journal is no longer needed."""
        files = Files(self.folder)
        files.write_table(FETCHED, results.loc[results["path"] != "", _GOOD].reset_index(drop=True))
        files.write_table(FAILURES, failures.reset_index(drop=True))
        self.journal.unlink(missing_ok=True)

    def sweep(self, results: pd.DataFrame) -> int:
        """Delete files that a killed run stored without a log entry; returns how many."""
        known = set(results["path"])
        lost = [path for path in self._sizes() if path not in known and len(Path(path).stem) == 64]
        for path in lost:
            (self.folder / path).unlink()
        return len(lost)

    def _intact(self, path: str, sha256: str) -> bool:
        """Whether a file has its content; a damaged file is deleted."""
        intact = digests(self.folder / path, ["sha256"])["sha256"] == sha256
        if not intact:
            (self.folder / path).unlink()
        return intact

    def _read(self, name: str) -> pd.DataFrame:
        path = self.folder / name
        if not path.exists():
            return no_results()
        try:
            content = path.read_bytes()
            check_seal(content)
            table = pa.parquet.read_table(pa.BufferReader(content))
            for field in SCHEMA:
                if field.name not in table.column_names:
                    table = table.append_column(field, pa.nulls(len(table), field.type))
            return results_frame(table)
        except (pa.ArrowException, ValueError, OSError) as error:
            raise FetchError(f"{path} is damaged: {error}", "delete it and run the same command again") from error

    def _sizes(self) -> dict[str, int]:
        """Size of every file in the folders of images and masks, by relative path."""
        found: dict[str, int] = {}
        for top in FOLDERS.values():
            for folder in sorted((self.folder / top).glob("*/")):
                with os.scandir(folder) as entries:
                    found |= {f"{top}/{folder.name}/{e.name}": e.stat().st_size for e in entries if e.is_file()}
        return found


def failures_table(wanted: pd.DataFrame, results: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """One row for each missing file of a specimen, and for each row of the catalog that could not be used.

    Parameters
    ----------
    wanted : DataFrame
        From `plan.wanted`.
    results : DataFrame
        From `Log.results`.
    rejected : DataFrame
        The catalog's own rejected rows.
    """
    bad = wanted[["image_id", "scientificName", *KEY]].merge(results.loc[results["path"] == "", _BAD], on=KEY)
    rows = pd.DataFrame({
        "image_id": rejected["image_id"], "uri": rejected["table"].astype(str) + " row " + rejected["row"].astype(str),
        "reason": Reason.REJECTED_ROW.value, "detail": rejected["reason"],
    })  # fmt: skip
    table = pd.concat([bad, rows.astype("str")], ignore_index=True) if len(rows) else bad
    numbers = {"attempts": 0, "bytes": 0}
    table = table.fillna({c: numbers.get(c, "") for c in table.columns}).astype(dict.fromkeys(numbers, "int64"))
    return table.assign(again=[Reason(reason).passing for reason in table["reason"]])
