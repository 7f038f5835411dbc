"""The flow `export`: masks of a store into a folder."""

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.errors import counted
from finercam_core.export import ExportSummary
from finercam_core.markdown import as_text
from finercam_flows import calls
from finercam_flows.notifications import say_why
from finercam_flows.options.export import ExportOptions
from finercam_flows.retries import RETRY
from finercam_flows.signatures.form import form


@flow(name="export", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(ExportOptions)
def export(options: ExportOptions) -> ExportSummary:
    """Write trait masks at image resolution.

    Its parameters are the fields of `ExportOptions`, see docs/options.md.
    """
    summary = export_masks(options)
    lines = [f"**{counted(summary.masks, f'{options.which} mask')}** in `{summary.folder.resolve()}`"]
    lines += [
        f"- not exported: {as_text(image_id)}: {as_text(reason)}"
        for image_id, reason in list(summary.failed.items())[:20]
    ]
    create_markdown_artifact(key="masks", markdown="\n".join(lines), description=as_text(options.store))
    return summary


@task(cache_policy=NO_CACHE, **RETRY)
def export_masks(options: ExportOptions) -> ExportSummary:
    """Write the masks of a store."""
    return calls.export_masks(options)
