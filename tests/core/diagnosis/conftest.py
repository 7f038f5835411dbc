"""The spotted store and its diagnosis, made once for all tests of this folder: no test changes them."""

import pytest
from spotted import spotted_classifier, spotted_collection, spotted_store

from finercam_core.diagnosis import Diagnosis
from finercam_core.diagnosis.with_model.causal import causal_check
from finercam_core.store import Store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("spotted")
    return spotted_store(spotted_collection(folder), folder / "maps.zarr")


@pytest.fixture(scope="session")
def diagnosis(store: Store) -> Diagnosis:
    return Diagnosis(store, check=causal_check(store, spotted_classifier()))
