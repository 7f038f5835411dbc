"""Everything that needs a GPU, within 8 minutes: ``python tests/benchmarks/gpu.py --out results``.

The cost of `explain` in forward passes by precision, memory format and batch, beside the whole model in half precision;
the error of evidence in half precision; the batch that "auto" takes; and the flow from JPEGs to the store, with the
share of time in which the device has work. Writes ``gpu.json`` and ``gpu.md``. Without a GPU, or with ``--tiny``, small
models and few images run through the same code. What the time does not allow is left out by name.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

import timm
import torch
from explainers.busy import busy
from explainers.models import MODES, forward, whole_in_half
from explainers.timing import seconds

from finercam_core.explain import Classifier, explain
from finercam_core.explain.engine.batch_size import images_per_pass
from finercam_core.explain.engine.decoder_choice import decoder_of
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.engine.precision import AskedExecution, half_precision_error
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.explain.model.execution import Precision
from finercam_core.images.preparation import Preparation
from finercam_core.store import pending_chunks

sys.path.append(str(Path(__file__).parent))
import throughput

CLASSES, COMPARISONS = 60, 10
SPECIES = [f"Aus species{i:02d}" for i in range(CLASSES)]
LARGE = {"resnet50": 224, "vit_base_patch16_224": 224, "convnext_tiny": 224, "swin_tiny_patch4_window7_224": 224}
TINY = {"test_resnet": 96, "test_vit": 160}


@dataclass
class Results:
    """What was measured, ready for JSON; `left_out` names what the time did not allow."""

    machine: str
    versions: dict[str, str]
    cost: list[dict[str, object]] = field(default_factory=list)
    error: list[dict[str, object]] = field(default_factory=list)
    flow: list[dict[str, object]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    options = parse()
    device = "cpu" if options.tiny else "cuda"
    start = time.perf_counter()
    results = Results(machine(device), {name: version(name) for name in ("torch", "timm")})
    for title, work in steps(options, device, results):
        if time.perf_counter() - start > options.limit:
            results.left_out.append(title)
        else:
            print(title, flush=True)
            work()
    results.seconds = round(time.perf_counter() - start, 1)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "gpu.json").write_text(json.dumps(asdict(results), indent=1), encoding="utf-8")
    (options.out / "gpu.md").write_text(table(results), encoding="utf-8")
    print(table(results))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/gpu"))
    parser.add_argument("--tiny", action="store_true", help="small models on the CPU, as without a GPU")
    parser.add_argument("--limit", type=float, default=420, help="seconds after which no further step begins")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, help="JPEGs of the flow: 1,536, or 40 when tiny")
    options = parser.parse_args()
    options.tiny = options.tiny or not torch.cuda.is_available()
    options.images = options.images or (40 if options.tiny else 1536)
    return options


def steps(options: argparse.Namespace, device: str, results: Results) -> Iterator[tuple[str, Callable[[], None]]]:
    """Titles and calls, the most wanted first."""
    models, batches = (TINY, (2, 4)) if options.tiny else (LARGE, (8, 64, 256))
    flow_model, side = ("test_vit", 160) if options.tiny else ("vit_base_patch16_224", 224)
    precisions: tuple[Precision, ...] = ("bfloat16", "float32")
    for precision in precisions:
        yield f"flow, {flow_model}, {precision}", partial(flow, results, flow_model, side, device, precision, options)
    for name, size in models.items():
        for batch in batches:
            yield f"cost, {name}, batch {batch}", partial(cost, results, name, size, batch, device, options)
        yield f"error, {name}", partial(errors, results, name, size, device)


def build(name: str, side: int, device: str, species: list[str] | None = None) -> Classifier:
    """A classifier with random weights, its route chosen on the CPU."""
    torch.manual_seed(0)
    names = SPECIES if species is None else species
    model = timm.create_model(name, num_classes=len(names)).eval().to(device)
    found = Classifier(model, names, preparation=Preparation(side, side), name=name)
    assert found.grid
    return found


def cost(results: Results, name: str, side: int, batch: int, device: str, options: argparse.Namespace) -> None:
    """Images per second of a forward pass, of `explain`, and of the whole model in bfloat16."""
    found = build(name, side, device)
    images = torch.randn((batch, 3, side, side), generator=torch.Generator().manual_seed(1)).to(device)
    classes = (torch.arange(batch)[:, None] + torch.arange(1 + COMPARISONS)) % CLASSES
    pure = batch / timed(whole_in_half(found, images), options.rounds)
    for mode, execution in MODES.items():
        found.run_as(execution)
        alone = timed(partial(forward, found, images), options.rounds)
        ours = timed(lambda: explain(found, images, classes), options.rounds)
        results.cost.append(
            {"model": name, "route": found.route.name, "mode": mode, "batch": batch, "forward/s": batch / alone,
             "ours/s": batch / ours, "ratio": ours / alone, "whole model in bfloat16/s": pure}
        )  # fmt: skip


def timed(work: Callable[[], object], rounds: int) -> float:
    """Median time of a call after two that are not counted."""
    return statistics.median([seconds(work) for _ in range(rounds + 2)][2:])


def errors(results: Results, name: str, side: int, device: str) -> None:
    """Largest error of evidence in half precision as a share of its range, and what "auto" takes as a batch."""
    found = build(name, side, device)
    images = torch.randn((4, 3, side, side), generator=torch.Generator().manual_seed(2))
    precisions: tuple[Precision, ...] = ("bfloat16", "float16")
    row: dict[str, object] = {one: half_precision_error(found, images.to(device), one) for one in precisions}
    results.error.append({"model": name, **row, "batch of auto": images_per_pass(found)})


def flow(
    results: Results, name: str, side: int, device: str, precision: Precision, options: argparse.Namespace
) -> None:
    """Images per second of decoding, of the forward pass and of both with the store, and the device's busy share."""
    throughput.EACH = max(1, options.images // throughput.SPECIES)
    with tempfile.TemporaryDirectory(prefix="finercam-gpu-") as folder:
        catalog = throughput.collection(Path(folder) / "images")
        found = build(name, side, device, catalog.species)
        asked = AskedExecution(precision, channels_last=False, device=device)
        store = plan_store(Path(folder) / "maps.zarr", catalog, found, references=8, execution=asked)
        chunks = list(pending_chunks(store.location))
        workers = throughput.default_workers()
        how = throughput.DecoderSettings(found.preparation, store.images_root, workers, device == "cuda")
        throughput.decode(chunks[:1], how)  # starts the decoders
        start = time.perf_counter()
        pixels = throughput.decode(chunks, how)
        decoded = time.perf_counter() - start
        batch = images_per_pass(found)
        normalised = throughput.normalised_on_device(pixels[:batch].to(device), found.preparation)
        alone = timed(partial(forward, found, normalised), options.rounds) / len(normalised)
        with busy() as used:
            start = time.perf_counter()
            report = annotate_chunks(store.location, chunks, found, batch_size="auto")
            annotated = time.perf_counter() - start
    rates = {"decode/s": len(pixels) / decoded, "forward/s": 1 / alone, "annotate/s": report.done / annotated}
    share = rates["annotate/s"] / min(rates["decode/s"], rates["forward/s"])
    decoder = decoder_of(store.provenance.decoding)
    run = {"model": name, "precision": precision, "decoder": decoder, "batch": batch, "images": report.done}
    results.flow.append({**run, **rates, "of the slower": share, "busy": used.share})


def machine(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} CPU threads"


def table(results: Results) -> str:
    """All figures as Markdown."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    lines = [f"{results.machine}, {versions}, {results.seconds:g} seconds"]
    for title, rows in (("flow", results.flow), ("cost", results.cost), ("error", results.error)):
        if rows:
            head = list(rows[0])
            lines += ["", f"## {title}", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
            lines += [f"| {' | '.join(cell(row[key]) for key in head)} |" for row in rows]
    left = f"\nLeft out for want of time: {'; '.join(results.left_out)}" if results.left_out else ""
    return "\n".join([*lines, left]) + "\n"


def cell(value: object) -> str:
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
