"""Tags of a shard's task, by which a Prefect server limits how many are computed at a time: per GPU, per store."""

from pathlib import Path

from finercam_core.redaction import without_secrets
from finercam_core.store.runs import base_of
from finercam_flows.process import gpus

GPU = "gpu"


def limit_tags(store: str, runner: str, device: str) -> list[str]:
    """Tags of the tasks that compute a store's shards; a limit on one of them holds over all runs of a server.

    Parameters
    ----------
    store : str
        Its location.
    runner, device : str
        As in the flow `annotate`. Of workers that other machines have, what they compute on is not known here: they
        count as GPUs unless the device says otherwise.
    """
    elsewhere = runner not in ("local", "dask")
    on_gpu = device in ("auto", "cuda") and (elsewhere or gpus.count() > 0)
    return [store_tag(store), *([GPU] if on_gpu or device.startswith("cuda:") else [])]


def store_tag(location: str) -> str:
    """Tag of a store and of the runs beside it: its place with colons, since Prefect's names have no slashes."""
    place = without_secrets(base_of(location))
    whole = place.partition("://")[2] if "://" in place else str(Path(place).resolve())
    return "store:" + "".join(":" if sign in "/\\%&<>" else sign for sign in whole.strip("/\\"))
