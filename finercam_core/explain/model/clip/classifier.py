r"""CLIP-like models as classifiers: the class weights are embeddings of prompts (extra ``clip``, open_clip).

With z the image's embedding, :math:`t_k` the unit embedding of class k's prompts and s the model's scale, the score is
a cosine (Radford et al., ICML 2021, arXiv 2103.00020):

.. math:: y_k = s \frac{z^\top t_k}{‖z‖} + b, \qquad
          \frac{\partial y_k}{\partial z} = \frac{s}{‖z‖}(I - \hat z \hat z^\top) t_k, \quad \hat z = z / ‖z‖

The factor :math:`(I - \hat z \hat z^\top)/‖z‖` does not depend on k: scores are linear in :math:`t_k` and so is the
evidence. It takes away what all prompts have in common with the image, and is part of the model here, so that no
method leaves it out.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import torch
from huggingface_hub import hf_hub_download
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.clip.prompts import TEMPLATES, ClipSettings, fill_templates, read_settings
from finercam_core.explain.model.layers import default_target_layer
from finercam_core.images.preparation import Preparation

# Mode of `Preparation` by open_clip's resize_mode.
_MODES = {"shortest": "crop", "longest": "border", "squash": "squash"}
_TEXTS_PER_PASS = 256
_CONFIG = "open_clip_config.json"

log = logging.getLogger(__name__)


class PromptScores(nn.Module):
    """Cosine scores of images and prompts.

    Parameters
    ----------
    visual : torch.nn.Module
        Maps images (N, 3, H, W) to embeddings (N, D).
    embeddings : tensor (K, D)
        Unit embeddings of the classes' prompts.
    scale, bias : float
        The model's own; for CLIP 100 and 0 after training.
    """

    def __init__(self, visual: nn.Module, embeddings: torch.Tensor, scale: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.visual = visual
        self.head = nn.Linear(embeddings.shape[1], len(embeddings))
        with torch.no_grad():
            self.head.weight.copy_(scale * embeddings)
            self.head.bias.fill_(bias)
        self.requires_grad_(False)
        prefix = _prefix_tokens(visual)
        if prefix is not None:
            self.num_prefix_tokens = prefix

    def get_classifier(self) -> nn.Linear:
        """The head, whose rows are the scaled prompt embeddings; the name is timm's."""
        return self.head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (N, K) of images (N, 3, H, W)."""
        embedding = self.visual(images)
        if isinstance(embedding, tuple):
            embedding = embedding[0]
        scores: torch.Tensor = self.head(embedding / embedding.norm(dim=1, keepdim=True))
        return scores


def load_clip(path: str | Path, *, target_layer: str | None = None) -> Classifier:
    """Build the classifier that a TOML file describes, see `finercam_core.explain.model.clip.prompts`.

    Raises
    ------
    ClassifierError
        If the file cannot be read or says something unknown, or as `clip_classifier` does.
    """
    return _build(read_settings(path), target_layer)


def clip_classifier(
    model: str,
    classes: Mapping[str, Sequence[str] | str] | Sequence[str],
    *,
    pretrained: str = "",
    templates: Sequence[str] = TEMPLATES,
    target_layer: str | None = None,
) -> Classifier:
    """Make a classifier of an open_clip model and prompts.

    Parameters
    ----------
    model : str
        open_clip's name of a model, ``hf-hub:owner/name``, or ``local-dir:folder``.
    classes : mapping of str to str or sequence of str, or sequence of str
        Names of the classes with the texts that stand for each: a scientific name, a common name, a Linnaean string,
        or a free concept such as "adipose fin". Names alone stand for themselves.
    pretrained : str
        open_clip's tag of the weights, or a file of them; "" where the model's name says it.
    templates : sequence of str
        Each text is put into each, in the place of ``{}``. The embeddings of all texts of a class are averaged.
    target_layer : str, optional
        By default the first norm of the last block (vision transformers) or the last stage.

    Returns
    -------
    Classifier, in evaluation mode on the CPU; its scores are cosines times the model's scale, plus its bias.

    Raises
    ------
    ClassifierError
        If open_clip is not installed or cannot load the model, or the classes are empty.
    """
    named = classes if isinstance(classes, Mapping) else {name: name for name in classes}
    return _build(ClipSettings(model, fill_templates(named, templates), pretrained), target_layer)


@torch.no_grad()
def _build(settings: ClipSettings, target_layer: str | None) -> Classifier:
    model, tokenize = _load(settings)
    embeddings = _embeddings(model, tokenize, settings.classes)
    bias = getattr(model, "logit_bias", None)
    scale = float(model.logit_scale.exp())
    scores = PromptScores(model.visual, embeddings, scale, 0.0 if bias is None else float(bias))
    layer = target_layer or settings.target_layer or f"visual.{_target_layer(model.visual)}"
    return Classifier(
        scores.eval(),
        list(settings.classes),
        layer,
        _preparation(model),
        name=settings.model,
        prompts=settings.classes,
    )


def _load(settings: ClipSettings) -> tuple[Any, Any]:
    try:
        import open_clip
    except ImportError as error:
        raise ClassifierError("open_clip is not installed", "install finercam with the extra 'clip'") from error
    if not settings.pretrained and ":" not in settings.model:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(settings.model)) or "see open_clip.list_models()"
        raise ClassifierError(f"no weights are given for {settings.model!r}", f"set pretrained: {tags}")
    _refuse_remote_code(settings.model)
    try:
        model = open_clip.create_model(settings.model, pretrained=settings.pretrained or None, require_pretrained=True)
        return model.eval(), open_clip.get_tokenizer(settings.model)
    except (RuntimeError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ClassifierError(
            f"open_clip cannot load {settings.model!r}: {reason}", "check model, pretrained"
        ) from error


def _refuse_remote_code(model: str) -> None:
    """Raise `ClassifierError` if a model's description asks for code from elsewhere, which its tokeniser would run."""
    scheme, _, place = model.partition(":")
    config = Path(place) / _CONFIG
    try:
        if scheme == "hf-hub":
            name, _, revision = place.partition("@")
            config = Path(hf_hub_download(name, _CONFIG, revision=revision or None))
        text = config.read_text(encoding="utf-8") if scheme in ("hf-hub", "local-dir") else ""
    except (OSError, ValueError, httpx.HTTPError):  # what is missing is said by open_clip
        return
    if "trust_remote_code" in text:
        raise ClassifierError(f"{model} asks to run code of its own", "take a model that does not")


