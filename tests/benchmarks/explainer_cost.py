"""What comparisons cost in forward passes, here and in other libraries: ``python tests/benchmarks/explainer_cost.py``.

Everything runs on the same batches in one process, in turns. Each figure is the ratio of its time to that of a forward
pass (`inference_mode`, nothing kept, in the same precision) in the same round, as the median over the rounds; "whole in
bfloat16" is the whole model in half precision, head and all. ``--modes`` and ``--batch`` take several. On a GPU:

    python tests/benchmarks/explainer_cost.py --batch 8 64 256 --modes float32 bfloat16 "bfloat16, channels-last"

``--memory`` prints the peak memory of a batch instead, in a forward pass and in `explain`. See ``--help`` for the rest.
"""

import argparse
import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import torch
from explainers.memory import peak
from explainers.models import CASES, MODES, SIDE, build, classes_of, forward, images_of, whole_in_half
from explainers.others import OTHERS, quietly
from explainers.timing import median, ratios, seconds
from rich.console import Console
from rich.table import Table
from torch import nn

from finercam_core.explain import Classifier, explain

COMPARISONS = (1, 3, 10, 30)
MEMORY_COMPARISONS = 10
_WHOLE = "whole in\nbfloat16"


def main() -> None:
    options = parse()
    title = "\n".join([f"inputs of {SIDE} x {SIDE}", machine(options.device), versions()])
    if options.memory:
        memory(options, title)
    else:
        speed(options, title)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--memory", action="store_true", help="peak memory instead of time, with 10 comparisons")
    parser.add_argument("--batch", type=int, nargs="+", help="images per batch: 8, or 32 for memory")
    parser.add_argument("--modes", nargs="+", default=["float32"], choices=list(MODES))
    parser.add_argument("--no-whole", action="store_true", help="without the whole model in bfloat16")
    parser.add_argument("--comparisons", type=int, nargs="+", default=list(COMPARISONS))
    parser.add_argument("--others", type=int, default=3, help="comparisons for the other libraries; 0 omits them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rounds-of-others", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.batch = options.batch or [32 if options.memory else 8]
    return options


def speed(options: argparse.Namespace, title: str) -> None:
    """One row per case, mode and batch: what each explainer costs in forward passes."""
    ours = [f"K={k}" for k in options.comparisons]
    others = [f"{name}\nK={options.others}" for name in OTHERS] if options.others else []
    columns = ["forward/s", "forward\nagain", *ours, "floor\nK=10", *([] if options.no_whole else [_WHOLE]), *others]
    table = Table("model, layer, route", "mode, batch", *columns, show_lines=True)
    table.title = f"Cost in forward passes, {title}"
    for name in options.cases:
        classifier = build(name, options.device)
        for mode in options.modes:
            classifier.run_as(MODES[mode])
            for batch in options.batch:
                row = costs(classifier, batch, options)
                table.add_row(described(classifier), f"{mode}, {batch}", *row)
                print(name, mode, batch, *row, sep="\t", flush=True)
    Console(width=200).print(table)


def costs(classifier: Classifier, batch: int, options: argparse.Namespace) -> list[str]:
    """The cells of one row."""
    images = images_of(classifier, batch)
    works = works_of(classifier, images, options)
    few = dict.fromkeys(OTHERS, options.rounds_of_others)
    base = partial(forward, classifier, images)
    times = ratios(base, works, options.rounds, few)
    rate = batch / median([seconds(base) for _ in range(3)])
    floor = f"{1 + 11 * median(times['block']):.2f}" if "block" in times else "1.00"
    names = [*([] if options.no_whole else [_WHOLE]), *(OTHERS if options.others else ())]
    mine = [f"{median(times[key]):.2f}" for key in ("again", *(f"K={k}" for k in options.comparisons))]
    return [f"{rate:.1f}", *mine, floor, *(f"{median(times[name]):.2f}" for name in names)]


def memory(options: argparse.Namespace, title: str) -> None:
    """One row per case: the peak of a batch above what the process held before it."""
    (batch,) = options.batch
    table = Table("model, layer, route", "forward", f"ours, K={MEMORY_COMPARISONS}", "of these results", "ratio")
    table.title = f"Peak memory of a batch of {batch} in MiB, {title}"
    table.show_lines = True
    for name in options.cases:
        alone, _ = peak(name, batch, None, options.device)
        ours, results = peak(name, batch, MEMORY_COMPARISONS, options.device)
        cells = [f"{size / 2**20:.1f}" for size in (alone, ours, results)]
        table.add_row(described(build(name)), *cells, f"{ours / alone:.2f}")
    Console(width=150).print(table)


def works_of(
    classifier: Classifier, images: torch.Tensor, options: argparse.Namespace
) -> dict[str, Callable[[], object]]:
    """What is timed beside the forward pass."""
    works: dict[str, Callable[[], object]] = {}
    for k in options.comparisons:
        works[f"K={k}"] = partial(explain, classifier, images, classes_of(classifier, len(images), k))
    if classifier.route.name.startswith(("backward", "closed form up to the block")):
        works["block"] = last_block(classifier, images)
    if not options.no_whole:
        works[_WHOLE] = whole_in_half(classifier, images)
    if options.others:
        classes = classes_of(classifier, len(images), options.others)
        for name, other in OTHERS.items():
            works[name] = partial(quietly, partial(other, classifier, images, classes))
    return works


def last_block(classifier: Classifier, images: torch.Tensor) -> Callable[[], object]:
    """A pass of only the last block on the tokens of these images."""
    received: list[torch.Tensor] = []
    block: nn.Module = classifier.model.blocks[-1]
    hook = block.register_forward_pre_hook(lambda _module, inputs: received.append(inputs[0]))
    forward(classifier, images)
    hook.remove()
    return torch.inference_mode()(partial(block, received[0]))


def described(classifier: Classifier) -> str:
    return f"{classifier.name}, {classifier.target_layer}\n{classifier.route.name}"


def machine(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"


def versions() -> str:
    names = ("torch", "timm", "grad-cam", "captum", "torchcam")
    return ", ".join(f"{name} {version(name)}" for name in names)


if __name__ == "__main__":
    main()
