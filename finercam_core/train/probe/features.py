"""Features of a frozen backbone, computed once for each image and kept in Zarr."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import zarr
from filelock import FileLock
from torch import nn

from finercam_core.images.preparation import Preparation
from finercam_core.io.progress import StepProgress
from finercam_core.train.backbone import Construction
from finercam_core.train.pixels import Pixels, Rows, StreamedPixels, batches_of, digests_of, in_order

Features = npt.NDArray[np.float32]


def backbone_key(model: nn.Module, head: nn.Linear, construction: Construction, preparation: Preparation) -> str:
    """Name of a backbone's features: hash of how it is built, its weights but the head's, and its normalisation."""
    what = {**construction.to_dict(), "kwargs": None, "mean": preparation.mean, "std": preparation.std}
    digest = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode())
    heads = {tensor.data_ptr() for tensor in head.parameters()}
    for name, tensor in sorted(model.state_dict().items()):
        if tensor.data_ptr() not in heads or tensor.numel() == 0:
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def head_inputs(model: nn.Module, head: nn.Linear, pixels: Pixels, preparation: Preparation) -> Features:
    """What the head receives for a batch of prepared images: float32 (N, D), from one forward pass."""
    received: list[Features] = []
    hook = head.register_forward_pre_hook(lambda _module, inputs: received.append(inputs[0].float().cpu().numpy()))
    model.eval()
    try:
        with torch.no_grad():
            model(torch.from_numpy(preparation.normalise(pixels)).to(head.weight.device))
    finally:
        hook.remove()
    return received[0]


def cached_features(
    cache: Path,
    key: str,
    pixels: Pixels | StreamedPixels,
    forward: Callable[[Pixels], Features],
    batch: int,
    progress: StepProgress | None = None,
) -> Features:
    """Features of images, from the cache where they are there.

    Parameters
    ----------
    cache : Path
        Zarr group; one process writes at a time, others wait.
    key : str
        Name of the backbone, `backbone_key`.
    pixels : uint8 array (N, H, W, 3) or StreamedPixels
        Prepared images; the hash of these pixels is the key of a row.
    forward : callable
        Features (n, D) of pixels (n, H, W, 3).
    batch : int
        Images per forward pass. Batches are cut by position, so that a resumed run computes the same ones.
    progress : callable, optional

    Returns
    -------
    float32 array (N, D)
    """
    digests = digests_of(pixels)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{cache}.lock"):
        group = zarr.open_group(cache, mode="a").require_group(key)
        known = _rows(group)
        missing = list(_new(digests, set(known), in_order(len(pixels), batch)))
        for number, (new, images) in enumerate(zip(missing, batches_of(pixels, missing), strict=True), 1):
            if len(new):
                first = _append(group, forward(images), [digests[i] for i in new])
                known.update({digests[i]: first + n for n, i in enumerate(new)})
            if progress is not None:
                progress(min(number * batch, len(pixels)), len(pixels), "features")
        features: Features = np.asarray(_array(group, "features")[:])
    return features[[known[digest] for digest in digests]]


def _new(digests: Sequence[bytes], seen: set[bytes], batches: Iterable[Rows]) -> Iterator[Rows]:
    """What is left of each batch without the images that were seen before it."""
    for rows in batches:
        new = np.array([i for i in rows if digests[i] not in seen], np.int64)
        seen.update(digests[i] for i in new)
        yield new


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    found = group[name]
    if not isinstance(found, zarr.Array):
        raise TypeError(f"{name} is not an array")
    return found


def _rows(group: zarr.Group) -> dict[bytes, int]:
    """Row of each image; rows of zeros are places whose writing was cut off."""
    if "image" not in group:
        return {}
    images = np.asarray(_array(group, "image")[:])
    return {image.tobytes(): row for row, image in enumerate(images) if image.any()}


def _append(group: zarr.Group, features: Features, digests: list[bytes]) -> int:
    """Add rows, the images' hashes last: a row with a hash is complete."""
    if "image" not in group:
        group.require_array("features", shape=(0, features.shape[1]), chunks=(256, features.shape[1]), dtype="float32")
        group.require_array("image", shape=(0, 32), chunks=(4096, 32), dtype="uint8")
    stored, images = _array(group, "features"), _array(group, "image")
    first = max(stored.shape[0], images.shape[0])
    stored.resize((first + len(features), features.shape[1]))
    stored[first:] = features
    images.resize((first + len(features), 32))
    images[first:] = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
    return first
