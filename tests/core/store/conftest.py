"""Stores on a disk, and a real S3 server process on 127.0.0.1 for the whole session."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from planned_store import plan_at
from s3_host import s3_host

from finercam_core.store import Store


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the server."""
    with s3_host(tmp_path_factory.mktemp("s3") / "server.log") as url:
        yield url


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh bucket, reached as users reach theirs: by environment variables and ``s3://``."""
    variables = {"AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**variables, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    name = f"finercam-{uuid.uuid4().hex}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(name)
    yield f"s3://{name}"
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert os.environ["AWS_ENDPOINT_URL"] == s3_server


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Store]:
    """Function that plans a store for so many specimens of each species, and plans it again when called again."""

    def planned(counts: dict[str, int], **options: object) -> Store:
        return plan_at(str(tmp_path / "maps.zarr"), tmp_path / "images", counts, **options)  # type: ignore[arg-type]

    return planned
