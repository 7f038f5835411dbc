"""Whatever a decoder raises, and whatever a file is, is this specimen's fault: one sentence, in bounded time."""

import random
import struct
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from bad_pictures import bad_pictures, mutant, photograph, saved, seeds
from PIL import Image, ImageFile, JpegImagePlugin

from finercam_core.images.decoder import image_size, load_image, load_many, load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.limits import Limits
from finercam_core.images.preparation import Preparation
from finercam_core.status import Status

SMALL = Preparation(16, 24)
BAD = bad_pictures()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_an_error_with_a_status_and_a_reason(tmp_path: Path, name: str) -> None:
    write, status, word = BAD[name]
    write(tmp_path / name)
    begun = time.monotonic()
    with pytest.raises(ImageError) as caught:
        load_pixels(name, SMALL, root=tmp_path)
    assert time.monotonic() - begun < 60
    assert caught.value.status.name == (status or caught.value.status.name)
    assert word in caught.value.detail
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("x"), KeyError(262), struct.error("x"), SyntaxError("x"), AssertionError(), MemoryError(),
     RecursionError("x"), OSError(40, "loop"), ZeroDivisionError("x"), AttributeError("x"), IndexError("x"),
     UnicodeDecodeError("ascii", b"", 0, 1, "x"), NotImplementedError("x"), OverflowError("x"), TypeError("x"),
     StopIteration()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("where", ["load", "draft"])
def test_whatever_a_decoder_raises_is_the_pictures_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    photograph().save(tmp_path / "a.jpg")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, where, fail)
    with pytest.raises(ImageError) as caught:
        load_pixels("a.jpg", SMALL, root=tmp_path)
    assert caught.value.status in (Status.UNREADABLE, Status.TRUNCATED)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/full", "/proc/self/mem"])
def test_devices_are_not_read(place: str) -> None:
    with pytest.raises(ImageError) as caught:
        load_image(place)
    assert caught.value.status in (Status.UNREADABLE, Status.NOT_AN_IMAGE)


def test_ctrl_c_is_not_the_pictures_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photograph().save(tmp_path / "a.png")

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFile.ImageFile, "load", stop)
    with pytest.raises(KeyboardInterrupt):
        load_image("a.png", root=tmp_path)


@pytest.mark.parametrize("name", seeds())
def test_every_enabled_format_opens(tmp_path: Path, name: str) -> None:
    (tmp_path / "picture").write_bytes(seeds()[name])
    pixels = np.asarray(load_image("picture", root=tmp_path), int)
    expected = np.asarray(photograph().convert("1" if name == "fax.tif" else "RGB").convert("RGB"), int)
    if pixels.shape == expected.shape and "cmyk" not in name:
        grey = np.abs(pixels.mean(axis=2) - expected.mean(axis=2)).mean()
        assert grey < 30
    assert image_size("picture", root=tmp_path) in ((48, 32), (32, 48))


def test_large_photographs_of_a_camera_are_still_opened(tmp_path: Path) -> None:
    """12,000 x 8,000 pixels: decoded small as JPEG; as TIFF they are within the limits."""
    Image.new("L", (12_000, 8_000), 90).save(tmp_path / "a.jpg")
    assert load_pixels(tmp_path / "a.jpg", SMALL).mean() == pytest.approx(90, abs=1)
    Image.new("1", (12_000, 8_000), 1).save(tmp_path / "a.tif", compression="group4")
    assert image_size(tmp_path / "a.tif") == (12_000, 8_000)


def test_a_large_webp_is_refused_by_the_memory_that_it_takes(tmp_path: Path) -> None:
    """99 megapixels by its header; nothing is decoded."""
    content = bytearray(saved("WEBP", lossless=True))
    start = content.index(b"VP8L") + 9
    flags = struct.unpack("<I", content[start : start + 4])[0] >> 28 << 28
    content[start : start + 4] = struct.pack("<I", flags | (9_000 - 1) << 14 | (11_000 - 1))
    (tmp_path / "a.webp").write_bytes(content)
    with pytest.raises(ImageError, match="11000x9000 pixels, at most 50,000,000 of WEBP are decoded"):
        load_image(tmp_path / "a.webp")


