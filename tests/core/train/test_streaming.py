"""Collections that do not fit into memory: decoded anew in each epoch, to the weights of those that are held."""

import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.errors import TrainingError
from finercam_core.images.preparation import Preparation
from finercam_core.train import FinetuneSettings, ProbeSettings, train
from finercam_core.train.data import load_data
from finercam_core.train.pixels import StreamedPixels, batches_of, digests_of, in_order

Make = Callable[[Path, dict[str, int]], Path]
COUNTS = {"Aus bus": 14, "Aus cus": 10, "Eus fus": 12}
PREPARATION = Preparation(32, 48)
SMALL = {"channels": [8, 16, 16, 16], "layers": [1, 1, 0, 0], "stem_width": 8}
SHORT = FinetuneSettings(epochs=2, batch_size=8, save_every=2)


def trained(table: Path, folder: Path, settings: FinetuneSettings | ProbeSettings) -> dict[str, float]:
    """Train a small network; the accuracy by split."""
    mode = "finetune" if isinstance(settings, FinetuneSettings) else "probe"
    report = train(
        open_catalog(table), folder, model="resnet10t", mode=mode, pretrained=False, model_args=SMALL, device="cpu",
        preparation=PREPARATION, settings=settings, cache=folder.with_name(f"{folder.name}.zarr"),
    )  # fmt: skip
    return {split: accuracy.top1 for split, accuracy in report.accuracy.items()}


@pytest.mark.parametrize("settings", [SHORT, ProbeSettings(batch_size=8)])
def test_streamed_and_held_images_give_the_same_weights(
    make_collection: Make, tmp_path: Path, settings: FinetuneSettings | ProbeSettings
) -> None:
    table = make_collection(tmp_path / "images", COUNTS)
    found = [trained(table, tmp_path / str(held), replace(settings, held=held)) for held in (2.0, 0.0)]
    assert found[0] == found[1]
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("2.0", "0.0")]
    assert weights[0] == weights[1]


def test_a_streamed_collection_is_drawn_from_packed_files(tmp_path: Path) -> None:
    """A folder of WebDataset, whose members are read one by one from the tar."""
    rng = np.random.default_rng(0)
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards" / "part-000.tar", "w") as shard:
        for number in range(24):
            image, text = tmp_path / f"{number:03d}.png", tmp_path / f"{number:03d}.txt"
            shade = rng.integers(0, 60, (32, 48, 3)) + 150 * (number % 2)
            Image.fromarray(shade.astype(np.uint8)).save(image)
            text.write_text(("Aus bus", "Aus cus")[number % 2])
            for path in (image, text):
                shard.add(path, path.name)
    catalog = open_catalog(tmp_path / "shards")
    held, streamed = load_data(catalog, PREPARATION), load_data(catalog, PREPARATION, held=0)
    assert isinstance(streamed.pixels, StreamedPixels)
    batches = in_order(len(streamed.pixels), 5)
    for one, two in zip(batches_of(held.pixels, batches), batches_of(streamed.pixels, batches), strict=True):
        np.testing.assert_array_equal(one, two)
    assert digests_of(held.pixels) == digests_of(streamed.pixels)


def test_a_photograph_that_changes_while_training_is_said(make_collection: Make, tmp_path: Path) -> None:
    data = load_data(open_catalog(make_collection(tmp_path / "images", COUNTS)), PREPARATION, held=0)
    place = tmp_path / "images" / "Aus_bus-000.png"
    rows = [np.array([data.image_ids.index("Aus_bus-000")])]
    Image.new("RGB", (90, 60)).save(place)
    with pytest.raises(TrainingError, match=r"Aus_bus-000\.png is another image than it was"):
        list(batches_of(data.pixels, rows))
    place.unlink()
    with pytest.raises(TrainingError, match=r"Aus_bus-000\.png cannot be read any more"):
        list(batches_of(data.pixels, rows))
