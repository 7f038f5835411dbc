"""An annotation in this process, shard by shard: the same calls as the flow makes, without Prefect."""

from dataclasses import dataclass
from functools import partial

from finercam_core.catalog import open_catalog
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.precision import AskedExecution
from finercam_core.explain.engine.shard import ShardReport
from finercam_core.io.files import Files
from finercam_core.references import policy_of
from finercam_core.store import StoreSummary, exclusive, give_up, open_store, pending_chunks, summarise, verify
from finercam_core.store.sharing import joined
from finercam_flows.direct.run_record import RunRecord, note_success
from finercam_flows.direct.shared import SharedRun
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.outcome.finished import remember
from finercam_flows.outcome.required import require_maps
from finercam_flows.process.allowed import factories_for
from finercam_flows.process.shard import ShardJob, classifier_of, compute_shard
from finercam_flows.progress import report_plan


@dataclass(frozen=True)
class AnnotateResult:
    """What an annotation gives back.

    Attributes
    ----------
    store : str
        The store that was written to: a new one beside the one asked for, if that holds another run (another
        classifier, layer, method or choice of references).
    summary : StoreSummary
        What the store holds now.
    computed : ShardReport
        Specimens done and failed in this run.
    damaged : int
        Damaged chunks that were found and computed again.
    """

    store: str
    summary: StoreSummary
    computed: ShardReport
    damaged: int


def plan(options: AnnotateOptions) -> str:
    """Create or extend the store; where it is: beside the one asked for, if that holds another run.

    Planning takes no GPU: its workers do.
    """
    store = plan_store(
        options.store,
        open_catalog(options.catalog),
        classifier_of(options.classifier, "cpu", factories_for(options.classifier)),
        references=options.references,
        method=options.method,
        gamma=options.gamma,
        policy=policy_of(options.references_by, options.classifier),
        execution=AskedExecution(
            options.precision, options.channels_last, options.compiled, options.device, options.decoder
        ),
    )
    return store.location


def annotate(options: AnnotateOptions) -> AnnotateResult:
    """Store the evidence maps of every specimen that is new, changed or not computed yet; see the flow `annotate`.

    Raises
    ------
    FinercamError
        As the flow does. A run that makes no map has failed.
    """
    if options.share:
        return _share(options)
    with exclusive(options.store):
        store = plan(options)
        Files(store).sweep_partial()
        damaged = give_up(store, verify(store)) if options.verify else 0
        if damaged:  # species that had to be given up as a whole are planned again
            plan(options)
        computed = _compute_pending(store, options)
        summary = summarise(open_store(store))
        if not summary.totals["pending"]:
            remember(options, store)
    require_maps(store, summary, computed.done, computed.failed, options.max_failed)
    note_success(store)
    return AnnotateResult(store, summary, computed, damaged)


def _compute_pending(store: str, options: AnnotateOptions) -> ShardReport:
    """Compute what is pending; numbers of specimens of this run."""
    pending = pending_chunks(store, retry_failed=options.retry_failed)
    report_plan(pending.specimens)
    record = RunRecord(store, pending.specimens)
    factories = factories_for(options.classifier)
    for shard in shards(pending, options.shard_size):
        job = ShardJob(store, shard, options.classifier, factories, options.device, options.batch_size)
        outcome = compute_shard(job)
        record.add(outcome)
    record.finish()
    return ShardReport(record.activity.done, record.activity.failed)


def _share(options: AnnotateOptions) -> AnnotateResult:
    """As one of several runs that write to the store at once."""
    with joined(options.store) as member:
        with exclusive(options.store, member=member.token):
            store = plan(options)
        pending = pending_chunks(store, retry_failed=options.retry_failed)
        report_plan(pending.specimens)
        record = RunRecord(store, pending.specimens)
        for outcome in SharedRun(store, options, member.token).reports(partial(map, compute_shard)):
            record.add(outcome)
        record.finish()
        summary = summarise(open_store(store))
        if not summary.totals["pending"]:
            remember(options, store)
    return shared_result(store, summary, record, options)


def shared_result(store: str, summary: StoreSummary, record: RunRecord, options: AnnotateOptions) -> AnnotateResult:
    """What a run gives back that shared its store: nothing of its own is no failure, where the others do the rest."""
    computed = ShardReport(record.activity.done, record.activity.failed)
    require_maps(store, summary, computed.done or summary.totals["done"], computed.failed, options.max_failed)
    note_success(store)
    return AnnotateResult(store, summary, computed, 0)
