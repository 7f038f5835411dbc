"""CLIP-like models: prompts are classes, the cosine is part of the model, and nothing asks the network."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tolerances import assert_identity

from finercam_core.catalog import open_catalog
from finercam_core.errors import ClassifierError
from finercam_core.explain import Classifier, explain, load_classifier
from finercam_core.explain.engine.plan import plan_store
from finercam_core.explain.model.clip.classifier import PromptScores, clip_classifier, load_clip
from finercam_core.store import open_store

open_clip = pytest.importorskip("open_clip")

pytestmark = pytest.mark.xdist_group("clip")  # its tests share what takes long to make
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
TOWERS: dict[str, dict[str, Any]] = {
    "vit": {"image_size": 48, "patch_size": 8, "width": 32, "head_width": 16, "layers": 2},
    "resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16},
    "timm": {"image_size": 160, "timm_model_name": "test_vit", "timm_pool": "", "timm_proj": "linear"},
}
CLASSES = {
    "Notropis atherinoides": ["Notropis atherinoides", "emerald shiner"],
    "Notropis stramineus": ["Notropis stramineus", "sand shiner"],
    "adipose fin": ["adipose fin"],
}


@pytest.fixture(scope="module", autouse=True)
def no_network() -> Any:
    """Any connection at all fails the test."""

    def refuse(*_args: object) -> None:
        raise AssertionError("the network was asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of seeded random weights a tower, in open_clip's own form."""
    folders = {}
    for name, vision in TOWERS.items():
        folder = tmp_path_factory.mktemp(name)
        config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": TEXT}
        written = {"model_cfg": config, "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]}}
        (folder / "open_clip_config.json").write_text(json.dumps(written))
        torch.manual_seed(5)
        save_file(open_clip.CLIP(**config).state_dict(), folder / "open_clip_model.safetensors")
        folders[name] = folder
    return folders


def images_of(found: Classifier, n: int = 2) -> torch.Tensor:
    shape = (n, 3, found.preparation.height, found.preparation.width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=found.dtype)


@pytest.fixture
def double() -> Iterator[None]:
    """Models built in double precision, where identities hold to the order of the additions."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("tower", TOWERS)
def test_scores_are_open_clips_own_cosines(tower: str, weights: dict[str, Path]) -> None:
    spec = f"local-dir:{weights[tower]}"
    found = clip_classifier(spec, CLASSES, templates=["a photo of {}.", "{}"])
    model = open_clip.create_model(spec).eval()
    tokens = open_clip.get_tokenizer(spec)
    with torch.no_grad():
        image = model.encode_image(images_of(found), normalize=True)
        for k, texts in enumerate(CLASSES.values()):
            prompts = tokens([template.format(text) for text in texts for template in ("a photo of {}.", "{}")])
            mean = model.encode_text(prompts, normalize=True).mean(dim=0)
            expected = model.logit_scale.exp() * image @ (mean / mean.norm())
            ours = found.model(images_of(found))[:, k]
            assert_identity(model, ours, expected, model.logit_scale.exp().item())


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("tower", TOWERS)
def test_evidence_has_the_cosine_factor(tower: str, weights: dict[str, Path]) -> None:
    """Gradients of z by the formula s/‖z‖ (I − ẑẑᵀ) t, put through the tower, give the evidence."""
    found = clip_classifier(f"local-dir:{weights[tower]}", CLASSES)
    images, classes = images_of(found, 1), np.array([[0, 1, 2]])
    result = explain(found, images, classes)
    tower_module, kept = found.model.visual, []
    hook = found.layer.register_forward_hook(lambda _m, _i, output: kept.append(output.requires_grad_()))
    z = tower_module(images)
    hook.remove()
    unit = (z / z.norm()).detach()[0]
    for k in range(3):
        factor = (torch.eye(len(unit)) - torch.outer(unit, unit)) / z.norm().detach()
        (gradient,) = torch.autograd.grad(z, kept[0], (factor @ found.model.head.weight[k])[None], retain_graph=True)
        cells, alpha = kept[0].detach(), gradient
        if cells.ndim == 3:
            prefix = found.model.num_prefix_tokens
            side = round((cells.shape[1] - prefix) ** 0.5)
            cells, alpha = (v[:, prefix:].transpose(1, 2).unflatten(2, (side, side)) for v in (cells, alpha))
        expected = torch.einsum("nc,nchw->nhw", alpha.sum(dim=(2, 3)), cells)
        assert_identity(found.model, result.evidence[:, k], expected)


@pytest.mark.usefixtures("double")
def test_a_comparison_of_prompts_is_the_evidence_of_their_difference(weights: dict[str, Path]) -> None:
    """Scores are linear in the prompts' embeddings: E(t_c) − γ E(t_d) = E(t_c − γ t_d)."""
    found = clip_classifier(f"local-dir:{weights['vit']}", CLASSES)
    images = images_of(found)
    rows = found.model.head.weight
    both = explain(found, images, np.array([[0, 2]] * 2)).evidence
    difference = PromptScores(found.model.visual, rows[0:1] - 0.6 * rows[2:3])
    one = Classifier(difference, ["difference"], found.target_layer, found.preparation)
    expected = explain(one, images, np.zeros((2, 1), int)).evidence[:, 0]
    assert_identity(found.model, both[:, 0] - 0.6 * both[:, 1], expected, float(both.abs().max()))


def test_a_toml_file_makes_a_classifier(weights: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "weights").symlink_to(weights["vit"])
    (tmp_path / "classes.csv").write_text(
        "scientificName,vernacularName,order\nAus bus,first bus,Aiformes\nAus cus,,Aiformes\n"
    )
    (tmp_path / "clip.toml").write_text(
        'model = "local-dir:weights"\ntable = "classes.csv"\ntemplates = ["{}"]\n'
        'texts = ["{scientificName}", "{vernacularName}", "{order} {scientificName}"]\n'
        '[concepts]\n"adipose fin" = "a fish with an adipose fin"\n'
    )
    found = load_classifier(tmp_path / "clip.toml", device="cpu")
    assert found.species == ("Aus bus", "Aus cus", "adipose fin")
    assert found.target_layer == "visual.transformer.resblocks.1.ln_1"
    prompts = found.to_provenance()["prompts"]
    assert prompts["Aus bus"] == ["Aus bus", "first bus", "Aiformes Aus bus"]
    assert prompts["Aus cus"] == ["Aus cus", "Aiformes Aus cus"], "an empty cell makes no text"
    assert prompts["adipose fin"] == ["a fish with an adipose fin"]
    assert found.preparation.mean == (0.48, 0.46, 0.41)
    assert found.grid == (6, 6)


LINNAEAN = "Animalia Chordata Actinopterygii Characiformes Characidae Astyanax mexicanus"


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    ("kind", "pattern", "text"),
    [
        ("scientific name", "{scientificName}", "Astyanax mexicanus"),
        ("common name", "{vernacularName}", "Mexican tetra"),
        ("Linnaean string", "{kingdom} {phylum} {class} {order} {family} {scientificName}", LINNAEAN),
    ],
)
def test_each_way_to_call_a_species_is_asked_as_it_is_and_kept(
    kind: str, pattern: str, text: str, weights: dict[str, Path], tmp_path: Path
) -> None:
    """Against a free concept; the evidence of both, their difference, and the prompts in a store's provenance."""
    (tmp_path / "weights").symlink_to(weights["vit"])
    ranks = "kingdom,phylum,class,order,family,scientificName,vernacularName"
    row = f"{LINNAEAN.removesuffix(' Astyanax mexicanus').replace(' ', ',')},Astyanax mexicanus,Mexican tetra"
    (tmp_path / "classes.csv").write_text(f"{ranks}\n{row}\n")
    (tmp_path / "clip.toml").write_text(
        f'model = "local-dir:weights"\ntable = "classes.csv"\ntexts = ["{pattern}"]\n'
        '[concepts]\n"red epaulets" = ["red epaulets"]\n'
    )
    found = load_classifier(tmp_path / "clip.toml", device="cpu")
    prompts = {"Astyanax mexicanus": [f"a photo of {text}."], "red epaulets": ["a photo of red epaulets."]}
    spec = f"local-dir:{weights['vit']}"
    model, images = open_clip.create_model(spec).eval(), images_of(found)
    with torch.no_grad():
        texts = model.encode_text(open_clip.get_tokenizer(spec)([one for (one,) in prompts.values()]), normalize=True)
        expected = model.logit_scale.exp() * model.encode_image(images, normalize=True) @ texts.T
    result = explain(found, images, [[0, 1], [1, 0]])
    assert_identity(model, result.logits, expected, model.logit_scale.exp().item())
    turned = explain(found, images, [[1, 0], [0, 1]]).evidence
    assert_identity(found.model, result.evidence, turned[:, [1, 0]])
    assert found.to_provenance()["prompts"] == prompts, kind
    (tmp_path / "catalog.csv").write_text("image_id,scientificName,path\n1,Astyanax mexicanus,1.jpg\n")
    store = plan_store(tmp_path / "maps.zarr", open_catalog(tmp_path / "catalog.csv"), found, references=1)
    assert open_store(store.location).provenance.classifier.prompts == prompts
    assert store.classes("Astyanax mexicanus") == ("Astyanax mexicanus", "red epaulets")


def test_what_cannot_be_asked_is_said(weights: dict[str, Path], tmp_path: Path) -> None:
    spec = f"local-dir:{weights['vit']}"
    with pytest.raises(ClassifierError, match=r"no weights are given for 'ViT-B-32'.*set pretrained: .*openai"):
        clip_classifier("ViT-B-32", CLASSES)
    with pytest.raises(ClassifierError, match="open_clip cannot load 'local-dir:nowhere'"):
        clip_classifier("local-dir:nowhere", CLASSES)
    with pytest.raises(ClassifierError, match="there are no classes"):
        clip_classifier(spec, [])
    with pytest.raises(ClassifierError, match="'a photo' has no place for a text"):
        clip_classifier(spec, CLASSES, templates=["a photo"])
    (tmp_path / "clip.toml").write_text('modell = "x"')
    with pytest.raises(ClassifierError, match="unknown key 'modell'"):
        load_clip(tmp_path / "clip.toml")
