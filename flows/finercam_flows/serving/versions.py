"""Versions with which Prefect fails without a word: found before a night is lost."""

from importlib.metadata import requires, version

from packaging.requirements import Requirement

from finercam_core.errors import ServeError

WHY = {
    "prefect": "it was not tried with finercam",
    "fastapi": "no flow of Prefect 3.8 starts with it",
    "sqlalchemy": "no schedule of Prefect 3.8 fires with it",
}


def check_versions() -> None:
    """Raise `ServeError` if a package that Prefect stands on is of a version that breaks it silently.

    The bounds are those that finercam was installed with: pip keeps them, later upgrades may not.
    """
    for needed in map(Requirement, requires("finercam") or ()):
        if needed.name in WHY and not needed.specifier.contains(found := version(needed.name), prereleases=True):
            raise ServeError(
                f"{needed.name} {found} is installed, but {WHY[needed.name]}",
                f"pip install '{needed.name}{needed.specifier}'",
            )
