"""What a classifier did with each image: trained on it, chose with it, or never saw it; and which judge its maps.

`finercam_core/parts/__init__.pyi` lists the names; each is loaded when it is first used, since every command reads the
words of the parts, and the rest needs pandas.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
