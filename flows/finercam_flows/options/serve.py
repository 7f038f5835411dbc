"""Options of `serve`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import AllowedFactory, AllowPrivateHere
from finercam_flows.places import outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, Options

ConfigFile = Annotated[str, Field(min_length=1, description="File with the deployments.")]
Init = Annotated[bool, Field(description="Write an example of the file, and end.")]
Check = Annotated[bool, Field(description="Check the file, show what it says, and end.")]
SetUp = Annotated[
    bool, Field(description="Give the file's limits and alerts to a server that has `prefect deploy --all`, and end.")
]
ServerData = Annotated[
    str | None,
    Field(
        description="Folder for the records of a Prefect server that is started here, by default prefect-server "
        "beside the file."
    ),
    Checked(outputs.folder),
]
RunLimit = Annotated[int, Field(ge=1, description="Runs at the same time; others wait.")]


WatchedStores = Annotated[
    Sequence[str], Field(min_length=1, description="Stores: folders, or URLs such as s3://bucket/maps.zarr.")
]
MetricsPort = Annotated[int, Field(ge=1, le=65535, description="Port that Prometheus asks.")]
MetricsHost = Annotated[str, Field(description="Address that is listened at; 0.0.0.0 for all of this machine.")]


class MetricsOptions(Options):
    """Options of `metrics`."""

    store: Annotated[WatchedStores, POSITIONAL]
    port: MetricsPort = 9464
    host: MetricsHost = "127.0.0.1"


class ServeOptions(Options):
    """Options of `serve`."""

    config: ConfigFile = "prefect.yaml"
    init: Init = False
    check: Check = False
    set_up: SetUp = False
    data: ServerData = None
    limit: RunLimit = 4
    allow_factory: AllowedFactory = ()
    allow_private: AllowPrivateHere = False
