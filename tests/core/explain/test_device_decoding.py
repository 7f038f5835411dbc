"""JPEGs on the model's device: the pixels of Pillow, a choice of the run, and Pillow for what does not suit it.

There is no GPU here: torchvision's decoder on the CPU stands in for nvJPEG, and everything around it is the real code.
"""

import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from finercam_core.catalog import open_catalog
from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier
from finercam_core.explain.engine import decoder_choice, device_decoder, shard
from finercam_core.explain.engine.decoder_choice import NVJPEG, decoder_of, lacking, settled_decoder
from finercam_core.explain.engine.device_decoder import on_device, resized
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.precision import AskedExecution
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.decoder import load_encoded, load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.images.resampling import resampling_weights
from finercam_core.status import Status
from finercam_core.store import Store, open_store, pending_chunks
from finercam_core.store.layout import FAILURES

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding capabilities of TorchVision")
CPU = torch.device("cpu")
PREPARATION = Preparation(32, 48)
FILTERS = {name: Image.Resampling[name.upper()] for name in ("bilinear", "bicubic", "lanczos")}


def photograph(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth colours with grain."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    return Image.fromarray((np.asarray(small) + rng.normal(0, 6, (height, width, 1))).clip(0, 255).astype(np.uint8))


def stand_in(files: list[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """What nvJPEG does, on the CPU."""
    from torchvision.io import ImageReadMode, decode_jpeg

    decoded: list[torch.Tensor] = decode_jpeg(files, mode=ImageReadMode.RGB, device=device)
    return decoded


@pytest.fixture
def fake_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were a GPU with nvJPEG."""
    for module in (decoder_choice, shard):
        monkeypatch.setattr(module, "lacking", lambda _interpolation: "")
    monkeypatch.setattr(device_decoder, "nvjpeg", stand_in)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("part", [(0.0, 140.0), (3.3, 101.7), (60.5, 61.5), (20.0, 70.0)])
def test_a_row_of_weights_is_pillows(name: str, part: tuple[float, float]) -> None:
    """Also of a part that begins within a pixel, and of one that grows."""
    start, stop = part
    values = photograph(140, 9).convert("L")
    expected = values.resize((37, 9), FILTERS[name], box=(start, 0, stop, 9))
    ours = np.asarray(values, np.float32) @ resampling_weights(37, start, stop, 140, name).T
    assert np.abs(np.rint(ours.clip(0, 255)) - np.asarray(expected, np.float32)).max() <= 1


@pytest.mark.parametrize("mode", ["pad", "squash", "crop", "border"])
@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("size", [(300, 100), (101, 203), (40, 30)])
def test_a_picture_is_prepared_as_on_the_cpu(mode: str, interpolation: str, size: tuple[int, int]) -> None:
    preparation = Preparation(32, 48, mode, 0.9 if mode == "crop" else 1.0, interpolation=interpolation)  # type: ignore[arg-type]
    picture = photograph(*size)
    ours = resized(torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1), preparation)
    assert ours.shape == (32, 48, 3)
    assert np.abs(ours.numpy().astype(int) - preparation.resize(picture).astype(int)).max() <= 1


def saved(folder: Path) -> dict[str, Path]:
    """One file for every reason to go to the device or not."""
    picture = photograph(90, 60)
    exif = Image.Exif()
    exif[0x0112] = 6
    writers: dict[str, Callable[[Path], None]] = {
        "plain.jpg": picture.save,
        "progressive.jpg": lambda path: picture.save(path, progressive=True),
        "grey.jpg": lambda path: picture.convert("L").save(path),
        "turned.jpg": lambda path: picture.save(path, exif=exif),
        "print.jpg": lambda path: picture.convert("CMYK").save(path),
        "other.png": picture.save,
    }
    paths = {name: folder / name for name in (*writers, "cut.jpg", "text.jpg")}
    for name, write in writers.items():
        write(paths[name])
    content = paths["plain.jpg"].read_bytes()
    paths["cut.jpg"].write_bytes(content[: len(content) // 2])
    paths["text.jpg"].write_text("no picture")
    return paths


def test_only_plain_whole_jpegs_go_to_the_device(tmp_path: Path) -> None:
    paths = saved(tmp_path)
    outcomes = dict(zip(paths, load_encoded([str(path) for path in paths.values()], PREPARATION), strict=True))
    for name in ("plain.jpg", "progressive.jpg", "grey.jpg"):
        assert outcomes[name].tobytes() == paths[name].read_bytes()  # type: ignore[union-attr]
    for name in ("turned.jpg", "print.jpg", "other.png"):
        np.testing.assert_array_equal(outcomes[name], load_pixels(paths[name], PREPARATION))
    assert [outcomes[name].status for name in ("cut.jpg", "text.jpg")] == [Status.TRUNCATED, Status.NOT_AN_IMAGE]  # type: ignore[union-attr]


def test_one_broken_file_costs_no_other(tmp_path: Path) -> None:
    """The device's decoder gives up a whole call; Pillow then says what is wrong."""
    content = np.frombuffer(bytearray(saved(tmp_path)["plain.jpg"].read_bytes()), np.uint8)
    broken = content.copy()
    broken[2:200] = 0
    first, bad, last = on_device([content, broken, content], PREPARATION, CPU, stand_in)
    assert isinstance(bad, ImageError)
    assert isinstance(first, torch.Tensor)
    assert isinstance(last, torch.Tensor)
    assert torch.equal(first, last)
    assert on_device([], PREPARATION, CPU, stand_in) == []


def test_auto_takes_it_where_it_is_and_the_files_suit_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_gpu: None
) -> None:
    paths = saved(tmp_path)
    plain, others = [str(paths["plain.jpg"])] * 3, [str(paths["other.png"])] * 4
    assert settled_decoder("auto", True, plain + others[:3], None, PREPARATION) == NVJPEG
    assert settled_decoder("auto", True, plain + others, None, PREPARATION) == "cpu"
    assert settled_decoder("auto", False, plain, None, PREPARATION) == "cpu"
    assert settled_decoder("cpu", True, plain, None, PREPARATION) == "cpu"
    assert settled_decoder("gpu", True, others, None, PREPARATION) == NVJPEG
    with pytest.raises(ClassifierError, match="not on a GPU of CUDA: use --decoder cpu"):
        settled_decoder("gpu", False, plain, None, PREPARATION)
    monkeypatch.setattr(decoder_choice, "lacking", lambda _interpolation: "torchvision is not installed")
    assert settled_decoder("auto", True, plain, None, PREPARATION) == "cpu"
    with pytest.raises(ClassifierError, match="cannot be decoded on the GPU: torchvision is not installed"):
        settled_decoder("gpu", True, plain, None, PREPARATION)


def test_what_is_lacking_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no GPU of CUDA" in lacking("bicubic") or torch.cuda.is_available()
    assert "'nearest'" in lacking("nearest")

    def missing(_name: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(decoder_choice, "version", missing)
    assert lacking("bicubic") == "torchvision is not installed"
    monkeypatch.setattr(decoder_choice, "version", lambda _name: "1")
    monkeypatch.setitem(__import__("sys").modules, "torchvision.io", None)
    assert lacking("bicubic") == "torchvision does not load (ModuleNotFoundError)"


def collection(folder: Path) -> Path:
    """Nine photographs of three species: JPEGs, a PNG, and one that is cut off."""
    folder.mkdir()
    rows = ["image_id,scientificName,family,path"]
    for number in range(9):
        name = f"{number}.png" if number == 4 else f"{number}.jpg"
        photograph(120, 80, number).save(folder / name)
        rows.append(f"{number},{['Aus bus', 'Aus cus', 'Eus fus'][number % 3]},Ausidae,{name}")
    (folder / "7.jpg").write_bytes((folder / "7.jpg").read_bytes()[:900])
    (folder / "catalog.csv").write_text("\n".join(rows))
    return folder / "catalog.csv"


def classifier() -> Classifier:
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, 6, 4, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)]
    return Classifier(nn.Sequential(*parts).eval(), ("Aus bus", "Aus cus", "Eus fus"), "0", PREPARATION, name="small")


def run(folder: Path, catalog: Path, decoder: str) -> Store:
    asked = AskedExecution("float32", device="cuda", decoder=decoder)  # type: ignore[arg-type]
    found = classifier()
    store = plan_store(folder / "maps.zarr", open_catalog(catalog), found, references=2, execution=asked)
    annotate_chunks(store.location, list(pending_chunks(store.location)), found, batch_size=4)
    return open_store(store.location)


def test_a_run_says_its_decoder_and_never_mixes_two(tmp_path: Path, fake_gpu: None) -> None:
    """The maps are those of the CPU but for a step of the pixels; another decoder is a run beside."""
    catalog = collection(tmp_path / "images")
    here, there = run(tmp_path, catalog, "cpu"), run(tmp_path, catalog, "auto")
    assert here.location != there.location
    assert (decoder_of(here.provenance.decoding), decoder_of(there.provenance.decoding)) == ("cpu", NVJPEG)
    assert "decoder" not in here.provenance.decoding  # the run is the one that it was before there was a choice
    for number in range(9):
        one, other = here.record(f"{number}"), there.record(f"{number}")
        assert one.status == other.status
        assert (one.status == Status.DONE) == (number != 7)
        if one.status == Status.DONE:
            largest = np.abs(one.evidence).max()
            np.testing.assert_allclose(other.evidence, one.evidence, rtol=0, atol=0.05 * float(largest))
    sentences = [json.loads(path.read_text()) for path in (Path(there.location) / FAILURES).rglob("*.json")]
    assert any("7.jpg" in sentence for one in sentences for sentence in map(str, one.values()))


def test_a_worker_that_cannot_decode_so_refuses(
    tmp_path: Path, fake_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, found = collection(tmp_path / "images"), classifier()
    asked = AskedExecution("float32", device="cuda", decoder="gpu")
    store = plan_store(tmp_path / "maps.zarr", open_catalog(catalog), found, references=2, execution=asked)
    monkeypatch.setattr(shard, "lacking", lambda _interpolation: "there is no GPU of CUDA")
    with pytest.raises(ClassifierError, match="there is no GPU of CUDA"):
        annotate_chunks(store.location, list(pending_chunks(store.location)), found)
