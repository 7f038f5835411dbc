"""The demo trained and annotated in other ways: sizes of the input, layers, methods; whatever is there is kept."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from finercam_flows.demo import route

from finercam_core.catalog import open_catalog
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.explain.model.loader import load_classifier
from finercam_core.store import Store, open_store, pending_chunks
from finercam_core.synthetic import render_collection
from finercam_core.train import train

REFERENCES = 8


@dataclass(frozen=True)
class Setting:
    """A way to train and to annotate the demo.

    Attributes
    ----------
    name : str
    size : float
        The input's sides as a multiple of the demo's; the classifier is trained at it.
    layer : str, optional
        The default layer without.
    method : str
    """

    name: str
    size: float = 1.0
    layer: str | None = None
    method: str = "gradcam"


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("demo"),
        Setting("demo, layercam", method="layercam"),
        Setting("demo, gradcam++", method="gradcam++"),
        Setting("earlier layer", layer="layer1"),
        Setting("earlier layer, hirescam", layer="layer1", method="hirescam"),
        Setting("both layers, hirescam", layer="layer1+layer2", method="hirescam"),
        Setting("input x 1.5", 1.5),
        Setting("input x 2", 2.0),
    )
}


def store_of(folder: Path, seed: int, setting: Setting) -> Store:
    """The annotated store of a setting: its collection and its training have the seed."""
    home = folder / f"seed-{seed}"
    store = home / "stores" / f"{setting.name.replace(' ', '-')}.zarr"
    catalog = open_catalog(_collection(home, seed))
    classifier = load_classifier(str(_trained(home, seed, setting)), target_layer=setting.layer)
    store.parent.mkdir(exist_ok=True)
    planned = plan_store(store, catalog, classifier, references=REFERENCES, method=setting.method)
    annotate_chunks(planned.location, list(pending_chunks(planned.location)), classifier)
    return open_store(planned.location)


def accuracy_of(folder: Path, seed: int, setting: Setting) -> float:
    """Share of the test specimens that the setting's classifier is right on."""
    report = _place(folder / f"seed-{seed}", setting) / "training.json"
    return float(json.loads(report.read_text(encoding="utf-8"))["accuracy"]["test"]["top1"])


def _collection(home: Path, seed: int) -> Path:
    catalog = home / "catalog.toml"
    if not catalog.exists():
        home.mkdir(parents=True, exist_ok=True)
        render_collection(home / "collection", seed=seed, train=route.TRAIN, val=route.VAL, test=route.TEST)
        catalog.write_text(route.manifest(), encoding="utf-8")
    return catalog


def _place(home: Path, setting: Setting) -> Path:
    return home / f"classifier-{setting.size:g}"


def _trained(home: Path, seed: int, setting: Setting) -> Path:
    place = _place(home, setting)
    if not (place / "training.json").exists():
        usual = route.PREPARATION
        size = {side: round(setting.size * getattr(usual, side)) for side in ("height", "width")}
        train(
            open_catalog(home / "catalog.toml"), place, model=route.MODEL, mode="finetune", pretrained=False,
            model_args=route.MODEL_ARGS, preparation=replace(usual, **size),
            settings=replace(route.SETTINGS, seed=seed), device="cpu",
        )  # fmt: skip
    return place
