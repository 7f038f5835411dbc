"""finercam: what tells a species from its look-alikes, from specimen photographs.

The core holds the science and knows no orchestrator and no GUI. Importing it does not import torch; the torch code
lies in `finercam_core.explain` and `finercam_core.train`.
"""

__version__ = "0.1.0"
