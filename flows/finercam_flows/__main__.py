"""``python -m finercam_flows`` is the command `finercam`."""

from finercam_flows.cli import main

if __name__ == "__main__":  # worker processes import this module again
    main()
