"""Concurrency limits of `prefect.yaml`, written to the server: how many shards at a time, on GPUs and in each store."""

from collections.abc import Mapping

from prefect.client.orchestration import PrefectClient

from finercam_flows.process.limits import GPU, store_tag


def tag_of(name: str) -> str:
    """Prefect's tag of a limit in the file: ``gpu``, or a store's location."""
    return GPU if name == GPU else store_tag(name)


async def apply_limits(client: PrefectClient, limits: Mapping[str, int]) -> list[str]:
    """Write limits to the server; those of the same names are changed.

    Parameters
    ----------
    client : PrefectClient
    limits : mapping of str to int
        Shards at a time, by ``gpu`` or a store's location.

    Returns
    -------
    list of str
        One sentence for each.
    """
    for name, limit in limits.items():
        await client.create_concurrency_limit(tag=tag_of(name), concurrency_limit=limit)
    return [f"at most {limit} at a time with the tag {tag_of(name)}" for name, limit in limits.items()]