def test_a_decoder_that_reads_for_ever_is_given_up(tmp_path: Path) -> None:
    photograph().save(tmp_path / "a.png")
    for limits, why in ((Limits(max_reads=3), "in vain"), (Limits(max_seconds=-1.0), "more than -1 s")):
        with pytest.raises(ImageError, match=why):
            load_image("a.png", root=tmp_path, limits=limits)


def test_a_progressive_picture_of_endless_passes_is_given_up_in_the_middle(tmp_path: Path) -> None:
    """Each of its last hundred bytes, again and again, is one more pass over all pixels."""
    content = saved("JPEG", Image.new("L", (2000, 2000), 90), progressive=True)
    one_pass = content[content.rindex(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(content[:-2] + one_pass * 4000 + content[-2:])
    with pytest.raises(ImageError, match=r"more than 0.2 s"):
        load_image(tmp_path / "a.jpg", limits=Limits(max_seconds=0.2))


def decode_mutants(folder: str, first: int, count: int) -> dict[str, int]:
    """Outcomes of some mutants, for a process of its own; anything but pixels or an `ImageError` ends it."""
    originals, outcomes = list(seeds().items()), dict[str, int]()
    path = Path(folder) / f"mutant-{first}"
    for number in range(first, first + count):
        rng = random.Random(number)
        _, content = originals[number % len(originals)]
        path.write_bytes(mutant(content, rng))
        (found,) = load_many([path.name], SMALL, folder)
        outcome = found.status.name if isinstance(found, ImageError) else "DONE"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def tally(folder: Path, mutants: int, portion: int, seconds: float) -> dict[str, int]:
    """Outcomes of all mutants; `hung` and `uncaught` portions are decoded no further."""
    total: dict[str, int] = {"uncaught": 0, "hung": 0}
    with get_context("spawn").Pool(1) as pool:
        for first in range(0, mutants, portion):
            job = pool.apply_async(decode_mutants, (str(folder), first, portion))
            try:
                outcomes = job.get(timeout=seconds)
            except TimeoutError:
                outcomes = {"hung": 1}
            except Exception as error:
                print(f"mutants from {first}: {error!r}")
                outcomes = {"uncaught": 1}
            for name, count in outcomes.items():
                total[name] = total.get(name, 0) + count
    return total


def test_mutants_of_every_format_are_pictures_or_faults(tmp_path: Path) -> None:
    for name, content in seeds().items():
        rng = random.Random(name)
        for number in range(8):
            (tmp_path / f"{number}").write_bytes(mutant(content, rng))
    for found in load_many([str(number) for number in range(8)], SMALL, tmp_path):
        assert isinstance(found, np.ndarray | ImageError)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_ten_thousand_mutants(tmp_path: Path) -> None:
    """No traceback, no hang, no crash of the decoder's process."""
    total = tally(tmp_path, 10_000, 100, 120)
    print(f"10,000 mutants of {len(seeds())} pictures: {dict(sorted(total.items()))}")
    assert (total["uncaught"], total["hung"]) == (0, 0)
    assert sum(total.values()) == 10_000


def test_a_limit_that_the_caller_raises_holds_for_every_format(tmp_path: Path) -> None:
    """As `finercam catalog fetch --max-megapixels`: the memory for an image grows with the pixels that it may have."""
    for name in ("a.jpg", "a.png", "a.webp"):
        photograph((400, 300)).save(tmp_path / name)
        assert load_image(tmp_path / name, limits=Limits(max_pixels=240_000)).size == (400, 300)
    with pytest.raises(ImageError, match="at most 60,000 of WEBP"):
        load_image(tmp_path / "a.webp", limits=Limits(max_pixels=120_000))
    assert load_image(tmp_path / "a.png", limits=Limits(max_pixels=120_000)).size == (400, 300)
