"""Make docs/images/start.png, drawn beetles after `finercam start`: python docs/make_start_picture.py."""

import sys
import tempfile
from pathlib import Path

import finercam as fc
from finercam_flows.options.first_steps import StartOptions
from finercam_flows.start.route import run
from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))
from beetles import draw_collection  # noqa: E402


def main() -> None:
    """Draw, go the whole way, and plot the first pair."""
    with tempfile.TemporaryDirectory() as folder:
        photographs, out = draw_collection(Path(folder) / "beetles"), Path(folder) / "out"
        run(StartOptions(collection=str(photographs), out=str(out), browser=False, device="cpu"), Console())
        figure = fc.open(out / "maps.zarr").map("Carabus maculatus", against="Carabus simplex").plot()
        figure.savefig(ROOT / "docs" / "images" / "start.png")


if __name__ == "__main__":
    main()
