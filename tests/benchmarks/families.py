"""Every module of the installed timm at its default layer: ``python tests/benchmarks/families.py``.

The smallest model of each module, with random weights, on images of 128 pixels where it takes them, is explained and
compared with autograd through the whole model in float64; each in a process of its own. What is done is kept in
``--kept`` (one line of JSON a module), so that a run that was stopped goes on; ``--again`` forgets it. Two runs at once
take ``--modules`` and a file each, which ``--with`` joins. ``--docs`` writes the table into docs/families.md.
"""

import argparse
import json
import multiprocessing
import platform
import sys
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import timm
import torch
from rich.console import Console
from rich.table import Table
from timm.models import list_models, list_modules

sys.path.append(str(Path(__file__).parents[1] / "helpers"))
from every_family import Verdict, judged

_SMALL = ("xxs", "xs", "atto", "femto", "pico", "nano", "tiny", "_ti", "_t0", "_t8", "_b0", "_s0", "_m0", "_035",
          "_050", "_002", "mini", "small", "_s_", "18", "10t", "14", "26", "32d", "39", "_s")  # fmt: skip
_LOOKED_AT = 4
UNFINISHED = "unfinished"
SIDE = 128
_KEPT = Path("build/families.jsonl")
_DOCS = Path(__file__).parents[2] / "docs" / "families.md"
_BEGIN, _END = "<!-- families.py -->", "<!-- end of families.py -->"


def main() -> None:
    options = parse()
    if options.again:
        options.kept.unlink(missing_ok=True)
    rows = {module: row for path in (*options.joined, options.kept) for module, row in kept(path).items()}
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    for module in list_modules() if options.modules is None else options.modules:
        if module not in rows or _may_finish(rows[module], options.limit):
            rows[module] = in_a_process(module, options.limit)
            with options.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"module": module, **rows[module]}) + "\n")
            print(f"{module}: {rows[module]['verdict']} {rows[module]['sentence']}", file=sys.stderr, flush=True)
    Console(width=200).print(screen(rows))
    if options.docs:
        written_into(_DOCS, markdown(rows))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", help="these modules of timm instead of all")
    parser.add_argument("--kept", type=Path, default=_KEPT)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--with", dest="joined", nargs="+", type=Path, default=[], metavar="KEPT")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one model")
    return parser.parse_args()


def _may_finish(row: dict[str, Any], limit: float) -> bool:
    """Whether a model that ran out of time has more of it now."""
    return row["verdict"] == UNFINISHED and row["seconds"] < limit


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of an earlier run by module."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row.pop("module"): row for row in lines}


def in_a_process(module: str, limit: float) -> dict[str, Any]:
    """The row of a module, from a process of its own that is forked from this one; what ends it is its sentence.

    A model that runs out of time is unfinished, which says nothing about its evidence.
    """
    start, fork = perf_counter(), multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_send_outcome, args=(module, there))
    process.start()
    there.close()
    try:
        if here.poll(limit):
            return dict(here.recv())
        slow = Verdict(module, UNFINISHED, sentence=f"did not finish in {limit:g} s", seconds=perf_counter() - start)
        return asdict(slow)
    except EOFError:
        process.join()
        reason = f"its process ended with exit code {process.exitcode}"
    finally:
        process.kill()
        process.join()
    return asdict(Verdict(module, "failed", sentence=reason, seconds=perf_counter() - start))


def _send_outcome(module: str, there: Connection) -> None:
    start = perf_counter()
    try:
        there.send(asdict(outcome(module)))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        there.send(asdict(Verdict(module, "failed", sentence=reason, seconds=perf_counter() - start)))


def outcome(module: str) -> Verdict:
    """The verdict on the smallest model of a module, on images of `SIDE` pixels where it takes them."""
    torch.set_num_threads(1)
    name = smallest(module)
    for arguments in ({"img_size": SIDE, "side": SIDE}, {"side": SIDE}):
        try:
            verdict = judged(name, **arguments)
        except Exception:  # a model that is built for one size may fail in any way
            continue
        if "does not run on images of" not in verdict.sentence:
            return verdict
    return judged(name)


def smallest(module: str) -> str:
    """Of a few models of a module whose names say that they are small, the one with the least weights times pixels."""
    names = [name for name in list_models(module=module) if not name.startswith("test_")] or list_models(module=module)
    small = sorted(names, key=lambda name: (_rank(name), len(name)))
    return min(small[:_LOOKED_AT], key=_work)


def _rank(name: str) -> int:
    """Place of the first word in a name that says how small its model is."""
    return next((place for place, word in enumerate(_SMALL) if word in name), len(_SMALL))


def _work(name: str) -> float:
    try:
        with torch.device("meta"):
            model = timm.create_model(name, num_classes=5)
    except Exception:  # a model may need real weights while it is built: the last choice
        return float("inf")
    _, height, width = model.pretrained_cfg.get("input_size", (3, 224, 224))
    return float(sum(weight.numel() for weight in model.parameters())) * height * width


def screen(rows: dict[str, dict[str, Any]]) -> Table:
    table = Table("module", "model", "layer", "grid", "route", "error", "seconds", title=title(rows))
    for module, row in sorted(rows.items()):
        route = row["route"] if row["verdict"] == "right" else f"{row['verdict']}: {row['sentence']}"
        table.add_row(module, row["model"], row["layer"], row["grid"], route, _error(row), f"{row['seconds']:.0f}")
    return table


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """The table of the docs."""
    columns = ("module", "model", "default layer", "grid", "route, or the sentence of its refusal", "error", "s")
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for module, row in sorted(rows.items()):
        route = row["route"] if row["verdict"] == "right" else f"**{row['verdict']}**: {row['sentence']}"
        layer = f"`{row['layer']}`" if row["layer"] else ""
        cells = (module, f"`{row['model']}`", layer, row["grid"], route, _error(row), f"{row['seconds']:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    missing = sorted(set(list_modules()) - set(rows))
    left = [f"Not tried in this run: {', '.join(missing)}.", ""] if missing else []
    return "\n".join([title(rows) + ".", "", *left, *lines])


def written_into(path: Path, table: str) -> None:
    """Put the table between its two marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}", encoding="utf-8")


def title(rows: dict[str, dict[str, Any]]) -> str:
    counts = Counter(row["verdict"] for row in rows.values())
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    seconds = sum(row["seconds"] for row in rows.values())
    versions = f"timm {version('timm')}, torch {version('torch')}, one thread ({platform.machine()})"
    return f"{len(rows)} of {len(list_modules())} modules: {verdicts}; {seconds:,.0f} seconds; {versions}"


def _error(row: dict[str, Any]) -> str:
    return "" if row["error"] != row["error"] else f"{row['error']:.0e}"


if __name__ == "__main__":
    main()
