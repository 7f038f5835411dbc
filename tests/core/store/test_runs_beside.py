"""A store holds one run; another goes beside it."""

from pathlib import Path

import pytest
from planned_store import SETTINGS, Planner, arrays, assert_same, fill

from finercam_core.errors import StoreError
from finercam_core.store import exclusive, runs_beside
from finercam_core.store.runs import base_of, beside


def test_another_run_is_refused_in_one_sentence(plan: Planner) -> None:
    plan({"Aus bus": 1})
    with pytest.raises(StoreError, match="made with another method"):
        plan({"Aus bus": 1}, settings={**SETTINGS, "method": "hirescam"})


def test_versions_do_not_make_another_run(plan: Planner) -> None:
    one = plan({"Aus bus": 1}, settings={**SETTINGS, "versions": {"torch": "2.11"}})
    two = plan({"Aus bus": 1}, settings={**SETTINGS, "versions": {"torch": "2.12"}})
    assert one.provenance.run == two.provenance.run


def test_a_changed_run_goes_beside_the_old_one_and_is_found_again(plan: Planner) -> None:
    old = plan({"Aus bus": 2})
    fill(old.location)
    before = arrays(old)
    changed = {**SETTINGS, "method": "hirescam"}
    new = plan({"Aus bus": 2}, settings=changed, beside=True)
    assert Path(new.location).name == f"maps.run-{new.provenance.run}.zarr"
    assert fill(new.location) == 2
    assert plan({"Aus bus": 2}, settings=changed, beside=True).location == new.location
    assert fill(new.location) == 0
    assert_same(arrays(old), before)
    assert plan({"Aus bus": 2}, beside=True).location == old.location
    assert {place.location for place in runs_beside(new.location)} == {old.location, new.location}


def test_writing_to_one_run_keeps_others_from_the_runs_beside_it(plan: Planner) -> None:
    old = plan({"Aus bus": 1})
    new = plan({"Aus bus": 1}, settings={**SETTINGS, "method": "hirescam"}, beside=True)
    with exclusive(old.location), pytest.raises(StoreError, match="another run is writing"), exclusive(new.location):
        pass


def test_names_of_runs_lead_back_to_their_store() -> None:
    for name in ("s3://bucket/maps.zarr", "/data/fish.maps.zarr", "maps", "./a.b/maps"):
        assert base_of(beside(name, "0123456789ab")) == name
        assert base_of(name) == name


def test_a_damaged_run_beside_is_passed_over_with_a_warning(plan: Planner, caplog: pytest.LogCaptureFixture) -> None:
    one = plan({"Aus bus": 1})
    two = plan({"Aus bus": 1}, settings={**SETTINGS, "method": "hirescam"}, beside=True)
    (Path(two.location) / "zarr.json").write_text("{")
    assert [run.location for run in runs_beside(one.location)] == [one.location]
    assert "is passed over: zarr.json of" in caplog.text
