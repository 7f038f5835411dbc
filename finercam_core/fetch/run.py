"""`fetch`: every image of a catalog into a folder, verified, once, resumable."""

import errno
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.errors import FetchError
from finercam_core.fetch.fetcher import PARTIAL, Fetcher
from finercam_core.fetch.journal import Journal
from finercam_core.fetch.lanes import run_all
from finercam_core.fetch.log import Log, failures_table
from finercam_core.fetch.output import write_catalog
from finercam_core.fetch.plan import KEY, wanted
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.settings import Settings
from finercam_core.fetch.source import Source
from finercam_core.fetch.target import check_space, exclusive
from finercam_core.fetch.transport.hosts import Hosts
from finercam_core.fetch.transport.http import Downloader
from finercam_core.fetch.transport.hub import Hub
from finercam_core.fetch.transport.retry import retrying
from finercam_core.io.files import Files


class Watcher(Protocol):
    """What wants to know how a fetch goes on; called from many threads."""

    def planned(self, files: int, there: int, failed: int) -> None:
        """So many files are to be fetched; so many are there, and so many failed for good in an earlier run."""

    def received(self, count: int) -> None:
        """So many bytes came."""

    def settled(self, *, good: bool) -> None:
        """One more file is in its place, or failed."""


class _Nobody:
    def planned(self, files: int, there: int, failed: int) -> None: ...
    def received(self, count: int) -> None: ...
    def settled(self, *, good: bool) -> None: ...


@dataclass(frozen=True)
class Report:
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
        Files that a killed run left without a note and that nobody needed.
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


def fetch(
    catalog: Catalog, folder: str | Path, settings: Settings | None = None, *, retry_failed: bool = False,
    verify: bool = False, watcher: Watcher | None = None, stop: threading.Event | None = None,
) -> Report:  # fmt: skip
    """Bring every image and mask of a catalog into a folder, with a catalog of what is there.

    Parameters
    ----------
    catalog : Catalog
        From `open_catalog`.
    folder : str or Path
        Target; everything is written below it. A run that was killed goes on where it was.
    settings : Settings, optional
        Limits and politeness.
    retry_failed : bool
        Ask again for files that failed for a reason that does not pass by itself.
    verify : bool
        Read every file that is there and fetch damaged ones again.
    watcher : Watcher, optional
        Told about the progress.
    stop : threading.Event, optional
        Set it to end the run in order; `KeyboardInterrupt` does the same. What came so far is kept.

    Returns
    -------
    Report

    Raises
    ------
    FetchError
        The disk is full, the hub cannot be reached, the folder is busy, the run was stopped, or not one image came.
    """
    settings, watcher, stop = settings or Settings(), watcher or _Nobody(), stop or threading.Event()
    target = Path(folder).resolve()
    with exclusive(target):
        files, log = Files(target), Log(target)
        files.sweep_partial()
        needed = wanted(catalog)
        before = _usable(log, verify=verify, retry_failed=retry_failed)
        todo = needed.drop_duplicates(KEY).merge(before[KEY], on=KEY, how="left", indicator=True)
        todo = todo[todo["_merge"] == "left_only"].reset_index(drop=True)
        failed = len(needed.drop_duplicates(KEY).merge(before.loc[before["path"] == "", KEY], on=KEY))
        watcher.planned(len(todo), len(needed.drop_duplicates(KEY)) - len(todo) - failed, failed)
        if len(todo):
            _fetch_all(todo, target, catalog.root, settings, watcher, stop)
        if stop.is_set():
            raise FetchError("the run was stopped", "run the same command again to go on")
        return _finish(log, catalog, needed, todo, before)


def _usable(log: Log, *, verify: bool, retry_failed: bool) -> pd.DataFrame:
    """Results of earlier runs that still hold."""
    results = log.results()
    lasting = {reason.value for reason in Reason if not reason.passing and not retry_failed}
    return results[log.there(results, verify=verify) | results["reason"].isin(lasting)].reset_index(drop=True)


