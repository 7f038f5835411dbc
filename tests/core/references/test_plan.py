"""References by tier, tree, weights, confusions or hand: which, in which order, and with which reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.errors import ComparisonError
from finercam_core.references import ByCosine, ByTier, ByTree, policy_of
from finercam_core.references.plan import plan_comparisons
from finercam_core.references.tables import write_confusions
from finercam_core.taxonomy.trees import read_tree

NAMES = ["Aus bus", "Aus cus", "Bus aus", "Cus aus", "Dus aus"]
FAMILIES = ["Ausidae", "Ausidae", "Ausidae", "Cusidae", "Dusidae"]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    table = pd.DataFrame({"image_id": NAMES, "scientificName": NAMES, "family": FAMILIES})
    table.assign(path=[f"{i}.jpg" for i in range(len(NAMES))]).to_csv(tmp_path / "c.csv", index=False)
    return open_catalog(tmp_path / "c.csv")


def chosen(plan, species: str) -> list[str]:
    return [reference.scientificName for reference in plan.references(species)]


def test_every_reference_says_why(catalog: Catalog) -> None:
    plan = plan_comparisons(catalog, NAMES, references=2, weights=np.eye(5))
    assert [r.reason for r in plan.references("Aus bus")] == [
        "congener, weight cosine 0.00",
        "confamilial, weight cosine 0.00",
    ]


def test_species_without_relatives_are_planned_and_named(catalog: Catalog) -> None:
    plan = plan_comparisons(catalog, NAMES, references=2)
    assert plan.alone == ("Cus aus", "Dus aus")
    assert [r.tier for r in plan.references("Cus aus")] == ["unrelated", "unrelated"]


def test_cosine_takes_the_most_similar_whatever_the_family(catalog: Catalog) -> None:
    weights = [[1, 0], [-1, 0.1], [0, 1], [1, 0.1], [1, 0.5]]
    plan = plan_comparisons(catalog, NAMES, references=2, weights=weights, policy=ByCosine())
    assert chosen(plan, "Aus bus") == ["Cus aus", "Dus aus"]
    assert plan.policy == {"count": 2, "order": "weight cosine, name"}
    with pytest.raises(ComparisonError, match="no linear head"):
        plan_comparisons(catalog, NAMES, policy=ByCosine())


def test_a_tree_comes_before_the_tiers_and_what_it_lacks_comes_last(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "t.nwk").write_text("(((Aus_bus:1,Dus_aus:1):1,Cus_aus:2):1,Bus_aus:3);")
    plan = plan_comparisons(catalog, NAMES, references=4, policy=ByTree(read_tree(tmp_path / "t.nwk")))
    assert chosen(plan, "Aus bus") == ["Dus aus", "Cus aus", "Bus aus", "Aus cus"]
    assert [r.reason for r in plan.references("Aus bus")] == [
        "patristic distance 2, unrelated",
        "patristic distance 4, unrelated",
        "patristic distance 6, confamilial",
        "not in the tree, congener",
    ]
    assert chosen(plan, "Aus cus")[:2] == ["Aus bus", "Bus aus"]
    assert len(plan.policy["tree_sha256"]) == 64


def test_ties_of_a_dated_tree_are_broken_by_relationship_and_weights(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "t.nwk").write_text("((Dus_aus:1.1,(Cus_aus:0.3,Bus_aus:0.3):0.8):0.2,(Aus_bus:0.5,Aus_cus:0.5):0.8);")
    plan = plan_comparisons(catalog, NAMES, references=3, policy=ByTree(read_tree(tmp_path / "t.nwk")))
    assert chosen(plan, "Aus bus") == ["Aus cus", "Bus aus", "Cus aus"]


def test_a_subspecies_stands_at_the_tip_of_its_species(tmp_path: Path) -> None:
    names = ["Aus bus minor", "Aus cus", "Bus aus"]
    pd.DataFrame({"scientificName": names, "path": ["1", "2", "3"]}).to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "t.nwk").write_text("((Aus_bus:1,Bus_aus:1):1,Aus_cus:2);")
    policy = policy_of(str(tmp_path / "t.nwk"))
    plan = plan_comparisons(open_catalog(tmp_path / "c.csv"), names, policy=policy)
    assert chosen(plan, "Aus bus minor") == ["Bus aus", "Aus cus"]


def test_references_given_by_hand_are_exactly_those(catalog: Catalog, tmp_path: Path) -> None:
    table = tmp_path / "r.csv"
    table.write_text("species,reference\nAus bus,Dus aus\nAus bus,Bus aus\nNus nus,Aus bus\n")
    plan = plan_comparisons(catalog, NAMES, references=4, policy=policy_of(str(table)))
    assert chosen(plan, "Aus bus") == ["Dus aus", "Bus aus"]
    assert plan.references("Aus bus")[0].reason == "given by hand, unrelated"
    assert len(chosen(plan, "Bus aus")) == 4
    assert plan.references("Bus aus")[0].reason == "none given by hand, confamilial"


def test_all_rows_of_a_list_that_name_no_class_are_told_at_once(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("species,reference\nAus bus,Nus nus\nAus cus,Aus cus\nAus cus,Mus mus\n")
    with pytest.raises(ComparisonError, match="3 references") as caught:
        plan_comparisons(catalog, NAMES, policy=policy_of(str(tmp_path / "r.csv")))
    assert all(f"row {row}" in str(caught.value) for row in (1, 2, 3))


def test_confusions_come_first_then_the_tiers(catalog: Catalog, tmp_path: Path) -> None:
    rows = "Aus bus,Dus aus,3\nAus bus,Cus aus,9\nAus bus,Aus bus,80\nBus aus,Cus aus,1\n"
    (tmp_path / "confusions.csv").write_text(f"species,predicted,images\n{rows}")
    plan = plan_comparisons(catalog, NAMES, references=3, policy=policy_of("confusions", tmp_path))
    assert chosen(plan, "Aus bus") == ["Cus aus", "Dus aus", "Aus cus"]
    assert [r.reason for r in plan.references("Aus bus")] == [
        "taken for it in 9 images, unrelated",
        "taken for it in 3 images, unrelated",
        "never taken for it, congener",
    ]


def test_confusions_are_read_as_they_were_written(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "confusions.csv"
    write_confusions(path, {("Bus aus", "Cus aus"): 1, ("Aus bus", "Dus aus"): 3, ("Aus bus", "Cus aus"): 9})
    plan = plan_comparisons(catalog, NAMES, references=2, policy=policy_of("confusions", tmp_path))
    assert chosen(plan, "Aus bus") == ["Cus aus", "Dus aus"]
    assert plan.references("Bus aus")[0].reason == "taken for it in 1 image, unrelated"
    assert plan.references("Aus cus")[0].reason == "never taken for it, congener"
    assert policy_of("confusions", f"local-dir:{tmp_path}").settings == policy_of("confusions", tmp_path).settings


@pytest.mark.parametrize(
    ("text", "told"), [("by magic", "cannot be chosen"), ("gone.nwk", "cannot be read"), ("gone.csv", "does not exist"),
                       ("confusions", "has no confusions.csv")]
)  # fmt: skip
def test_what_is_no_policy_is_said(text: str, told: str) -> None:
    from finercam_core.errors import FinercamError

    with pytest.raises(FinercamError, match=told):
        policy_of(text, "classifier")


class Everyone(ByCosine):
    """`ByTier` for which all classes are looked at, also where a species has relatives enough."""

    settings = ByTier().settings  # type: ignore[assignment]

    def rank(self, rows: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """All equal."""
        return np.zeros((len(rows), len(candidates)))


@pytest.mark.parametrize("count", [1, 3, 8])
def test_only_relatives_are_looked_at_where_they_are_enough(count: int) -> None:
    """The same references as among all classes, with large and small families, and species without one."""
    rng = np.random.default_rng(count)
    letters = np.array(list("abcdefghijkl"))
    genus = rng.integers(0, 9, 120)
    names = [f"G{letters[g]}us {letters[k // 10]}{letters[k % 10]}{letters[k % 7]}us" for k, g in enumerate(genus)]
    family = [["Aidae", "Aidae", "Bidae", "Cidae", ""][min(g // 2, 4)] for g in genus]
    table = pd.DataFrame({"scientificName": names, "genus": [name.split()[0] for name in names], "family": family})
    table = table.assign(image_id=names, specificEpithet=[name.split()[1] for name in names], order="", path="")
    catalog = Catalog("test", "", "", table.astype("str"))
    weights = rng.normal(size=(120, 6))
    near = plan_comparisons(catalog, names, references=count, weights=weights)
    every = plan_comparisons(catalog, names, references=count, weights=weights, policy=Everyone())
    assert near.chosen.keys() == every.chosen.keys() == set(names)
    assert {name: chosen(near, name) for name in names} == {name: chosen(every, name) for name in names}
    assert near.alone == every.alone
