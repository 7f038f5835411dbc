"""The picture in the middle of the window: its layers, what was painted in them, and what other plugins drew."""
