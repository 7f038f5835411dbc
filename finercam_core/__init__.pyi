# The names at the front door. `__init__.py` loads each from its room when it is first used.
from . import (
    catalog,
    errors,
    evaluate,
    explain,
    export,
    fetch,
    finer,
    references,
    regions,
    report,
    review,
    store,
    train,
)
from .catalog import Catalog, open_catalog
from .catalog.check import check_catalog
from .errors import FinercamError
from .explain import Classifier, load_classifier
from .finer import coefficients, combine, finer_cam
from .references import policy_of
from .regions.threshold import region
from .review import read_verdicts
from .store import Store, create_store, open_store, pending_chunks

__version__: str

__all__ = [
    "Catalog",
    "Classifier",
    "FinercamError",
    "Store",
    "catalog",
    "check_catalog",
    "coefficients",
    "combine",
    "create_store",
    "errors",
    "evaluate",
    "explain",
    "export",
    "fetch",
    "finer",
    "finer_cam",
    "load_classifier",
    "open_catalog",
    "open_store",
    "pending_chunks",
    "policy_of",
    "read_verdicts",
    "references",
    "region",
    "regions",
    "report",
    "review",
    "store",
    "train",
]
