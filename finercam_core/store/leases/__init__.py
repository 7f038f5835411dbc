"""The right to write to a store, with a token by which its owner finds out whether it still has it."""
