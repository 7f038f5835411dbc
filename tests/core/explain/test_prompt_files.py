"""A prompt file that is wrong says so in one sentence; texts that the model reads as one are no two classes."""

import logging
from pathlib import Path

import pytest
import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.clip.classifier import _embeddings
from finercam_core.explain.model.clip.prompts import read_settings

CONTEXT = 12
TABLE = "scientificName;family\nAus bus;Ausidae\nEus fus;\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('texts = ["{x"]', r"the text '\{x' has a brace that stands alone"),
        ('texts = ["{0.a}"]', "has no name of a column in its braces"),
        ('texts = ["{scientificName!q}"]', "has no name of a column in its braces"),
        ('texts = ["{genus}"]', "has no column 'genus': its columns are scientificName, family"),
        ("texts = 3", r"texts in .* is 3: give a text"),
        ("[concepts]\nfin = 3", r"concepts\.fin in .* is 3: give a text"),
        ("[concepts]\nfin = [3]", r"concepts\.fin\.0 in .* is 3"),
        ("templates = [1]", r"templates\.0 in .* is 1"),
        ('templates = ["a photo"]', "'a photo' has no place for a text"),
        ("target_layer = 4", r"target_layer in .* is 4"),
        ("concepts = 1", r"concepts in .* is 1"),
        ("= 3", "cannot be read"),
        ('texts = ["{family}"]', "'Eus fus' in .* has empty cells in every text"),
    ],
)
def test_a_wrong_prompt_file_is_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "classes.csv").write_bytes(TABLE.encode("utf-8-sig"))
    path = tmp_path / "prompts.toml"
    path.write_text(f'model = "local-dir:weights"\ntable = "classes.csv"\n{content}\n')
    with pytest.raises(ClassifierError, match=said) as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)


def test_a_single_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    path = tmp_path / "prompts.toml"
    path.write_text('model = "m"\ntemplates = "a photo of {}"\n[concepts]\nfin = "a fin"\n')
    assert read_settings(path).classes == {"fin": ("a photo of a fin",)}


def tokenize(texts: list[str]) -> torch.Tensor:
    """A token a word, an end after them, and zeros up to the context; longer texts are cut."""
    rows = torch.zeros((len(texts), CONTEXT), dtype=torch.long)
    for row, text in zip(rows, texts, strict=True):
        words = [2 + int.from_bytes(word.encode()) % 99991 for word in text.split()][: CONTEXT - 1]
        row[: len(words) + 1] = torch.tensor([*words, 1])
    return rows


class Texts(nn.Module):
    """Embeds texts, and counts its passes."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[int] = []

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        self.passes.append(len(tokens))
        return torch.stack([tokens.float().sum(1), tokens.float().square().sum(1).sqrt(), tokens[:, 0].float()], 1)


def test_classes_that_differ_behind_the_cut_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    long = "word " * 20
    said = "'a' and 'b' have the same texts once they are cut at 12 tokens"
    with caplog.at_level(logging.WARNING), pytest.raises(ClassifierError, match=said):
        _embeddings(Texts(), tokenize, {"a": [long + "one"], "b": [long + "two"]})
    assert "2 of 2 texts are cut at 12 tokens" in caplog.text


def test_one_text_for_two_classes_is_refused() -> None:
    with pytest.raises(ClassifierError, match="'a' and 'c' have the same texts: 'fin'"):
        _embeddings(Texts(), tokenize, {"a": ["fin"], "b": ["tail"], "c": ["fin"]})


def test_a_text_that_just_fits_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    exact = " ".join(f"word{i}" for i in range(CONTEXT - 1))
    _embeddings(Texts(), tokenize, {"a": [exact], "b": ["tail"]})
    assert not caplog.records


def test_texts_of_all_classes_share_passes() -> None:
    model = Texts()
    classes = {f"class {i}": [f"text {i}", f"other {i}"] for i in range(200)}
    together = _embeddings(model, tokenize, classes)
    assert model.passes == [256, 144]
    alone = _embeddings(Texts(), tokenize, {"class 7": classes["class 7"]})
    torch.testing.assert_close(together[7], alone[0])
