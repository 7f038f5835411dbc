"""``python -m finercam_flows`` is the command `finercam`."""

from finercam_flows.cli import main

main()
