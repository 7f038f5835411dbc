"""The folder of a classifier, timm's own `local-dir:` form, and its exchange with the Hugging Face hub."""

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
import pandas as pd
from huggingface_hub import HfApi
from safetensors.torch import save_file
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.explain.folds import FOLDS, FoldHeads
from finercam_core.images.preparation import Preparation
from finercam_core.io.atomic import replacing
from finercam_core.io.faults import first_line
from finercam_core.io.hub import HubError, from_hub, hub_answers
from finercam_core.parts.lists import LISTS, ListedImage, write_lists
from finercam_core.references.selection import CONFUSIONS
from finercam_core.references.tables import write_confusions
from finercam_core.train.backbone import Construction
from finercam_core.train.record import AdoptionRecord, TrainingRecord, draw_curve, model_card

RANKS = ("family", "genus", "specificEpithet", "infraspecificEpithet", "vernacularName")


def write_folder(
    folder: Path,
    model: nn.Module,
    construction: Construction,
    species: tuple[str, ...],
    preparation: Preparation,
    record: TrainingRecord | AdoptionRecord,
    taxa: pd.DataFrame,
    collection: str = "",
    licences: Sequence[str] = (),
    images: Iterable[ListedImage] | None = None,
    heads: FoldHeads | None = None,
) -> None:
    """Write a classifier; the folder is there whole or not at all.

    Parameters
    ----------
    folder : Path
        Must not exist yet.
    model : torch.nn.Module
    construction : Construction
    species : tuple of str
        Names of the scores.
    preparation : Preparation
    record : TrainingRecord or AdoptionRecord
    taxa : DataFrame
        Ranks of the classes, by scientificName.
    collection : str
        Name of the collection that it was trained on.
    licences : sequence of str
        Of the images.
    images : iterable of ListedImage, optional
        What was done with each image; None where nobody knows.
    heads : FoldHeads, optional
        Of a cross-fitted classifier: for each fold a head that never saw it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing(folder) as partial:
        partial.mkdir()
        state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
        save_file(state, partial / "model.safetensors", metadata={"format": "pt"})
        if heads is not None:
            heads.write(partial)
        training = {**record.to_dict(), "sha256": {"model.safetensors": sha256_of(partial / "model.safetensors")}}
        _json(partial / "preparation.json", preparation.to_dict())
        _json(partial / "training.json", training)
        if construction.from_factory:
            _json(partial / "finercam.json", construction.to_dict())
        else:
            _json(partial / "config.json", _timm_config(construction, model, species, preparation))
        _write_classes(partial / "classes.csv", species, taxa)
        if images is not None:
            write_lists(partial, images)
        if isinstance(record, TrainingRecord) and record.curve:
            draw_curve(record.curve, partial / "curve.png")
        if isinstance(record, TrainingRecord) and record.confused:
            write_confusions(partial / CONFUSIONS, record.confused)
        card = model_card(construction, species, record, collection, licences)
        (partial / "README.md").write_text(card, encoding="utf-8")


def _timm_config(
    construction: Construction, model: nn.Module, species: tuple[str, ...], p: Preparation
) -> dict[str, object]:
    return {
        "architecture": construction.spec,
        "num_classes": len(species),
        "num_features": int(getattr(model, "num_features", 0)),
        "global_pool": str(getattr(model, "global_pool_type", "avg")),
        "model_args": construction.arguments,
        "label_names": list(species),
        "pretrained_cfg": {
            "num_classes": len(species),
            "input_size": [3, p.height, p.width],
            "interpolation": p.interpolation,
            "crop_pct": p.crop_fraction,
            "crop_mode": {"pad": "border", "border": "border", "squash": "squash", "crop": "center"}[p.mode],
            "mean": list(p.mean),
            "std": list(p.std),
            "label_names": list(species),
            "license": "see README.md",
        },
    }


def _write_classes(path: Path, species: tuple[str, ...], taxa: pd.DataFrame) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "scientificName", *RANKS])
        for index, name in enumerate(species):
            writer.writerow([index, name, *(taxa.loc[name, rank] for rank in RANKS)])


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, default=asdict), encoding="utf-8")


FILES = ("model.safetensors", "config.json", "finercam.json", "preparation.json", "classes.csv", "training.json",
         "README.md", "curve.png", LISTS, FOLDS, CONFUSIONS)  # fmt: skip


def push(folder: str | Path, repository: str, *, private: bool = True) -> str:
    """Upload a classifier; timm then reads it as ``hf-hub:<repository>``.

    Parameters
    ----------
    folder : str or Path
        As written by `train`.
    repository : str
        ``owner/name``; made if it is not there.
    private : bool
        Whether a new repository can be seen by its owner alone.

    Returns
    -------
    str, the address of the upload.

    Raises
    ------
    TrainingError
        If the folder holds no classifier.
    HubError
        If the hub does not answer, or refuses the upload.
    """
    if not (Path(folder) / "model.safetensors").exists():
        raise TrainingError(f"{folder} has no model.safetensors", "give a folder that `finercam train` wrote")
    if not hub_answers():
        raise HubError(f"{folder} cannot be uploaded: the hub does not answer", "check the network")
    api = HfApi()
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        return str(api.upload_folder(repo_id=repository, folder_path=folder, allow_patterns=list(FILES)))
    except (OSError, ValueError, httpx.HTTPError) as error:
        problem = f"{folder} cannot be uploaded to {repository}: {first_line(error)}"
        raise HubError(problem, "log in with `hf auth login`, and check the name") from error


def pull(repository: str, folder: str | Path, *, revision: str | None = None) -> Path:
    """Download a classifier; only safetensors and texts are taken, never a pickle.

    Parameters
    ----------
    repository : str
        ``owner/name``, with or without ``hf-hub:``.
    folder : str or Path
        Where to put it.
    revision : str, optional
        Branch, tag or commit; give a commit to have the same classifier always.

    Raises
    ------
    HubError
        If the hub does not answer, or has no such repository.
    TrainingError
        If it holds no safetensors.
    """
    name = repository.removeprefix("hf-hub:")
    found = from_hub(name, FILES, revision=revision, folder=folder)
    if not (found / "model.safetensors").exists():
        raise TrainingError(f"{repository} has no model.safetensors", "pickled checkpoints are not loaded; convert it")
    return found
