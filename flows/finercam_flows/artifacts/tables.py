"""Tables, the model card and the training curve on Prefect's pages."""

import base64
from dataclasses import asdict
from typing import TYPE_CHECKING

from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger

from finercam_core.markdown import as_text, cells, published
from finercam_core.status import Status
from finercam_core.store import StoreSummary

if TYPE_CHECKING:
    from finercam_core.train.run import TrainingReport


def publish_training(report: "TrainingReport") -> None:
    """Publish accuracies, the model card, and the training curve of a model that was fine-tuned.

    Parameters
    ----------
    report : TrainingReport
    """
    folder = report.folder
    accuracy = [{"split": split, **asdict(value)} for split, value in report.accuracy.items() if value.n]
    create_table_artifact(key="accuracy", table=accuracy, description=as_text(f"Accuracy of {folder}"))
    create_markdown_artifact(key="model-card", markdown=published((folder / "README.md").read_text(encoding="utf-8")))
    if report.history:
        create_table_artifact(key="training-curve", table=report.history, description="By epoch")
    curve = folder / "curve.png"
    if curve.is_file():
        picture = base64.b64encode(curve.read_bytes()).decode("ascii")
        create_image_artifact(
            key="training-curve-picture", image_url=f"data:image/png;base64,{picture}", description="By epoch"
        )


ROWS = 1000  # nobody reads more than that on a page
FAILURES_SHOWN = 50


def publish_species(summary: StoreSummary, store: str) -> None:
    """Publish a table of specimens done, failed and missing by species, those with most left first.

    Parameters
    ----------
    summary : StoreSummary
    store : str
        Its location.
    """
    species, totals = summary.species, summary.totals
    order = species.sort_values(["pending", "failed", "scientificName"], ascending=[False, False, True]).head(ROWS)
    columns = {"scientificName": "species", "pending": "missing"}
    table = order[["scientificName", "specimens", "done", "failed", "pending"]].rename(columns=columns)
    rest = f" The {ROWS} with most left of {len(species)} species." if len(species) > ROWS else ""
    counts = f"{totals['done']} done, {totals['failed']} failed, {totals['pending']} missing"
    description = f"Specimens by species in {store}: {counts}.{rest}"
    create_table_artifact(key="species", table=cells(table.to_dict("records")), description=as_text(description))
    get_run_logger().info("%s: %s", store, counts)


def publish_failures(summary: StoreSummary, store: str) -> None:
    """Publish the causes of failures and the first specimens that failed; nothing if none did."""
    failed, rejected = summary.totals["failed"], summary.totals["rejected"]
    if not failed and not rejected:
        return
    causes = [{"specimens": count, "cause": Status[name].sentence} for name, count in summary.causes.items()]
    if rejected:
        causes.append({"specimens": rejected, "cause": "rows of the catalog without a slot"})
    create_table_artifact(key="causes", table=causes, description=as_text(f"Why specimens of {store} have no map"))
    first = [
        {
            "image_id": row["image_id"],
            "species": row["scientificName"],
            "cause": Status[row["status"]].sentence,
            "detail": row["detail"],
            "image": row["place"],
        }
        for row in summary.failures.head(FAILURES_SHOWN).to_dict("records")
    ]
    description = f"{len(first)} of {failed} specimens of {store} that failed"
    create_table_artifact(key="failures", table=cells(first), description=as_text(description))
