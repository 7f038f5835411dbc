"""Where images come from besides plain hosts: the hub, local folders, stores; and the catalog that comes out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
from huggingface_hub import HfFileSystem, constants

from finercam_core.catalog import TERMS, open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.errors import FetchError
from finercam_core.fetch import FetchSettings, fetch

ROOT = Path(__file__).parents[3]
QUICK = FetchSettings(attempts=2, backoff=0.02, read_timeout=2, min_free=0, allow_private=True)
NAMES = ["INHS_FISH_1.jpg", "INHS #2 é.jpg", "x" * 251 + ".jpg", "a b.JPG"]


@pytest.fixture
def fish_vista(hub: Any, draw: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A hub with a small Fish-Vista, which `huggingface_hub` talks to."""
    rows = []
    for n, name in enumerate(NAMES):
        hub.files[f"Images/chunk_{n % 2 + 1}/{name}"] = draw(n)
        rows.append({
            "filename": name, "source_filename": name, "original_format": "jpg", "arkid": str(n), "family": "Ausidae",
            "source": "INHS", "owner": "Illinois Natural History Survey", "standardized_species": "Aus bus",
            "original_url": "", "license": "CC BY", "adipose_fin": "", "pelvic_fin": "", "barbel": "",
            "multiple_dorsal_fin": "", "file_name": f"chunk_{n % 2 + 1}/{name}",
        })  # fmt: skip
    for split, part in {"train": rows[:2], "val": rows[2:3], "test": rows[3:]}.items():
        hub.files[f"classification_{split}.csv"] = pd.DataFrame(part).to_csv(index=False).encode()
    stem = NAMES[0].removesuffix(".jpg")
    hub.files[f"segmentation_masks/images/{stem}.png"] = draw(99, kind="PNG")
    hub.files["segmentation_masks/seg_id_trait_map.json"] = json.dumps({"0": "background", "1": "head"}).encode()
    endpoint = hub.host.url
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    HfFileSystem.clear_instance_cache()
    yield hub
    HfFileSystem.clear_instance_cache()


def test_fish_vista_comes_from_the_hub(fish_vista: Any, tmp_path: Path) -> None:
    source = open_catalog(ROOT / "catalogs" / "fish-vista.toml")
    report = fetch(source, tmp_path / "to", QUICK)
    assert report.failures.empty, report.failures["detail"].tolist()
    assert (report.specimens, report.files, report.fetched) == (4, 5, 5)
    here = open_catalog(tmp_path / "to" / "catalog.toml")
    assert {Path(here.uri(row)).read_bytes() for _, row in here.specimens.iterrows()} == {
        content for path, content in fish_vista.files.items() if path.startswith("Images/")
    }
    kept = ["image_id", "scientificName", "family", "split", "license", "rightsHolder", "group_id"]
    pd.testing.assert_frame_equal(here.specimens[kept], source.specimens[kept])
    assert here.traits == source.traits
    masks = here.specimens["maskURI"].tolist()
    assert (tmp_path / "to" / masks[0]).read_bytes() == next(
        v for k, v in fish_vista.files.items() if k.endswith("1.png")
    )
    assert masks[1:] == ["", "", ""]
    log = pd.read_parquet(tmp_path / "to" / "fetched.parquet")
    assert log["address"].str.startswith(fish_vista.host.url).all()
    asked = fish_vista.host.requests.total()
    assert fetch(source, tmp_path / "to", QUICK).there == 5
    assert fish_vista.host.requests.total() == asked


def test_a_check_looks_for_the_hubs_images_without_fetching_them(fish_vista: Any) -> None:
    del fish_vista.files[f"Images/chunk_1/{NAMES[0]}"]
    HfFileSystem.clear_instance_cache()
    catalog = open_catalog(ROOT / "catalogs" / "fish-vista.toml")
    result = check_catalog(catalog, look_at_images(catalog))
    missing = result.finding("missing_files")
    assert missing is not None
    assert missing.cases["path"].tolist() == [f"Images/chunk_1/{NAMES[0]}"]
    assert (result.images, result.counts["usable"], result.counts["masks"]) == ("listed", 3, 1)
    assert not [path for path in fish_vista.host.requests if "/Images/" in path and "/resolve/" in path]


def test_what_the_hub_lacks_or_corrupts_is_logged(fish_vista: Any, tmp_path: Path) -> None:
    first, second, third, fourth = (f"Images/chunk_{n % 2 + 1}/{name}" for n, name in enumerate(NAMES))
    source = open_catalog(ROOT / "catalogs" / "fish-vista.toml")
    del fish_vista.files[first]
    entry = fish_vista._entry
    fish_vista._entry = lambda path: (
        entry(path) | ({"lfs": {"oid": "0" * 64, "size": 9, "pointerSize": 1}} if path == second else {})
    )
    fish_vista.promised[third] = 100  # bytes; more come
    report = fetch(source, tmp_path / "to", QUICK)
    reasons = report.failures.set_index("image_id")["reason"].to_dict()
    assert reasons == {NAMES[0][:-4]: "NOT_FOUND", NAMES[1][:-4]: "WRONG_CHECKSUM", NAMES[2][:-4]: "TOO_MANY_BYTES"}
    assert open_catalog(tmp_path / "to" / "catalog.toml").specimens["image_id"].tolist() == ["a b"]
    assert fourth in fish_vista.files


