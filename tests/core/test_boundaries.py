"""What may be imported where, seen in fresh processes."""

import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import finercam_core",
        "import finercam_core.store, finercam_core.finer, finercam_core.regions.threshold, finercam_core.review",
        "import finercam_core.catalog, finercam_core.references.plan, finercam_core.export, finercam_core.synthetic",
    ],
)
def test_the_core_loads_no_torch_no_orchestrator_and_no_gui(statement: str) -> None:
    assert not modules_after(statement) & {"torch", "timm", "prefect", "napari", "qtpy", "PySide6"}


def test_the_front_door_gives_every_name_and_loads_torch_with_the_classifier_alone() -> None:
    light = "[getattr(fc, n) for n in fc.__all__ if n not in ('Classifier', 'load_classifier', 'explain', 'train')]"
    loaded = modules_after(f"import finercam_core as fc; assert set(fc.__all__) <= set(dir(fc)); {light}")
    assert not loaded & {"torch", "timm", "prefect", "napari", "qtpy", "PySide6"}
    assert "torch" in modules_after("import finercam_core as fc; fc.Classifier")


def test_the_command_starts_light() -> None:
    heavy = {"torch", "timm", "prefect", "napari", "matplotlib", "numpy"}
    assert not modules_after("import finercam_flows.cli") & heavy
