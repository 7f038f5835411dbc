"""Whether the model uses what its maps show. The only part of `evaluate` that imports torch."""
