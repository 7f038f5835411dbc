"""What a flow leaves to be looked at in Prefect's pages."""

import base64
from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger

from finercam_core.status import Status


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


ROWS = 1000  # more than that nobody reads on a page


def publish_species(found: dict[str, Any], store: str) -> None:
    """Publish the table of species: specimens done, failed and missing; those with most left first.

    Parameters
    ----------
    found : dict
        From the task `summary`.
    store : str
    """
    species = found["species"]
    table = [
        {"species": row["scientificName"], **{key: row[key] for key in ("specimens", "done", "failed")},
         "missing": row["pending"]}
        for row in sorted(species, key=lambda row: (-row["pending"], -row["failed"], row["scientificName"]))[:ROWS]
    ]  # fmt: skip
    rest = f" The {ROWS} with most left of {len(species)} species." if len(species) > ROWS else ""
    counts = f"{found['done']} done, {found['failed']} failed, {found['pending']} missing"
    create_table_artifact(key="species", table=table, description=f"Specimens by species in {store}: {counts}.{rest}")
    get_run_logger().info("%s: %s", store, counts)


def publish_failures(found: dict[str, Any], store: str) -> None:
    """Publish the causes of failures and the first specimens that failed; nothing where none did."""
    if not found["failed"] and not found["rejected"]:
        return
    causes = [{"specimens": n, "cause": Status[name].sentence} for name, n in found["causes"].items()]
    if found["rejected"]:
        causes.append({"specimens": found["rejected"], "cause": "rows of the catalog without a slot"})
    create_table_artifact(key="causes", table=causes, description=f"Why specimens of {store} have no map")
    first = [
        {"image_id": row["image_id"], "species": row["scientificName"], "cause": Status[row["status"]].sentence,
         "detail": row["detail"], "image": row["place"]}
        for row in found["failures"]
    ]  # fmt: skip
    create_table_artifact(
        key="failures", table=first, description=f"{len(first)} of {found['failed']} specimens of {store} that failed"
    )
