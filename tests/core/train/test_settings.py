"""Settings that come as texts from a command line or a form: read, checked, and refused in one sentence."""

import pytest

from finercam_core.errors import TrainingError
from finercam_core.train import FinetuneSettings, ProbeSettings
from finercam_core.train.settings import read_settings


def test_texts_become_values_and_the_rest_is_default() -> None:
    found = read_settings("finetune", {"epochs": "30", "learning_rate": "5e-4"})
    assert found == FinetuneSettings(epochs=30, learning_rate=5e-4)
    assert read_settings("probe", {"strengths": "0.1, 1,10"}) == ProbeSettings(strengths=(0.1, 1.0, 10.0))


@pytest.mark.parametrize(
    ("mode", "values", "sentence"),
    [
        ("finetune", {"epochs": "0"}, "epochs is '0': input should be greater than or equal to 1"),
        ("finetune", {"ema": "1"}, "ema is '1': input should be less than 1"),
        ("finetune", {"epochs": "many"}, "epochs is 'many': input should be a valid integer"),
        ("probe", {"epochs": "3"}, "probe has no setting 'epochs': use one of adjustment"),
        ("guess", {}, "unknown mode 'guess': use probe or finetune"),
    ],
)
def test_wrong_settings_are_refused(mode: str, values: dict[str, str], sentence: str) -> None:
    with pytest.raises(TrainingError) as error:
        read_settings(mode, values)
    assert str(error.value).startswith(sentence)
