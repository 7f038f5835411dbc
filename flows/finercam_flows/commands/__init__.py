"""One module a subcommand of `finercam`; heavy packages are imported when a command runs, so that --help is quick."""
