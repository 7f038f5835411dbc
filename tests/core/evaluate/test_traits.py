"""Traits instead of pixels: shares, evidence, separation, density, and the planted trait."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import rounding

from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.evaluate.traits.attribution import attribute, trait_evidence, trait_pointing, trait_shares
from finercam_core.evaluate.traits.characters import direction_table, pair_table, sentence
from finercam_core.evaluate.traits.cover import OUTSIDE, UNLABELLED, cover
from finercam_core.evaluate.with_truth.planted_traits import planted_names, planted_ranks, planted_summary
from finercam_core.images.preparation import Preparation, cell_weights, to_image
from finercam_core.regions.traits import Trait
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord

PREPARATION = Preparation(32, 48, mode="pad")
TRAITS = (Trait(1, "Head", "UBERON:0000033"), Trait(8, "Adipose fin", "UBERON:2000251"))
GRID = (8, 12)


def fish(width: int = 120, height: int = 60) -> np.ndarray:
    """Head at the left, a small fin at the top right, a tail label that nobody asked for."""
    mask = np.zeros((height, width), np.uint8)
    mask[25:40, 30:45] = 1
    mask[20:24, 70:78] = 8
    mask[26:38, 84:90] = 7
    return mask


def record(name: str, image_id: str, other: str, evidence: np.ndarray) -> SpecimenRecord:
    logit = evidence.mean((1, 2))
    tiers = ("target", "congener")
    return SpecimenRecord(image_id, name, (name, other), tiers, evidence, logit, 5.0, name, Status.DONE)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(120, 60), (37, 90), (64, 64)]))
def test_shares_on_the_grid_are_the_energy_at_image_resolution(seed: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 3, (size[1], size[0])).astype(np.uint8)
    values = rng.normal(size=GRID).astype(np.float32)
    parts = cover(mask, [1, 2], PREPARATION, GRID)
    large = to_image(np.maximum(values, 0), PREPARATION.window(size), size)
    expected = [energy_share(large, mask == label) for label in (1, 2)]
    exact = rounding(values.size, 1, np.float32)
    np.testing.assert_allclose(trait_shares(values, parts)[2:], expected, rtol=0, atol=exact)
    np.testing.assert_allclose(trait_shares(values, parts).sum(), 1, rtol=0, atol=exact)


def test_cell_weights_are_the_two_halves_of_to_image() -> None:
    grid = np.random.default_rng(0).normal(size=GRID).astype(np.float32)
    window = PREPARATION.window((50, 90))
    rows, columns = cell_weights(GRID, window, (50, 90))
    np.testing.assert_allclose(rows @ grid @ columns.T, to_image(grid, window, (50, 90)), atol=1e-6)


def test_parts_of_the_evidence_add_up_to_the_difference_of_the_scores() -> None:
    values = np.random.default_rng(1).normal(size=(3, *GRID)).astype(np.float32)
    parts = cover(fish(), [1, 8], PREPARATION, GRID)
    exact = rounding(values[0].size, float(np.abs(values).mean((1, 2)).max()), np.float32)
    np.testing.assert_allclose(trait_evidence(values, parts).sum(-1), values.mean((1, 2)), rtol=0, atol=exact)
    np.testing.assert_allclose(parts.fractions.sum(0), 1, atol=1e-5)
    assert parts.ids.tolist() == [OUTSIDE, UNLABELLED, 1, 8]
    assert parts.area.sum() == pytest.approx(1)


def test_two_cells_by_hand() -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :24] = 1
    parts = cover(mask, [1], Preparation(32, 48, mode="squash"), (1, 2))
    # Of the left cell's weight 1/16 + ... lies right of the middle by interpolation; the same on the other side.
    shares = trait_shares(np.array([[[1.0, 0.0]], [[1.0, 1.0]], [[-1.0, 0.0]]]), parts)
    np.testing.assert_allclose(shares[0, 2], 0.875, atol=1e-6)
    np.testing.assert_allclose(shares[1, 2], 0.5, atol=1e-6)
    assert np.isnan(shares[2]).all(), "a map without a positive value points nowhere"


def test_pointing_game_on_traits_by_hand() -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :16], mask[:, 32:] = 1, 8
    squash = Preparation(32, 48, mode="squash")
    parts = cover(mask, [1, 8], squash, (1, 3))
    maps = np.array([[[1.0, 0, 0]], [[0, 1, 0]], [[0, 1, 3]], [[2, 0, 2]], [[-1, -1, 0]]])
    found = trait_pointing(maps, mask, parts, squash)
    assert found[:4].tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0.5, 0.5]], (
        "a tie counts by its share"
    )
    assert np.isnan(found[4]).all(), "a map without a positive value points nowhere"


def two_species(n: int = 12, noise: float = 0.05) -> pd.DataFrame:
    """A. one has an adipose fin that the classifier uses; both have heads that speak for A. one alike."""
    rng = np.random.default_rng(0)
    fin, head = fish() == 8, fish() == 1
    rows, columns = cell_weights(GRID, PREPARATION.window((120, 60)), (120, 60))
    on_fin, on_head = (rows.T @ part.astype(np.float32) @ columns for part in (fin, head))
    tables = []
    for i in range(n):
        for name, other, fin_sign, head_sign in (("A. one", "A. two", 1, 1), ("A. two", "A. one", 0, -1)):
            mask = fish() if fin_sign else np.where(fish() == 8, 0, fish())
            maps = np.stack([fin_sign * on_fin + head_sign * on_head, 0 * on_fin]) + 1
            maps = (maps + rng.normal(0, noise, maps.shape)).astype(np.float32)
            parts = cover(mask, [1, 8], PREPARATION, GRID)
            tables.append(attribute(record(name, f"{name}{i}", other, maps), parts, mask, PREPARATION))
    return pd.concat(tables, ignore_index=True)


def test_what_both_species_show_alike_separates_nothing() -> None:
    table = pair_table(two_species(), TRAITS)
    first = table.iloc[0]
    assert (first["trait"], first["uberon"], first["on"]) == ("Adipose fin", "UBERON:2000251", "A. one")
    assert first["dense"]
    assert first["rank"] == 1
    assert first["share_low"] < first["share"] < first["share_high"]
    assert table["share"].sum() == pytest.approx(1)
    head = table[table["trait"] == "Head"].iloc[0]
    assert abs(head["share"]) < 0.1 * first["share"], "the head speaks for A. one on both species' specimens"
    assert not head["dense"]


def test_one_direction_alone_would_name_the_head() -> None:
    table = direction_table(two_species(), TRAITS)
    one = table[(table["species"] == "A. one")].set_index("trait")
    assert one.loc["Head", "share"] > one.loc["Adipose fin", "share"], "the bigger part wins by share"
    assert one.loc["Head", "n"] == 12
    assert one["pointing"].sum() == pytest.approx(1)
    np.testing.assert_allclose(one["share"].sum(), 1, atol=1e-6)


def test_a_trait_that_is_on_no_specimen_has_no_density_and_no_rank() -> None:
    absent = two_species()
    absent = absent[absent["scientificName"] == "A. two"]
    table = direction_table(absent, TRAITS)
    row = table[table["trait"] == "Adipose fin"].iloc[0]
    assert row["share"] == 0
    assert np.isnan(row["density"])


def test_plain_words() -> None:
    text = sentence(pair_table(two_species(), TRAITS).iloc[0])
    assert text.startswith("*A. one* from *A. two*: adipose fin, ")
    assert text.endswith("n = 12 + 12")
    assert "% [" in text


def test_few_specimens_have_no_dense_trait() -> None:
    assert not pair_table(two_species(n=2), TRAITS)["dense"].any()


def test_the_planted_traits_of_rendered_species() -> None:
    assert planted_names("Lumichthys planus", "Lumichthys pinguis") == {"Adipose fin"}
    assert planted_names("Petracanthus simplex", "Petracanthus geminus") == {"Dorsal fin"}
    ranks = planted_ranks(pair_table(two_species(), TRAITS), lambda a, b: {"Adipose fin"})
    assert ranks.iloc[0][["rank", "first"]].tolist() == [1, "Adipose fin"]
    wrong = planted_ranks(pair_table(two_species(), TRAITS), lambda a, b: {"Head"})
    assert wrong.iloc[0]["rank"] == 2


def test_a_planted_trait_that_is_missed_is_missed_for_a_reason() -> None:
    rows = two_species()
    pairs, directions = pair_table(rows, TRAITS).assign(told_apart=1.0), direction_table(rows, TRAITS)
    found = planted_ranks(pairs, lambda a, b: {"Adipose fin"}, directions)
    assert found["why"].tolist() == [""]
    assert planted_summary(found) == "planted trait first in 1 of 1 pair that the classifier tells apart"
    missed = planted_ranks(pairs, lambda a, b: {"Head"}, directions)
    assert missed["why"].iloc[0].startswith("Adipose fin is denser, ")
    assert "both species bear a Head, so that what differs shares its label" in missed["why"].iloc[0]
    confused = planted_ranks(pairs.assign(told_apart=0.5), lambda a, b: {"Head"}, directions)
    assert "only 50% of the specimens score higher for their own species" in confused["why"].iloc[0]
    assert planted_summary(confused).endswith(
        "in 0 of 0 pairs that the classifier tells apart; 1 more is not told apart"
    )
    nowhere = planted_ranks(pairs, lambda a, b: {"Ocellus"}, directions)
    assert nowhere["why"].tolist() == ["no mask of either species has the planted trait"]
