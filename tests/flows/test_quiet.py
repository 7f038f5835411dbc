"""What other packages say is one sentence each, once; retries are not said at all."""

import subprocess
import sys
from pathlib import Path

CODE = """
import logging, warnings
import finercam_core.catalog
from finercam_core.errors import CatalogError

def noisy(*args, **kwargs):
    for _ in range(3):
        warnings.warn("lbfgs failed to converge after 300 steps.\\nIncrease it.\\n\\nSee the docs", UserWarning)
        warnings.warn("old", DeprecationWarning)
        logging.getLogger("huggingface_hub.utils").warning("Retrying in 8s [Retry 4/5].")
    raise CatalogError("the table is empty", "fill it")

finercam_core.catalog.open_catalog = noisy
from finercam_flows.cli import main
main()
"""


def test_a_warning_is_one_sentence_and_retries_are_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, "catalog", "check", "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr.splitlines() == [
        "note: lbfgs failed to converge after 300 steps.", "finercam: the table is empty", "  fill it",
    ]  # fmt: skip
