"""Processes: GPUs, workers, signals, and ending together."""
