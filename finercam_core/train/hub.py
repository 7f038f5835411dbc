"""Classifiers on the Hugging Face hub: the folder as it is, in timm's own form, and no executable pickles."""

from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from finercam_core.errors import TrainingError

FILES = ("model.safetensors", "config.json", "finercam.json", "preparation.json", "classes.csv", "training.json",
         "README.md", "curve.png")  # fmt: skip


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
    """
    if not (Path(folder) / "model.safetensors").exists():
        raise TrainingError(f"{folder} has no model.safetensors", "give a folder that `finercam train` wrote")
    api = HfApi()
    api.create_repo(repository, private=private, exist_ok=True)
    return str(api.upload_folder(repo_id=repository, folder_path=folder, allow_patterns=list(FILES)))


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
    TrainingError
        If the repository holds no safetensors.
    """
    name = repository.removeprefix("hf-hub:")
    found = Path(snapshot_download(name, revision=revision, local_dir=folder, allow_patterns=list(FILES)))
    if not (found / "model.safetensors").exists():
        raise TrainingError(f"{repository} has no model.safetensors", "pickled checkpoints are not loaded; convert it")
    return found
