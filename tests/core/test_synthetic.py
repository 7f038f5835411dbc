import hashlib
import json
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

from finercam_core.errors import CatalogError
from finercam_core.synthetic import (
    SPECIES,
    SpeciesPlan,
    differing_traits,
    render_collection,
    render_specimen,
    true_region,
    true_region_of,
)
from finercam_core.synthetic.parts import MASK_NAMES

pytestmark = pytest.mark.xdist_group("synthetic")  # its tests share what takes long to make
COLUMNS = [
    "filename",
    "source_filename",
    "original_format",
    "arkid",
    "family",
    "source",
    "owner",
    "standardized_species",
    "original_url",
    "license",
    "adipose_fin",
    "pelvic_fin",
    "barbel",
    "multiple_dorsal_fin",
    "file_name",
]
GENERA = {plan.genus: [p for p in SPECIES if p.genus == plan.genus] for plan in SPECIES}
CONGENERS = [(a.name, b.name) for plans in GENERA.values() for a, b in permutations(plans, 2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rendered")
    render_collection(path, seed=3, train=2, val=1, test=1, workers=1)
    return path


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def mask_of(folder: Path, file_name: str) -> np.ndarray:
    with Image.open(folder / "segmentation_masks" / "images" / f"{Path(file_name).stem}.png") as mask:
        return np.asarray(mask)


def test_species_names_and_ranks() -> None:
    assert len(SPECIES) >= 12
    assert len(GENERA) >= 5
    assert len({plan.family for plan in SPECIES}) >= 3
    for plan in SPECIES:
        assert plan.name.split()[0] == plan.genus
        assert len(plan.name.split()) == 2
        assert plan.family.endswith("idae")


def test_every_species_departs_from_its_genus_in_exactly_one_trait() -> None:
    for plans in GENERA.values():
        base, *others = plans
        assert not base.own_trait
        for plan in others:
            assert differing_traits(base.name, plan.name) == (plan.own_trait,)


def test_genera_differ_in_more_than_congeners_and_all_species_differ() -> None:
    for a, b in combinations(SPECIES, 2):
        different = differing_traits(a.name, b.name)
        assert different
        assert ("body" in different) == (a.genus != b.genus)


def test_rendering_is_deterministic_and_specimens_are_individual() -> None:
    first, again = (render_specimen("Fontodus vittatus", 7, 2) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.parts, again.parts)
    assert first.image.dtype == np.uint8
    assert first.mask.shape == first.image.shape[:2] == first.body.shape
    other = [render_specimen("Fontodus vittatus", seed, index).image for seed, index in ((7, 3), (8, 2))]
    assert all(image.shape != first.image.shape or (image != first.image).mean() > 0.5 for image in other)


@pytest.mark.parametrize("plan", SPECIES, ids=lambda plan: plan.name)
def test_mask_shows_the_traits(plan: SpeciesPlan) -> None:
    specimen = render_specimen(plan.name, 0, 1)
    shown = {MASK_NAMES[number] for number in np.unique(specimen.mask)}
    assert {"Head", "Eye", "Dorsal fin", "Pectoral fin", "Anal fin", "Caudal fin"} <= shown
    for trait, name in {
        "adipose_fin": "Adipose fin",
        "barbel": "Barbel",
        "bars": "Bars",
        "caudal_spot": "Caudal spot",
        "lateral_band": "Lateral band",
        "ocellus": "Ocellus",
        "pelvic_fin": "Pelvic fin",
    }.items():
        assert (name in shown) == (plan.traits[trait] == "present"), name
    assert 0.08 < specimen.body.mean() < 0.5
    inside = specimen.body
    edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
    assert not any(edge.any() for edge in edges)


@pytest.mark.parametrize(("species", "reference"), CONGENERS)
def test_twin_differs_in_the_true_region_alone(species: str, reference: str) -> None:
    specimen = render_specimen(species, 1, 5)
    twin = render_specimen(species, 1, 5, as_species=reference)
    region = true_region(species, reference, 1, 5)
    difference = np.abs(specimen.image.astype(int) - twin.image).max(-1)
    outside = difference[~binary_dilation(region, iterations=3)]
    # A bar shines faintly through the fin over it, and a barbel's tip is thinner than a pixel.
    assert outside.sum() < 0.03 * difference.sum()
    assert (outside > 3).mean() < 0.003
    assert difference[region].mean() > 20


def test_true_regions_are_of_visible_size() -> None:
    """At 128 pixels across, the input of a small CNN, a region covers 30 pixels and more, and spans 8 in each axis."""
    for species, reference in CONGENERS:
        region = true_region(species, reference, 0, 0)
        scale = 128 / region.shape[1]
        rows, columns = np.nonzero(region)
        assert region.sum() * scale**2 >= 30, (species, reference)
        assert min(np.ptp(rows), np.ptp(columns)) * scale >= 6, (species, reference)


def test_region_is_symmetric_in_kind_and_whole_body_between_genera() -> None:
    whole = true_region("Coralodon rotundus", "Limobarbus apodus", 0, 0)
    specimen = render_specimen("Coralodon rotundus", 0, 0)
    assert whole[specimen.body].all()
    assert not true_region("Coralodon rotundus", "Coralodon rotundus", 0, 0).any()


def test_layout_is_fish_vistas(folder: Path) -> None:
    counts = {"train": 2, "val": 1, "test": 1}
    for split, count in counts.items():
        for task in ("classification", "segmentation"):
            table = pd.read_csv(folder / f"{task}_{split}.csv")
            assert list(table.columns) == COLUMNS
            assert len(table) == count * len(SPECIES)
            assert set(table["standardized_species"]) == {plan.name.lower() for plan in SPECIES}
            for name in table["file_name"]:
                with Image.open(folder / "Images" / name) as image:
                    assert image.format == "JPEG"
                    assert image.size == mask_of(folder, name).shape[::-1]
    names = json.loads((folder / "segmentation_masks" / "seg_id_trait_map.json").read_text())
    assert names["8"] == "Adipose fin"


def test_trait_columns_agree_with_the_masks(folder: Path) -> None:
    for row in pd.read_csv(folder / "classification_train.csv").itertuples():
        mask = mask_of(folder, row.file_name)
        assert row.adipose_fin == (mask == 8).any()
        assert row.pelvic_fin == (mask == 5).any()
        assert row.barbel == (mask == 9).any()


def test_a_second_call_restores_what_is_missing_and_changes_nothing(folder: Path) -> None:
    before = content(folder)
    victim = next((folder / "Images").rglob("*.jpg"))
    kept = next(path for path in (folder / "Images").rglob("*.jpg") if path != victim)
    untouched = kept.stat().st_mtime_ns
    victim.unlink()
    seen: list[tuple[int, int]] = []
    render_collection(
        folder, seed=3, train=2, val=1, test=1, workers=1, progress=lambda done, total: seen.append((done, total))
    )
    assert content(folder) == before
    assert kept.stat().st_mtime_ns == untouched
    assert seen == [(60, 60)]


def test_two_processes_write_the_same_files(folder: Path, tmp_path: Path) -> None:
    render_collection(tmp_path, seed=3, train=2, val=1, test=1, workers=2)
    assert content(tmp_path) == content(folder)


def test_another_seed_in_the_same_folder_is_refused(folder: Path) -> None:
    with pytest.raises(CatalogError, match="another folder"):
        render_collection(folder, seed=4, train=1, val=1, test=1)


def test_true_region_from_the_files(folder: Path) -> None:
    stem = "demo_lumichthys_pinguis_00001"
    expected = true_region("Lumichthys pinguis", "Lumichthys planus", 3, 1)
    np.testing.assert_array_equal(true_region_of(folder, stem, "lumichthys planus"), expected)
    with pytest.raises(CatalogError, match="not an image"):
        true_region_of(folder, "nothing", "Lumichthys planus")
    with pytest.raises(CatalogError, match=r"truth\.json"):
        true_region_of(folder / "Images", stem, "Lumichthys planus")


def test_unknown_species_and_shortcuts_are_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="Salmo salar"):
        render_specimen("Salmo salar", 0, 0)
    with pytest.raises(CatalogError, match="flag"):
        render_collection(tmp_path, shortcut={"Fontodus vittatus": "flag"})


def test_a_shortcut_lies_beside_the_specimen() -> None:
    plain = render_specimen("Fontodus vittatus", 0, 0)
    marked = render_specimen("Fontodus vittatus", 0, 0, shortcut="colour card")
    np.testing.assert_array_equal(plain.parts, marked.parts)
    changed = np.abs(plain.image.astype(int) - marked.image).max(-1) > 3
    assert changed.any()
    assert not changed[plain.body].any()
