"""Every kind of bad or odd image: its own status, one sentence, nothing decoded that should not be."""

import pickle
import struct
import threading
import zlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from finercam_core.images.decoder import Limits, image_size, load_image, load_many, load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.status import Status
from finercam_core.synthetic import SPECIES, render_specimen


def save(path: Path, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> Path:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


def huge_png(path: Path, side: int = 20_000) -> Path:
    """A valid PNG of side x side grey pixels: rows of one bit a pixel, all alike, some kilobytes in all."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * (side // 8)) * side, 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def refusal(location: str | Path, **options: object) -> ImageError:
    with pytest.raises(ImageError) as caught:
        load_image(location, **options)  # type: ignore[arg-type]
    return caught.value


def test_missing_file(tmp_path: Path) -> None:
    error = refusal("gone.jpg", root=tmp_path)
    assert error.status is Status.MISSING
    assert "gone.jpg" in str(error)


def test_truncated_jpeg(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.jpg", size=(300, 200)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / "cut.jpg").status is Status.TRUNCATED


def test_text_named_jpg(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("This is the label of a jar, not a photograph of a fish.")
    assert refusal(tmp_path / "notes.jpg").status is Status.NOT_AN_IMAGE


def test_one_pixel(tmp_path: Path) -> None:
    error = refusal(save(tmp_path / "dot.png", size=(1, 1)))
    assert error.status is Status.TOO_SMALL
    assert "1x1" in str(error)


def test_huge_png_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = huge_png(tmp_path / "huge.png")
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    error = refusal(path)
    assert error.status is Status.TOO_LARGE
    assert path.stat().st_size < 200_000


def test_limit_on_pixels_is_the_callers(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", size=(40, 30))
    assert refusal(path, limits=Limits(max_pixels=1199)).status is Status.TOO_LARGE
    assert load_image(path, limits=Limits(max_pixels=1200)).size == (40, 30)


def test_path_that_leaves_the_collection(tmp_path: Path) -> None:
    inside = tmp_path / "collection"
    inside.mkdir()
    save(tmp_path / "secret.png")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    for place in ("../secret.png", "link.png", str(tmp_path / "secret.png")):
        assert refusal(place, root=inside).status is Status.OUTSIDE_COLLECTION


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("L", "png"), ("L", "jpg"), ("CMYK", "jpg"), ("RGBA", "png"), ("P", "png"), ("1", "png")],
)
def test_other_modes_become_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    found = load_image(save(tmp_path / f"a.{suffix}", mode))
    assert (found.mode, found.size) == ("RGB", (40, 30))


def test_sixteen_bits_keep_their_tones(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 40 * 30).astype(np.uint16).reshape(30, 40)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    found = np.asarray(load_image(tmp_path / "deep.png"))[..., 0].astype(int)
    assert np.abs(found - ramp / 257).max() <= 1
    assert len(np.unique(found)) == 256


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (10, 200, 10, 0)).save(tmp_path / "clear.png")
    assert (np.asarray(load_image(tmp_path / "clear.png")) == 255).all()


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:5, :5] = 255
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    found = load_image(tmp_path / "turned.png")
    assert found.size == image_size(tmp_path / "turned.png") == (30, 40)
    assert np.asarray(found)[:5, -5:].min() == 255
    assert load_image(tmp_path / "turned.png").getexif().get(0x0112, 1) == 1


def test_reduced_decoding_keeps_enough_pixels_and_the_picture(tmp_path: Path) -> None:
    smooth = np.linspace(0, 255, 1600, dtype=np.uint8)[None, :, None].repeat(1200, 0).repeat(3, 2)
    Image.fromarray(smooth).save(tmp_path / "big.jpg", quality=95)
    preparation = Preparation(96, 128)
    reduced = load_image(tmp_path / "big.jpg", at_least=(256, 192))
    assert 256 <= reduced.width < 1600
    whole = preparation.resize(load_image(tmp_path / "big.jpg")).astype(int)
    assert np.abs(load_pixels(tmp_path / "big.jpg", preparation).astype(int) - whole).max() <= 4


@pytest.mark.parametrize("size", [(2048, 1536), (2000, 700), (1601, 1001), (701, 1999)])
@pytest.mark.parametrize("mode", ["pad", "squash", "crop"])
def test_reduced_decoding_changes_no_pixel_by_more_than_the_stated_tolerance(
    tmp_path: Path, size: tuple[int, int], mode: str
) -> None:
    """A photograph with the noise of a sensor: on average under half a grey level, at most 6 of 255."""
    specimen = Image.fromarray(render_specimen(SPECIES[0].name, 3, 0).image)
    noise = np.random.default_rng(0).normal(0, 3, (size[1], size[0], 3))
    large = np.asarray(specimen.resize(size, Image.Resampling.BICUBIC)) + noise
    Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(tmp_path / "a.jpg", quality=92)
    preparation = Preparation(224, 224, mode, 0.875 if mode == "crop" else 1.0)  # type: ignore[arg-type]
    whole = preparation.resize(load_image(tmp_path / "a.jpg")).astype(int)
    change = np.abs(load_pixels(tmp_path / "a.jpg", preparation).astype(int) - whole)
    assert change.mean() < 0.5
    assert change.max() <= 6


def test_long_images_are_decoded_as_small_as_square_ones(tmp_path: Path) -> None:
    """What counts is how many pixels the input takes of the photograph, not how large the input is."""
    preparation = Preparation(224, 224)
    save(tmp_path / "long.jpg", size=(2000, 500))
    assert load_image(tmp_path / "long.jpg", at_least=preparation.enough((2000, 500))).size == (500, 125)
    assert preparation.enough((2000, 500), factor=1.0) == (224, 56)


def test_a_worker_gives_errors_instead_of_raising_them(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    good, bad = load_many(["a.png", "gone.png"], Preparation(16, 16), tmp_path)
    assert isinstance(good, np.ndarray)
    assert isinstance(bad, ImageError)


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(ImageError(Status.TRUNCATED, "a.jpg", "cut at 3 of 9 bytes")))
    assert (error.status, error.location, error.detail) == (Status.TRUNCATED, "a.jpg", "cut at 3 of 9 bytes")


def test_a_web_server_that_is_not_there_is_no_missing_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINERCAM_ALLOW_PRIVATE", "1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        url = f"http://127.0.0.1:{server.server_port}/fish.jpg"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ImageError) as absent:
            load_image(url)
        server.shutdown()
    with pytest.raises(ImageError) as silent:
        load_image(url)
    assert (absent.value.status, silent.value.status) == (Status.MISSING, Status.UNREADABLE)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 5.0), (1e-6, 2e-6), (1200.0, 61000.0)])
def test_floating_point_greys_are_shown_by_their_range(tmp_path: Path, low: float, high: float) -> None:
    values = np.linspace(low, high, 40 * 30, dtype=np.float32).reshape(30, 40)
    values[3, 4], values[5, 6] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "float.tif")
    pixels = np.asarray(load_image(tmp_path / "float.tif"), int)
    expected = np.linspace(0, 255, 40 * 30).reshape(30, 40)
    usual = np.isfinite(values)
    assert np.abs(pixels[usual] - expected[usual][:, None]).max() <= 1
    assert (pixels[~usual] == 0).all()
    Image.fromarray(np.full((30, 40), 7.5, np.float32)).save(tmp_path / "even.tif")
    assert not np.asarray(load_image(tmp_path / "even.tif")).any()


@pytest.mark.parametrize("suffix", ["tiff", "png", "jpg", "webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_every_format_is_turned_once(tmp_path: Path, suffix: str, orientation: int) -> None:
    """A red square lies where it is seen, in the picture and in what is cut out of it."""
    upright = np.full((300, 200, 3), 40, np.uint8)
    upright[220:280, 20:80] = (250, 10, 10)
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(np.rot90(upright, turns).copy()).save(path, exif=exif)
    found = load_image(path)
    assert found.size == image_size(path) == (200, 300)
    assert np.asarray(found)[250, 50, 0] > 200
    assert np.asarray(found)[250, 150, 0] < 80
    pixels = load_pixels(path, Preparation(60, 40, "squash"))
    assert pixels[50, 10, 0] > 200
    assert pixels[10, 30, 0] < 80
