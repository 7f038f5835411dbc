"""Every module of the installed timm at its default layer: ``python tests/benchmarks/families.py``.

The smallest model of each module, with random weights, on images of 128 pixels where it takes them, is explained and
compared with autograd through the whole model in float64; each in a process of its own. What is done is kept in
``--kept`` (one line of JSON a module), so that a run that was stopped goes on; ``--again`` forgets it.
``--markdown FILE`` writes the table of the docs.
"""

import argparse
import json
import platform
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
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
SIDE = 128
_KEPT = Path("build/families.jsonl")


def main() -> None:
    options = parse()
    if options.one:
        print(json.dumps(asdict(outcome(options.one))), flush=True)
        return
    if options.again:
        options.kept.unlink(missing_ok=True)
    rows = kept(options.kept)
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    for module in options.modules or list_modules():
        if module not in rows:
            rows[module] = in_a_process(module, options.limit)
            with options.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"module": module, **rows[module]}) + "\n")
            print(f"{module}: {rows[module]['verdict']} {rows[module]['sentence']}", file=sys.stderr, flush=True)
    Console(width=200).print(screen(rows))
    if options.markdown:
        options.markdown.write_text(markdown(rows), encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="+", help="these modules of timm instead of all")
    parser.add_argument("--kept", type=Path, default=_KEPT)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--limit", type=float, default=600, help="seconds for one model")
    parser.add_argument("--one", metavar="MODULE", help=argparse.SUPPRESS)
    return parser.parse_args()


def kept(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of an earlier run by module."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row.pop("module"): row for row in lines}


def in_a_process(module: str, limit: float) -> dict[str, Any]:
    """The row of a module; what ends its process is its sentence."""
    start = perf_counter()
    try:
        command = [sys.executable, __file__, "--one", module]
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        if done.returncode == 0:
            return dict(json.loads(done.stdout.splitlines()[-1]))
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        reason = f"not done within {limit:g} seconds"
    return asdict(Verdict(module, "failed", sentence=reason, seconds=perf_counter() - start))


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
    small = sorted(names, key=lambda name: (-sum(word in name for word in _SMALL), len(name)))
    return min(small[:_LOOKED_AT], key=_work)


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
    columns = ("module", "model", "default layer", "grid", "route, or the sentence of its refusal", "error")
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for module, row in sorted(rows.items()):
        route = row["route"] if row["verdict"] == "right" else f"**{row['verdict']}**: {row['sentence']}"
        layer = f"`{row['layer']}`" if row["layer"] else ""
        lines.append(f"| {module} | `{row['model']}` | {layer} | {row['grid']} | {route} | {_error(row)} |")
    return "\n".join([title(rows), "", *lines, ""])


def title(rows: dict[str, dict[str, Any]]) -> str:
    counts = Counter(row["verdict"] for row in rows.values())
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    seconds = sum(row["seconds"] for row in rows.values())
    versions = f"timm {version('timm')}, torch {version('torch')}, one thread ({platform.machine()})"
    return f"{len(rows)} modules: {verdicts}; {seconds:,.0f} seconds; {versions}"


def _error(row: dict[str, Any]) -> str:
    return "" if row["error"] != row["error"] else f"{row['error']:.0e}"


if __name__ == "__main__":
    main()
