"""finercam for scientists: open a store of evidence maps, look at it, compare species, take the numbers along.

>>> import finercam as fc
>>> maps = fc.open("maps.zarr")
>>> maps.species
['Notropis atherinoides', 'Notropis stramineus', …]
>>> maps.map("Notropis atherinoides", against="Notropis stramineus", gamma=0.6).plot()

It is a thin package over `finercam_core`, whose functions are here by their own names as well: `fc.open_catalog`,
`fc.load_classifier`, `fc.train`, `fc.evaluate` …; each is loaded when it is first used. Collections may be pandas
tables (`fc.open_catalog`, `fc.annotate`), and maps, answers and specimens become some (`to_pandas`, `survey`,
`specimens`). Datasets that xarray opens from a store have the accessor `ds.finercam`.
"""

from typing import Any

import finercam_core
from finercam.accessor import FinercamAccessor
from finercam.annotation import annotate
from finercam.answers import Answer
from finercam.maps import Maps, PairMap, open
from finercam_core import __version__

__all__ = ["Answer", "FinercamAccessor", "Maps", "PairMap", "__version__", "annotate", "open"]


def __getattr__(name: str) -> Any:
    """What the core has at its front door, such as `finercam.open_catalog`."""
    if name in finercam_core.__all__:
        return getattr(finercam_core, name)
    raise AttributeError(f"module 'finercam' has no attribute {name!r}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted({*__all__, *finercam_core.__all__})
