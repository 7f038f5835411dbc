"""Splits: no group in two, nobody moves when rows are added, shares near those asked for in every species."""

from pathlib import Path

import builders as build
import numpy as np
import pandas as pd
import pytest
from finercam_flows.cli import main
from hypothesis import given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.catalog.split_file import read_splits
from finercam_core.catalog.splits import deal_splits
from finercam_core.errors import CatalogError

QUICK = settings(max_examples=60, deadline=None)
# Rows as (species, group): some species rare, some groups with several images.
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=150)


def table(rows: list[tuple[int, int]], first: int = 0) -> pd.DataFrame:
    """A group belongs to one species here."""
    species = [f"Aus {'abcde'[s]}us" for s, _ in rows]
    groups = [f"{s}-{g}" if g % 7 else "" for s, g in rows]
    ids = [f"i{n}" for n in range(first, first + len(rows))]
    return pd.DataFrame({"image_id": ids, "group_id": groups, "scientificName": species, "split": ""})


def named(frame: pd.DataFrame, split: pd.Series) -> dict[str, str]:
    return dict(zip(frame["image_id"], split, strict=True))


def group(frame: pd.DataFrame) -> pd.Series:
    return frame["group_id"].where(frame["group_id"] != "", frame["image_id"])


@QUICK
@given(rows=ROWS)
def test_no_group_stands_in_two_splits(rows) -> None:
    frame = table(rows)
    assert (deal_splits(frame).groupby(group(frame)).nunique() == 1).all()


@QUICK
@given(ROWS, ROWS, st.randoms())
def test_whatever_is_added_or_sorted_nobody_moves(before, added, random) -> None:
    old = table(before)
    whole = pd.concat([old, table(added, len(old))])
    whole = whole.iloc[random.sample(range(len(whole)), len(whole))]
    whole["split"] = whole["image_id"].map(named(old, deal_splits(old))).fillna("")
    assert named(old, deal_splits(old)).items() <= named(whole, deal_splits(whole)).items()


@QUICK
@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random) -> None:
    frame = table(rows)
    mixed = frame.iloc[random.sample(range(len(frame)), len(frame))]
    assert named(frame, deal_splits(frame)) == named(mixed, deal_splits(mixed))


@QUICK
@given(ROWS, st.sampled_from([(0.1, 0.2), (0.0, 0.5), (0.25, 0.25), (0.05, 0.1)]))
def test_dealt_shares_are_within_one_group_of_those_asked_for_in_every_species(rows, shares) -> None:
    frame = table(rows)
    val, test = shares
    one = frame.assign(group=group(frame), split=deal_splits(frame, val=val, test=test)).drop_duplicates("group")
    for _, part in one.groupby("scientificName"):
        for name, share in {"train": 1 - val - test, "val": val, "test": test}.items():
            assert abs((part["split"] == name).sum() - share * len(part)) <= 1
        assert (part["split"] == "train").any()


def test_a_group_that_stood_in_several_splits_goes_to_train() -> None:
    frame = table([(0, 1), (0, 1), (0, 2)]).assign(split=["test", "train", "test"])
    assert deal_splits(frame).tolist() == ["train", "train", "test"]


@pytest.mark.parametrize(("val", "test"), [(0.5, 0.5), (-0.1, 0.2), (0.1, 2.0), (float("nan"), 0.1)])
def test_shares_that_leave_nothing_to_train_on_are_refused(val: float, test: float) -> None:
    with pytest.raises(CatalogError, match="leave nothing to train on"):
        deal_splits(table([(0, 1)]), val=val, test=test)


def collection(folder: Path, count: int, own: str = "") -> Path:
    """A table of two species, two images a specimen, with a manifest that names its splits."""
    rows = [f"{i}.jpg,Esox {'niger' if i % 4 > 1 else 'lucius'},s{i // 2},{own}" for i in range(count)]
    build.write(folder / "t.csv", "\n".join(["path,scientificName,group_id,split", *rows]))
    about = '[collection]\nname = "pikes"\nsplits = "splits.csv"\n[[tables]]\npath = "t.csv"\n'
    return build.write(folder / "m.toml", about)


def command(manifest: Path, splits: Path, *options: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["catalog", "split", str(manifest), "--out", str(splits), *options])
    assert end.value.code == 0


def test_splits_are_written_kept_when_rows_are_added_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, splits = collection(tmp_path, 40), tmp_path / "splits.csv"
    with pytest.raises(CatalogError, match=r"finercam catalog split"):
        open_catalog(manifest)
    command(manifest, splits)
    first = read_splits(str(splits))
    assert first.value_counts().to_dict() == {"train": 28, "test": 8, "val": 4}
    assert open_catalog(manifest).specimens.set_index("image_id")["split"].to_dict() == first.to_dict()
    collection(tmp_path, 200)
    command(manifest, splits)
    second = read_splits(str(splits))
    assert len(second) == 200
    assert second[first.index].equals(first)
    counts = second.value_counts(normalize=True)
    np.testing.assert_allclose([counts["train"], counts["val"], counts["test"]], [0.7, 0.1, 0.2], atol=0.02)
    assert "160 images are new" in capsys.readouterr().out


def test_a_catalogs_own_splits_are_kept_unless_others_are_asked_for(tmp_path: Path) -> None:
    manifest, splits = collection(tmp_path, 40, own="test"), tmp_path / "splits.csv"
    command(manifest, splits)
    assert set(read_splits(str(splits))) == {"test"}
    splits.unlink()
    command(manifest, splits, "--anew")
    assert set(read_splits(str(splits))) == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("image_id,split\na,holdout\n", "holdout"),
        ("image_id,split\na,train\na,val\n", "twice"),
        ("x\n", "no column"),
        ("image_id,split\na,train\nb,test,x\n", "row 3 of"),
    ],
)
def test_tables_of_splits_that_cannot_be_used_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CatalogError, match=told):
        read_splits(str(build.write(tmp_path / "s.csv", text)))
