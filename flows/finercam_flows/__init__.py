"""Prefect flows and the `finercam` command: thin wrappers around `finercam_core`."""

from finercam_flows.process.lifeline import follow

follow()
