"""How much of what tells a specimen from a reference species lies on each of its traits."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.traits.cover import Cover, part_image
from finercam_core.images.preparation import Preparation, to_image
from finercam_core.regions.masks import TraitMask
from finercam_core.store import SpecimenRecord

COLUMNS = ("image_id", "scientificName", "reference", "tier", "trait_id", "share", "evidence", "pointing", "area",
           "margin")  # fmt: skip
SIDE = 256  # pixels of the longer side at which the largest value is searched for


def trait_shares(maps: npt.ArrayLike, parts: Cover) -> npt.NDArray[np.float64]:
    r"""Share of maps' positive parts that lies on each part of a picture.

    .. math:: s_t = \frac{\sum_{p \in t} \max(M_p, 0)}{\sum_p \max(M_p, 0)}

    over image pixels, with M interpolated from the grid: computed on the grid itself, with the same result.

    Parameters
    ----------
    maps : array (..., h, w)
        Signed maps on the model's grid.
    parts : Cover

    Returns
    -------
    float64 array (..., P), each row summing to one; NaN for a map without a positive value.
    """
    positive = np.maximum(np.asarray(maps, np.float64), 0)
    energy = np.einsum("...hw,phw->...p", positive, parts.pixels.astype(np.float64))
    total = energy.sum(-1, keepdims=True)
    return np.asarray(np.divide(energy, total, out=np.full_like(energy, np.nan), where=total > 0))


def trait_evidence(maps: npt.ArrayLike, parts: Cover) -> npt.NDArray[np.float64]:
    """Signed evidence on each part, in logits; float64 (..., P), each row summing to the mean of its map.

    The evidence maps of a store average to the score (less the bias) where that is how the classifier pools, so the
    parts of a difference map add up to the difference of two scores: nothing is lost and nothing counted twice.
    """
    values = np.asarray(maps, np.float64)
    summed = np.einsum("...hw,phw->...p", values, parts.fractions.astype(np.float64))
    return np.asarray(summed / (values.shape[-1] * values.shape[-2]))


def trait_pointing(
    maps: npt.ArrayLike, mask: TraitMask, parts: Cover, preparation: Preparation
) -> npt.NDArray[np.float64]:
    """Pointing game on every part: whether the largest pixel of a map lies on it, of tied pixels the share that does.

    Parameters
    ----------
    maps : array (R, h, w)
        Signed maps on the model's grid; interpolated to a picture of at most `SIDE` pixels per side.
    mask : int array (height, width)
    parts : Cover
    preparation : Preparation

    Returns
    -------
    float64 array (R, P), each row summing to one; NaN for a map without a positive value.
    """
    scale = min(1.0, SIDE / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    labels = part_image(mask, [int(number) for number in parts.ids[2:]], size)
    large = to_image(np.maximum(np.asarray(maps, np.float32), 0), preparation.window(size), size)
    pointing = np.full((len(large), len(parts.ids)), np.nan)
    for row, values in zip(pointing, large, strict=True):
        if values.max() > 0:
            largest = labels[values == values.max()]
            row[:] = [(largest == number).mean() for number in parts.ids]
    return pointing


def attribute(record: SpecimenRecord, parts: Cover, mask: TraitMask, preparation: Preparation) -> pd.DataFrame:
    """Share and evidence of every part in the difference between a specimen's species and each reference.

    The difference is the whole one, :math:`E_c - E_d` (γ = 1): with γ = 0.6 a part of what both species have in
    common would stay in the map and be taken for a difference. For methods that are not linear in the scores it is the
    finished comparison, at the γ of the run.

    Returns
    -------
    DataFrame with `COLUMNS`, one row per reference and part; `margin` is the difference of the two logits.
    """
    differences = record.evidence[1:] if record.compared_at is not None else record.evidence[:1] - record.evidence[1:]
    shares, evidence = trait_shares(differences, parts), trait_evidence(differences, parts)
    pointing = trait_pointing(differences, mask, parts, preparation)
    references, count = record.classes[1:], len(parts.ids)
    return pd.DataFrame(
        {
            "image_id": record.image_id,
            "scientificName": record.scientificName,
            "reference": np.repeat(references, count),
            "tier": np.repeat(record.tiers[1:], count),
            "trait_id": np.tile(parts.ids, len(references)),
            "share": shares.ravel(),
            "evidence": evidence.ravel(),
            "pointing": pointing.ravel(),
            "area": np.tile(parts.area, len(references)),
            "margin": np.repeat((record.logit[0] - record.logit[1:]).astype(np.float64), count),
        }
    )
