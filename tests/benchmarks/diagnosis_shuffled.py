"""The leak test on a trained network: `python tests/benchmarks/diagnosis_shuffled.py DEMO CLASSIFIER [--times 5]`.

DEMO holds a rendered collection, CLASSIFIER is a network trained on other specimens. Heads are fitted to the true
labels and, several times, to labels dealt out anew over all parts; prints accuracy and what is found in all pairs.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).parents[1] / "helpers"))
from shuffled_labels import learn, rendered_catalog, shuffled

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path)
    parser.add_argument("classifier", type=Path)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    catalog, model = rendered_catalog(arguments.demo), f"local-dir:{arguments.classifier.resolve()}"
    for number in range(arguments.times + 1):
        with tempfile.TemporaryDirectory(prefix="finercam-shuffled-") as folder:
            labels = shuffled(catalog, number) if number else catalog
            print(f"{f'shuffled {number}' if number else 'true'}: {learn(labels, Path(folder), model)}", flush=True)
