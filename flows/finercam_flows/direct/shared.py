"""One of several runs that write to a store at once: its jobs, shard by shard, and what dead runs left behind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from finercam_core.explain.engine.shard import ShardReport
from finercam_core.store import pending_chunks
from finercam_core.store.sharing import CLAIM_ROWS, dead_owners, shard_name
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.process.allowed import factories_for
from finercam_flows.process.shard import ShardJob


@dataclass(frozen=True)
class SharedRun:
    """A run that shares its store.

    Attributes
    ----------
    store : str
    options : AnnotateOptions
    token : str
        Names it among the writers.
    """

    store: str
    options: AnnotateOptions
    token: str

    def reports(self, compute: Callable[[Iterator[ShardJob]], Iterator[ShardReport]]) -> Iterator[ShardReport]:
        """Outcomes of the shards that this run got; those that others have are left to them.

        At the end it looks whether their owners are alive, and computes the shards of those that are not.
        """
        dead: frozenset[str] = frozenset()
        while True:
            skipped = 0
            for report in compute(self._jobs(dead)):
                skipped += report.skipped
                yield report
            found = frozenset(dead_owners(self.store, self.token)) if skipped else frozenset()
            if not found:
                return
            dead |= found

    def _jobs(self, dead: frozenset[str]) -> Iterator[ShardJob]:
        options = self.options
        pending = pending_chunks(self.store, retry_failed=options.retry_failed)
        factories = factories_for(options.classifier)
        first = int(self.token[:8], 16) / 16**8
        for number, chunks in pending.in_shards(CLAIM_ROWS, first):
            yield ShardJob(
                self.store, chunks, options.classifier, factories, options.device, options.batch_size, self.token,
                shard=shard_name(self.store, number), dead=dead,
                retry_failed=options.retry_failed,
            )  # fmt: skip
