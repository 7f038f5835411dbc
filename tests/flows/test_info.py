"""`finercam info`: what a stranger to a store is told."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from finercam_flows.commands.store import info, repair
from finercam_flows.screen import info_table
from planned_store import plan_at, result

from finercam_core.errors import StoreError
from finercam_core.status import Status
from finercam_core.store import exclusive, open_store, pending_chunks, summarise, write_chunk
from finercam_core.store.summary import RunActivity, measure, record_run

RUN = RunActivity("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:25+00:00", 20.0, 12, 9, 1, "local", 2, finished=False)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Nine specimens done, one cut off, two to do, of a run that was stopped."""
    monkeypatch.setenv("COLUMNS", "150")
    place = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", {"Aus bus": 10, "Dus eus": 2}).location
    (chunk, *_) = pending_chunks(place)
    values = result(chunk)
    values.status[3] = Status.TRUNCATED
    write_chunk(place, chunk, replace(values, details={3: "cut at byte 7"}))
    record_run(place, RUN)
    return place


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_progress_rate_causes_provenance_and_bytes_are_told(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    info(store)
    said = shown(capsys)
    assert "test (test.csv): 12 specimens, 2 species" in said
    assert (
        "10 of 12 specimens in 20.0 s, 0.5 per second (local, 2 processes); it was stopped: run the same command"
        in said
    )
    assert "│ Aus bus │ 10 │ 9 │ 1 │ 0 │ 90.0 │" in said
    assert "│ Dus eus │ 2 │ 0 │ 0 │ 2 │ 0.0 │" in said
    assert "│ all │ 12 │ 9 │ 1 │ 2 │ 75.0 │" in said
    assert "the image file is cut off or damaged │ 1 │ TRUNCATED" in said
    assert "per specimen (evidence" in said
    info(store, failures=True)
    assert "Aus_bus-003 TRUNCATED cut at byte 7" in shown(capsys)


def test_a_run_that_goes_on_says_how_long_it_will(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    with exclusive(store):
        info(store)
    assert "it is running, 4.0 s left" in shown(capsys)


def test_everything_is_there_for_programs(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    info(store, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["totals"] == {"specimens": 12, "done": 9, "failed": 1, "pending": 2, "rejected": 0}
    assert found["last_run"]["rate"] == 0.5
    assert found["failures"][0]["detail"] == "cut at byte 7"
    assert sum(found["size"]["bytes"].values()) == sum(p.stat().st_size for p in Path(store).rglob("*") if p.is_file())


def test_a_store_is_measured_by_what_it_holds(store: str) -> None:
    size = measure(store)
    assert size.files["evidence"] == len(list(Path(store).rglob("evidence/c/*/*/*/*")))
    assert size.files["scores and states"] == 4
    assert all(size.bytes.values())


def test_of_many_species_those_with_most_left_are_shown(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    n = info_table.SHOWN + 60
    names = [f"Aus {chr(97 + i // 26)}{chr(97 + i % 26)}us" for i in range(n)]
    counts = {"specimens": 5, "done": np.where(np.arange(n) == n - 1, 2, 5), "failed": 0}
    species = pd.DataFrame({"scientificName": names, **counts, "pending": np.where(np.arange(n) == n - 1, 3, 0)})
    found = replace(summarise(open_store(store)), species=species)
    console = info_table.Console(width=120)
    info_table.show_species(found, console, everyone=False)
    said = shown(capsys)
    assert said.index(names[-1]) < said.index(names[0])
    assert "60 more, see --species │ 300 │ 300 │ 0 │ 0 │ 100.0 │" in said
    info_table.show_species(found, console, everyone=True)
    assert all(name in shown(capsys) for name in [names[70]])


def test_damage_is_told_chunk_by_chunk_and_the_command_fails(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    (path,) = Path(store).rglob("Aus_bus/evidence/c/0/0/0/0")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(typer.Exit) as end:
        info(store, verify=True)
    assert end.value.exit_code == 1
    said = shown(capsys)
    assert "Aus_bus chunk 0, evidence:" in said
    assert "1 damaged chunk, `finercam annotate … --verify` computes them again" in said


def test_repair_says_what_it_did_and_what_is_lost(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    repair(store)
    assert "is sound: 12 specimens of 2 species, 9 with maps." in shown(capsys)
    (Path(store) / "specimens.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"specimens.parquet in .* is damaged: .*finercam repair"):
        info(store)
    repair(store)
    said = shown(capsys)
    assert "was repaired: 12 specimens of 2 species, 9 with maps." in said
    assert "not saved: places, splits, parts and licences of 12 specimens: run `finercam annotate`" in said
    info(store)
    assert "│ all │ 12 │ 9 │ 1 │ 2 │ 75.0 │" in shown(capsys)
