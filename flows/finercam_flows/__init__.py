"""Prefect flows and the `finercam` command: thin wrappers around `finercam_core`."""
