"""What an evaluation leaves in its folder: tables, plots, one JSON, and a page to read from the top."""
