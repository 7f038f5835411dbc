"""Python's search for garbage, put off while many objects are made that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collections() -> Iterator[None]:
    """Make objects without the collector going through all of them again and again; it goes on afterwards.

    For work of a second or so that makes 100,000 objects and drops few: the collector would take a third of its time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
