"""Processes that write give the same files as one process, name the same failures, and may die."""

import os
from pathlib import Path

import pytest
from PIL import Image

from finercam_core.export import export, writer_processes
from finercam_core.store import open_store


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_processes, "ALONE", 1)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def die(*_about: object) -> None:
    os._exit(1)


@pytest.mark.parametrize("form", ["ome-zarr", "png", "coco"])
@pytest.mark.parametrize("which", ["accepted", "automatic"])
def test_processes_write_what_one_process_writes(reviewed: Path, tmp_path: Path, form: str, which: str) -> None:
    alone = export(reviewed, tmp_path / "alone", format=form, which=which)
    told: list[int] = []
    beside = export(
        reviewed, tmp_path / "beside", format=form, which=which, workers=2, progress=lambda done, _: told.append(done)
    )
    assert alone.masks == beside.masks == told[-1] > 1
    assert told == sorted(told)
    assert files(tmp_path / "alone") == files(tmp_path / "beside")


def test_what_a_process_cannot_write_is_named_and_the_rest_is_written(reviewed: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(reviewed.parent / "images" / "Aus_cus-001.png")
    (reviewed.parent / "images" / "Aus_bus-000.png").unlink()
    alone = export(reviewed, tmp_path / "alone", format="ome-zarr")
    beside = export(reviewed, tmp_path / "beside", format="ome-zarr", workers=2)
    assert set(beside.failed) == {"Aus_cus-001", "Aus_bus-000"}
    assert beside.failed == alone.failed
    assert files(tmp_path / "alone") == files(tmp_path / "beside")


def test_when_processes_die_the_rest_is_written_here(
    reviewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alone = export(reviewed, tmp_path / "alone", format="ome-zarr", which="automatic")
    monkeypatch.setattr(writer_processes, "_open_writer", die)
    beside = export(reviewed, tmp_path / "beside", format="ome-zarr", which="automatic", workers=2)
    assert "the rest is written in this one" in caplog.text
    assert beside.masks == alone.masks
    assert files(tmp_path / "alone") == files(tmp_path / "beside")


def test_images_that_moved_are_found_by_the_processes_as_well(reviewed: Path, tmp_path: Path) -> None:
    moved = (reviewed.parent / "images").rename(tmp_path / "moved")
    store = open_store(reviewed, images=moved)
    summary = export(store, tmp_path / "out", format="ome-zarr", which="automatic", workers=2)
    assert summary.failed == {}
    assert summary.masks == len(list((tmp_path / "out").glob("*.ome.zarr"))) == 7
