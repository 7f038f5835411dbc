"""finercam: what tells a species from its look-alikes, from specimen photographs.

The front door of the core: ``import finercam_core as fc`` gives the names that a scientist needs, each loaded when it
is first used, so that torch is not imported before a classifier is asked for. `finercam_core/__init__.pyi` lists the
names; the rooms (`fc.catalog`, `fc.store`, `fc.explain`, …) hold everything else.

>>> import finercam_core as fc
>>> store = fc.open_store("maps.zarr")
>>> maps = fc.finer_cam(store.species_dataset("Notropis atherinoides"), gamma=0.6)
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
