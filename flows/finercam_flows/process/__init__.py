"""Processes: GPUs, workers, signals, and how they end together."""
