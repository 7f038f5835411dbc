"""Each option of each command, described once: from here come the command line, Prefect's forms and docs/options.md."""
