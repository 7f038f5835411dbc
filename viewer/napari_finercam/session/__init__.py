"""A review without any window: queue, regions, verdicts, undo. No Qt."""
