"""What a measurement on a folder of `finercam demo` starts from: its arguments, the store and the classifier."""

import argparse
from pathlib import Path

import torch

from finercam_core.explain import Classifier, load_classifier
from finercam_core.store import Store, open_store


def demo_from_arguments(description: str | None, option: str, default: int) -> tuple[Store, Classifier, int]:
    """Read ``DEMO [--option N]`` from the command line.

    Returns
    -------
    Store
    Classifier
        On the CPU, with one thread.
    int
        The option, or its default.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path)
    parser.add_argument(f"--{option}", type=int, default=default, dest="number")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    classifier = load_classifier(str(arguments.demo / "classifier"), device="cpu")
    return open_store(arguments.demo / "maps.zarr"), classifier, arguments.number
