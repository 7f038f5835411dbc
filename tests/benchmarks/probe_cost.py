"""How long training the head of a probe takes on cached features: ``python tests/benchmarks/probe_cost.py``."""

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from finercam_core.train.data import TrainingData
from finercam_core.train.probe.head import probe
from finercam_core.train.settings import ProbeSettings


def features(images: int, width: int, classes: int) -> tuple[np.ndarray, TrainingData]:
    """Overlapping clouds of points, one per class; a tenth of the images are for validation."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, images)
    values = rng.normal(size=(classes, width))[labels] + 8 * rng.normal(size=(images, width))
    split = np.where(np.arange(images) % 10 == 0, "val", "train")
    names = tuple(map(str, range(images)))
    species = tuple(f"Aus s{k:04}" for k in range(classes))
    empty = np.zeros((images, 1, 1, 3), np.uint8)
    return values.astype(np.float32), TrainingData(empty, labels, split, species, names, names, {}, {}, ())


def main() -> None:
    """Print one table."""
    table = Table("images", "features", "classes", "penalties tried", "seconds", "accuracy on validation")
    for images, width, classes in ((2_000, 384, 100), (10_000, 768, 400)):
        values, data = features(images, width, classes)
        settings, notes = ProbeSettings(), []
        start = time.perf_counter()
        head, _ = probe(values, data, settings, lambda _step, _total, note, notes=notes: notes.append(note))
        seconds = time.perf_counter() - start
        check = data.split == "val"
        right = (values[check] @ head.weight.numpy().T + head.bias.numpy()).argmax(1) == data.labels[check]
        row = (images, width, classes, len(settings.strengths), f"{seconds:.1f}", f"{right.mean():.1%}")
        table.add_row(*map(str, row))
    Console().print(table)


if __name__ == "__main__":
    main()
