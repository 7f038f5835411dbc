"""Whether *supported* is right, on rendered fish whose differences are known.

    python tests/benchmarks/diagnosis_truth.py DEMO [DEMO …] [--cells]

Each DEMO is a folder that `finercam demo` wrote, or that holds a collection of another seed or recipe, its classifier
and its store. Every pair of congeners is asked; each finding that is wrong, and each planted part that is missed, is
printed with its reason. With ``--cells`` the trait masks are not used: specimens are found by their background, and a
region is right if its centre lies on the true difference of the pair or within a cell of it; a planted part is found if
the middle of it lies in a supported region or within a cell of one.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import binary_dilation

from finercam_core.diagnosis import Diagnosis, PairAnswer, PlaceFinding
from finercam_core.diagnosis.alignment.frame import COARSE, Mask, to_frame
from finercam_core.diagnosis.alignment.specimen_pictures import specimen_picture
from finercam_core.diagnosis.with_model.causal import CausalCheck, causal_check
from finercam_core.evaluate.with_truth.planted_traits import planted_in
from finercam_core.explain import load_classifier
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store, open_store


def without_masks(store: Store) -> Store:
    """The same store, whose collection has no masks."""
    blind = open_store(store.location)
    blind.__dict__["specimens"] = store.specimens.assign(maskURI="")
    return blind


class TrueCells:
    """Where in the frame each part of a species' specimens lies, by masks that the diagnosis does not see."""

    def __init__(self, store: Store) -> None:
        self.store, self.ids = store, {trait.name: trait.id for trait in traits_of(store)}
        self._known: dict[tuple[str, str], np.ndarray] = {}

    def of(self, diagnosis: Diagnosis, pair: tuple[str, str], part: str) -> np.ndarray:
        """Share of both species' specimens that show a part, in each cell; float64 (side, side)."""
        shares = [self._species(diagnosis, name, part) for name in pair]
        return np.maximum(*shares)

    def _species(self, diagnosis: Diagnosis, species: str, part: str) -> np.ndarray:
        if (species, part) not in self._known:
            drawn = []
            for image_id in diagnosis.places(species).image_ids:
                where = specimen_picture(diagnosis.store, image_id).where  # as the diagnosis found it
                labels = specimen_picture(self.store, image_id, with_pixels=False).labels
                drawn.append(to_frame(labels == self.ids[part], where, COARSE * 4) > 0.5)
            fine = np.mean(drawn, axis=0)
            self._known[species, part] = fine.reshape(COARSE, 4, COARSE, 4).max(axis=(1, 3))
        return self._known[species, part]


def near(cells: Mask) -> Mask:
    """Cells and their neighbours."""
    return np.asarray(binary_dilation(cells, np.ones((3, 3))))


def middle(cells: np.ndarray) -> tuple[int, int]:
    """Cell at the centre of mass."""
    ys, xs = np.mgrid[: len(cells), : len(cells)]
    return round(float((ys * cells).sum() / cells.sum())), round(float((xs * cells).sum() / cells.sum()))


def judged(
    answer: PairAnswer, planted: frozenset[str], truth: dict[str, np.ndarray] | None
) -> Iterator[tuple[str, str]]:
    """Of each supported finding whether it is right, and of each planted part whether it was found; with a line."""
    said = answer.worded("supported")
    for one in said:
        right = one.test.place.name in planted if truth is None else on_truth(one, truth)
        yield "right" if right else "wrong", described(one, answer)
    for name in sorted(planted):
        if truth is None:
            hit = name in {one.test.place.name for one in said}
        else:
            hit = any(near(one.test.place.cells)[middle(truth[name])] for one in said)
        yield "found" if hit else "missed", f"{answer.a} | {answer.b}: {name}" + ("" if hit else why(answer, name))


def on_truth(one: PlaceFinding, truth: dict[str, np.ndarray]) -> bool:
    """Whether a region's centre lies on a planted part."""
    assert one.test.place.cells is not None
    return any(near(share > 0.2)[middle(one.test.place.cells)] for share in truth.values())


def why(answer: PairAnswer, name: str) -> str:
    """Reason for which a planted part is not supported, with every figure that the rule looks at."""
    own = [f"; {one.word}: {'; '.join(one.reasons)} ({figures(one)})" for one in answer.findings
           if one.test.place.name == name]  # fmt: skip
    return own[0] if own else "; no supported region there: " + ", ".join(
        f"{one.test.place.name} {one.word} ({figures(one)})" for one in answer.findings if not one.shortcut
    )  # fmt: skip


def figures(one: PlaceFinding) -> str:
    """What the rule looks at."""
    test, causal = one.test, one.causal
    effect = "no causal effect" if causal is None else (
        f"exchange {causal.exchange:.2f} (p {causal.p:.2g}, {causal.of_largest:.0%} of largest, n {causal.n}), "
        f"hiding {causal.hiding:.2f}"
    )  # fmt: skip
    return (
        f"p {test.p:.2g}, density {test.density:.1f}, {effect}, share {test.share:.0%}, elsewhere {test.usual:.0%}"
        + (f", {one.agreement}" if one.agreement else ", one head")
    )


def described(one: PlaceFinding, answer: PairAnswer) -> str:
    """A finding in a line."""
    effect = (
        "" if one.causal is None else f", exchange {one.causal.exchange:.1f}, {one.causal.of_largest:.0%} of largest"
    )
    return f"{answer.a} | {answer.b}: {one.test.place.name}, density {one.test.density:.1f}{effect}"


def judge_folder(folder: Path, cells: bool) -> Counter[str]:
    """Ask all pairs of congeners of one rendered collection."""
    store = open_store(folder / "maps.zarr")
    seen = without_masks(store) if cells else store
    check: CausalCheck = causal_check(seen, load_classifier(str(folder / "classifier"), device="cpu"))
    diagnosis = Diagnosis(seen, by_parts=not cells, check=check)
    planted, true, counts, passes = planted_in(store.images_root), TrueCells(store), Counter[str](), 0
    for a, b in diagnosis.pairs:
        names = planted(a, b)
        if a.split()[0] != b.split()[0]:
            continue
        answer = diagnosis.answer(a, b)
        passes = max(passes, answer.passes)
        counts["shortcut"] += len(answer.worded("supported", shortcut=True))
        if answer.worded("supported", shortcut=True):
            print(f"  shortcut: {a} | {b}: {answer.worded('supported', shortcut=True)[0].test.share:.0%} outside")
        truth = {name: true.of(diagnosis, (a, b), name) for name in names} if cells else None
        for word, line in judged(replace(answer), names, truth):
            counts[word] += 1
            if word in ("wrong", "missed"):
                print(f"  {word}: {line}")
        counts["suggested"] += len(answer.worded("suggested"))
    print(f"{folder}: {summary(counts)}; at most {passes} pictures a pair", flush=True)
    return counts


def summary(counts: Counter[str]) -> str:
    """Precision and recall in words."""
    said, planted = counts["right"] + counts["wrong"], counts["found"] + counts["missed"]
    return (
        f"supported {said}, right {counts['right']} (precision {counts['right'] / max(said, 1):.2f}); "
        f"planted {planted}, found {counts['found']} (recall {counts['found'] / max(planted, 1):.2f}); "
        f"suggested {counts['suggested']}; shortcuts {counts['shortcut']}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cells", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    total: Counter[str] = Counter()
    for one in arguments.folders:
        total += judge_folder(one, arguments.cells)
    print(f"all: {summary(total)}")
