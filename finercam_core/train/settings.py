"""Everything that may be set about training; written beside the classifier."""

from dataclasses import dataclass


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
    seed : int
    """

    epochs: int = 15
    batch_size: int = 48
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    warmup: float = 0.2
    label_smoothing: float = 0.1
    shift: float = 0.03
    light: float = 0.1
    cutout: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class ProbeSettings:
    """A multinomial linear head on the frozen backbone's pooled features.

    Attributes
    ----------
    strengths : tuple of float
        Inverse L2 penalties to choose from, on the validation split.
    batch_size : int
        Images a forward pass.
    seed : int
    """

    strengths: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0)
    batch_size: int = 32
    seed: int = 0
