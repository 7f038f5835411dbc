"""The Hugging Face hub where it answers, and its cache on this machine where it does not, without waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from huggingface_hub import constants

PATIENCE = 5.0
"""Seconds in which the hub must answer; its own client tries again and again for the better part of a minute."""


def hub_answers() -> bool:
    """Whether the hub, or the mirror in ``HF_ENDPOINT``, answers a request; False in offline mode."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        httpx.head(constants.ENDPOINT, timeout=PATIENCE)
    except httpx.HTTPError:
        return False
    return True


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
