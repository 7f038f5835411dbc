# The names of this room. `__init__.py` loads each when it is first used.
from .run import TrainingReport, train
from .settings import FinetuneSettings, ProbeSettings

__all__ = ["FinetuneSettings", "ProbeSettings", "TrainingReport", "train"]
