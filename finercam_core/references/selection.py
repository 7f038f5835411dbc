"""The policy that a user asks for in one word."""

from pathlib import Path

from finercam_core.errors import ComparisonError
from finercam_core.io.hub import HubError, from_hub
from finercam_core.io.tables import table_format
from finercam_core.references.policies import ByCosine, ByLogits, ByTier, ByTree, Policy
from finercam_core.references.tables import read_references
from finercam_core.taxonomy.trees import ENDINGS, read_tree

CONFUSIONS = "confusions.csv"


def policy_of(text: str, classifier: str | Path = "") -> Policy:
    """Policy for the choice of references.

    Parameters
    ----------
    text : str
        "tier", "cosine", "logits" (each image by its own scores), "confusions" (a table that `finercam train` leaves in
        the classifier's folder), the path of a tree (Newick or NEXUS), or of a table with the columns
        ``species,reference`` or ``species,predicted,images``.
    classifier : str or Path
        Folder of the classifier, also as ``local-dir:folder``, or ``hf-hub:owner/name``.

    Raises
    ------
    ComparisonError
        The text is none of these, or its file cannot be used.
    """
    if text in ("tier", ""):
        return ByTier()
    if text == "cosine":
        return ByCosine()
    if text == "logits":
        return ByLogits()
    if text == "confusions":
        return read_references(_confusions_of(str(classifier)))
    if text.lower().endswith(ENDINGS):
        return ByTree(read_tree(text))
    if table_format(text):
        return read_references(text)
    problem = f"references cannot be chosen by {text!r}"
    raise ComparisonError(
        problem, "give tier, cosine, logits, confusions, a tree (.nwk, .nex) or a table species,reference"
    )


def _confusions_of(classifier: str) -> Path:
    """The table of confusions in a classifier's folder, or in its repository on the hub."""
    remedy = "choose by tier, or give a table species,predicted,images"
    folder = Path(classifier.removeprefix("local-dir:"))
    if classifier.startswith("hf-hub:"):
        name, _, revision = classifier.removeprefix("hf-hub:").partition("@")
        try:
            folder = from_hub(name, [CONFUSIONS], revision=revision or None)
        except HubError as error:
            raise ComparisonError(f"{CONFUSIONS} cannot be had: {error.problem}", remedy) from error
    if not (folder / CONFUSIONS).is_file():
        problem = f"{classifier} has no {CONFUSIONS}, which `finercam train` writes if it confuses held-out images"
        raise ComparisonError(problem, remedy)
    return folder / CONFUSIONS
