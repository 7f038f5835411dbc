"""The flow `fetch`: what the command does, as a run of Prefect with its failures as an artifact."""

from pathlib import Path
from typing import Any

from finercam_flows.fetch import fetch

from finercam_core.catalog import open_catalog


def test_the_flow_fetches_and_tells(make_collection: Any, tmp_path: Path) -> None:
    table = make_collection(tmp_path / "from", {"Aus bus": 3, "Aus cus": 2})
    (tmp_path / "from" / "Aus_bus-001.png").write_bytes(b"<html>")
    found = fetch(str(table), str(tmp_path / "to"))
    assert (found.specimens, found.fetched, found.there, len(found.failures)) == (4, 4, 0, 1)
    assert found.causes == {"the file is not an image": 1}
    assert open_catalog(tmp_path / "to" / "catalog.toml").species == ["Aus bus", "Aus cus"]
    assert fetch(str(table), str(tmp_path / "to")).there == 4