def _embeddings(model: Any, tokenize: Any, classes: Mapping[str, Sequence[str]]) -> torch.Tensor:
    """Unit mean of the unit embeddings of each class's texts, (K, D); the texts of all classes share passes."""
    texts = [text for of_class in classes.values() for text in of_class]
    owner = torch.tensor([i for i, of_class in enumerate(classes.values()) for _ in of_class])
    tokens = torch.cat([tokenize(texts[i : i + _TEXTS_PER_PASS]) for i in range(0, len(texts), _TEXTS_PER_PASS)])
    _require_different(list(classes), texts, owner, tokens, _cut(tokenize, texts, tokens))
    parts = [model.encode_text(part) for part in torch.split(tokens, _TEXTS_PER_PASS)]
    unit = nn.functional.normalize(torch.cat(parts), dim=1)
    sums = torch.zeros((len(classes), unit.shape[1]), dtype=unit.dtype).index_add_(0, owner, unit)
    return nn.functional.normalize(sums, dim=1)


def _cut(tokenize: Any, texts: Sequence[str], tokens: torch.Tensor) -> list[int]:
    """Numbers of the texts that are longer than the model reads; said once, with one of them."""
    padding = tokenize(["a"])[0, -1]
    full = [i for i, row in enumerate(tokens) if row[-1] != padding]
    # A text that fills the whole context may just do so: cut, it has the same tokens without its last word.
    shorter = tokenize([texts[i].rpartition(" ")[0] or texts[i] for i in full]) if full else tokens[:0]
    cut = [i for i, row in zip(full, shorter, strict=True) if torch.equal(row, tokens[i])]
    if cut:
        count, length = len(cut), tokens.shape[1]
        log.warning("%d of %d texts are cut at %d tokens, such as %.60r …", count, len(texts), length, texts[cut[0]])
    return cut


def _require_different(
    names: Sequence[str], texts: Sequence[str], owner: torch.Tensor, tokens: torch.Tensor, cut: Sequence[int]
) -> None:
    """Refuse two classes that the model reads the same of: their scores would be equal for every image."""
    read: dict[frozenset[tuple[int, ...]], int] = {}
    for k, name in enumerate(names):
        rows = (owner == k).nonzero()[:, 0].tolist()
        known = read.setdefault(frozenset(tuple(tokens[i].tolist()) for i in rows), k)
        if known != k:
            why = f" once they are cut at {tokens.shape[1]} tokens" if any(i in cut for i in rows) else ""
            problem = f"the classes {names[known]!r} and {name!r} have the same texts{why}: {texts[rows[0]][:60]!r}"
            raise ClassifierError(problem, "describe what tells them apart, first words first")


def _target_layer(visual: nn.Module) -> str:
    """Name, below the image tower, of the last layer with a spatial grid."""
    trunk = getattr(visual, "trunk", None)
    if isinstance(trunk, nn.Module):
        return f"trunk.{default_target_layer(trunk)}"
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    if isinstance(blocks, nn.ModuleList | nn.Sequential):
        return f"transformer.resblocks.{len(blocks) - 1}.ln_1"
    if hasattr(visual, "layer4"):
        return "layer4"
    raise ClassifierError(f"{type(visual).__name__} has no default target layer", "name one with target_layer")


def _prefix_tokens(visual: nn.Module) -> int | None:
    trunk = getattr(visual, "trunk", None)
    if trunk is not None:
        return getattr(trunk, "num_prefix_tokens", None)
    return 1 if hasattr(visual, "class_embedding") else None


def _preparation(model: Any) -> Preparation:
    config = model.visual.preprocess_cfg
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    mode: Any = _MODES.get(config.get("resize_mode", "shortest"), "crop")
    interpolation, colour = config.get("interpolation", "bicubic"), config.get("fill_color", 0)
    fill = (colour, colour, colour) if isinstance(colour, int) else tuple(colour)
    return Preparation(
        height,
        width,
        mode,
        1.0,
        tuple(config["mean"]),
        tuple(config["std"]),
        interpolation,
        fill if mode == "border" else None,
    )
