"""Classifiers for collections: a linear probe on a frozen backbone, or fine-tuning of a whole timm model."""

from finercam_core.train.run import TrainingReport, train
from finercam_core.train.settings import FinetuneSettings, ProbeSettings

__all__ = ["FinetuneSettings", "ProbeSettings", "TrainingReport", "train"]
