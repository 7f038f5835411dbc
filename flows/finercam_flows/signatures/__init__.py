"""From a model of options to a command, a form of Prefect, and docs/options.md."""
