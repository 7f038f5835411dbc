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
    layer_decay : float
        Factor of the learning rate from each layer to the one before it, in (0, 1]; about 0.7 for a pretrained
        transformer, 1 for none.
    ema : float
        Decay of a moving average of the weights, which is then the result, in [0, 1); 0 for none.
    accumulate : int
        Parts in which a batch is computed, where it does not fit the memory at once.
    patience : int
        Epochs without a better accuracy on "val" after which training stops; the best weights are kept. 0 runs
        all epochs and keeps the last.
    balance : float
        Sampling of long-tailed collections: a class of n images is drawn in proportion to ``n ** (1 - balance)``;
        0 draws each image once an epoch, 1 all classes equally.
    beta : float
        Weight ``(1 - beta) / (1 - beta ** n)`` of a class in the loss, in [0, 1); 0 for none.
    adjustment : float
        Logit adjustment: this multiple of the log share of each class is added to its score while training.
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
    layer_decay: float = 1.0
    ema: float = 0.0
    accumulate: int = 1
    patience: int = 0
    balance: float = 0.0
    beta: float = 0.0
    adjustment: float = 0.0
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
    max_steps : int
        Steps of L-BFGS for each penalty.
    beta, adjustment : float
        As in `FinetuneSettings`.
    seed : int
    """

    strengths: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
    batch_size: int = 32
    max_steps: int = 100
    beta: float = 0.0
    adjustment: float = 0.0
    seed: int = 0
