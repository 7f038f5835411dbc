"""Does the model use what its maps show? The only part of `evaluate` that imports torch."""
