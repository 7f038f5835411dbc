"""The course of a fine-tuning as a picture."""

from pathlib import Path

from matplotlib.figure import Figure


def draw_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw the mean loss of each epoch, and where it was measured the accuracy on "val".

    Parameters
    ----------
    history : list of dict
        With `epoch`, `loss` and perhaps `val`.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss")
    axes.plot([e["epoch"] for e in history], [e["loss"] for e in history], marker=".", color="tab:blue")
    judged = [e for e in history if "val" in e]
    if judged:
        other = axes.twinx()
        other.set(ylabel="accuracy on val", ylim=(0, 1.02))
        other.plot([e["epoch"] for e in judged], [e["val"] for e in judged], marker=".", color="tab:orange")
    figure.savefig(path, dpi=120)
