"""How a run ended: whether it has a result, and whether there was anything to do."""
