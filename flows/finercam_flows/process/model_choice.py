"""The model to train where nobody names one: what works on this machine, and why."""

from finercam_core.errors import TrainingError
from finercam_core.extras import install_hint, missing
from finercam_flows.process.machine import graphics

SMALL = "tf_efficientnet_lite0"
"""Comes with the extra `backbone`, needs no network, and trains in minutes on two processors."""
ONLINE = "resnet50.a1_in1k"
LARGE = "vit_base_patch14_dinov2.lvd142m"


def choose_model(device: str = "auto") -> tuple[str, str]:
    """Name of the model to train, and why it was chosen.

    Parameters
    ----------
    device : str
        "cpu" for a choice as on a machine without a GPU.

    Raises
    ------
    TrainingError
        If no model is here and the Hugging Face hub does not answer.
    """
    from finercam_core.io.hub import hub_answers

    has_gpu, gpu = graphics()
    online, small = hub_answers(), not missing("backbone")
    if has_gpu and device != "cpu" and online:
        return LARGE, f"there is a GPU, {gpu}"
    if small and online:
        return SMALL, f"it trains in minutes without a GPU; with one, {LARGE} (350 MB) sees more"
    if small:
        return SMALL, "it is on this machine, and the Hugging Face hub, which has larger ones, does not answer"
    if online:
        return ONLINE, f"it can be downloaded (100 MB) and needs no GPU; with one, {LARGE} sees more"
    raise TrainingError("there is no model here, and the Hugging Face hub does not answer", install_hint("backbone"))
