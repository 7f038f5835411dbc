"""Whether a classifier is the one that a store was made with: the same weights, and the same heads of its folds."""

from finercam_core.explain.model.classifier import Classifier
from finercam_core.store import Store


def difference_from(store: Store, classifier: Classifier, *, unknown: bool = False) -> str:
    """What about a classifier is not as it was when a store was made, in words; "" if it is the same one.

    Parameters
    ----------
    store : Store
    classifier : Classifier
    unknown : bool
        Whether a store that does not say its weights may be anybody's.
    """
    known, heads = store.provenance.classifier, classifier.heads
    if not known.weights_sha256:
        return "" if unknown else "the store does not say its weights"
    if known.weights_sha256 != classifier.weights_sha256:
        return f"its weights are {classifier.weights_sha256[:12]}, and those of the store {known.weights_sha256[:12]}"
    folds = None if heads is None else {"count": len(heads), "sha256": heads.sha256}
    return "" if known.folds == folds else "the heads of its folds are others"
