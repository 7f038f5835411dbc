"""Eight tasks of a Slurm array share a store on two nodes, of which one dies: the end is the store of one run alone."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from annotate_once import annotate_once
from PIL import Image
from planned_store import arrays, assert_same
from review_server import free_port
from slurm_cluster import Slurm, cluster, missing, until

from finercam_core.store import open_store, verify
from finercam_core.store.sharing import writers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
SCRIPT = Path(__file__).parents[2] / "deploy" / "slurm" / "array.sh"
SPECIES, EACH = ("Aus bus", "Aus cus", "Dus eus"), 1000
CLASSIFIER = "exact_classifier:exact"  # whole numbers: the bits do not depend on the batches


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, prefect_home: None) -> None:
    """What the commands find in their environment, here and in the tasks."""
    helpers, programs = Path(__file__).parents[1] / "helpers", Path(sys.executable).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(helpers), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FINERCAM_ALLOW_FACTORIES", CLASSIFIER)
    monkeypatch.setenv("FINERCAM_TEST_SPECIES", "|".join(SPECIES))
    monkeypatch.setenv("FINERCAM_TEST_SLEEP", "0.02")


@pytest.fixture
def slurm(tmp_path: Path, settings: None) -> Iterator[Slurm]:
    assert not missing(), (
        f"{', '.join(missing())} not found: install slurmctld, slurmd, slurm-client and munge, as root"
    )
    folder = tmp_path / "slurm"
    folder.mkdir()
    with cluster(folder, free_port()) as running:
        yield running


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Three thousand small photographs of noise, in folders of species."""
    rng = np.random.default_rng(0)
    for shade, name in enumerate(SPECIES):
        folder = tmp_path / "photos" / name.replace(" ", "_")
        folder.mkdir(parents=True)
        for number in range(EACH):
            noise = rng.integers(0, 100, (48, 64, 3)) + 70 * shade
            Image.fromarray(noise.astype(np.uint8)).save(folder / f"{number:04}.png")
    return tmp_path / "photos"


def submit(slurm: Slurm, *arguments: object) -> str:
    """Submit the script as it stands; the number of the job."""
    shown = slurm.ask("sbatch", "--parsable", f"--chdir={slurm.folder}", str(SCRIPT), *map(str, arguments))
    return shown.strip()


def tasks_on(slurm: Slurm, node: str) -> list[str]:
    """Numbers of the running tasks of a node."""
    return slurm.ask("squeue", "--noheader", "--states=R", f"--nodelist={node}", "--format=%A").split()


def shown(slurm: Slurm, job: str, field: str) -> list[str]:
    """A field of all tasks of an array, such as JobState."""
    words = slurm.ask("scontrol", "show", "job", job).split()
    return [word.split("=", 1)[1] for word in words if word.startswith(f"{field}=")]


def test_an_array_on_two_nodes_of_which_one_dies(slurm: Slurm, photographs: Path, tmp_path: Path) -> None:
    alone, store = tmp_path / "alone.zarr", tmp_path / "maps.zarr"
    annotate_once(str(photographs), str(alone))
    job = submit(slurm, photographs, CLASSIFIER, store, "--references", 3, "--device", "cpu")
    assert job.isdigit(), job
    until(
        lambda: store.exists() and sum(one.shards for one in writers(store)) >= 2 and bool(tasks_on(slurm, "n1")), 300
    )
    late = tasks_on(slurm, "n0")[0]
    died = slurm.kill_node("n1")
    assert died, "nothing ran on the node"
    slurm.warn(late)
    until(lambda: "down" in slurm.ask("sinfo", "--noheader", "--format=%T", "--nodes=n1"), 120)
    slurm.start_node("n1")
    until(lambda: set(shown(slurm, job, "JobState")) == {"COMPLETED"}, 900)
    restarts = sorted(map(int, shown(slurm, job, "Restarts")))
    print(f"{died} processes died with the node; restarts of the eight tasks: {restarts}")
    assert len(restarts) == 8
    assert sum(restarts) >= 2
    assert_same(arrays(open_store(alone)), arrays(open_store(store)))
    assert verify(store) == []
    assert not writers(store)
    logs = [line for file in slurm.folder.glob("finercam-*.log") for line in file.read_text().splitlines()]
    assert not any("startup failed" in line for line in logs), "tasks that start together do not disturb each other"
    assert any(json.loads(line).get("shard") for line in logs if line.startswith("{"))
