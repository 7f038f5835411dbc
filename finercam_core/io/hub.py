"""The Hugging Face hub where it answers, and its cache on this machine where it does not, without waiting."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from huggingface_hub import constants, snapshot_download

from finercam_core.errors import FinercamError
from finercam_core.io.faults import first_line

PATIENCE = 5.0
"""Seconds in which the hub must answer; its own client tries again and again for the better part of a minute."""


class HubError(FinercamError):
    """The hub has not what was asked for, or does not answer."""


def hub_answers() -> bool:
    """Whether the hub, or the mirror in ``HF_ENDPOINT``, answers a request; False in offline mode."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        httpx.head(constants.ENDPOINT, timeout=PATIENCE)
    except httpx.HTTPError:
        return False
    return True


def from_hub(
    name: str, files: Collection[str], *, revision: str | None = None, folder: str | Path | None = None
) -> Path:
    """Bring some files of a repository here; what the cache has is taken where the hub does not answer.

    Parameters
    ----------
    name : str
        ``owner/name``.
    files : collection of str
        Their names, or patterns of them.
    revision : str, optional
        Branch, tag or commit.
    folder : str or Path, optional
        Where to put them; the hub's cache by default.

    Returns
    -------
    Path, the folder with the files.

    Raises
    ------
    HubError
        If they cannot be had.
    """
    answers = False
    try:
        with hub_or_cache() as answers:
            found = snapshot_download(name, revision=revision, local_dir=folder, allow_patterns=list(files))
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = first_line(error) if answers else "it cannot be reached, and its cache has no copy"
        problem = f"{name} cannot be downloaded from the hub: {reason}"
        raise HubError(problem, "check its name and the network") from error
    return Path(found)


@contextmanager
def hub_or_cache() -> Iterator[bool]:
    """Ask the hub's cache alone while the context lasts, if the hub does not answer.

    Yields
    ------
    bool
        Whether it answers. If it does not, what is in the cache is found, and anything else fails at once.
    """
    answers, before = hub_answers(), constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = not answers
    try:
        yield answers
    finally:
        constants.HF_HUB_OFFLINE = before
