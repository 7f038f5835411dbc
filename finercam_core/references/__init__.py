"""How references are chosen: by relationship, by a tree, by the classifier's weights or confusions, or by hand.

`finercam_core/references/__init__.pyi` lists the names; each is loaded when it is first used, since every command reads
`REFERENCES` from here, and the policies need pandas.
"""

import lazy_loader

REFERENCES = 8
"""Species that each species is compared with, at most, where nothing else is said."""

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
