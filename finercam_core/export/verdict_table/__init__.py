"""One tidy table of a review: a row for each specimen, region and reviewer, with a data dictionary beside it."""

from finercam_core.export.verdict_table.written import TableSummary, write_verdict_table

__all__ = ["TableSummary", "write_verdict_table"]
