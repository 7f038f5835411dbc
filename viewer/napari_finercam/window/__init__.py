"""The review's window: the widget, its layers, keys and panels."""
