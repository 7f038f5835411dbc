"""Verification sees everything: descriptions, reviews, tables; and every flipped bit is found or harmless."""

import contextlib
import dataclasses
import json
import random
from pathlib import Path

import pytest
from planned_store import Planner, arrays, fill, result

from finercam_core.errors import StoreError
from finercam_core.review import Comparison, ReviewLog, Verdict
from finercam_core.review.drafts import Draft, Drafts
from finercam_core.status import Status
from finercam_core.store import Store, give_up, open_store, pending_chunks, verify, write_chunk
from finercam_core.store.summary import RunActivity, last_run, read_sentences, record_run

GROUP = "Ausidae/Aus/Aus_bus"
COUNTS = {"Aus bus": 3, "Aus cus": 2}


@pytest.fixture
def reviewed(plan: Planner) -> Store:
    store = plan(COUNTS)
    fill(store.location)
    log = ReviewLog(store.location, "Ada")
    for note in ("the dorsal fin", "the tail"):
        log.append(
            Verdict("Aus_bus-000", "Aus bus", "Ada", "accept", Comparison(0.6, "mean", "gradcam", ()), note=note)
        )
    Drafts(store.location, "Ada").save(Draft("Aus_bus-001", (), "half"))
    assert verify(store.location) == []
    return store


def edit(path: Path, change: object) -> None:
    content = json.loads(path.read_text())
    change(content)  # type: ignore[operator]
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("zarr.json", lambda c: c["attributes"]["finercam"]["classifier"]["species"].reverse()),
        (f"{GROUP}/zarr.json", lambda c: c["attributes"]["tiers"].__setitem__(1, "unrelated")),
        (f"{GROUP}/zarr.json", lambda c: c["attributes"].update(scientificName="Aus cus")),
        (f"{GROUP}/zarr.json", lambda c: c["attributes"].update(eigest=c["attributes"].pop("finercam_digest"))),
        (f"{GROUP}/evidence/zarr.json", lambda c: c.update(fill_value=0.0)),
        (f"{GROUP}/logit/zarr.json", lambda c: c["dimension_names"].reverse()),
        (f"{GROUP}/state/zarr.json", lambda c: c.update(data_type="int64")),
        (f"{GROUP}/specimen/zarr.json", lambda c: c.update(shape=[2])),
        ("Ausidae/zarr.json", lambda c: c.update(node_type="array")),
        ("Ausidae/Aus/zarr.json", lambda c: c.update(zarr_format=2)),
    ],
)  # fmt: skip
def test_a_description_that_says_something_else_is_found(reviewed: Store, part: str, change: object) -> None:
    edit(Path(reviewed.location) / part, change)
    found = verify(reviewed.location)
    group = GROUP if part.startswith(GROUP) else part.rpartition("/")[0]
    assert {(damage.group, damage.array) for damage in found} == {(group, "zarr.json")}


@pytest.mark.parametrize("part", ["Ausidae/zarr.json", "Ausidae/Aus/zarr.json", f"{GROUP}/zarr.json"])
@pytest.mark.parametrize("harm", [b"", b"{", None])
def test_every_level_of_the_hierarchy_is_made_again(
    reviewed: Store, plan: Planner, part: str, harm: bytes | None
) -> None:
    path, whole = Path(reviewed.location) / part, arrays(reviewed)
    path.unlink() if harm is None else path.write_bytes(harm)
    found = verify(reviewed.location)
    assert [damage.where for damage in found] == [f"{part.rpartition('/')[0]} chunk 0, zarr.json"]
    give_up(reviewed.location, found)
    fill(plan(COUNTS).location)
    assert verify(reviewed.location) == []
    assert arrays(reviewed).keys() == whole.keys()


def test_a_changed_verdict_and_a_damaged_draft_are_found(reviewed: Store) -> None:
    (log,) = (Path(reviewed.location) / "reviews").glob("*.jsonl")
    content = log.read_bytes()
    log.write_bytes(content.replace(b"dorsal", b"dorsam"))
    (found,) = verify(reviewed.location)
    assert found.where == f"reviews/{log.name}"
    assert found.reason == "line 1 cannot be used: it does not match its checksum"
    log.write_bytes(content[:-5])
    assert verify(reviewed.location) == [], "nobody was told that a torn last line is kept"
    (draft,) = (Path(reviewed.location) / "reviews/drafts").rglob("*.json")
    draft.write_bytes(b"{")
    assert [damage.where for damage in verify(reviewed.location)] == [draft.relative_to(reviewed.location).as_posix()]


@pytest.mark.parametrize("seed", range(3))
def test_no_flipped_bit_of_the_last_run_or_of_a_reason_is_read(plan: Planner, seed: int) -> None:
    store = plan({"Aus bus": 2})
    (chunk,) = pending_chunks(store.location)
    values = result(chunk)
    values.status[1] = Status.TRUNCATED
    write_chunk(store.location, chunk, dataclasses.replace(values, details={1: "cut at byte 7"}))
    run = RunActivity("2026-01-02T03:04:05+00:00", "", 20.0, 12, 9, 1, "local", 2, finished=False)
    record_run(store.location, run)
    files = {
        "last_run.json": lambda: last_run(store.location) == run,
        f"failures/{GROUP}/0.json": lambda: read_sentences(store.files).get("Aus_bus-001") == "cut at byte 7",
    }
    rng = random.Random(seed)
    for name, same in files.items():
        path = Path(store.location) / name
        content = path.read_bytes()
        assert same()
        for bit in rng.sample(range(8 * len(content)), 60):
            path.write_bytes(content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :])
            with contextlib.suppress(StoreError):
                assert same(), f"bit {bit} of {name}"
        path.write_bytes(b"[1]")
        assert name.split("/")[0] in {damage.array for damage in verify(store.location)}


def missed_flips(store: Store, flips: int, seed: int) -> list[str]:
    """Files in which a flipped bit is not found although it changes what is read."""
    root, whole, rng, missed = Path(store.location), contents_of(store), random.Random(seed), []
    kept = (".lock", ".partial", "last_run.json", "provenance.json")
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.endswith(kept))
    for _ in range(flips):
        path = rng.choice(files)
        content = path.read_bytes()
        if not content:
            continue
        bit = rng.randrange(8 * len(content))
        path.write_bytes(content[: bit // 8] + bytes([content[bit // 8] ^ 1 << bit % 8]) + content[bit // 8 + 1 :])
        if not found(store.location) and contents_of(store) != whole:
            missed.append(f"{path.relative_to(root)} bit {bit}")
        path.write_bytes(content)
    return missed


def found(location: str) -> bool:
    try:
        open_store(location)
        return bool(verify(location))
    except Exception as error:
        return type(error).__name__ == "StoreError"


def contents_of(store: Store) -> str:
    """All that a reader sees, as text."""
    opened = open_store(store.location)
    records = [repr(opened.record(image_id)) for image_id in opened.rows.index]
    attributes = [dict(opened.files.group(path=group).attrs) for group in opened.groups.values()]
    return repr((records, attributes, opened.specimens.to_dict("records"), opened.provenance))


def test_flipped_bits_are_found_or_harmless(reviewed: Store) -> None:
    assert missed_flips(reviewed, 20, 1) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_six_hundred_flipped_bits_are_found_or_harmless(reviewed: Store) -> None:
    missed = missed_flips(reviewed, 600, 2)
    print(f"600 flips in chunks, descriptions, tables and reviews: {len(missed)} silent {missed}")
    assert missed == []
