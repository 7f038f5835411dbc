"""Every error that finercam raises on purpose: what happened, with which value, and what to do."""

from finercam_core.redaction import visible, without_secrets


class FinercamError(Exception):
    """Base class of all finercam errors. They say no credentials and no control characters.

    Parameters
    ----------
    problem : str
        What happened, with the value that caused it; one sentence without a full stop.
    remedy : str
        What the user can do about it; one sentence without a full stop, may be empty.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = visible(without_secrets(problem))
        self.remedy = visible(without_secrets(remedy))
        super().__init__(f"{self.problem}: {self.remedy}" if remedy else self.problem)

    def __reduce__(self) -> tuple[type["FinercamError"], tuple[str, str]]:
        """Survive pickling between worker processes with both parts kept."""
        return type(self), (self.problem, self.remedy)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, for messages: "1 row", "2,000 rows"; `plural` where it is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


class CatalogError(FinercamError):
    """A catalog, its manifest or its table cannot be used."""


class FetchError(FinercamError):
    """Images cannot be fetched: a bad setting, a full disk, a hub that cannot be reached."""


class ClassifierError(FinercamError):
    """A classifier cannot be loaded, or has no layer that gives a meaningful map."""


class ComparisonError(FinercamError):
    """A comparison between species is impossible or meaningless."""


class StoreError(FinercamError):
    """A store is missing, busy, damaged, or belongs to another run."""


class ReviewError(FinercamError):
    """A review log cannot be read or written."""


class ExportError(FinercamError):
    """Masks cannot be exported."""


class TrainingError(FinercamError):
    """A classifier cannot be trained on this collection."""


class RunError(FinercamError):
    """A run was interrupted from outside: workers, a scheduler or a server were lost."""


class SettingError(FinercamError):
    """An environment variable of finercam's has a value that it cannot have."""


class ServeError(FinercamError):
    """Deployments cannot be served: a bad configuration, no Prefect server, incompatible versions."""
