"""Prefect's own command, in a process that ends with `finercam serve`: importing this package ties it to its parent."""

import runpy

if __name__ == "__main__":
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
