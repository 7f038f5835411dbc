"""The flow `report`: the atlas of a store, one page per species and one page per pair."""

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from finercam_core.errors import counted
from finercam_core.markdown import as_text
from finercam_core.report import AtlasReport
from finercam_flows import calls
from finercam_flows.notifications import say_why
from finercam_flows.options.report import ReportOptions
from finercam_flows.retries import RETRY
from finercam_flows.signatures.form import form


@flow(name="report", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(ReportOptions)
def report(options: ReportOptions) -> AtlasReport:
    """Write the atlas of a store; its evaluation is made first where there is none that still holds.

    Its parameters are the fields of `ReportOptions`, see docs/options.md.
    """
    atlas = write_atlas(options)
    lines = [f"**{atlas.species} species, {counted(atlas.pairs, 'pair')}:** open `{atlas.index.resolve()}`"]
    lines += [
        f"- not shown: {as_text(image_id)}: {as_text(reason)}"
        for image_id, reason in list(atlas.unreadable.items())[:20]
    ]
    create_markdown_artifact(key="atlas", markdown="\n".join(lines), description=as_text(options.store))
    return atlas


@task(cache_policy=NO_CACHE, **RETRY)
def write_atlas(options: ReportOptions) -> AtlasReport:
    """Write the pages of a store."""
    return calls.write_atlas(options)
