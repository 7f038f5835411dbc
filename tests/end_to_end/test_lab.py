"""A lab of three reviewers and an adjudicator on one store: killed twice, and every verdict is there."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import lab_plan
import pytest
from PIL import Image
from planned_store import fill, plan_at

from finercam_core.export import export
from finercam_core.review import Adjudication, assign, latest, read_verdicts
from finercam_core.review.statistics.review_figures import review_figures
from finercam_core.store import Store, open_store

MEMBER = Path(lab_plan.__file__).with_name("lab_member.py")
Acknowledged = list[tuple[str, str, str]]


def member(store: str, name: str, said: Acknowledged, *, killed_after: int = 0) -> int:
    """Let somebody work in a process of their own, and kill it after so many verdicts; its exit status."""
    command = [sys.executable, str(MEMBER), store, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, 1):
            image_id, decision = line.split()
            said.append((name, image_id, decision))
            if count == killed_after:
                process.kill()
                break
        # What was printed before the kill is acknowledged as well.
        said += [(name, *line.split()) for line in process.stdout if len(line.split()) == 2 and line.endswith("\n")]  # type: ignore[misc]
    return process.returncode


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_lab_that_is_killed_twice_keeps_every_verdict(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for species, count in lab_plan.COUNTS.items():
        for i in range(count):
            colour = (40 + i, 90, 120)
            Image.new("RGB", (32, 24), colour).save(tmp_path / "images" / f"{species.replace(' ', '_')}-{i:03d}.jpg")
    store: Store = plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", lab_plan.COUNTS)
    fill(store.location)
    assignment = assign(store, lab_plan.REVIEWERS, adjudicators=[lab_plan.ADJUDICATOR], overlap=3, seed=4)
    assert assignment.queues is not None
    said: dict[str, Acknowledged] = {"one": [], "two": []}
    ends: dict[str, list[int]] = {"one": [], "two": []}

    def first() -> None:
        ends["one"].append(member(store.location, "Ada", said["one"], killed_after=70))
        ends["one"].append(member(store.location, "Ada", said["one"]))
        ends["one"].append(member(store.location, "Cy", said["one"]))

    def second() -> None:
        ends["two"].append(member(store.location, "Bo", said["two"], killed_after=40))
        ends["two"].append(member(store.location, "Bo", said["two"]))

    lab = [threading.Thread(target=work) for work in (first, second)]
    for thread in lab:
        thread.start()
    for thread in lab:
        thread.join()
    assert ends == {"one": [-9, 0, 0], "two": [-9, 0]}
    kept = latest(read_verdicts(store.location))
    assert len(kept) == 600
    assert all(kept[image_id, name].decision == decision for name, image_id, decision in said["one"] + said["two"])

    figures = review_figures(open_store(store.location))
    assert figures.everything.specimens == 200
    assert figures.everything.alpha.value == pytest.approx(lab_plan.ALPHA)
    assert figures.everything.kappa.value == pytest.approx(lab_plan.FLEISS)
    assert {one.of: one.kappa.value for one in figures.by_reviewers} == pytest.approx(lab_plan.KAPPA)
    assert figures.disagreements == {"the decision": lab_plan.SPLIT}
    assert all(one.left == 0 and one.seconds.n == 200 for one in figures.reviewers)
    print(f"alpha {figures.everything.alpha}, by hand {lab_plan.ALPHA:.6f}; kappa {figures.everything.kappa}")

    decided: Acknowledged = []
    assert member(store.location, lab_plan.ADJUDICATOR, decided, killed_after=25) == -9
    assert member(store.location, lab_plan.ADJUDICATOR, decided) == 0
    kept = latest(read_verdicts(store.location))
    words = {key[0]: one for key, one in kept.items() if isinstance(one, Adjudication)}
    assert len(words) == lab_plan.SPLIT
    assert {image_id for _, image_id, _ in decided} <= set(words)
    after = review_figures(open_store(store.location))
    assert (after.adjudicated, after.open, after.outdated) == (lab_plan.SPLIT, 0, 0)
    assert after.everything == figures.everything  # the last word changes no agreement
    summary = export(store.location, tmp_path / "masks", format="coco")
    # All three accepted 80 specimens; each of the 60 splits has the one mask that the adjudicator took.
    assert summary.masks == 3 * 80 + lab_plan.SPLIT
