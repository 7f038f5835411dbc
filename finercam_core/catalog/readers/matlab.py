"""MATLAB files, which some data sets keep their annotations in."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from finercam_core.errors import CatalogError

_SCRIPT = """
import pickle, sys
from scipy.io import loadmat
pickle.dump(loadmat(sys.argv[1]).get(sys.argv[2]), sys.stdout.buffer)
"""


def read_matlab(path: Path, field: str) -> Any:
    """One variable of a MATLAB file, as `scipy.io.loadmat` gives it.

    It is read in a process of its own, since some damaged files end the process that reads them.

    Raises
    ------
    CatalogError
        If the file cannot be read, or has no such variable.
    """
    done = subprocess.run([sys.executable, "-c", _SCRIPT, str(path), field], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1][:200] if done.returncode > 0 and said else "reading it ends the process"
        raise CatalogError(f"{path} is not a readable MATLAB file: {reason}", "fetch it again")
    found = pickle.loads(done.stdout)
    if found is None:
        raise CatalogError(f"{path} has no {field}", "fetch the data set again")
    return found
