"""One shard in the process that computes it: the classifier loaded once, one shard at a time, one process a GPU."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from finercam_core.explain import Classifier, load_classifier
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.store import Chunk
from finercam_core.store.pending import without_written
from finercam_flows.process import gpus
from finercam_flows.progress import report

_one_at_a_time = Lock()  # a Dask worker may have several threads: they share the model and its GPU


@lru_cache(maxsize=1)
def classifier_of(spec: str, device: str) -> Classifier:
    """Load a classifier once a process."""
    return load_classifier(spec, device=device)


def compute_shard(
    store: str, chunks: Sequence[Chunk], classifier: str, *, method: str, device: str, batch_size: int, resumed: bool
) -> dict[str, int]:
    """Compute and write the evidence of a shard.

    Parameters
    ----------
    store : str
    chunks : sequence of Chunk
    classifier : str
        See `load_classifier`.
    method, device, batch_size
        As in the flow `annotate`.
    resumed : bool
        Another worker may have been lost with this shard: what it has written is not computed again.

    Returns
    -------
    dict with the numbers of specimens done and failed.
    """
    left, written = without_written(store, chunks) if resumed else (chunks, 0)
    with _one_at_a_time, gpus.held(device) as place:
        model = classifier_of(classifier, place)
        result = annotate_chunks(store, left, model, method=method, batch_size=batch_size, progress=report)
    return {"done": result.done + written, "failed": result.failed}
