"""`make release`: build the files of a release, check all that can be checked, and say what is left to do by hand.

Nothing is tagged and nothing is uploaded. With ``--draft`` what only a release has may be missing: its section in the
changelog, a clean checkout and the project's public address.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PLACEHOLDER = "https://example.org/"
PLACES = {
    "finercam_core/__init__.py": r'^__version__ = "(.+)"$',
    "docs/CITATION.cff": r"^version: (.+)$",
    "deploy/conda/recipe.yaml": r'^  version: "(.+)"$',
}
"""By file: where it says the version, which pyproject.toml decides."""
NEEDED = (
    "finercam_flows/catalogs/fish-vista.toml", "finercam_flows/prefect.yaml", "finercam_core/report/web/finercam.js",
    "finercam/__init__.py", "napari_finercam/napari.yaml",
)  # fmt: skip
"""What a wheel must hold beside the modules."""


def project() -> dict[str, object]:
    """The table [project] of pyproject.toml."""
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def problems(*, draft: bool = False) -> Iterator[str]:
    """What is wrong with the sources, one sentence each."""
    version = str(project()["version"])
    for place, pattern in PLACES.items():
        stated = re.search(pattern, (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE)
        if stated is None or stated[1] != version:
            yield f"{place} says version {stated[1] if stated else 'nothing'}, pyproject.toml {version}"
    if draft:
        return
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)}, \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE):
        yield f"CHANGELOG.md has no section '## {version}, YEAR-MONTH-DAY'"
    if PLACEHOLDER in (ROOT / "pyproject.toml").read_text(encoding="utf-8"):
        yield f"pyproject.toml still has the placeholder {PLACEHOLDER} for the project's address"
    if _output("git", "status", "--porcelain"):
        yield "there are changes that are not committed"


def missing_from(wheel: Path) -> list[str]:
    """Files that a wheel lacks, and links of its page that lead nowhere on a package index."""
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        page = content.read(about).decode().partition("\n\n")[2]
    relative = re.findall(r"\]\((?!https?://|#)([^)]+)\)", page)
    return [*(name for name in NEEDED if name not in names), *(f"link to {link}" for link in relative)]


def build() -> tuple[Path, Path]:
    """Build the wheel and the archive of the sources into dist/."""
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], check=True)
    (wheel,), (sources,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sources)], check=True)
    return wheel, sources


def _output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main(words: list[str]) -> int:
    """Check, build, check again; exit code 1 where something is wrong."""
    wrong = list(problems(draft="--draft" in words))
    if not wrong:
        wheel, sources = build()
        wrong = [f"{wheel.name} lacks {name}" for name in missing_from(wheel)]
    for sentence in wrong:
        print(f"release: {sentence}", file=sys.stderr)
    if wrong:
        return 1
    version = project()["version"]
    print(f"{wheel.name} and {sources.name} are ready in dist/.")
    print(f"sha256 of the sources: {hashlib.sha256(sources.read_bytes()).hexdigest()}")
    print(f"By hand: git tag v{version} && git push origin v{version}; twine upload dist/*; then the conda feedstock.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
