"""Trait masks out of a store, for downstream analysis.

`finercam_core/export/__init__.pyi` lists the names; each is loaded when it is first used, since the command line reads
the settings of the formats from here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
