"""Whether timm has a model, by its source files: to import timm takes seconds, and torch."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from finercam_core.errors import ClassifierError
from finercam_core.suggestions import did_you_mean

_REGISTERED = re.compile(r"^@register_model\s+def (\w+)", re.MULTILINE)


def timm_name(name: str) -> None:
    """Raise `ClassifierError` if timm's files do not have the name of an architecture, or a tag of its weights.

    Parameters
    ----------
    name : str
        Such as "resnet50" or "resnet50.a1_in1k". Other sources, as ``hf-hub:owner/name``, are not judged, nor is any
        name where timm is not installed.
    """
    text = _sources()
    architecture, _, tag = name.partition(".")
    if ":" in name or not text:
        return
    written = (f"def {architecture}(", *(f"{quote}{architecture}{end}" for quote in "'\"" for end in (quote, ".")))
    if not any(form in text for form in written):
        near = did_you_mean(architecture, _REGISTERED.findall(text))
        raise ClassifierError(f"timm has no model {name!r}", near or "its names are at huggingface.co/timm")
    tags = [found for quote in "'\"" for found in re.findall(rf"{quote}{re.escape(architecture)}\.(\w+){quote}", text)]
    if tag and tags and tag not in tags:
        listed = ", ".join(f"{architecture}.{each}" for each in sorted(set(tags))[:5])
        near = did_you_mean(name, [f"{architecture}.{each}" for each in tags])
        raise ClassifierError(f"timm has no weights {name!r}", near or f"give one such as {listed}")


@cache
def _sources() -> str:
    """All files of timm's models; "" where timm is not installed."""
    try:
        folder = Path(str(distribution("timm").locate_file("timm/models")))
    except PackageNotFoundError:
        return ""
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
