"""The policy that a user asks for in one word."""

from pathlib import Path

from finercam_core.errors import ComparisonError
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
        Folder of the classifier, also as ``local-dir:folder``.

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
        table = Path(str(classifier).removeprefix("local-dir:")) / CONFUSIONS
        if not table.is_file():
            problem = f"{classifier} has no {CONFUSIONS}, which `finercam train` writes if it confuses held-out images"
            raise ComparisonError(problem, "choose by tier, or give a table species,predicted,images")
        return read_references(table)
    if text.lower().endswith(ENDINGS):
        return ByTree(read_tree(text))
    if table_format(text):
        return read_references(text)
    problem = f"references cannot be chosen by {text!r}"
    raise ComparisonError(
        problem, "give tier, cosine, logits, confusions, a tree (.nwk, .nex) or a table species,reference"
    )
