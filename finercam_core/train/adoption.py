"""Adopt a checkpoint that was trained elsewhere: its weights and the names of its scores, and nothing that runs."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models import clean_state_dict

from finercam_core.errors import TrainingError
from finercam_core.explain.model.classifier import preparation_of
from finercam_core.images.preparation import Preparation
from finercam_core.taxonomy.names import parse_names
from finercam_core.train.backbone import BackboneSpec
from finercam_core.train.folder import RANKS, write_folder
from finercam_core.train.record import AdoptionRecord

# Where training scripts keep the weights within a checkpoint; averaged ones first, since those were judged.
KEYS = ("state_dict_ema", "model_ema", "state_dict", "model")


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
        network.load_state_dict(clean_state_dict(read_weights(source)))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingError(
            f"{source} does not fit {model} with {len(taxa)} classes ({reason})", "check the model and the classes"
        ) from error
    record = AdoptionRecord(source.name, _sha256(source))
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
    if isinstance(found, dict):
        found = next((found[key] for key in KEYS if isinstance(found.get(key), dict)), found)
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise TrainingError(f"{path} does not hold a state_dict", "save the model's state_dict")
    return found


def read_classes(path: Path) -> pd.DataFrame:
    """Taxa of the scores from a CSV: index scientificName, columns the ranks, from the names where they are missing.

    Raises
    ------
    TrainingError
        If it cannot be read, or a name is missing or repeated.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        names = table["scientificName"].str.strip()
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"{path} does not name the classes: {error}", "give a CSV with a column scientificName"
        ) from error
    wrong = names[(names == "") | names.duplicated()]
    if len(wrong):
        raise TrainingError(f"row {wrong.index[0] + 2} of {path} is {wrong.iloc[0]!r}", "name each class once")
    parsed = parse_names(names)
    ranks = {rank: table.get(rank, parsed.get(rank, pd.Series("", names.index))) for rank in RANKS}
    return pd.DataFrame(ranks).set_index(names)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
