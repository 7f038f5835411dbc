"""What of Qt has no types."""

from qtpy.QtCore import Signal  # type: ignore[attr-defined]

__all__ = ["Signal"]
