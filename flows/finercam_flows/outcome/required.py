"""What a run must have brought about: a run without a result has failed, for its command as for Prefect."""

from typing import TYPE_CHECKING

from finercam_core.errors import ExportError, FetchError, RunError, counted
from finercam_core.status import Status

if TYPE_CHECKING:
    from finercam_core.export import ExportSummary
    from finercam_core.fetch import FetchReport
    from finercam_core.store import StoreSummary


def require_maps(store: str, summary: "StoreSummary", done: int, failed: int, max_failed: float = 1.0) -> None:
    """Raise `RunError` if an annotation made no map, or left more specimens without one than may be.

    Parameters
    ----------
    store : str
    summary : StoreSummary
        What the store holds after the run.
    done, failed : int
        Specimens of this run alone.
    max_failed : float
        Largest share of the store's specimens that may have failed, in [0, 1].
    """
    totals = summary.totals
    tried = totals["done"] + totals["failed"]
    remedy = f"see each with: finercam info {store} --failures"
    if not totals["done"] and tried:
        raise RunError(f"not one of {counted(tried, 'specimen')} has a map: {_causes(summary)}", remedy)
    if failed and not done:
        problem = f"none of the {counted(failed, 'specimen')} that this run computed has a map"
        raise RunError(f"{problem}; in the whole store {_causes(summary)}", remedy)
    if tried and totals["failed"] / tried > max_failed:
        problem = (
            f"{totals['failed']:,} of {counted(tried, 'specimen')} have no map, more than {max_failed:.4g} of them"
        )
        raise RunError(f"{problem}: {_causes(summary)}", f"{remedy}; --max-failed sets the limit")


def _causes(summary: "StoreSummary") -> str:
    return "; ".join(f"of {count:,} {Status[name].sentence}" for name, count in summary.causes.items())


def require_species(store: str, species: int, noun: str) -> None:
    """Raise `RunError` if an evaluation or an atlas has not one species."""
    if not species:
        problem = f"{store} has no species with maps, so there is no {noun}"
        raise RunError(problem, f"see why with: finercam info {store} --failures")


def require_masks(summary: "ExportSummary") -> None:
    """Raise `ExportError` if not one mask was written."""
    if not summary.masks:
        first = next((f"; {image_id}: {why}" for image_id, why in summary.failed.items()), "")
        problem = f"not one mask was written: {counted(len(summary.failed), 'specimen')} could not be exported{first}"
        raise ExportError(problem, "correct that, for moved photographs with --images")


def require_files(report: "FetchReport", folder: str) -> None:
    """Raise `FetchError` if there is not one file after a fetch."""
    if report.causes and not report.fetched and not report.there:
        causes = ", ".join(f"{count:,} × {cause}" for cause, count in report.causes.items())
        raise FetchError(
            f"not one file could be fetched: {causes}", f"each has its reason in {folder}/failures.parquet"
        )
