"""The flow `fetch`: the images of a catalog into a folder; a run that was stopped goes on where it was."""

from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.catalog import open_catalog
from finercam_core.fetch import FetchSettings
from finercam_core.fetch import fetch as fetch_files
from finercam_flows.hooks import say_why
from finercam_flows.options import AllowPrivate, AskAgain, Attempts, CatalogSource, Contact, Folder, PerHost

SHOWN = 100


@task(cache_policy=NO_CACHE)
def fetch_images(catalog: str, to: str, settings: dict[str, Any], *, retry_failed: bool) -> dict[str, Any]:
    """Fetch whatever is not there yet."""
    report = fetch_files(open_catalog(catalog), to, FetchSettings(**settings), retry_failed=retry_failed)
    failures = report.failures[["image_id", "uri", "reason", "detail"]]
    return {
        "specimens": report.specimens, "fetched": report.fetched, "there": report.there,
        "failed": len(failures), "causes": report.causes, "failures": failures.head(SHOWN).to_dict("records"),
    }  # fmt: skip


@flow(name="fetch", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def fetch(
    catalog: CatalogSource,
    to: Folder,
    per_host: PerHost = 8,
    attempts: Attempts = 5,
    contact: Contact = "",
    allow_private: AllowPrivate = False,
    retry_failed: AskAgain = False,
) -> dict[str, Any]:
    """Bring the images of a catalog into a folder, verified, each stored once.

    Parameters
    ----------
    catalog : str
        Path or URL, see `open_catalog`.
    to : str
        Target folder.
    per_host, attempts, contact, allow_private
        See `finercam_core.fetch.FetchSettings`.
    retry_failed : bool
        Ask again for what failed for good.

    Returns
    -------
    dict with the numbers of specimens, files fetched, files that were there, failures, and the causes.
    """
    settings = {"per_host": per_host, "attempts": attempts, "contact": contact, "allow_private": allow_private}
    found = fetch_images(catalog, to, settings, retry_failed=retry_failed)
    failures = found.pop("failures")
    if failures:
        description = f"The first {len(failures)} of {found['failed']} files that are missing in {to}"
        create_table_artifact(key="fetch-failures", table=failures, description=description)
    return found
