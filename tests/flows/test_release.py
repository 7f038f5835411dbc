"""What a release is made of: one version, a page that reads well anywhere, a conda recipe that agrees, whole wheels."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from clean_environment import ROOT, clean_environment, run_in
from packaging.requirements import Requirement

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"matplotlib": "matplotlib-base", "pandera": "pandera-pandas", "tomli_w": "tomli-w"}


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "deploy" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_the_same_everywhere(
    release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(release.problems(draft=True)) == []
    for place in (*release.PLACES, "pyproject.toml"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text((ROOT / place).read_text(encoding="utf-8"), encoding="utf-8")
    cited = (tmp_path / "docs" / "CITATION.cff").read_text().replace("version: 0.1.0", "version: 0.0.9")
    (tmp_path / "docs" / "CITATION.cff").write_text(cited)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    assert list(release.problems(draft=True)) == ["docs/CITATION.cff says version 0.0.9, pyproject.toml 0.1.0"]


def test_a_release_needs_its_section_an_address_and_a_clean_checkout(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_output", lambda *words: " M README.md")
    said = " ".join(release.problems())
    for part in ("CHANGELOG.md has no section '## 0.1.0", "placeholder https://example.org/", "not committed"):
        assert part in said
    monkeypatch.setattr(release, "build", lambda: pytest.fail("nothing is built"))
    assert release.main([]) == 1


def test_the_page_on_an_index_has_no_link_that_leads_nowhere() -> None:
    hook, page = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"], (ROOT / "README.md").read_text()
    for each in hook["substitutions"]:
        page = re.sub(each["pattern"], each["replacement"], page)
    links = re.findall(r"\]\(([^)]+)\)", page)
    home = PYPROJECT["project"]["urls"]["Repository"]
    ours = [link for link in links if link.startswith(home)]
    assert all(link.startswith("https://") for link in links)
    assert len(ours) > 20
    for link in ours:
        assert (ROOT / re.sub(rf"{home}/(?:blob|raw)/main/", "", link)).exists(), link
    assert 'pip install "finercam[explain,backbone]"' in page


def test_the_conda_recipe_needs_what_the_base_package_needs() -> None:
    recipe = yaml.safe_load((ROOT / "deploy" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    stated = {name: version for name, _, version in (line.partition(" ") for line in recipe["requirements"]["run"])}
    assert stated.pop("python") == PYPROJECT["project"]["requires-python"]
    own = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
    assert stated == {CONDA_NAMES.get(one.name, one.name): str(one.specifier) for one in own}


@pytest.mark.slow
def test_a_wheel_holds_all_that_its_commands_need(release: ModuleType, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert release.missing_from(wheel) == []
    python = clean_environment(tmp_path / "environment", wheel=wheel)
    assert run_in(python, ["--version"], tmp_path).stdout.strip().endswith(PYPROJECT["project"]["version"])
    said = run_in(python, ["catalog", "check", "catalogs/fish-vista.toml"], tmp_path)
    assert "finercam brings one to copy: " in said.stderr
    brought = Path(" ".join(said.stderr.split()).partition("to copy: ")[2])
    assert tomllib.loads(brought.read_text(encoding="utf-8"))["collection"]["name"] == "fish-vista"
    assert tmp_path in brought.parents