def _fetch_all(
    todo: pd.DataFrame, target: Path, root: str, settings: Settings, watcher: Watcher, stop: threading.Event
) -> None:
    columns = {name: todo[name].tolist() for name in (*KEY, "fault")}
    located = _hub_files(todo, settings, stop)
    check_space(target, sum(s.size or 0 for s in located.values() if isinstance(s, Source)), settings.min_free)
    hosts = Hosts(settings.per_host, settings.give_up_after, stop)
    journal, downloader = Journal(target / "journal.jsonl"), Downloader(settings, hosts)
    fetcher = Fetcher(target, root, settings, hosts, downloader, stop, watcher.received)

    def work(position: int, host: str) -> None:
        key = {name: columns[name][position] for name in KEY}
        source = _source(key, columns["fault"][position], located.get(key["uri"]))
        if isinstance(source, FetchFailure):
            result: dict[str, Any] = {"path": "", "reason": source.reason.value, "detail": source.detail}
        else:
            check_space(target, 0, settings.min_free)
            result = fetcher.fetch(source, "\n".join(key.values()), host)
        journal.append({**key, **result})
        watcher.settled(good=bool(result["path"]))

    try:
        lanes = [_host(uri, located.get(uri)) for uri in columns["uri"]]
        run_all(lanes, work, per_host=settings.per_host, workers=settings.workers, stop=stop)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise FetchError(f"{target} cannot be written: {error.strerror}", "make room and run it again") from error
    finally:
        journal.close()
        downloader.close()


def _hub_files(todo: pd.DataFrame, settings: Settings, stop: threading.Event) -> dict[str, Source | FetchFailure]:
    uris: Sequence[str] = todo.loc[todo["uri"].str.startswith("hf://") & (todo["fault"] == ""), "uri"].unique().tolist()
    return Hub(lambda: retrying(settings, stop)).locate(uris) if uris else {}


def _source(key: dict[str, str], fault: str, located: Source | FetchFailure | None) -> Source | FetchFailure:
    if fault:
        return FetchFailure(Reason(fault), key["uri"])
    if isinstance(located, FetchFailure):
        return located
    checksums = {key["hashFunction"]: key["hashValue"]} if key["hashFunction"] else {}
    if located is None:
        return Source(key["what"], key["uri"], key["uri"], checksums=checksums)
    return Source(
        key["what"], key["uri"], located.address, located.headers, located.size, {**located.checksums, **checksums}
    )


def _host(uri: str, located: Source | FetchFailure | None) -> str:
    """Lane of a file: its host, or the kind of store that it lies in."""
    address = located.address if isinstance(located, Source) else uri
    try:
        return urlsplit(address).hostname or urlsplit(address).scheme
    except ValueError:
        return ""


def _finish(log: Log, catalog: Catalog, needed: pd.DataFrame, todo: pd.DataFrame, before: pd.DataFrame) -> Report:
    """Write the logs and the catalog, and leave nothing else."""
    results = log.results()
    results = results[log.there(results) | (results["reason"] != "")]
    failures = failures_table(needed, results, catalog.rejected)
    specimens = write_catalog(Files(log.folder), catalog, needed, results)
    swept = log.sweep(results) if log.broken_off else 0
    _remove_folder(log.folder / PARTIAL)
    log.write(results, failures)
    if not specimens:
        first = failures.iloc[0]
        problem = f"not one image could be fetched; {first['uri']}: {Reason(first['reason']).sentence}"
        raise FetchError(f"{problem} ({first['detail']})" if first["detail"] else problem, f"see {log.folder}")
    good = results[results["path"] != ""]
    came = len(todo[KEY].merge(good[KEY], on=KEY))
    there = len(needed.drop_duplicates(KEY).merge(before.loc[before["path"] != "", KEY], on=KEY))
    unchecked = int(needed["unchecked"].sum())
    return Report(specimens, len(needed.drop_duplicates(KEY)), came, there, failures, unchecked, swept)


def _remove_folder(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
