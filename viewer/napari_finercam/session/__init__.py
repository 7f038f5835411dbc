"""A review without a window: queue, comparison, regions, verdicts, undo. No Qt and no napari."""
