"""The flow `fetch`: the images of a catalog into a folder; a run that was stopped goes on where it was."""

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.fetch import FetchReport
from finercam_core.markdown import as_text, cells
from finercam_flows import calls
from finercam_flows.notifications import say_why
from finercam_flows.options.catalog import FetchOptions
from finercam_flows.signatures.form import form

SHOWN = 100


@flow(name="fetch", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(FetchOptions)
def fetch(options: FetchOptions) -> FetchReport:
    """Bring the images of a catalog into a folder, verified, each stored once.

    Its parameters are the fields of `FetchOptions`, see docs/options.md.
    """
    report = fetch_images(options)
    shown = report.failures[["image_id", "uri", "reason", "detail"]].head(SHOWN)
    if len(shown):
        description = f"The first {len(shown)} of {len(report.failures)} files that are missing in {options.to}"
        create_table_artifact(
            key="fetch-failures", table=cells(shown.to_dict("records")), description=as_text(description)
        )
    return report


@task(cache_policy=NO_CACHE)
def fetch_images(options: FetchOptions) -> FetchReport:
    """Fetch whatever is not there yet; the fetch itself retries each request."""
    return calls.fetch_images(options)
