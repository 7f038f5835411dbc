"""Distances in a phylogeny: equal to the sum of the branches, for any tree, in bounded memory."""

import itertools
from pathlib import Path

import dendropy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.errors import ComparisonError, FinercamError
from finercam_core.taxonomy.trees import read_tree


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def random_newick(seed: int, tips: int) -> str:
    rng = np.random.default_rng(seed)
    parts = [f"Aus_{chr(97 + i // 26)}{chr(97 + i % 26)}us:{rng.uniform(0.1, 5):.3f}" for i in range(tips)]
    while len(parts) > 1:
        taken = [parts.pop(int(rng.integers(len(parts)))) for _ in range(min(len(parts), int(rng.integers(2, 4))))]
        parts.append(f"({','.join(taken)}):{rng.uniform(0.1, 5):.3f}")
    return parts[0].rsplit(":", 1)[0] + ";"


@pytest.mark.parametrize("seed", range(5))
def test_distances_are_the_sums_of_branches(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path / "t.nwk", random_newick(seed, 30))
    tree, matrix = read_tree(path), dendropy.Tree.get(path=str(path), schema="newick").phylogenetic_distance_matrix()
    true = {
        (a.label, b.label): matrix.patristic_distance(a, b)
        for a, b in itertools.permutations(matrix.taxon_namespace, 2)
    }
    for i, name in enumerate(tree.tips):
        found = tree.distances(i)
        assert found[i] == 0
        for k, other in enumerate(tree.tips):
            if k != i:
                assert found[k] == pytest.approx(true[name, other])


def test_a_part_of_a_tree_keeps_its_distances(tmp_path: Path) -> None:
    tree = read_tree(write(tmp_path / "t.nwk", random_newick(7, 40)))
    kept = np.array([1, 2, 11, 25, 39])
    part = tree.only(kept)
    assert part.tips == tuple(tree.tips[i] for i in kept)
    for i, k in enumerate(kept):
        np.testing.assert_allclose(part.distances(i), tree.distances(k)[kept])


def test_nexus_with_a_translation_and_quotes_reads_as_newick(tmp_path: Path) -> None:
    newick = write(tmp_path / "t.tre", "((Aus_bus:1,'Aus cus':1):2,Eus_fus:3);")
    nexus = write(
        tmp_path / "t.nex",
        "#NEXUS\nBegin trees;\nTranslate 1 Aus_bus, 2 'Aus cus', 3 Eus_fus;\ntree a = ((1:1,2:1):2,3:3);\nEnd;\n",
    )
    one, other = read_tree(newick), read_tree(nexus)
    assert one.tips == other.tips == ("Aus bus", "Aus cus", "Eus fus")
    np.testing.assert_allclose(one.distances(0), [0, 2, 6])
    np.testing.assert_allclose(other.distances(0), [0, 2, 6])


def test_a_tree_without_lengths_counts_branches(tmp_path: Path) -> None:
    tree = read_tree(write(tmp_path / "t.nwk", "((Aus_bus,Aus_cus),Eus_fus);"))
    np.testing.assert_allclose(tree.distances(0), [0, 2, 3])


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "Newick"), ("(Aus_bus:1,'Aus bus':2);", "1 name at several tips"), ("(Aus_bus:1,c:nan);", "finite"),
     ("((((", "Newick"), ("#NEXUS\n", "Nexus"), ("(" * 5000 + "a" + ")" * 5000 + ";", "nested too deeply")],
)  # fmt: skip
def test_what_is_no_usable_tree_is_said_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ComparisonError, match=told) as caught:
        read_tree(write(tmp_path / "t.nwk", text))
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("(),;:'[]_AbU1.-#EX \n", max_size=60) | st.binary(max_size=40))
def test_no_file_raises_anything_but_the_projects_own_error(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "t.nwk"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        tree = read_tree(path)
    except FinercamError:
        return
    assert np.isfinite(tree.distances(0)).all()


def test_ids_of_open_tree_are_not_part_of_the_name(tmp_path: Path) -> None:
    text = "((Esox_lucius_ott123:1,Esox_niger_ott7:1)mrcaott1ott2:1,'Umbra krameri ott99':2);"
    assert set(read_tree(write(tmp_path / "t.nwk", text)).tips) == {"Esox lucius", "Esox niger", "Umbra krameri"}
