"""Collections of several files that a JSON file describes, or that are joined by their ids."""
