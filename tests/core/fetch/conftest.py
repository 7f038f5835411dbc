"""A host of images and a hub on 127.0.0.1, and tables of what lies there."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from image_host import Host, picture
from image_hub import Hub


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[list[dict[str, str]]], Path]:
    """Function that writes a table of specimens and returns its path."""

    def write(specimens: list[dict[str, str]]) -> Path:
        table = [{"image_id": f"i{n}", "scientificName": "Aus bus", **row} for n, row in enumerate(specimens)]
        pd.DataFrame(table).fillna("").to_csv(tmp_path / "table.csv", index=False)
        return tmp_path / "table.csv"

    return write


@pytest.fixture
def host() -> Iterator[Host]:
    """An empty host of images."""
    server = Host()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hub(host: Host) -> Hub:
    """A hub without files on the host."""
    return Hub(host)


@pytest.fixture
def draw() -> Callable[..., bytes]:
    """`picture`."""
    return picture
