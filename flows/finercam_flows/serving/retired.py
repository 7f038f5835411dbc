"""Deployments that were taken out of the file: their schedules would pile up runs that nobody starts."""

import json
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

FILE = "served.json"


async def pause_retired(client: PrefectClient, served: dict[str, UUID], folder: Path) -> list[str]:
    """Pause what was served from this folder the last time and is not any more.

    Parameters
    ----------
    client : prefect.client.orchestration.PrefectClient
    served : dict
        Titles of the deployments that are served now, and their ids.
    folder : Path
        Where the list of the last time is kept; it is replaced.

    Returns
    -------
    list of str, the titles of the deployments that were paused.
    """
    file = folder / FILE
    before: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    paused = []
    for title in sorted(before.keys() - served.keys()):
        try:
            await client.pause_deployment(UUID(before[title]))
        except ObjectNotFound:  # deleted in the pages, or another server
            continue
        paused.append(title)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({title: str(one) for title, one in served.items()}, indent=1), encoding="utf-8")
    partial.replace(file)
    return paused
