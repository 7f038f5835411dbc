"""The check names every image whose tones were stretched."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images


def test_stretched_images_are_named_with_the_white_that_was_taken(tmp_path: Path) -> None:
    names = ["deep.tif", "usual.png"]
    Image.fromarray(np.linspace(0, 4095, 1200).astype(np.uint16).reshape(30, 40)).save(tmp_path / names[0])
    Image.fromarray(np.full((30, 40, 3), 9, np.uint8)).save(tmp_path / names[1])
    pd.DataFrame({"path": names, "scientificName": "Aus bus"}).to_csv(tmp_path / "t.csv", index=False)
    catalog = open_catalog(tmp_path / "t.csv")
    finding = check_catalog(catalog, look_at_images(catalog)).finding("stretched_tones")
    assert finding is not None
    assert (finding.level, finding.count) == ("note", 1)
    assert finding.examples() == ["deep.tif: more than 8 bits a sample, shown with white at 4,095"]
