"""Runs in this process, without Prefect: for machines that have no Prefect, and for `finercam start`."""
