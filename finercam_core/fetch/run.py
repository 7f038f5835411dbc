"""`fetch`: every image of a catalog into a folder, verified, stored once, resumable."""

import errno
import threading
from pathlib import Path

import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.errors import FetchError
from finercam_core.fetch.fetcher import PARTIAL, Fetcher
from finercam_core.fetch.folder import check_space, locked, write_catalog
from finercam_core.fetch.host_pool import run_by_host
from finercam_core.fetch.journal import Journal
from finercam_core.fetch.log import JOURNAL, Log, failures_table
from finercam_core.fetch.plan import Addresses, wanted
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import KEY, FileKey, FileResult
from finercam_core.fetch.report import FetchReport, FetchWatcher, NoWatcher
from finercam_core.fetch.settings import FetchSettings
from finercam_core.fetch.transport.hosts import Hosts
from finercam_core.fetch.transport.http import Downloader
from finercam_core.io.files import Files


def fetch(
    catalog: Catalog, folder: str | Path, settings: FetchSettings | None = None, *, retry_failed: bool = False,
    verify: bool = False, watcher: FetchWatcher | None = None, stop: threading.Event | None = None,
) -> FetchReport:  # fmt: skip
    """Fetch every image and mask of a catalog into a folder, and write a catalog of what is there.

    Parameters
    ----------
    catalog : Catalog
        From `open_catalog`.
    folder : str or Path
        Target; everything is written below it. A run that was killed is continued.
    settings : FetchSettings, optional
        Limits and politeness.
    retry_failed : bool
        Ask again for files that failed for a reason that does not pass by itself.
    verify : bool
        Read every file that is there and fetch damaged ones again.
    watcher : FetchWatcher, optional
        Follows the progress.
    stop : threading.Event, optional
        Set it to end the run in good order; `KeyboardInterrupt` does the same. What came so far is kept.

    Returns
    -------
    FetchReport

    Raises
    ------
    FetchError
        The disk is full, the hub cannot be reached, the folder is busy, the run was stopped, or not a single image
        could be fetched.
    """
    settings, watcher, stop = settings or FetchSettings(), watcher or NoWatcher(), stop or threading.Event()
    target = Path(folder).resolve()
    with locked(target):
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
    todo: pd.DataFrame, target: Path, root: str, settings: FetchSettings, watcher: FetchWatcher, stop: threading.Event
) -> None:
    keys = [FileKey(*row) for row in todo[KEY].itertuples(index=False)]
    faults, asked = todo["fault"].tolist(), todo["address"].tolist()
    addresses = Addresses.of(todo, settings, stop)
    check_space(target, addresses.promised_bytes, settings.min_free)
    hosts = Hosts(settings.per_host, settings.give_up_after, stop)
    journal, downloader = Journal(target / JOURNAL), Downloader(settings, hosts)
    fetcher = Fetcher(target, root, settings, hosts, downloader, stop, watcher.received)

    def fetch_one(position: int, host: str) -> None:
        key = keys[position]
        file = addresses.remote_file(key, faults[position], asked[position])
        if isinstance(file, FetchFailure):
            result = FileResult("", file.reason.value, file.detail)
        else:
            check_space(target, 0, settings.min_free)
            result = fetcher.fetch(key, file, host)
        journal.append(key, result)
        watcher.settled(good=bool(result.path))

    try:
        by_host = [addresses.host(key.uri) for key in keys]
        run_by_host(by_host, fetch_one, per_host=settings.per_host, workers=settings.workers, stop=stop)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise FetchError(f"{target} cannot be written: {error.strerror}", "make room and run it again") from error
    finally:
        journal.close()
        downloader.close()


def _finish(log: Log, catalog: Catalog, needed: pd.DataFrame, todo: pd.DataFrame, before: pd.DataFrame) -> FetchReport:
    """Write the logs and the catalog, and remove everything else."""
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
    return FetchReport(specimens, len(needed.drop_duplicates(KEY)), came, there, failures, unchecked, swept)


def _remove_folder(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
