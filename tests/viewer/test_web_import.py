"""Verdicts from a file that a page saved: checked, taken once, refused where the run is another."""

import json
from pathlib import Path

import numpy as np
import pytest
from finercam_flows.cli import app
from napari_finercam.session.review import ReviewSession
from typer.testing import CliRunner

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import decode
from finercam_core.review import latest, read_verdicts
from finercam_core.review.imported import import_verdicts
from finercam_core.store import Store, open_store

MADE = {"gamma": 0.6, "weighting": "mean", "method": "gradcam", "references": ["Aus cus", "Aus dus"]}


@pytest.fixture
def store(small_store: Path) -> Store:
    return open_store(small_store)


def line(store: Store, at: int, **changed: object) -> dict[str, object]:
    row = store.rows.iloc[at]
    return {
        "key": f"key-{at:08d}", "image_id": row["image_id"], "scientificName": row["scientificName"], "reviewer": "Zoë",
        "decision": "accept", "comparison": MADE, "note": "=HYPERLINK(1)", "run": store.provenance.run,
        "regions": [{"source": "threshold", "top": 0.1, "number": 1}], "time": f"2026-01-01T00:00:{at:02d}.000Z",
        **changed,
    }  # fmt: skip


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return path


def test_a_file_is_taken_in_once(store: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "verdicts.jsonl", line(store, 1), line(store, 0), "")
    found = import_verdicts(file, store)
    assert (found.taken, found.known, found.older, found.refused) == (2, 0, (), {})
    assert import_verdicts(file, store).known == 2
    first, second = read_verdicts(store.location)
    assert (first.reviewer, first.time, first.note) == ("Zoë", "2026-01-01T00:00:00.000000+00:00", "=HYPERLINK(1)")
    assert first.regions[0].rle["size"] == [64, 96]
    assert decode(first.regions[0].rle).mean() == pytest.approx(0.1, abs=0.005)
    assert second.time > first.time


def test_a_later_verdict_in_the_store_stays(store: Store, tmp_path: Path) -> None:
    session = ReviewSession(store.location, "Zoë")
    image_id = str(store.rows.iloc[0]["image_id"])
    session.navigation.go_to(image_id)
    session.decide("reject")
    session.close()
    found = import_verdicts(written(tmp_path / "v.jsonl", line(store, 0), line(store, 1)), store)
    assert (found.taken, found.older) == (1, (image_id,))
    assert latest(read_verdicts(store.location))[image_id, "Zoë"].decision == "reject"


def test_in_one_file_the_last_verdict_counts(store: Store, tmp_path: Path) -> None:
    later = line(store, 0, key="key-later", decision="", time="2026-01-02T00:00:00Z")
    found = import_verdicts(written(tmp_path / "v.jsonl", later, line(store, 0)), store)
    assert found.taken == 2
    assert latest(read_verdicts(store.location)) == {}, "retracted"


def test_another_run_takes_nothing_at_all(store: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "v.jsonl", line(store, 0), line(store, 1, run="fedcba987654"))
    with pytest.raises(ReviewError, match=r"is about run fedcba987654, the store holds run"):
        import_verdicts(file, store)
    assert read_verdicts(store.location) == []


def test_what_is_wrong_is_named_and_the_rest_is_taken(store: Store, tmp_path: Path) -> None:
    file = written(
        tmp_path / "v.jsonl", line(store, 0), "{", "[]", '"\\ud83d"', line(store, 1, time="3026-01-01T00:00:00Z"),
        line(store, 2, time="soon"), line(store, 3, image_id="nobody"), line(store, 4, reviewer=""),
    )  # fmt: skip
    found = import_verdicts(file, store)
    assert found.taken == 1
    assert sorted(found.refused) == [f"line {number}" for number in range(2, 9)]
    assert "still to come" in found.refused["line 5"]
    assert "is no time" in found.refused["line 6"]
    with pytest.raises(ReviewError, match="cannot be read"):
        import_verdicts(tmp_path / "none", store)


def test_a_mask_of_a_small_copy_is_brought_to_the_photograph(store: Store, tmp_path: Path) -> None:
    small = {"source": "painted", "number": 2, "rle": {"size": [32, 48], "counts": [0, 16 * 32, 32 * 32]}}
    follower = {"source": "threshold", "top": 0.3, "number": 1}
    import_verdicts(written(tmp_path / "v.jsonl", line(store, 0, regions=[follower, small])), store)
    (verdict,) = read_verdicts(store.location)
    cut, painted = (decode(region.rle) for region in verdict.regions)
    expected = np.zeros((64, 96), bool)
    expected[:, :32] = True
    np.testing.assert_array_equal(painted, expected)
    assert not (cut & painted).any(), "a pixel belongs to one region at most"


def test_the_command_says_what_became_of_each_line(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    file = written(tmp_path / "v.jsonl", line(store, 0), line(store, 1, scientificName="[red]Eus fus[/]"))
    result = CliRunner().invoke(app, ["review", "import", str(file), store.location])
    assert isinstance(result.exception, ReviewError)
    assert "1 verdict taken in, 0 known already." in result.output
    assert "line 2 not taken" in result.output
    assert "judged as [red]Eus fus[/]" in result.output
