"""A store from a collection and a classifier, in one call; what is finished is kept, as with `finercam annotate`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from finercam.maps import Maps, open
from finercam_core.catalog import Catalog, open_catalog
from finercam_core.references import REFERENCES
from finercam_core.store import exclusive, pending_chunks

if TYPE_CHECKING:
    from finercam_core.explain import Classifier


def annotate(
    collection: "str | Path | pd.DataFrame | Catalog",
    classifier: "str | Path | Classifier",
    store: str | Path,
    *,
    references: int = REFERENCES,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Maps:
    """Store the evidence maps of every specimen that has none yet. Needs torch.

    Parameters
    ----------
    collection : str, Path, DataFrame or Catalog
        A DataFrame has a row per photograph, with `scientificName` and `path` from the current folder; for another
        folder see `finercam.open_catalog`.
    classifier : str, Path or Classifier
        See `finercam.load_classifier`.
    store : str or Path
        Where the maps go: a new store, or the one that is to be continued.
    references : int
        Look-alike species that each species is compared with.
    device : str
        Where the model runs: "auto", "cpu", "mps", "cuda" or "cuda:1".
    progress : callable, optional
        Called with the numbers of done and failed specimens of each chunk written.

    Returns
    -------
    Maps

    Raises
    ------
    FinercamError
        If the collection or the classifier cannot be used, or the location holds another run's maps.
    """
    from finercam_core.explain import Classifier, load_classifier
    from finercam_core.explain.engine.plan import plan_store
    from finercam_core.explain.engine.shard import annotate_chunks

    catalog = collection if isinstance(collection, Catalog) else open_catalog(collection)
    model = classifier if isinstance(classifier, Classifier) else load_classifier(classifier, device=device)
    with exclusive(str(store)):
        planned = plan_store(store, catalog, model, references=references, beside=False)
        chunks = list(pending_chunks(planned.location))
        annotate_chunks(planned.location, chunks, model, progress=progress)
    return open(planned.location)
