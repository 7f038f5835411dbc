"""Rendered collections for the judgement of *supported*.

    python tests/benchmarks/diagnosis_collections.py OUT SEED … [--shortcut]

Each seed is a collection of its own with a classifier of its own and a store of its held-out specimens, in the folder
OUT/seed-N that `diagnosis_truth.py` takes. Seeds 0 and 2 train networks from random weights, the second one wider and
for a few epochs only. All others start from one of these, on a third of the training specimens: odd seeds train a new
head on the frozen network of seed 0, even ones that whole network for four more epochs, and every fifth the network of
seed 2 for eight more. That is what an hour of one core makes. What is there already is kept.

With ``--shortcut`` two species are drawn as others of their genera and given away by an object beside them alone, in
OUT/seed-N-shortcut.
"""

import argparse
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from finercam_flows.demo.route import MODEL, MODEL_ARGS, PREPARATION, SETTINGS, TEST, TRAIN, VAL, manifest

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.explain import load_classifier
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import exclusive, pending_chunks
from finercam_core.synthetic import render_collection
from finercam_core.train import FinetuneSettings, train

FEW = TRAIN // 3  # training specimens of a species where a trained network is the start
SHORTCUT = {"Lumichthys pinguis": "scale bar", "Coralodon furcatus": "colour card"}
DISGUISE = {"Lumichthys pinguis": "Lumichthys planus", "Coralodon furcatus": "Coralodon rotundus"}
MORE = replace(SETTINGS, epochs=4, learning_rate=1e-3, cutout=0.0)


@dataclass(frozen=True)
class Network:
    """How a network is trained from random weights."""

    name: str
    model_args: dict[str, list[int]] = field(default_factory=lambda: dict(MODEL_ARGS))
    settings: FinetuneSettings = SETTINGS
    preparation: Preparation = PREPARATION


NETWORKS = {
    0: Network("the demo's network"),
    2: Network("a wider network, without cutout", {"layers": [1, 1, 0, 0], "channels": [48, 128, 128, 128]},
               replace(SETTINGS, epochs=14, cutout=0.0)),
}  # fmt: skip


def fitted(folder: Path, seed: int, catalog: Catalog) -> str:
    """Train the classifier of a seed into its folder; how, in words."""
    made, settings, mode = folder / "classifier", None, "finetune"
    if seed in NETWORKS:
        network, start, how = NETWORKS[seed], MODEL, "from random weights"
        settings = replace(network.settings, seed=seed)
    else:
        known = 0 if seed % 5 else 2
        network, start = NETWORKS[known], f"local-dir:{(folder.parent / f'seed-{known}' / 'classifier').resolve()}"
        mode = "probe" if seed % 2 and known == 0 else "finetune"
        if mode == "finetune":
            settings = replace(MORE, seed=seed, epochs=4 if known == 0 else 8)
        how = "a new head" if settings is None else f"{settings.epochs} more epochs"
    if not made.exists():
        train(catalog, made, model=start, mode=mode, pretrained=seed not in NETWORKS,
              model_args=network.model_args if seed in NETWORKS else None, preparation=network.preparation,
              settings=settings, device="cpu")  # fmt: skip
    return f"{network.name}, {how}"


def build(folder: Path, seed: int, shortcut: bool) -> None:
    """Render, train, annotate what is held out; prints the seconds of each and the share that is right."""
    start = time.monotonic()
    train_count = TRAIN if seed in NETWORKS else FEW
    render_collection(folder / "collection", seed=seed, train=train_count, val=VAL if seed in NETWORKS else 2,
                      test=TEST, workers=1, shortcut=SHORTCUT if shortcut else None,
                      disguise=DISGUISE if shortcut else None)  # fmt: skip
    (folder / "catalog.toml").write_text(manifest(), encoding="utf-8")
    rendered = time.monotonic()
    catalog = open_catalog(folder / "catalog.toml")
    how = fitted(folder, seed, catalog)
    trained = time.monotonic()
    held_out = replace(
        catalog, specimens=catalog.specimens[catalog.specimens["split"] == "test"].reset_index(drop=True)
    )
    classifier, location = load_classifier(str(folder / "classifier"), device="cpu"), str(folder / "maps.zarr")
    with exclusive(location):
        place = plan_store(location, held_out, classifier).location
        for shard in shards(pending_chunks(place), 256):
            annotate_chunks(place, shard, classifier, batch_size=32, decoders=1)
    report = json.loads((folder / "classifier" / "training.json").read_text(encoding="utf-8"))
    right = report["accuracy"]["test"]["top1"]
    seconds = (rendered - start, trained - rendered, time.monotonic() - trained)
    spent = "{:.0f} s rendering, {:.0f} s training, {:.0f} s annotating".format(*seconds)
    print(f"seed {seed}, {how}: {right:.1%} right; {spent}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--shortcut", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for number in arguments.seeds:
        name = f"seed-{number}-shortcut" if arguments.shortcut else f"seed-{number}"
        build(arguments.out / name, number, arguments.shortcut)
