"""Open, check, split and plan a large catalog, and read a large tree: `python tests/benchmarks/catalog_scale.py`.

Each step runs in a process of its own, whose time and peak memory (resident set) are printed. The table has a million
rows of 10,000 species in the columns of a museum's export, with the errors that real ones have; the tree has 30,000
tips. The exit code is the number of steps that missed their limits.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

ROWS, SPECIES, TIPS = 1_000_000, 10_000, 30_000
# Step: what it does, and the seconds and GB that it may take.
STEPS = {
    "csv": ("open and validate a CSV of 1,000,000 rows", 20, 2),
    "parquet": ("open and validate it as Parquet", 20, 2),
    "check": ("open and check it (names, families, splits, licences)", None, None),
    "split": ("open it and make new splits", None, None),
    "plan": ("plan 8 references for each of 10,000 species, with weights", 10, 2),
    "tree": ("read a Newick of 30,000 tips", 10, 2),
    "tree plan": ("plan 8 references for each of 10,000 species by that tree", 10, 2),
}  # fmt: skip


def main() -> int:
    table = Table("step", title="Catalogs at scale")
    for name in ("seconds", "at most", "peak GB", "at most", ""):
        table.add_column(name, justify="right")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="finercam-catalog-") as folder:
        # Not in this process: a child counts the memory that its parent had when the child was started.
        measured("make", folder)
        for step, (title, *limits) in STEPS.items():
            figures = measured(step, folder)
            values = figures["seconds"], figures["peak"]
            good = all(limit is None or value < limit for value, limit in zip(values, limits, strict=True))
            missed += not good
            bounds = (f"{limit or '-'}" for limit in limits)
            cells = [
                cell for pair in zip((f"{values[0]:.1f}", f"{values[1]:.2f}"), bounds, strict=True) for cell in pair
            ]
            table.add_row(title, *cells, "[green]ok[/]" if good else "[red]missed[/]")
    Console(width=130).print(table)
    return missed


def measured(step: str, folder: str) -> dict[str, float]:
    finished = subprocess.run([sys.executable, __file__, step, folder], check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    print(f"{step}: {figures}", file=sys.stderr, flush=True)
    return figures


def make(folder: Path) -> None:
    """Write a table as CSV and Parquet, and a tree of most of its species and some others."""
    table = rows()
    table.to_csv(folder / "table.csv", index=False)
    table.to_parquet(folder / "table.parquet", index=False)
    names = [*species_names(), *(f"Xus {word(k)}us" for k in range(TIPS - SPECIES))]
    (folder / "tree.nwk").write_text(newick([name.replace(" ", "_") for name in names]))


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    share = 1 / np.arange(5, SPECIES + 5)
    number = np.sort(rng.choice(SPECIES, ROWS, p=share / share.sum()))
    names = np.array(species_names(), object)[number]
    families = np.array([f"F{word(k)}idae" for k in range(SPECIES // 80 + 1)], object)[number // 80]
    genera = np.array([f"G{word(k)}" for k in range(SPECIES // 8 + 1)], object)[number // 8]
    ids, specimen = (np.char.mod("%07d", np.arange(ROWS) // n).astype(object) for n in (1, 2))
    odd = rng.random(ROWS)
    families = np.select([odd < 0.001, odd < 0.003, odd < 0.1], ["holotype", "Xidae", lower(families)], families)
    written = np.select([odd < 0.3, odd > 0.7], [names + " Linnaeus, 1758", lower(names)], names)
    # About one specimen in a hundred has its two images in different splits.
    split = np.where(rng.random(ROWS) < 0.01, "test", rng.choice(["train", "val"], ROWS // 2 + 1)[np.arange(ROWS) // 2])
    licences = np.array(["CC BY", "CC BY-NC", "CC0", "http://creativecommons.org/licenses/by/4.0/", ""], object)
    return pd.DataFrame({
        "image_id": "img" + ids, "scientificName": written, "family": families, "genus": genera,
        "path": "Images/" + ids + " #1.jpg", "group_id": "specimen-" + specimen,
        "license": rng.choice(licences, ROWS), "rightsHolder": "A Museum", "catalogNumber": "M " + ids, "split": split,
        "hashFunction": "md5", "hashValue": [f"{n:032x}" for n in range(ROWS)],
    })  # fmt: skip


def lower(values: np.ndarray) -> np.ndarray:
    return np.char.lower(values.astype(str)).astype(object)


def species_names() -> list[str]:
    return [f"G{word(k // 8)} {word(k)}us" for k in range(SPECIES)]


def word(number: int) -> str:
    """A number as a word, since names with digits are not species names."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def newick(names: list[str]) -> str:
    """A random tree: up to three parts at a time are joined until one is left."""
    rng = np.random.default_rng(1)
    parts = [f"{name}:{length:.4f}" for name, length in zip(names, rng.uniform(0.1, 5, len(names)), strict=True)]
    while len(parts) > 1:
        order = rng.permutation(len(parts))
        joined = []
        for i in range(0, len(order), 3):
            few = [parts[k] for k in order[i : i + 3]]
            joined.append(few[0] if len(few) == 1 else f"({','.join(few)}):{rng.uniform(0.1, 5):.4f}")
        parts = joined
    return parts[0].rsplit(":", 1)[0] + ";"


def step_of(step: str, folder: Path) -> Callable[[], object]:
    """The step as a function; whatever it needs that is not measured is done before."""
    from finercam_core.catalog import open_catalog
    from finercam_core.catalog.check import check_catalog
    from finercam_core.catalog.splits import deal_splits
    from finercam_core.references import ByTier, ByTree
    from finercam_core.references.plan import plan_comparisons
    from finercam_core.taxonomy.trees import read_tree

    if step == "make":
        return lambda: make(folder)
    if step in ("csv", "parquet"):
        return lambda: expect(len(open_catalog(folder / f"table.{step}").specimens), ROWS)
    if step == "check":
        return lambda: expect(check_catalog(open_catalog(folder / "table.csv")).counts["images"], ROWS)
    if step == "split":
        return lambda: expect(len(deal_splits(open_catalog(folder / "table.csv").specimens.assign(split=""))), ROWS)
    if step == "tree":
        return lambda: expect(len(read_tree(folder / "tree.nwk").tips), TIPS)
    catalog = open_catalog(folder / "table.parquet")
    catalog = type(catalog)(catalog.name, catalog.root, "", catalog.specimens.drop_duplicates("scientificName"))
    weights = np.random.default_rng(0).normal(size=(len(catalog.species), 768)).astype(np.float32)
    policy = ByTier() if step == "plan" else ByTree(read_tree(folder / "tree.nwk"))
    return lambda: expect(
        len(plan_comparisons(catalog, catalog.species, references=8, weights=weights, policy=policy).chosen), SPECIES
    )


def expect(actual: int, expected: int) -> None:
    assert actual == expected, (actual, expected)


def run(step: str, folder: Path) -> None:
    do = step_of(step, folder)
    start = time.perf_counter()
    do()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(json.dumps({"seconds": round(seconds, 2), "peak": round(peak, 3), "processors": os.cpu_count()}))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(sys.argv[1], Path(sys.argv[2]))
    else:
        sys.exit(main())
