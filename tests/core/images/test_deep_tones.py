"""More than 8 bits a sample: shown over the range that they were measured in, and said; PNG is as bright as it says."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from finercam_core.images import deep_tones
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import ImageError
from finercam_core.status import Status


@pytest.fixture(autouse=True)
def _nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_tones, "_said", set())


def ramp(largest: int, *shape: int) -> npt.NDArray[np.uint16]:
    return np.linspace(0, largest, int(np.prod(shape))).astype(np.uint16).reshape(shape)


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_greys_of_a_sensor_are_stretched_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bits: int, byteorder: str
) -> None:
    values = ramp(2**bits - 1, 30, 40)
    tifffile.imwrite(tmp_path / "a.tif", values, byteorder=byteorder, photometric="minisblack")
    with caplog.at_level(logging.WARNING):
        found = load_image(tmp_path / "a.tif")
        load_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.asarray(found)[..., 1], values.astype(int) * 255 // (2**bits - 1))
    assert [f"white at {2**bits - 1:,}" in record.getMessage() for record in caplog.records] == [True]
    assert found.info[deep_tones.NOTE].endswith(f"white at {2**bits - 1:,}")


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("largest", [4095, 16383, 40000])
def test_colours_keep_their_low_bytes(tmp_path: Path, byteorder: str, compression: str | None, largest: int) -> None:
    values = ramp(largest, 30, 40, 3)
    tifffile.imwrite(tmp_path / "a.tif", values, byteorder=byteorder, compression=compression, photometric="rgb")
    found = np.asarray(load_image(tmp_path / "a.tif"))
    white = largest if largest < 16384 else 65535
    assert np.abs(found - values * (255 / white)).max() <= 1


def test_a_stated_white_is_taken(tmp_path: Path) -> None:
    tags = [(281, "H", 1, 1000, True)]
    tifffile.imwrite(tmp_path / "a.tif", ramp(500, 30, 40), photometric="minisblack", extratags=tags)
    assert np.asarray(load_image(tmp_path / "a.tif")).max() == 127


def test_a_dark_png_stays_dark(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Image.fromarray(ramp(4095, 30, 40)).save(tmp_path / "dark.png")
    assert np.asarray(load_image(tmp_path / "dark.png")).max() == 15
    assert not caplog.records


def test_a_photograph_over_the_whole_range_has_no_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Image.fromarray(ramp(65535, 30, 40)).save(tmp_path / "a.tif")
    found = load_image(tmp_path / "a.tif")
    assert np.asarray(found).max() == 255
    assert deep_tones.NOTE not in found.info
    assert not caplog.records


def test_planes_that_would_be_read_as_bytes_are_refused(tmp_path: Path) -> None:
    values = ramp(4095, 3, 30, 40)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", planarconfig="separate")
    with pytest.raises(ImageError, match="16 bits a sample in planes") as caught:
        load_image(tmp_path / "a.tif")
    assert caught.value.status is Status.UNREADABLE
