"""All settings of training; written beside the classifier."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from finercam_core.errors import TrainingError

AtLeastOne = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
HELD = 2.0
"""GiB of prepared images in memory."""
BelowOne = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class FinetuneSettings:
    """Fine-tuning of a whole model: AdamW with a warm-up and a cosine decay of the learning rate.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
        At its peak.
    weight_decay : float
    warmup : float
        Share of all steps in which the learning rate rises.
    label_smoothing : float
    shift : float
        Random displacement, at most this share of the input's width.
    light : float
        Random change of brightness and of each colour, at most this share of the range.
    cutout : float
        Side of a random blank rectangle as a share of the input's sides; 0 for none.
    layer_decay : float
        Factor of the learning rate from each layer to the one before it, in (0, 1]; about 0.7 for a pretrained
        transformer, 1 for none.
    ema : float
        Decay of a moving average of the weights, which is then the result, in [0, 1); 0 for none.
    accumulate : int
        Parts in which a batch is computed, where it does not fit into memory as a whole.
    patience : int
        Epochs without a better accuracy on "val" after which training stops; the best weights are kept. 0 runs
        all epochs and keeps the last.
    balance : float
        Sampling of long-tailed collections: a class of n images is drawn in proportion to ``n ** (1 - balance)``;
        0 draws each image once per epoch, 1 all classes equally.
    beta : float
        Weight ``(1 - beta) / (1 - beta ** n)`` of a class in the loss, in [0, 1); 0 for none.
    adjustment : float
        Logit adjustment: this multiple of the log share of each class is added to its score while training.
    seed : int
    held : float
        GiB of prepared images that are kept in memory; a larger collection is decoded anew in each epoch. The weights
        are the same.
    save_every : int
        Steps between two checkpoints within an epoch; 0 saves at its end alone.
    """

    epochs: AtLeastOne = 15
    batch_size: AtLeastOne = 48
    learning_rate: Positive = 4e-3
    weight_decay: NotNegative = 0.05
    warmup: Share = 0.2
    label_smoothing: BelowOne = 0.1
    shift: Share = 0.03
    light: Share = 0.1
    cutout: BelowOne = 0.0
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    ema: BelowOne = 0.0
    accumulate: AtLeastOne = 1
    patience: Annotated[int, Field(ge=0)] = 0
    balance: Share = 0.0
    beta: BelowOne = 0.0
    adjustment: NotNegative = 0.0
    seed: int = 0
    held: NotNegative = HELD
    save_every: Annotated[int, Field(ge=0)] = 500


@dataclass(frozen=True)
class ProbeSettings:
    """A multinomial linear head on the frozen backbone's pooled features.

    Attributes
    ----------
    strengths : tuple of float
        Inverse L2 penalties to choose from, on the validation split.
    batch_size : int
        Images per forward pass.
    max_steps : int
        Steps of L-BFGS for each penalty.
    beta, adjustment : float
        As in `FinetuneSettings`.
    seed : int
    held : float
        As in `FinetuneSettings`.
    """

    strengths: Annotated[tuple[Positive, ...], Field(min_length=1)] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
    batch_size: AtLeastOne = 32
    max_steps: AtLeastOne = 100
    beta: BelowOne = 0.0
    adjustment: NotNegative = 0.0
    seed: int = 0
    held: NotNegative = HELD


Settings = FinetuneSettings | ProbeSettings
MODES: dict[str, type[FinetuneSettings] | type[ProbeSettings]] = {"probe": ProbeSettings, "finetune": FinetuneSettings}


def check_folds(mode: str, folds: int) -> None:
    """Raise `TrainingError` if a mode cannot be cross-fitted with so many folds."""
    if folds and mode != "probe":
        raise TrainingError(f"{folds} folds need a frozen backbone, and {mode} changes it", "use the mode probe")
    if folds == 1 or folds < 0:
        raise TrainingError(f"the number of folds is {folds}", "give 2 or more, or 0 for none")


def read_settings(mode: str, values: Mapping[str, object]) -> Settings:
    """Settings of a mode from plain values or their texts, such as ``{"epochs": "30"}``; the rest by default.

    Raises
    ------
    TrainingError
        If the mode or a setting is unknown, or a value is out of its range.
    """
    if mode not in MODES:
        raise TrainingError(f"unknown mode {mode!r}", f"use {' or '.join(MODES)}")
    known = {field.name for field in fields(MODES[mode])}
    unknown = sorted(set(values) - known)
    if unknown:
        raise TrainingError(f"{mode} has no setting {unknown[0]!r}", f"use one of {', '.join(sorted(known))}")
    # Several numbers in one text, "0.1,1,10".
    given = {key: value.split(",") if key == "strengths" and isinstance(value, str) else value
             for key, value in values.items()}  # fmt: skip
    try:
        found: Settings = TypeAdapter(MODES[mode]).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"][0]
        raise TrainingError(f"{place} is {values[str(place)]!r}", first["msg"][0].lower() + first["msg"][1:]) from error
    return found
