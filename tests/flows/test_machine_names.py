"""Devices and timm's models are judged by their names without torch, and never wrongly refused."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.places import devices
from finercam_flows.places.timm_names import timm_name

from finercam_core.errors import ClassifierError, RunError


def management(gpus: int, fault: int = 0) -> SimpleNamespace:
    """NVIDIA's library of management on a machine with some GPUs."""

    def count(found: Any) -> int:
        found._obj.value = gpus
        return 0

    return SimpleNamespace(nvmlInit_v2=lambda: fault, nvmlDeviceGetCount_v2=count, nvmlShutdown=lambda: 0)


def machine(patch: pytest.MonkeyPatch, *, driver: bool, library: SimpleNamespace | None, torch: str = "'13.2'") -> None:
    said = f"cuda: Optional[str] = {torch}\nhip: Optional[str] = None\n"
    libraries = {devices._DRIVER: object() if driver else None, devices._MANAGEMENT: library}
    patch.setattr(devices, "_torch_says", lambda: said)
    patch.setattr(devices, "_library", libraries.get)


def test_gpus_that_are_there_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, driver=True, library=management(2))
    for name in ("auto", "cpu", "cuda", "cuda:0", "cuda:1"):
        devices.device(name)
    with pytest.raises(RunError, match="no device cuda:2 here: the GPUs of this machine are cuda:0 to cuda:1"):
        devices.device("cuda:2")


def test_what_the_driver_does_not_say_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, driver=True, library=None)
    devices.device("cuda:7")


@pytest.mark.parametrize(("driver", "fault"), [(False, 0), (True, 9)])
def test_a_machine_without_a_gpu(monkeypatch: pytest.MonkeyPatch, driver: bool, fault: int) -> None:
    machine(monkeypatch, driver=driver, library=management(1, fault))
    with pytest.raises(RunError, match="no device cuda here: this machine has no NVIDIA GPU"):
        devices.device("cuda")


def test_a_torch_without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, driver=True, library=management(1), torch="None")
    with pytest.raises(RunError, match="torch was installed without CUDA"):
        devices.device("cuda:0")


def test_a_torch_for_amd_calls_its_gpus_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_torch_says", lambda: "cuda: Optional[str] = None\nhip: Optional[str] = '6.4'\n")
    devices.device("cuda:1")


@pytest.mark.skipif(sys.platform == "darwin", reason="an Apple computer has mps")
def test_mps_is_apples() -> None:
    with pytest.raises(RunError, match="only Apple's computers have it"):
        devices.device("mps")


def test_workers_elsewhere_have_devices_of_their_own() -> None:
    asked = AnnotateOptions(catalog="c", classifier="c", store="s", device="cuda:99", runner="tls://gpu:8786")
    asked.check_together()


def test_torch_says_what_it_was_built_for() -> None:
    import torch

    assert devices._built_without_cuda() == (torch.version.cuda is None)
    assert devices._built_for_amd() == (torch.version.hip is not None)


def test_a_device_that_torch_cannot_use_is_said() -> None:
    import torch

    from finercam_core.explain.model.execution import device_of

    if not torch.cuda.is_available():
        with pytest.raises(ClassifierError, match=r"torch cannot compute on cuda here .*: choose cpu, or auto"):
            device_of("cuda")
    assert device_of("cpu") == torch.device("cpu")


def test_every_name_of_timms_is_accepted() -> None:
    import timm
    from timm.models._registry import _deprecated_models

    with pytest.raises(ClassifierError, match="timm has no model 'resnet51'"):
        timm_name("resnet51")
    for name in (*timm.list_models(), *timm.list_models(pretrained=True), *_deprecated_models):
        timm_name(name)
    timm_name("hf-hub:owner/name")
