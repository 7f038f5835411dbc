"""The notebooks run from top to bottom, and the site of the documentation is built without a dead link."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from beetles import SPECIES, draw_collection
from PIL import Image

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"


def run_notebook(name: str) -> dict[str, Any]:
    """Run the cells of a notebook in order, as Jupyter does; the names that they leave."""
    names: dict[str, Any] = {"__name__": "__main__"}
    content = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "outputs are not kept: they grow stale"
            exec(compile("".join(cell["source"]), f"{name} {cell['id']}", "exec"), names)
    return names


@pytest.fixture(scope="module")
def beetles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = draw_collection(tmp_path_factory.mktemp("notebooks") / "beetles", each=8, species=SPECIES[:2])
    for path in folder.rglob("IMG_*.jpg"):
        Image.open(path).resize((90, 120)).save(path, quality=90)
    return folder


def test_the_notebooks_run(beetles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "FINERCAM_PHOTOGRAPHS": beetles, "FINERCAM_OUT": tmp_path / "own", "FINERCAM_SIZE": 96,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    own = run_notebook("own-photographs.ipynb")
    assert own["a"] == "Carabus maculatus"
    assert "Carabus simplex" in own["maps"].ask(own["a"], own["b"]).sentence
    for name, value in {
        "FINERCAM_CATALOG": beetles, "FINERCAM_MODEL": "test_resnet", "FINERCAM_PRETRAINED": "no",
        "FINERCAM_OUT": tmp_path / "fish",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    fish = run_notebook("fish-vista.ipynb")
    assert fish["atlas"].index.is_file()
    monkeypatch.setenv("FINERCAM_STORE", str(tmp_path / "own" / "maps.zarr"))
    monkeypatch.setenv("FINERCAM_OUT", str(tmp_path / "masks"))
    statistics = run_notebook("statistics.ipynb")
    assert 0 < statistics["result"].pvalue <= 1


def test_the_site_is_built_without_a_dead_link(tmp_path: Path) -> None:
    config = ROOT / "deploy" / "site" / "mkdocs.yml"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(config), "-d", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")
    }
    assert "finercam.maps.Maps.ask" in pages["api.html"], "the reference comes from the docstrings"
    for name, text in pages.items():
        assert not re.search(r'<(?:script|img)[^>]+src="https?://', text), f"{name} loads from another server"
