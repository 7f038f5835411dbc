"""The images of a collection as arrays, in splits without leaks, and how they are drawn and varied."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from finercam_core.catalog import Catalog
from finercam_core.catalog.columns import SPLITS, image_locations
from finercam_core.catalog.splits import deal_splits, find_leaks, groups_of
from finercam_core.errors import TrainingError, counted
from finercam_core.images.decoder import load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.location import image_source
from finercam_core.images.preparation import Preparation
from finercam_core.io.progress import StepProgress
from finercam_core.parts.content import FileContent, content_of
from finercam_core.train.pixels import Pixels, StreamedPixels, ahead, digest
from finercam_core.train.settings import HELD, FinetuneSettings


@dataclass(frozen=True)
class TrainingData:
    """Prepared images with their classes.

    Attributes
    ----------
    pixels : uint8 array (N, H, W, 3) or StreamedPixels
    labels : int64 array (N,)
        Index into `species`.
    split : str array (N,)
        "train", "val" or "test".
    species : tuple of str
        Scientific names, sorted.
    image_ids, groups : tuple of str (N,)
    unreadable : dict
        Image id to what is wrong with it.
    excluded : dict
        Image id to why it is left out: see `finercam_core.catalog.splits.find_leaks`.
    left_out : tuple of str
        Species with too few training images.
    contents : dict of str to FileContent
        Hash and size of every file that could be read, by image id.
    """

    pixels: Pixels | StreamedPixels
    labels: npt.NDArray[np.int64]
    split: npt.NDArray[np.str_]
    species: tuple[str, ...]
    image_ids: tuple[str, ...]
    groups: tuple[str, ...]
    unreadable: dict[str, str]
    excluded: dict[str, str]
    left_out: tuple[str, ...]
    contents: dict[str, FileContent] = field(default_factory=dict)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Training images of each species (K,)."""
        return np.bincount(self.labels[self.split == "train"], minlength=len(self.species))

    def rows(self, name: str) -> npt.NDArray[np.int64]:
        """Numbers of the images of one split."""
        return np.flatnonzero(self.split == name)


def load_data(
    catalog: Catalog,
    preparation: Preparation,
    *,
    minimum: int = 1,
    crossed: bool = False,
    held: float = HELD,
    progress: StepProgress | None = None,
) -> TrainingData:
    """Read all images of a collection.

    Parameters
    ----------
    catalog : Catalog
        Its splits are taken where it has them, else made by `deal_splits`, as `finercam catalog split` does.
    preparation : Preparation
    minimum : int
        Training images that a species needs; species with fewer are left out by name.
    crossed : bool
        For cross-fitting: all images are for training, but those that the catalog calls test.
    held : float
        GiB of prepared images that are kept in memory; of a larger collection all are read once, to be compared, and
        later decoded whenever they are wanted.
    progress : callable, optional
        Called with the number of images read, of all images, and a note.

    Raises
    ------
    TrainingError
        If fewer than two species have enough images.
    """
    table = catalog.specimens[catalog.specimens["fault"] == ""].reset_index(drop=True)
    table = table.assign(split=_splits(table, crossed=crossed))
    contents: dict[str, FileContent] = {}
    keep = len(table) * preparation.height * preparation.width * 3 <= held * (1 << 30)
    pixels, digests, unreadable = _read_all(table, preparation, catalog.root, contents, progress, keep=keep)
    kept = table[~table["image_id"].isin(list(unreadable))]
    excluded = find_leaks(kept, [one.hex() for one in digests])
    usable = ~kept["image_id"].isin(list(excluded)).to_numpy(bool) & kept["split"].isin(SPLITS).to_numpy(bool)
    counts = kept.loc[usable & (kept["split"] == "train").to_numpy(bool), "scientificName"].value_counts()
    species = tuple(sorted(counts[counts >= minimum].index))
    if len(species) < 2:
        found = counted(len(species), "species has", "species have")
        least = counted(minimum, "readable training image")
        raise TrainingError(f"{found} {least} or more", "give two or more such species")
    use = usable & kept["scientificName"].isin(species).to_numpy(bool)
    rows, chosen = kept[use], np.flatnonzero(use)
    used = [digests[row] for row in chosen]
    return TrainingData(
        np.stack([pixels[row] for row in chosen])
        if keep
        else StreamedPixels(image_locations(rows).to_numpy(object), used, preparation, catalog.root),
        rows["scientificName"].map({name: i for i, name in enumerate(species)}).to_numpy(np.int64, copy=True),
        rows["split"].to_numpy(str),
        species,
        tuple(rows["image_id"]),
        tuple(groups_of(rows)),
        unreadable,
        excluded,
        tuple(sorted(set(table["scientificName"]) - set(species))),
        contents,
    )


