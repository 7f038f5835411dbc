"""`check`: the part of an evaluation that needs the classifier, written into the evaluation's folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from finercam_core.evaluate.classifier_checks import Checks, write_checks
from finercam_core.evaluate.kept_tables import fingerprint, kept
from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.tables import marked, write_table
from finercam_core.evaluate.with_model.faithfulness import FaithfulnessReport, faithfulness
from finercam_core.evaluate.with_model.sanity import label_randomisation, weight_randomisation
from finercam_core.explain import Classifier
from finercam_core.io.progress import Progress
from finercam_core.store import open_store
from finercam_core.strengths import GAMMAS, WEIGHTINGS, Weighting

Sanity = Callable[..., pd.DataFrame]


def check(
    location: str | Path,
    classifier: Classifier,
    out: str | Path,
    *,
    protocol: Protocol | None = None,
    images: str | Path | None = None,
    gammas: Sequence[float] = GAMMAS,
    weightings: Sequence[Weighting] = WEIGHTINGS,
    methods: Sequence[str] = (),
    baselines: Sequence[str] = (),
    fill: str = "mean",
    steps: int = 20,
    limit: int | None = None,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> tuple[Checks, FaithfulnessReport]:
    """Faithfulness of every map asked for, and sanity checks, written into a folder where `evaluate` finds them.

    Parameters
    ----------
    location : str or Path
        The store.
    classifier : Classifier
        The one that the store was made with.
    out : str or Path
        The evaluation's folder. A run that was stopped resumes from what it left there.
    protocol, images, gammas, weightings, methods, baselines, fill, steps, limit, batch_size, progress
        See `faithfulness.faithfulness`. Maps of finished comparisons are measured at their own γ alone.

    Raises
    ------
    StoreError, EvaluationError
        As `faithfulness`.
    """
    folder, store, settings = Path(out), open_store(location, images=images), protocol or Protocol()
    if store.provenance.kind == "comparison":
        gammas, weightings = (), ()
    measured = faithfulness(
        location, classifier, protocol=settings, images=images, gammas=gammas, weightings=weightings, methods=methods,
        baselines=baselines, fill=fill, steps=steps, limit=limit, batch_size=batch_size,
        parts=folder / "parts-faithfulness", progress=progress,
    )  # fmt: skip
    sanity = _sanity(location, classifier, settings, images, folder / "parts-sanity", progress)
    judged = settings.judged(store)
    about = {
        "judged": judged.sentence, "judged_on": judged.mark,
        "run": store.provenance.run, "protocol": measured.protocol, "forwards": measured.forwards,
        "needed": measured.needed, "cost": str(measured), "left_out": measured.left_out,
        "baselines_left_out": measured.protocol["baselines_left_out"],
    }  # fmt: skip
    summary, finer, sane = (marked(table, judged.mark) for table in (measured.summary, measured.finer, sanity))
    checks = Checks(summary, finer, sane, about)
    write_table(marked(measured.specimens, judged.mark), folder, "faithfulness-specimens")
    write_checks(folder, checks)
    return checks, measured


def _sanity(
    location: str | Path,
    classifier: Classifier,
    protocol: Protocol,
    images: str | Path | None,
    parts: Path,
    progress: Progress | None,
) -> pd.DataFrame:
    """Both sanity checks, each kept so that a stopped run resumes after it."""
    store, tables = open_store(location, images=images), []
    specimens = fingerprint(sorted(protocol.specimens(store)["image_id"]))
    key = {"protocol": protocol.fingerprint(store), "weights": classifier.weights_sha256, "specimens": specimens}
    for randomisation in (weight_randomisation, label_randomisation):

        def make(check: Sanity = randomisation) -> dict[str, pd.DataFrame]:
            return {"sanity": check(location, classifier, protocol=protocol, images=images, progress=progress)}

        made, _ = kept(parts / randomisation.__name__, key, make)
        tables.append(made["sanity"])
    return pd.concat(tables, ignore_index=True)
