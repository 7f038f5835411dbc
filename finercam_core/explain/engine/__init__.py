"""The engine of `annotate`: plan, decoders, batches, and writing while computing."""
