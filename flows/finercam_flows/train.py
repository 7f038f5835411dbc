"""The flow `train`: from a catalog to the folder of a classifier."""

from typing import Any

from prefect import flow

from finercam_flows import tasks
from finercam_flows.artifacts import tables
from finercam_flows.hooks import say_why
from finercam_flows.options import (
    CatalogSource,
    Device,
    FeatureCache,
    MinimumImages,
    Model,
    NewFolder,
    Pretrained,
    TrainingMode,
    TrainingSettings,
)


@flow(name="train", persist_result=False, on_failure=[say_why], on_crashed=[say_why])
def train(
    catalog: CatalogSource,
    model: Model,
    out: NewFolder,
    mode: TrainingMode = "probe",
    pretrained: Pretrained = True,
    settings: TrainingSettings = None,
    minimum_images: MinimumImages = 1,
    cache: FeatureCache = None,
    device: Device = "auto",
) -> dict[str, Any]:
    """Train a classifier on a collection; a run that was stopped goes on.

    Parameters
    ----------
    catalog : str
        See `open_catalog`.
    model : str
        timm name, or ``package.module:function``.
    out : str
        Folder for the classifier; must not exist yet.
    mode : {"probe", "finetune"}
        Train a linear head on the frozen model, or the whole model.
    pretrained : bool
        Start a timm model from its published weights.
    settings : dict, optional
        Of `FinetuneSettings` or `ProbeSettings`.
    minimum_images : int
        Training images a species needs.
    cache : str, optional
        Where the features of frozen backbones are kept.
    device : str
        "auto", "cpu", "cuda" or "cuda:1".

    Returns
    -------
    dict with the folder, the accuracy of each split, and the report in words.
    """
    found = tasks.train_classifier(
        catalog, model, out, mode=mode, pretrained=pretrained, settings=settings or {},
        minimum_images=minimum_images, cache=cache, device=device,
    )  # fmt: skip
    tables.publish_training(found)
    return found