def test_a_hub_that_cannot_be_reached_is_one_sentence(fish_vista: Any, tmp_path: Path) -> None:
    source = open_catalog(ROOT / "catalogs" / "fish-vista.toml")
    fish_vista.host.hub = lambda request, path: request.answer(500) or True
    with pytest.raises(
        FetchError, match=r"imageomics/fish-vista on http://127\.0\.0\.1:\d+ could not be reached"
    ) as told:
        fetch(source, tmp_path / "to", QUICK)
    assert "\n" not in str(told.value)


def test_the_hubs_token_goes_to_the_hub_alone(fish_vista: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    source = open_catalog(ROOT / "catalogs" / "fish-vista.toml")
    port = fish_vista.host.server_address[1]
    elsewhere = f"http://localhost:{port}"
    resolve = fish_vista._resolve

    def redirect(request: Any, path: str) -> None:
        whole, fish_vista.host.url = fish_vista.host.url, elsewhere
        resolve(request, path)
        fish_vista.host.url = whole

    fish_vista._resolve = redirect
    assert fetch(source, tmp_path / "to", QUICK).failures.empty
    sent = {path: [h.get("Authorization") for h in seen] for path, seen in fish_vista.host.headers.items()}
    assert {tuple(tokens) for path, tokens in sent.items() if path.startswith("/large/")} == {(None,)}
    resolved = [tokens[-1] for path, tokens in sent.items() if "/resolve/c0ffee" in path]
    assert set(resolved) == {"Bearer hf_secret"}


def test_local_folders_and_links_that_leave_them(draw: Callable[..., bytes], tmp_path: Path) -> None:
    folder = tmp_path / "from" / "Aus_bus"
    folder.mkdir(parents=True)
    (folder / "1.jpg").write_bytes(draw(1))
    (tmp_path / "secret.jpg").write_bytes(draw(2))
    (folder / "2.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "3.jpg").write_bytes(b"no picture")
    report = fetch(open_catalog(tmp_path / "from"), tmp_path / "to", QUICK)
    assert report.failures["reason"].tolist() == ["OUTSIDE_COLLECTION", "NOT_AN_IMAGE"]
    assert [p.read_bytes() for p in (tmp_path / "to" / "images").rglob("*.jpg")] == [draw(1)]
    assert (folder / "1.jpg").exists()


def test_a_missing_local_file_comes_from_its_address(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    (tmp_path / "here.jpg").write_bytes(draw(1))
    both = [{"path": "here.jpg"}, {"path": "gone.jpg"}]
    table = rows([row | {"accessURI": host.put(f"/{row['path']}", draw(2))} for row in both])
    assert fetch(open_catalog(table), tmp_path / "to", QUICK).failures.empty
    assert host.requests == {"/gone.jpg": 1}


def test_a_fetched_catalog_fetched_again_is_itself(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    table = rows([{"accessURI": host.put(f"/{n}.jpg", draw(n))} for n in range(3)])
    fetch(open_catalog(table), tmp_path / "to", QUICK)
    first = open_catalog(tmp_path / "to" / "catalog.toml")
    fetch(first, tmp_path / "copy", QUICK)
    fetch(first, tmp_path / "to", QUICK)
    for folder in ("copy", "to"):
        here = open_catalog(tmp_path / folder / "catalog.toml")
        pd.testing.assert_frame_equal(here.specimens, first.specimens)
        assert all(Path(here.uri(row)).is_file() for _, row in here.specimens.iterrows())
    assert host.requests.total() == 3


def test_stores_that_fsspec_opens(draw: Callable[..., bytes], rows: Any, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/a #1.jpg", draw(1))
    memory.pipe("/bucket/large.jpg", bytes(2000))
    table = rows([{"path": "a #1.jpg"}, {"path": "large.jpg"}, {"path": "gone.jpg"}])
    settings = FetchSettings(min_free=0, max_bytes=1500)
    report = fetch(open_catalog(table, root="memory://bucket"), tmp_path / "to", settings)
    assert report.failures["reason"].tolist() == ["TOO_MANY_BYTES", "NOT_FOUND"]
    assert [p.read_bytes() for p in (tmp_path / "to" / "images").rglob("*.jpg")] == [draw(1)]


def test_every_column_survives_and_rejected_rows_are_logged(
    host: Any, draw: Callable[..., bytes], rows: Any, tmp_path: Path
) -> None:
    given = [
        {"scientificName": "Aus bus minor Linnaeus, 1758", "family": "AUSIDAE", "license": "CC0", "rightsHolder": "Ø",
         "vernacularName": "little aus", "split": "validation", "group_id": "g1"},
        {"scientificName": "Aus sp. 1", "taxonRank": "species", "order": "Ausiformes"},
        {"scientificName": ""},
    ]  # fmt: skip
    table = rows([row | {"accessURI": host.put(f"/{n}.jpg", draw(n))} for n, row in enumerate(given)])
    source = open_catalog(table)
    report = fetch(source, tmp_path / "to", QUICK)
    here = open_catalog(tmp_path / "to" / "catalog.toml")
    moved = {"path", "accessURI", "hashFunction", "hashValue"}
    kept = [term for term in TERMS if term not in moved]
    pd.testing.assert_frame_equal(here.specimens[kept], source.specimens[kept])
    assert here.specimens["accessURI"].tolist() == source.specimens["accessURI"].tolist()
    assert here.name == source.name
    assert report.failures[["reason", "uri"]].to_numpy().tolist() == [["REJECTED_ROW", "table.csv row 3"]]