def _splits(table: pd.DataFrame, *, crossed: bool) -> pd.Series:
    """The catalog's splits where it has a training split, else those that `finercam catalog split` would deal out."""
    own: pd.Series = table["split"]
    if not (own == "train").any():
        return own.where(own == "test", "train") if crossed else deal_splits(table)
    return own.replace("val", "train") if crossed else own


def _read_all(
    table: pd.DataFrame, preparation: Preparation, root: str, contents: dict[str, FileContent],
    progress: StepProgress | None, *, keep: bool,
) -> tuple[list[Pixels], list[bytes], dict[str, str]]:  # fmt: skip
    """Prepared pixels of all images that can be read, in order, if kept; their digests; what is wrong with the others.

    Only some images are read ahead: those of a collection that does not fit into memory wait for nobody.
    """
    pixels, digests, unreadable = list[Pixels](), list[bytes](), dict[str, str]()
    with ThreadPoolExecutor(2) as pool:
        for i, (result, content) in enumerate(
            ahead(pool, lambda path: _read(path, preparation, root), image_locations(table))
        ):
            image_id = str(table["image_id"].iloc[i])
            if content is not None:
                contents[image_id] = content
            if isinstance(result, str):
                unreadable[image_id] = result
            else:
                digests.append(digest(result))
                pixels += [result] if keep else []
            if progress is not None and (i % 50 == 0 or i + 1 == len(table)):
                progress(i + 1, len(table), "reading images")
    return pixels, digests, unreadable


def _read(place: str, preparation: Preparation, root: str) -> tuple[npt.NDArray[np.uint8] | str, FileContent | None]:
    """Prepared pixels, or what is wrong; and what the file contains, if there is one."""
    content = None
    try:
        source = image_source(place, root)
        content = content_of(source)
        return load_pixels(place, preparation, root=root, source=source), content
    except ImageError as error:
        return str(error), content
    except OSError as error:
        return f"{place} cannot be read: {error.strerror or error}", content


def class_weights(counts: torch.Tensor, beta: float) -> torch.Tensor | None:
    """Weights (K,) of the classes in the loss, of mean 1: the inverse effective number of images.

    ``w = (1 - beta) / (1 - beta ** n)``, Cui et al. 2019 (arXiv 1901.05555), equation 2. None for beta = 0.
    """
    if beta == 0:
        return None
    weights = (1 - beta) / (1 - beta ** counts.double())
    return (weights / weights.mean()).float()


def score_shift(counts: torch.Tensor, adjustment: float) -> torch.Tensor:
    """What is added to the scores (K,) while training: ``adjustment * log(n / N)``.

    Menon et al. 2021 (arXiv 2007.07314), equation 10: without the shift the trained scores are those of a collection
    in which all classes are equally frequent.
    """
    return (adjustment * (counts.double() / counts.sum()).log()).float()


def draw_order(labels: torch.Tensor, counts: torch.Tensor, balance: float, generator: torch.Generator) -> torch.Tensor:
    """Images (N,) of an epoch in order: each once for balance = 0, else drawn with replacement, rare classes more."""
    if balance == 0:
        return torch.randperm(len(labels), generator=generator)
    chance = counts.double().pow(-balance)[labels]
    return torch.multinomial(chance, len(labels), replacement=True, generator=generator)


def augment(images: torch.Tensor, settings: FinetuneSettings, generator: torch.Generator) -> torch.Tensor:
    """Vary normalised images (N, 3, H, W): one shift for the batch, light and colour of each image, a blank box."""
    n = len(images)
    reach = round(settings.shift * images.shape[3])
    if reach:
        down, right = (int(v) for v in torch.randint(-reach, reach + 1, (2,), generator=generator))
        images = torch.roll(images, (down, right), (2, 3))
    contrast = 1 + settings.light * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
    tint = settings.light * (2 * torch.rand(n, 3, 1, 1, generator=generator) - 1)
    images = images * contrast + tint
    return _cut_out(images, settings.cutout, generator) if settings.cutout else images


def _cut_out(images: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    n, _, height, width = images.shape
    h, w = round(height * share), round(width * share)
    top = torch.randint(0, height - h + 1, (n, 1, 1), generator=generator)
    left = torch.randint(0, width - w + 1, (n, 1, 1), generator=generator)
    y, x = torch.arange(height)[None, :, None], torch.arange(width)[None, None, :]
    hidden = (y >= top) & (y < top + h) & (x >= left) & (x < left + w)
    return images.masked_fill(hidden[:, None], 0.0)
