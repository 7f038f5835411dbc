"""Versions with which Prefect fails without a word: found before a night is lost."""

from importlib.metadata import version

from packaging.specifiers import SpecifierSet

from finercam_core.errors import ServeError

# The same bounds as in pyproject.toml; pip keeps them, other installers and later upgrades may not.
NEEDED = {
    "prefect": (">=3.8,<3.9", "it was not tried with finercam"),
    "fastapi": ("<0.151", "no flow of Prefect 3.8 starts with it"),
    "sqlalchemy": ("<2.1", "no schedule of Prefect 3.8 fires with it"),
}


def check_versions() -> None:
    """Raise `ServeError` if a package that Prefect stands on is of a version that breaks it silently."""
    for name, (bounds, why) in NEEDED.items():
        found = version(name)
        if not SpecifierSet(bounds).contains(found, prereleases=True):
            raise ServeError(f"{name} {found} is installed, but {why}", f"pip install '{name}{bounds}'")
