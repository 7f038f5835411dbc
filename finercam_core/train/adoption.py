"""Adopt a checkpoint that was trained elsewhere: its weights and the names of its scores, and nothing that runs."""

import pickle
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeGuard

import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models import clean_state_dict

from finercam_core.errors import ClassifierError, TrainingError
from finercam_core.explain.model.own_preparation import preparation_of
from finercam_core.images.preparation import Preparation
from finercam_core.taxonomy.class_names import COLUMN, class_table
from finercam_core.taxonomy.names import parse_names
from finercam_core.train.backbone import BackboneSpec
from finercam_core.train.folder import RANKS, sha256_of, write_folder
from finercam_core.train.record import AdoptionRecord

# Where training scripts keep the weights within a checkpoint; averaged ones first, since those were judged.
KEYS = ("state_dict_ema", "model_ema", "ema_state_dict", "state_dict", "model_state_dict", "model_state", "model",
        "net", "network", "weights", "params")  # fmt: skip


def adopt(
    checkpoint: str | Path,
    folder: str | Path,
    *,
    model: str,
    classes: str | Path,
    model_args: Mapping[str, object] | None = None,
    preparation: Preparation | None = None,
) -> Path:
    """Write the folder of a classifier from a checkpoint.

    Parameters
    ----------
    checkpoint : str or Path
        ``.safetensors``, or a file of `torch.save` that holds tensors and plain values alone.
    folder : str or Path
        Must not exist yet.
    model : str
        timm name of the architecture.
    classes : str or Path
        CSV with a column `scientificName`, one row per score in the order of the scores, with ranks where known.
    model_args : mapping, optional
        Arguments for building the model.
    preparation : Preparation, optional
        How images become input; timm's configuration of the architecture by default.

    Returns
    -------
    Path, the folder.

    Raises
    ------
    TrainingError
        If the checkpoint holds code or other weights, or a class has no name.
    """
    source, target = Path(checkpoint), Path(folder)
    if target.exists():
        raise TrainingError(f"{target} exists already", "choose another folder, or delete it")
    taxa = read_classes(Path(classes))
    network, construction = BackboneSpec(model, pretrained=False, arguments=dict(model_args or {})).build(len(taxa))
    try:
        network.load_state_dict(unprefixed(read_weights(source), network.state_dict().keys()))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingError(
            f"{source} does not fit {model} with {len(taxa)} classes ({reason})", "check the model and the classes"
        ) from error
    record = AdoptionRecord(source.name, sha256_of(source))
    prepared = preparation or preparation_of(network)
    write_folder(target, network, construction, tuple(taxa.index), prepared, record, taxa)
    return target


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a checkpoint by name, read without running anything in it.

    Raises
    ------
    TrainingError
        If it cannot be read in this way.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        raise TrainingError(
            f"{path} holds executable pickles and was not loaded", "save its state_dict as safetensors"
        ) from error
    except (OSError, SafetensorError, RuntimeError, EOFError) as error:
        raise TrainingError(f"{path} cannot be read: {error}", "give a .safetensors or a file of torch.save") from error
    weights = _weights(found)
    if weights is None:
        held = f": it has {', '.join(map(str, found))[:200]}" if isinstance(found, dict) else ""
        raise TrainingError(f"{path} does not hold a state_dict{held}", "save the model's state_dict")
    return weights


def _weights(found: object) -> dict[str, torch.Tensor] | None:
    """The tensors of a checkpoint, where a script keeps them, or where it is the only place with tensors alone."""
    if not isinstance(found, Mapping):
        return None
    within = [found[key] for key in KEYS if isinstance(found.get(key), Mapping)]
    others = [value for value in found.values() if _is_state(value)]
    for state in [*within, found, *(others if len(others) == 1 else [])]:
        if _is_state(state):
            return dict(state)
    return None


def _is_state(value: object) -> TypeGuard[Mapping[str, torch.Tensor]]:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(each, torch.Tensor) for each in value.values())


def unprefixed(weights: Mapping[str, torch.Tensor], names: Collection[str]) -> dict[str, torch.Tensor]:
    """Weights under the names that a model has, which a trainer put behind a prefix (Lightning's `model.`).

    Tensors without the prefix, such as class weights of a loss, are no part of the model. Without a prefix that leads
    to all names, the weights as they are.
    """
    plain = dict(clean_state_dict(dict(weights)))
    if set(names) <= set(plain):
        return plain
    first = min(names, default="")
    prefixes = [key.removesuffix(first) for key in plain if key.endswith(f".{first}")]
    for prefix in prefixes:
        if all(f"{prefix}{name}" in plain for name in names):
            return {name: plain[f"{prefix}{name}"] for name in names}
    return plain


def read_classes(path: Path) -> pd.DataFrame:
    """Taxa of the scores from a CSV: index scientificName, columns the ranks, from the names where they are missing.

    Raises
    ------
    TrainingError
        If it cannot be read, or a name is missing or repeated.
    """
    try:
        table = class_table(path)
    except ClassifierError as error:
        raise TrainingError(error.problem, error.remedy) from error
    names = table[COLUMN]
    parsed = parse_names(names)
    ranks = {rank: table.get(rank, parsed.get(rank, pd.Series("", names.index))) for rank in RANKS}
    return pd.DataFrame(ranks).set_index(names)
