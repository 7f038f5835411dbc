"""What a flow leaves to be looked at in Prefect's pages."""

import base64
from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact


def publish_training(found: dict[str, Any]) -> None:
    """Publish accuracies, the model card, and where the model was fine-tuned the course of its training.

    Parameters
    ----------
    found : dict
        From the task `train_classifier`.
    """
    folder = Path(found["folder"])
    create_table_artifact(key="accuracy", table=found["accuracy"], description=f"Accuracy of {folder}")
    create_markdown_artifact(key="model-card", markdown=(folder / "README.md").read_text(encoding="utf-8"))
    if found["history"]:
        create_table_artifact(key="training-curve", table=found["history"], description="By epoch")
    curve = folder / "curve.png"
    if curve.is_file():
        picture = base64.b64encode(curve.read_bytes()).decode("ascii")
        create_image_artifact(
            key="training-curve-picture", image_url=f"data:image/png;base64,{picture}", description="By epoch"
        )
