"""The first steps: what this machine has, and the whole way from a collection to an atlas with nothing to choose."""
