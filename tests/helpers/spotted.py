"""Drawn specimens of four species that differ in one mark each, and a classifier that sees dark and green cells alone.

*Aus bus* has a dark spot towards its tail and *Aus cus* none; *Dus eus* has a green stripe on its head and *Dus fus*
none. The classifier's arithmetic is fixed, so that where the evidence lies is known: on the marks.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from finercam_core.catalog import open_catalog
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.preparation import Preparation
from finercam_core.store import Store, exclusive, open_store, pending_chunks

SPECIES = ("Aus bus", "Aus cus", "Dus eus", "Dus fus")
HEIGHT, WIDTH, CELL = 48, 80, 8
LABELS = {"0": "background", "1": "head", "2": "tail spot", "3": "stripe", "4": "tail"}
MANIFEST = """
[collection]
name = "spotted"
[[tables]]
path = "table.csv"
[columns]
image_id = "image_id"
scientificName = "scientificName"
family = "family"
split = "split"
path = "path"
group_id = "individual"
[masks]
path = "masks/{image_id}.png"
labels = "labels.json"
"""


def draw(species: str, seed: int, *, shortcut: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A photograph, uint8 (48, 80, 3), and the mask of its parts, uint8 (48, 80); `shortcut`: a bar in a corner."""
    rng = np.random.default_rng(seed)
    picture, mask = np.full((HEIGHT, WIDTH, 3), 235.0), np.zeros((HEIGHT, WIDTH), np.uint8)
    y, x = 24 + rng.integers(-3, 4), 40 + rng.integers(-4, 5)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    body = ((columns - x) / 26) ** 2 + ((rows - y) / 10) ** 2 <= 1
    picture[body] = (150, 140, 130)
    head = body & (columns < x - 14)
    mask[head] = 1
    mask[body & (columns > x + 21)] = 4
    spot = body & (abs(columns - x - 15) <= 4) & (abs(rows - y) <= 4)
    stripe = head & (abs(columns - x + 19) <= 2)
    if species == "Aus bus":
        picture[spot] = (20, 20, 20)
        mask[spot] = 2
    if species == "Dus eus":
        picture[stripe] = (40, 220, 60)
        mask[stripe] = 3
    if shortcut:
        picture[2:8, 66:78] = 10
    picture += rng.normal(0, 4, picture.shape)
    return picture.clip(0, 255).astype(np.uint8), mask


def spotted_collection(
    folder: Path, each: int = 8, *, split: str = "test", masks: bool = True, shortcut: str = "", photographs: int = 1,
    disguise: bool = False,
) -> Path:  # fmt: skip
    """Write photographs, masks and a manifest; returns the manifest.

    With `disguise` specimens of *Aus bus* are drawn as *Aus cus*, so that nothing on them tells the two apart.
    """
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, species in enumerate(SPECIES):
        for i in range(each):
            for photograph in range(photographs):
                image_id = f"{species.replace(' ', '_')}-{i:02d}-{photograph}"
                drawn = "Aus cus" if disguise and species == "Aus bus" else species
                pixels, mask = draw(drawn, 1000 * number + 10 * i + photograph, shortcut=species == shortcut)
                Image.fromarray(pixels).save(folder / "images" / f"{image_id}.png")
                if masks:
                    Image.fromarray(mask).save(folder / "masks" / f"{image_id}.png")
                rows.append({"image_id": image_id, "scientificName": species, "family": "Ausidae", "split": split,
                             "individual": f"{species}-{i}", "path": f"images/{image_id}.png"})  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    pd.Series(LABELS).to_json(folder / "labels.json")
    manifest = folder / "catalog.toml"
    manifest.write_text(MANIFEST if masks else MANIFEST.partition("[masks]")[0], encoding="utf-8")
    return manifest


class Marks(nn.Module):
    """How dark, and how green, each cell of 8 pixels is beyond what a body or the ground is; (N, 2, h, w)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cells = nn.functional.avg_pool2d(x, CELL)
        dark = nn.functional.avg_pool2d(nn.functional.relu(0.35 - x.mean(1, keepdim=True)), CELL)
        green = nn.functional.relu(cells[:, 1:2] - cells[:, 0:1] - 0.05)
        return torch.cat([dark, green], 1)


def spotted_classifier(weight: float = 60.0) -> Classifier:
    """Dark cells speak for *Aus bus* against *Aus cus*, green ones for *Dus eus* against *Dus fus*."""
    model = nn.Sequential()
    model.add_module("features", Marks())
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    head = nn.Linear(2, len(SPECIES))
    with torch.no_grad():
        head.weight.copy_(weight * torch.tensor([[8.0, 0.0], [-8.0, 0.0], [0.0, 8.0], [0.0, -8.0]]))
        head.bias.copy_(torch.tensor([-1.0, 1.0, -1.0, 1.0]))
    model.add_module("head", head)
    preparation = Preparation(HEIGHT, WIDTH, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Classifier(model.eval(), SPECIES, target_layer="features", preparation=preparation, name="spotted")


def spotted_store(manifest: Path, location: Path, classifier: Classifier | None = None, references: int = 3) -> Store:
    """Annotate a spotted collection."""
    model = classifier or spotted_classifier()
    with exclusive(str(location)):
        place = plan_store(location, open_catalog(manifest), model, references=references).location
        for shard in shards(pending_chunks(place), 256):
            annotate_chunks(place, shard, model, batch_size=16, decoders=1, processes=False)
    return open_store(location)
