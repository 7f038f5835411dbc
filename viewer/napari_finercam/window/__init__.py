"""The review's window: the widget, its workbench, layers, keys and panels."""
