"""Classifiers for collections: a linear probe on a frozen backbone, or fine-tuning of a whole timm model.

`finercam_core/train/__init__.pyi` lists the names; each is loaded when it is first used, so that settings are read and
refused before torch is imported.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
