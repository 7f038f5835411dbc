"""Functions that build a model, named as ``file.py:function`` or ``package.module:function``."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from finercam_core.errors import ClassifierError
from finercam_core.suggestions import did_you_mean


def find_factory(spec: str) -> Callable[..., Any]:
    """The function that a name stands for.

    Parameters
    ----------
    spec : str
        ``file.py:function``, the path seen from the current folder, or ``package.module:function``, where the module
        is installed, on ``PYTHONPATH`` or in the current folder.

    Raises
    ------
    ClassifierError
        If there is no such module or no such function in it, or the module cannot be imported.
    """
    place, _, name = spec.rpartition(":")
    module = _from_file(Path(place)) if place.endswith(".py") else _imported(place, spec)
    found = getattr(module, name, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        remedy = did_you_mean(name, functions) or f"it has {', '.join(sorted(functions)[:5]) or 'no functions'}"
        raise ClassifierError(f"{place} has no function {name!r}", remedy)
    return found  # type: ignore[no-any-return]


def factory_label(spec: str) -> str:
    """What a model is called after its factory: the file without its folders, which belong to a machine."""
    place, _, name = spec.rpartition(":")
    return f"{Path(place).name}:{name}" if place.endswith(".py") else spec


def _imported(name: str, spec: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        file = Path(name.replace(".", "/") + ".py")
        if file.is_file():
            return _from_file(file)
        remedy = "give file.py:function, or add its folder to PYTHONPATH"
        raise ClassifierError(f"the factory {spec} cannot be imported: {error}", remedy) from error


def _from_file(path: Path) -> ModuleType:
    """Import a file once per process, under a name of its own; what lies beside it can be imported by it."""
    resolved = path.resolve()
    name = f"finercam_factory_{resolved.stem}_{abs(hash(str(resolved))):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None or not resolved.is_file():
        raise ClassifierError(f"there is no {path}", "give the path of the Python file, a colon, and the function")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(resolved.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a file of the user's raises
        del sys.modules[name]
        problem = f"{path} cannot be imported: {type(error).__name__}: {error}"
        raise ClassifierError(problem, "run it with python first") from error
    finally:
        sys.path.remove(str(resolved.parent))
    return module
