"""The flow `annotate`: from a catalog and a classifier to a store of evidence maps."""

from collections.abc import Iterator
from dataclasses import replace

from prefect import flow, tags

from finercam_core.explain.engine.plan import shards
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.io.files import Files
from finercam_core.store import exclusive, pending_chunks
from finercam_core.store.sharing import joined
from finercam_flows import tasks
from finercam_flows.artifacts import tables
from finercam_flows.artifacts.contact_sheet import ContactSheet
from finercam_flows.artifacts.progress_record import ProgressRecord
from finercam_flows.direct.annotation import AnnotateResult, shared_result
from finercam_flows.direct.run_record import note_success
from finercam_flows.direct.shared import SharedRun
from finercam_flows.notifications import say_why
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.outcome.finished import remember
from finercam_flows.outcome.required import require_maps
from finercam_flows.process.allowed import check_scheduler, factories_for
from finercam_flows.process.limits import limit_tags
from finercam_flows.process.runners import runner_for, spread, workers_for
from finercam_flows.process.shard import ShardJob
from finercam_flows.progress import report_plan, report_written
from finercam_flows.signatures.form import form


@flow(name="annotate", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
@form(AnnotateOptions)
def annotate(options: AnnotateOptions) -> AnnotateResult:
    """Store the evidence maps of every specimen of a catalog that is new, changed or not computed yet.

    Its parameters are the fields of `AnnotateOptions`, see docs/options.md. A run that makes no map has failed.
    """
    check_scheduler(options.runner)
    if options.share:
        return _share(options)
    with exclusive(options.store) as hold:
        store = tasks.plan(options)
        Files(store).sweep_partial()
        damaged = tasks.give_up_damaged(store) if options.verify else 0
        if damaged:  # species that had to be given up as a whole are planned again
            tasks.plan(options)
        sheet = ContactSheet(store)
        computed = _compute_pending(store, sheet, options, hold.token)
        summary = tasks.summary(store)
        if not summary.totals["pending"]:
            remember(options, store)
    tables.publish_species(summary, store)
    tables.publish_failures(summary, store)
    sheet.publish()
    require_maps(store, summary, computed.done, computed.failed, options.max_failed)
    note_success(store)
    return AnnotateResult(store, summary, computed, damaged)


def _compute_pending(store: str, sheet: ContactSheet, options: AnnotateOptions, lease: str) -> ShardReport:
    """Compute what is pending, shard by shard; numbers of specimens of this run."""
    pending = pending_chunks(store, retry_failed=options.retry_failed)
    report_plan(pending.specimens)
    workers = workers_for(options.runner, options.workers, options.device)
    factories = factories_for(options.classifier)
    record = ProgressRecord(store, pending.specimens, options.runner, workers)
    jobs = (
        ShardJob(store, shard, options.classifier, factories, options.device, options.batch_size, lease)
        for shard in shards(sheet.watch(pending), options.shard_size)
    )
    with tags(*limit_tags(store, options.runner, options.device)):
        for outcome in _compute(jobs, options.runner, workers):
            record.add(outcome)
    record.finish()
    return ShardReport(record.activity.done, record.activity.failed)


def _compute(jobs: Iterator[ShardJob], runner: str, workers: int) -> Iterator[ShardReport]:
    """Outcome of each shard, as soon as it is computed."""
    task_runner = runner_for(runner, workers)
    if task_runner is None:
        for job in jobs:
            yield tasks.annotate_shard(job)
        return
    # Dask silently runs the shard of a lost worker again by itself.
    resumable = (replace(job, resumed=runner != "local") for job in jobs)
    for outcome in spread(tasks.annotate_shard, resumable, task_runner, workers=workers):
        report_written(outcome.done, outcome.failed)
        yield outcome


def _share(options: AnnotateOptions) -> AnnotateResult:
    """As one of several runs that write to the store at once; see `finercam_core.store.sharing`."""
    with joined(options.store) as member:
        with exclusive(options.store, member=member.token):
            store = tasks.plan(options)
        sheet = ContactSheet(store)
        pending = pending_chunks(store, retry_failed=options.retry_failed)
        report_plan(pending.specimens)
        workers = workers_for(options.runner, options.workers, options.device)
        record = ProgressRecord(store, pending.specimens, options.runner, workers)
        with tags(*limit_tags(store, options.runner, options.device)):
            run = SharedRun(store, options, member.token)
            for outcome in run.reports(lambda jobs: _compute(jobs, options.runner, workers)):
                record.add(outcome)
        record.finish()
        summary = tasks.summary(store)
        if not summary.totals["pending"]:
            remember(options, store)
    tables.publish_species(summary, store)
    tables.publish_failures(summary, store)
    sheet.publish()
    return shared_result(store, summary, record, options)
