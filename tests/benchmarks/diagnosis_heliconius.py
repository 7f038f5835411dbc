"""The answer on real mimics: Heliconius photographs, a pretrained SqueezeNet, half of the specimens held out.

    python tests/benchmarks/diagnosis_heliconius.py FOLDER SQUEEZENET.safetensors --out OUT [--pair "A" "B" …]

FOLDER holds metadata.csv and images/dorsal (Hoyal Cuthill et al. 2019, Dryad doi 10.5061/dryad.2hp1978). Subspecies
with ten specimens or more; a linear head on the frozen features is fitted on half of the specimens, by a hash of their
number. All pairs of one wing side are asked; those named are drawn. With ``--null 200`` subspecies with 20 specimens or
more are dealt into two at random so many times, a head is fitted on half of both, and the other half is asked.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from diagnosis_null import deal_all
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
from torchvision.models import squeezenet1_1

from finercam_core.catalog import open_catalog
from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.output import write_answer
from finercam_core.diagnosis.survey import controlled
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.explain import Classifier
from finercam_core.explain.engine.plan import plan_store, shards
from finercam_core.explain.engine.shard import annotate_chunks
from finercam_core.images.decoder import load_image
from finercam_core.images.preparation import Preparation
from finercam_core.store import exclusive, open_store, pending_chunks

LEAST = 10  # specimens of a subspecies
PREPARATION = Preparation(144, 256, mode="pad")
# "rosina_N" and "rosina_S" are no formal names.
FORMAL = {"rosina_N": "rosina", "rosina_S": "rosina"}


def table(folder: Path, view: str) -> pd.DataFrame:
    """One row per photograph: name, individual, split by a hash of the individual, path."""
    read = pd.read_csv(folder / "metadata.csv", dtype=str)
    rows = read[read["View"] == view]
    subspecies = rows["Subspecies"].replace(FORMAL)
    names = "Heliconius " + rows["Species"] + " " + subspecies
    halves = [hashlib.sha256(f"half {number}".encode()).digest()[0] % 2 for number in rows["NHM_Specimen"]]
    made = pd.DataFrame(
        {
            "image_id": rows["Image_filename"].str.removesuffix(".png"), "scientificName": names,
            "family": "Nymphalidae", "genus": "Heliconius", "group_id": rows["NHM_Specimen"],
            "split": np.where(np.array(halves) == 0, "train", "test"),
            "path": "images/" + view + "/" + rows["Image_filename"],
        }
    )  # fmt: skip
    counts = made["scientificName"].value_counts()
    return made[made["scientificName"].isin(counts[counts >= LEAST].index)].reset_index(drop=True)


def network(weights: Path) -> nn.Module:
    """SqueezeNet's features, to be averaged; a linear head comes last."""
    pretrained = squeezenet1_1()
    pretrained.load_state_dict(load_file(weights))
    model = nn.Sequential()
    model.add_module("features", pretrained.features)
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    return model.eval()


def pooled(model: nn.Module, rows: pd.DataFrame, root: Path) -> np.ndarray:
    """Features of all photographs; float32 (n, 512)."""
    found = []
    for start in range(0, len(rows), 16):
        images = [PREPARATION(load_image(path, root=str(root))) for path in rows["path"][start : start + 16]]
        with torch.no_grad():
            found.append(model(torch.from_numpy(np.stack(images))).numpy())
    return np.concatenate(found)


def classifier(rows: pd.DataFrame, root: Path, weights: Path) -> Classifier:
    """A head on the frozen features, fitted on the training half."""
    model, species = network(weights), sorted(set(rows["scientificName"]))
    features, labels = pooled(model, rows, root), rows["scientificName"].map(species.index).to_numpy()
    train = (rows["split"] == "train").to_numpy()
    scale = StandardScaler().fit(features[train])
    fitted = LogisticRegression(C=0.05, max_iter=2000).fit(scale.transform(features[train]), labels[train])
    weight = fitted.coef_ / scale.scale_
    head = nn.Linear(*weight.shape[::-1])
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(fitted.intercept_ - weight @ scale.mean_))
    right = fitted.predict(scale.transform(features[~train])) == labels[~train]
    print(
        f"{len(species)} subspecies, {train.sum()} photographs for training, {right.mean():.1%} of {len(right)} right"
    )
    model.add_module("head", head)
    return Classifier(model, species, target_layer="features", preparation=PREPARATION, name="squeezenet1_1 + head")


def main() -> None:
    """Fit, annotate, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--view", default="dorsal")
    parser.add_argument("--pair", nargs=2, action="append", default=[])
    parser.add_argument("--null", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="causal checks for every pair, not only for those named")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = table(arguments.folder, arguments.view)
    catalog = arguments.out / "table.csv"
    rows.assign(path=[str(arguments.folder.resolve() / path) for path in rows["path"]]).to_csv(catalog, index=False)
    model = classifier(rows, arguments.folder, arguments.weights)
    location = str(arguments.out / "maps.zarr")
    read, references = open_catalog(catalog, root=str(arguments.folder.resolve())), len(model.species) - 1
    with exclusive(location):
        place = plan_store(location, read, model, references=references).location
        for shard in shards(pending_chunks(place), 256):
            annotate_chunks(place, shard, model, batch_size=16, decoders=1)
    store = open_store(place)
    if arguments.null:
        deal_all(store, model, arguments.null, least=20, cells=True)
        return
    diagnosis = Diagnosis(store, check=causal_check(store, model))
    for pair in arguments.pair:
        answer = diagnosis.answer(*pair)
        print("\n".join(write_answer(diagnosis, answer, arguments.out / "answers")[0]), flush=True)
        for one in answer.findings:
            test = one.test
            print(f"    {test.place.name}: {one.word}, density {test.density:.1f}, p {test.p:.2g}, {one.causal}")
    plain = diagnosis if arguments.all else Diagnosis(store)
    answers = controlled([plain.answer(*pair) for pair in diagnosis.pairs])
    told = [one for one in answers if one.told_apart.p < 0.05]
    print(f"{len(answers)} pairs; told apart {len(told)}")
    for word in ("supported", "suggested"):
        print(f"pairs with {word}: {sum(bool(one.worded(word)) for one in answers)}")  # type: ignore[arg-type]
    silent = [one for one in answers if not one.told_apart.p < 0.05]
    loud = sum(any(finding.word != "not supported" for finding in one.findings) for one in silent)
    print(f"of the {len(silent)} not told apart, with a finding: {loud}")


if __name__ == "__main__":
    main()
