"""An object store that loses 2 % of the requests and asks for patience changes nothing in what is stored."""

from pathlib import Path

import pytest
from failing_s3 import Faults
from planned_store import CLASSES, arrays, assert_same, fill, plan_at
from shared_writer import write_share

from finercam_core.io.files import Files
from finercam_core.store import exclusive, open_store, summarise, verify
from finercam_core.store.leases.bucket import put_if, tag_of
from finercam_core.store.leases.claims import Claims


@pytest.mark.slow
def test_the_store_is_that_of_a_disk_and_every_fault_came(failing: str, faults: Faults, tmp_path: Path) -> None:
    place, images = f"{failing}/maps.zarr", tmp_path / "images"
    with exclusive(place):
        plan_at(place, images, dict.fromkeys(CLASSES, 100))
        assert fill(place) == 300
    assert fill(place) == 0
    assert verify(place) == []
    held = arrays(open_store(place))
    local = plan_at(str(tmp_path / "maps.zarr"), images, dict.fromkeys(CLASSES, 100))
    fill(local.location)
    assert_same(arrays(local), held)
    assert summarise(open_store(place)).totals == summarise(open_store(local.location)).totals
    assert all(faults.counts[name] for name in ("before", "after", "slow")), faults.counts


@pytest.mark.slow
def test_writers_that_share_it_find_their_claims_again(failing: str, faults: Faults, tmp_path: Path) -> None:
    assert write_share(f"{failing}/maps.zarr", str(tmp_path / "images"), 70) == 6
    assert summarise(open_store(f"{failing}/maps.zarr")).totals["done"] == 210


def test_a_claim_whose_answer_was_lost_is_a_claim(failing: str, faults: Faults) -> None:
    """The client asks again, and the store says that there is one already: its own."""
    files = Files(f"{failing}/maps.zarr")
    faults.before, faults.slow, faults.after = 0, 0, 0.5
    for number in range(3):
        assert Claims(files, "a" * 32).take(f"x-{number}")
        assert not Claims(files, "b" * 32).take(f"x-{number}")
    path = f"{files.root}/lease"
    for number in range(3):
        condition = {"IfMatch": tag_of(files, path)} if number else {"IfNoneMatch": "*"}
        assert put_if(files, path, f"a {number}", condition) == tag_of(files, path)
    assert not put_if(files, path, "b", {"IfNoneMatch": "*"})
